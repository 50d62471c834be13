package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// A walk goes over the log from left to right.
type walk struct {
	log    Source
	head   Checkpoint
	older  []Checkpoint // that are still to come, the smallest first
	report LogReport

	edge   Edge         // of what was walked
	levels [8]levelWalk // from 1: the hashes that are not a whole tile yet
	first  uint64       // index of the first entry of the bundle
	leaves []Leaf       // of the bundle
	hashes []Hash       // of the leaves
	opened uint64       // records below this index have been here
}

// A levelWalk gathers the hashes of one tile.
type levelWalk struct {
	n      uint64
	hashes []Hash
}

func (w *walk) run(ctx context.Context, c LogCheck) error {
	if err := w.open(ctx, c); err != nil {
		return err
	}
	if err := w.skip(ctx, c.From); err != nil {
		return err
	}
	if c.Opened != nil {
		for o, err := range c.Opened {
			if err != nil {
				return fmt.Errorf("read records: %w", err)
			}
			if err := w.record(ctx, o); err != nil {
				return err
			}
		}
	}
	for w.edge.Size < w.head.Size {
		if err := w.step(ctx); err != nil {
			return err
		}
	}
	return w.end(ctx)
}

// open reads the head and the older checkpoints.
func (w *walk) open(ctx context.Context, c LogCheck) error {
	if c.Verifier == nil {
		return errors.New("no verifier is given")
	}
	signed, err := w.log.Checkpoint(ctx)
	if err != nil {
		return defect(checkpointPath, 0, fmt.Errorf("read: %w", err))
	}
	if w.head, w.report.Cosignatures, err = c.Verifier.open(signed); err != nil {
		return defect(checkpointPath, 0, err)
	}
	w.report.Checkpoint = w.head
	known := Verifier{logs: c.Verifier.logs}
	for i, signed := range c.Older {
		older, _, err := known.open(signed)
		switch {
		case err != nil:
			return fmt.Errorf("older checkpoint %d: %w", i+1, err)
		case older.Origin != w.head.Origin:
			return fmt.Errorf("older checkpoint %d: of another log", i+1)
		case older.Size > w.head.Size:
			return defect(checkpointPath, w.head.Size, fmt.Errorf("the log has %d entries and had %d before: it was cut or set back", w.head.Size, older.Size))
		case older.Size > 0 && older.Size < c.From:
			return fmt.Errorf("older checkpoint %d: its end lies in what was pruned", i+1)
		case older.Size == 0:
			w.report.Older++
		default:
			w.older = append(w.older, older)
		}
	}
	slices.SortStableFunc(w.older, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	return nil
}

// skip takes the hashes that stand for what lies wholly before the minimum index.
func (w *walk) skip(ctx context.Context, from uint64) error {
	if from > w.head.Size {
		return fmt.Errorf("from entry %d of %d", from, w.head.Size)
	}
	bundle := from / TileWidth
	w.report.Pruned = bundle * TileWidth
	for level := len(w.levels) - 1; level > 0; level-- {
		at := bundle >> (tileBits * (level - 1)) // hashes of this level before the bundle
		l := &w.levels[level]
		l.n = at / TileWidth
		if at%TileWidth == 0 {
			continue
		}
		stored, err := w.tile(ctx, level, l.n)
		if err != nil {
			return err
		}
		for i := range at % TileWidth {
			h := Hash(stored[i*uint64(len(Hash{})):][:len(Hash{})])
			l.hashes = append(l.hashes, h)
			w.edge.push(h, tileBits*level)
		}
	}
	return w.passed()
}

// step walks over one bundle.
func (w *walk) step(ctx context.Context) error {
	w.first = w.edge.Size
	n := w.first / TileWidth
	if err := w.bundle(ctx, n); err != nil {
		return err
	}
	if err := w.compare(ctx, 0, n, w.hashes); err != nil {
		return w.blame(ctx, n, err)
	}
	for len(w.older) > 0 && w.older[0].Size-w.first <= uint64(len(w.hashes)) {
		before := w.edge.Clone()
		for _, h := range w.hashes[:w.older[0].Size-w.first] {
			before.Append(h)
		}
		if err := w.begins(before); err != nil {
			return err
		}
	}
	if len(w.hashes) < TileWidth {
		for _, h := range w.hashes {
			w.edge.Append(h)
		}
		return nil
	}
	root := SubtreeRoot(w.hashes)
	w.edge.push(root, tileBits)
	return w.climb(ctx, 1, root)
}

// passed compares an older checkpoint that ends where the walk begins.
func (w *walk) passed() error {
	for len(w.older) > 0 && w.older[0].Size == w.edge.Size {
		if err := w.begins(w.edge); err != nil {
			return err
		}
	}
	return nil
}

// begins compares the smallest older checkpoint with the log's beginning of its size.
func (w *walk) begins(beginning Edge) error {
	older := w.older[0]
	w.older = w.older[1:]
	if beginning.Root() != older.Root {
		return defect(checkpointPath, 0, fmt.Errorf("the log's first %d entries are not those that were signed before: two histories", older.Size))
	}
	w.report.Older++
	return nil
}

// bundle reads a bundle and hashes its entries.
func (w *walk) bundle(ctx context.Context, n uint64) error {
	width := widthAt(w.head.Size, 0, n)
	path := BundlePath(n, width)
	b, err := w.log.Bundle(ctx, n, width)
	if err != nil {
		return defect(path, w.first, fmt.Errorf("read: %w", err))
	}
	w.leaves, w.hashes = w.leaves[:0], w.hashes[:0]
	var wrong error
	err = ReadBundle(b, func(_ int, entry []byte) bool {
		var leaf Leaf
		if leaf, wrong = ParseLeaf(entry); wrong != nil {
			return false
		}
		w.leaves, w.hashes = append(w.leaves, leaf), append(w.hashes, leaf.Hash())
		return true
	})
	if err = errors.Join(wrong, err); err != nil {
		return defect(path, w.first+uint64(len(w.leaves)), err)
	}
	if len(w.leaves) != width {
		return defect(path, w.first+uint64(min(len(w.leaves), width)), fmt.Errorf("%d entries, not %d", len(w.leaves), width))
	}
	w.report.Bundles++
	w.report.Entries += uint64(width)
	return nil
}

// climb adds the hash of a full tile to the level above.
func (w *walk) climb(ctx context.Context, level int, h Hash) error {
	if level == len(w.levels) {
		return nil
	}
	l := &w.levels[level]
	l.hashes = append(l.hashes, h)
	if len(l.hashes) < TileWidth {
		return nil
	}
	if err := w.compare(ctx, level, l.n, l.hashes); err != nil {
		return err
	}
	root := SubtreeRoot(l.hashes)
	l.hashes = l.hashes[:0]
	l.n++
	return w.climb(ctx, level+1, root)
}

// end compares the partial tiles of the upper levels, and the root.
func (w *walk) end(ctx context.Context) error {
	for level := 1; level < len(w.levels); level++ {
		if l := &w.levels[level]; len(l.hashes) > 0 {
			if err := w.compare(ctx, level, l.n, l.hashes); err != nil {
				return err
			}
		}
	}
	if w.edge.Root() != w.head.Root {
		return defect(checkpointPath, 0, errors.New("the entries lead to another root than the signed one; tiles and entries agree with each other"))
	}
	return nil
}

// compare holds recomputed hashes against a stored tile.
func (w *walk) compare(ctx context.Context, level int, n uint64, hashes []Hash) error {
	stored, err := w.tile(ctx, level, n)
	if err != nil {
		return err
	}
	for i, h := range hashes {
		if Hash(stored[i*len(h):][:len(h)]) != h {
			what := errors.New("is not the hash of the entry")
			if level > 0 {
				what = fmt.Errorf("is not the hash of the tile below: this tile was changed, or all below entries %d to %d",
					firstOf(level, n, i), firstOf(level, n, i+1)-1)
			}
			return defect(TilePath(level, n, len(hashes)), firstOf(level, n, i), fmt.Errorf("hash %d %w", i, what))
		}
	}
	w.report.Tiles++
	return nil
}

// firstOf is the index of the first entry below a hash of a tile.
func firstOf(level int, n uint64, i int) uint64 {
	return (n*TileWidth + uint64(i)) << (tileBits * level)
}

func (w *walk) tile(ctx context.Context, level int, n uint64) ([]byte, error) {
	width := widthAt(w.head.Size, level, n)
	b, err := w.log.Tile(ctx, level, n, width)
	switch {
	case err != nil:
		err = fmt.Errorf("read: %w", err)
	case len(b) != width*len(Hash{}):
		err = fmt.Errorf("%d bytes, not %d", len(b), width*len(Hash{}))
	default:
		return b, nil
	}
	return nil, defect(TilePath(level, n, width), firstOf(level, n, 0), err)
}

// record checks one record, after having walked to it.
func (w *walk) record(ctx context.Context, o Opened) error {
	const path = "record"
	switch {
	case o.Index < w.opened:
		return defect(path, o.Index, errors.New("records are not in the order of the log"))
	case o.Index >= w.head.Size:
		return defect(path, o.Index, fmt.Errorf("the log has %d entries", w.head.Size))
	case o.Index < w.report.Pruned:
		return defect(path, o.Index, errors.New("its leaf was pruned"))
	}
	w.opened = o.Index + 1
	for w.edge.Size <= o.Index {
		if err := w.step(ctx); err != nil {
			return err
		}
	}
	if NewLeaf(o.Key, o.Record) != w.leaves[o.Index-w.first] {
		return defect(path, o.Index, errors.New("is not what its leaf commits to"))
	}
	if _, err := ParseRecord(o.Record); err != nil {
		return defect(path, o.Index, err)
	}
	w.report.Records++
	return nil
}
