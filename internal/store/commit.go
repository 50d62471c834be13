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

// commitMax is how many entries one commit takes at most.
const commitMax = 1 << 16

// feedKept is how long the feed of changes keeps who was touched, for processes that lag behind.
const feedKept = 10 * time.Second

// pruneEvery is how often at most a process drops what is older.
const pruneEvery = time.Second

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
		if tx.pg != nil && !tx.locked {
			tx.queue(lockPresumed, head.Checkpoint, head.Moved)
		}
		return nil, nil
	}
	if len(g.entries) == 0 {
		return nil, errors.New("people are moved without an entry that says so")
	}
	if head == nil {
		return nil, ErrNone
	}
	if tx.pg != nil && !tx.locked && head.Size < s.high.Load() {
		return nil, errPresumed // another commit of this process was faster
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
	if err := s.writeEntries(ctx, tx, head, next, g); err != nil {
		return nil, fmt.Errorf("append to the log: %w", err)
	}
	return next, nil
}

// moveHead makes the row say what next says; where it does not say what head does, the division fails.
const moveHead = `UPDATE log_head SET size = CAST($1 AS bigint) / (CASE WHEN checkpoint = $6 AND moved = $7 THEN 1 ELSE 0 END), edge = $2, at = $3, moved = $4, checkpoint = $5 WHERE id = 1`

func moveArgs(head, next *Head) []any {
	return []any{next.Size, next.Edge.AppendBinary(nil), next.At.UnixMicro(), next.Moved, next.Checkpoint, head.Checkpoint, head.Moved}
}

// sign makes the checkpoint of the head.
func (s *Store) sign(next *Head) (err error) {
	if next.Checkpoint, err = s.signer.Checkpoint(uint64(next.Size), next.Edge.Root()); err != nil {
		return fmt.Errorf("sign the checkpoint: %w", err)
	}
	return nil
}

var entryTable = &Table{
	Name: "entry", Columns: []string{"site", "subject", "idx", "ring", "id", "record", "key"},
	Types: []string{"bigint", "bigint", "bigint", "bigint", "bytea", "bytea", "bytea"},
}

// writeEntries gives the entries their indexes, extends the tree by their leaves and moves the head. On
// PostgreSQL the head comes first, since that may be what locks it; on SQLite last, so that it can be
// signed while the rows are written.
func (s *Store) writeEntries(ctx context.Context, tx *Tx, head, next *Head, g *gathered) error {
	first := next.Size
	growth, err := s.grow(ctx, tx, next, g.entries)
	if err != nil {
		return err
	}
	for i := range g.entries {
		e := &g.entries[i]
		if e.Ring == 0 {
			copy(e.ID[:], e.Leaf[1:]) // nothing else ties it to the record
		}
		if e.Index != nil {
			*e.Index = first + int64(i)
		}
	}
	if tx.pg != nil {
		return s.queueEntries(ctx, tx, head, next, first, growth, g)
	}
	signed := make(chan error, 1)
	if len(g.entries) <= smallCommit {
		signed <- s.sign(next) // to wake another processor would take as long
	} else {
		go func() { signed <- s.sign(next) }()
	}
	if err := tx.insertEntries(ctx, first, g.entries); err != nil {
		return errors.Join(err, <-signed)
	}
	if err := s.writeTree(ctx, tx, next, first, growth, g); err != nil {
		return errors.Join(err, <-signed)
	}
	if err := <-signed; err != nil {
		return err
	}
	n, err := tx.lite.do(moveHead, moveArgs(head, next)...)
	var e *DatabaseError
	switch {
	case errors.As(err, &e) && e.Code == notNull: // x / 0 is NULL here
		return errPresumed
	case err == nil && n != 1:
		return errors.New("the log has no head")
	}
	return err
}

// notNull is SQLite's code for a NULL where none may be.
const notNull = "1299"

// queueEntries does so on PostgreSQL. Where the head is locked it is moved last, and signed while the
// server is at work. Where it is presumed, moving it locks it and comes first; but of a small commit,
// where the server would wait for the signature, the row of the feed comes first, and locks it.
func (s *Store) queueEntries(ctx context.Context, tx *Tx, head, next *Head, first int64, growth *growth, g *gathered) error {
	sign := func() ([]any, error) {
		err := s.sign(next)
		return moveArgs(head, next), err
	}
	last := tx.locked || len(g.entries) <= smallCommit
	if !last {
		args, err := sign()
		if err != nil {
			return err
		}
		tx.queue(moveHead, args...)
	} else if !tx.locked {
		tx.presumes = head
	}
	if err := s.writeTree(ctx, tx, next, first, growth, g); err != nil {
		return err
	}
	err := tx.insertEntries(ctx, first, g.entries)
	if last {
		tx.queued = append(tx.queued, queued{text: moveHead, late: sign})
	}
	return err
}

