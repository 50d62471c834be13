// Package auth knows who may call: principals, which are staff or machines, and the API keys that they
// hold. A key is bound: to scopes, which are classes of calls; to sites, purposes and actions; and to the
// recipient it may speak for.
//
// A secret is shown once and kept nowhere. The database has a keyed hash of it, under a key that lies
// outside the database. Every act on principals and keys is an entry of the log in the same transaction.
//
// [Auth.Authenticate] answers from memory. What is remembered is as of a place in the log, and one read
// of that place confirms all of it, twice a second where there are calls: a revocation holds at once in
// the process that made it, and within a second in all others.
package auth
