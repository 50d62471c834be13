// Package vault holds what lies outside the database: the keys and the journal. A dump of the database,
// a backup or a stolen disk opens nothing without the key folder; and what the key folder forgets stays
// closed in every copy of the database, wherever it lies.
//
// Keys is the key folder: the log's signing key, the epoch keys that wrap people's rings, and a look-up
// key per use. A Ring is one opened key of one person, of one kind. A Journal is a small file of what a
// restored database must not forget: erasures, withdrawals, objections, restrictions, holds, checkpoints.
//
// No key leaves the package in an error or in print. docs/spec/vault.md has the formats byte for byte.
package vault
