// Package ledger is the append-only log of what Avow did, and the proofs that leave the house.
//
// A [Record] says what happened. Its canonical bytes, under the entry's own key, become a [Leaf] of 33
// bytes: the only thing the public log holds. Leaves form a Merkle tree (RFC 6962) that is kept as tiles
// (c2sp.org/tlog-tiles) and signed as checkpoints (c2sp.org/tlog-checkpoint). Who holds a [Receipt], that
// is the record, its key and a proof, can show that the record is in the log, without asking anybody and
// without opening its neighbours.
//
// Building the tree needs an [Edge] and nothing else: the log of a billion entries is continued from 30
// hashes. Proofs are read off the tiles. [CheckLog] recomputes a whole log from its files, in constant memory.
//
// The package keeps no state, opens no network connection and reads no clock. Every byte it reads and
// writes is described in docs/spec/ledger.md.
package ledger