// smallCommit is how many entries a commit has at most whose signature takes longer than its rows.
const smallCommit = 16

// lockPresumed locks the head, if it is the presumed one, and else fails.
const (
	ifPresumed   = `coalesce((SELECT CASE WHEN checkpoint = $1 AND moved = $2 THEN 1 ELSE 0 END FROM log_head WHERE id = 1 FOR UPDATE), 0)`
	lockPresumed = `SELECT 1 / ` + ifPresumed
	feedPresumed = `INSERT INTO log_commit(first, n, at, leaves, touched) VALUES($3, CAST($4 AS bigint) / ` + ifPresumed + `, $5, $6, $7)`
)

// writeTree writes what the leaves of a commit add to the log.
func (s *Store) writeTree(ctx context.Context, tx *Tx, next *Head, first int64, growth *growth, g *gathered) error {
	leaves := make([]byte, 0, len(g.entries)*len(ledger.Leaf{}))
	for i := range g.entries {
		leaves = append(leaves, g.entries[i].Leaf[:]...)
	}
	if err := s.feed(ctx, tx, next, first, leaves, touched(g)); err != nil {
		return err
	}
	return growth.write(ctx, tx)
}

// insertEntries writes the rows of entries, which follow each other from first on.
func (tx *Tx) insertEntries(ctx context.Context, first int64, entries []Entry) error {
	if tx.pg == nil {
		entryTable.write()
		for i := range entries {
			e := &entries[i]
			if _, err := tx.lite.do(entryTable.values, e.Site, e.Subject, first+int64(i), int64(e.Ring), e.ID[:], e.Record, e.Key); err != nil {
				return err
			}
		}
		return nil
	}
	n := len(entries)
	if n == 1 {
		e := &entries[0]
		return tx.Insert(ctx, entryTable, []int64{e.Site}, []int64{e.Subject}, []int64{first}, []int64{int64(e.Ring)}, [][]byte{e.ID[:]}, [][]byte{e.Record}, [][]byte{e.Key})
	}
	site, subject, idx, ring := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	id, record, key := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	alike := true // as events are
	for i := range entries {
		e := &entries[i]
		site[i], subject[i], idx[i], ring[i] = e.Site, e.Subject, first+int64(i), int64(e.Ring)
		id[i], record[i], key[i] = e.ID[:], e.Record, e.Key
		alike = alike && e.Site == entries[0].Site && e.Ring == entries[0].Ring && e.Key == nil
	}
	if alike {
		tx.queue(insertAlike, site[0], subject, first, first+int64(n)-1, ring[0], id, record)
		return nil
	}
	return tx.Insert(ctx, entryTable, site, subject, idx, ring, id, record, key)
}

// insertAlike costs PostgreSQL less than the general form: fewer arrays, and no table made of them first.
const insertAlike = `INSERT INTO entry(site, subject, idx, ring, id, record)
	SELECT $1::bigint, unnest($2::bigint[]), generate_series($3::bigint, $4::bigint), $5::bigint, unnest($6::bytea[]), unnest($7::bytea[])`

var commitTable = &Table{
	Name: "log_commit", Columns: []string{"first", "n", "at", "leaves", "touched"},
	Types: []string{"bigint", "bigint", "bigint", "bytea", "bytea"},
}

// feed writes the row of the commit: its leaves, until they are in a full tile, and whom it touched,
// which is all that other processes want to know of it. Rows that neither is needed of go.
func (s *Store) feed(ctx context.Context, tx *Tx, next *Head, first int64, leaves, people []byte) error {
	n, at := next.Size-first, next.At.UnixMicro()
	var err error
	if h := tx.presumes; h != nil {
		tx.queue(feedPresumed, h.Checkpoint, h.Moved, first, n, at, leaves, people)
	} else {
		err = tx.Insert(ctx, commitTable, []int64{first}, []int64{n}, []int64{at}, [][]byte{leaves}, [][]byte{people})
	}
	full := next.Size / ledger.TileWidth * ledger.TileWidth
	if err != nil || first >= full {
		return err
	}
	if tx.pg == nil {
		// Nobody follows: the rows before this one were for their leaves alone.
		_, err := tx.lite.do(`DELETE FROM log_commit WHERE first < ? AND first + n <= ?`, first, full)
		return err
	}
	pruned := s.pruned.Load()
	if at-pruned < pruneEvery.Microseconds() || !s.pruned.CompareAndSwap(pruned, at) {
		return nil
	}
	// The rows lie in the order of their times: those that go are found without looking at those that stay.
	tx.queue(`DELETE FROM log_commit WHERE first + n <= $1 AND first < coalesce((SELECT first FROM log_commit WHERE at >= $2 ORDER BY first LIMIT 1), $1)`,
		full, next.At.Add(-feedKept).UnixMicro())
	return nil
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
