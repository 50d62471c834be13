package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/avowhq/avow/ledger"
)

// commitMax is how many entries one commit takes at most; who reads leaves back relies on it.
const commitMax = 1 << 16

// feedKept is how long the feed of changes keeps who was touched, for processes that lag behind.
const feedKept = 10 * time.Second

// gathered is what the transactions of one commit collected.
type gathered struct {
	tx      []*Tx
	entries []Entry
	jobs    []job
	moves   bool
}

func (g *gathered) add(tx *Tx) {
	g.tx = append(g.tx, tx)
	if g.entries == nil {
		g.entries = tx.entries
	} else {
		g.entries = append(g.entries, tx.entries...)
	}
	g.jobs = append(g.jobs, tx.jobs...)
	g.moves = g.moves || tx.moves
}

// commitLog is the last step of a commit: the entries get the next indexes and are written, with their
// leaves, the tiles they fill and a checkpoint; the jobs go in as one insert. tx holds the head's lock.
func (s *Store) commitLog(ctx context.Context, tx *Tx, head *Head, g *gathered) (*Head, error) {
	if err := s.insertJobs(ctx, tx, g.jobs); err != nil {
		return nil, err
	}
	if len(g.entries) == 0 && !g.moves {
		return nil, nil
	}
	if len(g.entries) == 0 {
		return nil, errors.New("people are moved without an entry that says so")
	}
	if head.Size < s.high.Load() {
		return nil, Doubt{fmt.Sprintf("it has %d entries, and this process has committed %d: the database was set back", head.Size, s.high.Load())}
	}
	if len(g.entries) > commitMax {
		return nil, fmt.Errorf("%d entries in one commit; %d at most", len(g.entries), commitMax)
	}
	next := &Head{Size: head.Size, Edge: head.Edge.Clone(), At: tx.now, Moved: head.Moved, Origin: head.Origin}
	if next.At.Before(head.At) {
		next.At = head.At // another process's clock is ahead of ours
		s.reached(head.At)
	}
	if g.moves {
		next.Moved++
	}
	if err := s.writeEntries(ctx, tx, next, g); err != nil {
		return nil, fmt.Errorf("append to the log: %w", err)
	}
	var err error
	if next.Checkpoint, err = s.signer.Checkpoint(uint64(next.Size), next.Edge.Root()); err != nil {
		return nil, fmt.Errorf("sign the checkpoint: %w", err)
	}
	const update = `UPDATE log_head SET size = $1, edge = $2, at = $3, moved = $4, checkpoint = $5 WHERE id = 1`
	args := []any{next.Size, next.Edge.AppendBinary(nil), next.At.UnixMicro(), next.Moved, next.Checkpoint}
	if tx.pg != nil {
		tx.queue(update, args...)
		return next, nil
	}
	_, err = tx.Exec(ctx, update, args...)
	return next, err
}

var entryTable = &Table{Name: "entry", Columns: []string{"site", "subject", "idx", "ring", "id", "record", "key"},
	Types: []string{"bigint", "bigint", "bigint", "bigint", "bytea", "bytea", "bytea"}}

// writeEntries gives the entries their indexes and extends the tree by their leaves.
func (s *Store) writeEntries(ctx context.Context, tx *Tx, next *Head, g *gathered) error {
	first, n := next.Size, len(g.entries)
	growth, err := s.grow(ctx, tx, next, g.entries)
	if err != nil {
		return err
	}
	site, subject, idx, ring := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	id, record, key := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	leaves := make([]byte, 0, n*len(ledger.Leaf{}))
	for i := range g.entries {
		e := &g.entries[i]
		if e.Ring == 0 {
			copy(e.ID[:], e.Leaf[1:]) // nothing else ties it to the record
		}
		site[i], subject[i], idx[i], ring[i] = e.Site, e.Subject, first+int64(i), int64(e.Ring)
		id[i], record[i], key[i] = e.ID[:], e.Record, e.Key
		leaves = append(leaves, e.Leaf[:]...)
		if e.Index != nil {
			*e.Index = idx[i]
		}
	}
	if err := tx.Insert(ctx, entryTable, site, subject, idx, ring, id, record, key); err != nil {
		return err
	}
	if err := growth.write(ctx, tx); err != nil {
		return err
	}
	return s.feed(ctx, tx, next, first, leaves, touched(g))
}

var commitTable = &Table{Name: "log_commit", Columns: []string{"first", "n", "at", "leaves", "touched"},
	Types: []string{"bigint", "bigint", "bigint", "bytea", "bytea"}}

// feed writes the row of the commit: its leaves, until they are in a full tile, and whom it touched,
// which is all that other processes want to know of it. Rows that neither is needed of go.
func (s *Store) feed(ctx context.Context, tx *Tx, next *Head, first int64, leaves, people []byte) error {
	err := tx.Insert(ctx, commitTable, []int64{first}, []int64{next.Size - first}, []int64{next.At.UnixMicro()}, [][]byte{leaves}, [][]byte{people})
	if err != nil || first/ledger.TileWidth == next.Size/ledger.TileWidth {
		return err
	}
	const prune = `DELETE FROM log_commit WHERE first + n <= $1 AND at < $2`
	args := []any{next.Size / ledger.TileWidth * ledger.TileWidth, next.At.Add(-feedKept).UnixMicro()}
	if tx.pg != nil {
		tx.queue(prune, args...)
		return nil
	}
	_, err = tx.Exec(ctx, prune, args...)
	return err
}

// touched lists the people of a commit, 8 bytes each, big-endian; nil if it moved some, which voids all
// that anybody remembers.
func touched(g *gathered) []byte {
	if g.moves {
		return nil
	}
	out := make([]byte, 0, 8*len(g.entries))
	var last int64
	for i := range g.entries {
		if p := g.entries[i].Subject; p != 0 && p != last {
			out = binary.BigEndian.AppendUint64(out, uint64(p))
			last = p
		}
	}
	return out
}

// committed tells the transactions, and whoever watches, before anybody is told that it is done.
func (s *Store) committed(next *Head, g *gathered) {
	if next == nil {
		return
	}
	raise(&s.high, next.Size)
	for _, tx := range g.tx {
		if len(tx.entries) > 0 || tx.moves {
			tx.head = next
		}
	}
	if watch := s.watch.Load(); watch != nil {
		(*watch)(next, g.entries)
	}
	s.news.ring()
}

// Watch has fn called after every commit of entries by this process, before its callers go on. fn is
// quick and calls nothing of the store. There is one; a later one replaces it.
func (s *Store) Watch(fn func(h *Head, entries []Entry)) { s.watch.Store(&fn) }

// A notice wakes all who wait for the next commit of this process.
type notice struct {
	mu sync.Mutex
	c  chan struct{}
}

func (n *notice) ring() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.c)
	n.c = make(chan struct{})
}

// Committed is closed at the next commit of entries by this process.
func (s *Store) Committed() <-chan struct{} {
	s.news.mu.Lock()
	defer s.news.mu.Unlock()
	return s.news.c
}
