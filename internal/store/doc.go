// Package store keeps the state of a house in SQLite or PostgreSQL: one concrete transaction, one text
// of SQL for both where they agree, and the log that every change is witnessed by.
//
// The log is written by the commit itself. A transaction only collects entries and jobs; as its last
// step the store locks the one row of log_head, gives the entries the next indexes, writes them with
// their leaves, the tiles they fill and a signed checkpoint, and commits. The order of indexes is
// therefore the order of commits, on any number of processes, and the log is also the feed of changes.
package store
