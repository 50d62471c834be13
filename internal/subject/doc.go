// Package subject knows people: who they are, by identities that are looked up by keyed hash; what
// happened with them, as events in the log; and the facts that follow, on which decisions stand.
//
// What is known of a person is sealed with the keys of that person's rings. Facts are not stored: they
// are derived from the events, kept in a bounded cache, and dropped when the log says that the person was
// touched.
package subject
