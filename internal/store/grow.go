package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/avowhq/avow/ledger"
)

// A partial is the incomplete last tile as this process last wrote it: what saves reading it back when
// nobody else has written since. The row of log_head decides.
type partial struct {
	mu     sync.Mutex
	size   int64 // of the log; leaves are those of its last size%256 entries
	root   ledger.Hash
	leaves []ledger.Leaf
	hashes []ledger.Hash // of the leaves
	known  bool
}

func (p *partial) drop() {
	p.mu.Lock()
	p.known = false
	p.mu.Unlock()
}

// growth is the tiles that a commit completes.
type growth struct {
	level, number []int64
	root, data    [][]byte
	bundle        []int64
	entries       [][]byte
}

// grow adds the entries' leaves to the edge and makes the tiles they complete.
func (s *Store) grow(ctx context.Context, tx *Tx, next *Head, entries []Entry) (*growth, error) {
	p := &s.tail
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := s.recall(ctx, tx, p, next); err != nil {
		return nil, err
	}
	p.known = false // until it is what next says
	g := &growth{}
	for i := range entries {
		leaf := ledger.Leaf(entries[i].Leaf)
		hash := leaf.Hash()
		next.Edge.Append(hash)
		next.Size++
		p.leaves, p.hashes = append(p.leaves, leaf), append(p.hashes, hash)
		if len(p.leaves) < ledger.TileWidth {
			continue
		}
		if err := g.complete(ctx, tx, next.Size/ledger.TileWidth-1, p.leaves, p.hashes); err != nil {
			return nil, err
		}
		p.leaves, p.hashes = p.leaves[:0], p.hashes[:0]
	}
	p.size, p.root, p.known = next.Size, next.Edge.Root(), true
	return g, nil
}

// recall has the leaves of the incomplete tile, from memory or from the rows of the last commits.
func (s *Store) recall(ctx context.Context, tx *Tx, p *partial, head *Head) error {
	if p.known && p.size == head.Size && p.root == head.Edge.Root() {
		return nil
	}
	var err error
	p.leaves, err = leavesOf(ctx, tx, head.Size/ledger.TileWidth*ledger.TileWidth, head.Size)
	p.hashes = p.hashes[:0]
	for i := range p.leaves {
		p.hashes = append(p.hashes, p.leaves[i].Hash())
	}
	return err
}

// leavesOf reads the leaves from one index to another from the rows of commits.
func leavesOf(ctx context.Context, tx *Tx, from, to int64) ([]ledger.Leaf, error) {
	out := make([]ledger.Leaf, 0, ledger.TileWidth)
	if from == to {
		return out, nil
	}
	const width = int64(len(ledger.Leaf{}))
	const text = `SELECT first, leaves FROM log_commit WHERE first >= coalesce((SELECT max(first) FROM log_commit WHERE first <= $1), 0) AND first < $2 ORDER BY first`
	err := tx.Each(ctx, text, []any{from, to}, func(scan func(...any) error) error {
		var first int64
		var leaves []byte
		if err := scan(&first, &leaves); err != nil {
			return err
		}
		for i := max(first, from); i < min(first+int64(len(leaves))/width, to); i++ {
			if i != from+int64(len(out)) {
				return errors.New("the rows of commits have a hole")
			}
			out = append(out, ledger.Leaf(leaves[(i-first)*width:(i-first+1)*width]))
		}
		return nil
	})
	if err == nil && int64(len(out)) != to-from {
		err = fmt.Errorf("the rows of commits hold %d leaves of %d", len(out), to-from)
	}
	return out, err
}

// complete makes the full tile of the leaves, and those above it that it completes.
func (g *growth) complete(ctx context.Context, tx *Tx, number int64, leaves []ledger.Leaf, hashes []ledger.Hash) error {
	bundle := make([]byte, 0, len(leaves)*(2+len(ledger.Leaf{})))
	for i := range leaves {
		bundle = ledger.AppendBundle(bundle, leaves[i][:])
	}
	g.bundle, g.entries = append(g.bundle, number), append(g.entries, bundle)
	for level := int64(0); ; level++ {
		root := ledger.SubtreeRoot(hashes)
		data := make([]byte, 0, len(hashes)*len(root))
		for _, h := range hashes {
			data = append(data, h[:]...)
		}
		g.level, g.number = append(g.level, level), append(g.number, number)
		g.root, g.data = append(g.root, root[:]), append(g.data, data)
		if (number+1)%ledger.TileWidth != 0 {
			return nil
		}
		var err error
		if hashes, err = g.rootsOf(ctx, tx, level, number+1-ledger.TileWidth, number+1); err != nil {
			return err
		}
		number /= ledger.TileWidth
	}
}

// rootsOf has the roots of a run of tiles of one level: those of this commit, and before them stored ones.
func (g *growth) rootsOf(ctx context.Context, tx *Tx, level, from, to int64) ([]ledger.Hash, error) {
	own := map[int64]ledger.Hash{}
	for i := range g.level {
		if g.level[i] == level {
			own[g.number[i]] = ledger.Hash(g.root[i])
		}
	}
	stored := to
	for stored > from {
		if _, ok := own[stored-1]; !ok {
			break
		}
		stored--
	}
	out, err := tileRoots(ctx, tx, level, from, stored)
	for n := stored; n < to; n++ {
		out = append(out, own[n])
	}
	return out, err
}

func tileRoots(ctx context.Context, tx *Tx, level, from, to int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, 0, ledger.TileWidth)
	err := tx.Each(ctx, `SELECT n, root FROM log_tile WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n`, []any{level, from, to}, func(scan func(...any) error) error {
		var n int64
		var root []byte
		if err := scan(&n, &root); err != nil {
			return err
		}
		if n != from+int64(len(out)) || len(root) != len(ledger.Hash{}) {
			return fmt.Errorf("tile %d of level %d is missing or damaged", from+int64(len(out)), level)
		}
		out = append(out, ledger.Hash(root))
		return nil
	})
	if err == nil && int64(len(out)) != to-from {
		err = fmt.Errorf("tile %d of level %d is missing", from+int64(len(out)), level)
	}
	return out, err
}

var (
	tileTable   = &Table{Name: "log_tile", Columns: []string{"level", "n", "root", "data"}, Types: []string{"bigint", "bigint", "bytea", "bytea"}}
	bundleTable = &Table{Name: "log_bundle", Columns: []string{"n", "data"}, Types: []string{"bigint", "bytea"}}
)

func (g *growth) write(ctx context.Context, tx *Tx) error {
	if len(g.level) == 0 {
		return nil
	}
	if err := tx.Insert(ctx, tileTable, g.level, g.number, g.root, g.data); err != nil {
		return err
	}
	return tx.Insert(ctx, bundleTable, g.bundle, g.entries)
}
