package ledger

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
)

// Tiles reads hash tiles.
type Tiles interface {
	// Tile returns the first width hashes of a tile, 32 bytes each. It may cut them from a wider tile: a
	// log can drop a partial tile once the full one exists.
	Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error)
}

// ProveInclusion makes the audit path of the entry at index in the log of that size (RFC 6962, section
// 2.1.1), the leaf's sibling first. It reads at most two tiles a level and trusts them: an answer from tiles
// that somebody spoiled fails in [VerifyInclusion].
func ProveInclusion(ctx context.Context, t Tiles, index, size uint64) ([]Hash, error) {
	if index >= size {
		return nil, fmt.Errorf("prove inclusion: entry %d in a log of %d", index, size)
	}
	r := tileReader{tiles: t, size: size}
	var path []Hash
	for lo, hi := uint64(0), size; hi-lo > 1; {
		var beside Hash
		var err error
		if mid := lo + split(hi-lo); index < mid {
			beside, err = r.root(ctx, mid, hi)
			hi = mid
		} else {
			beside, err = r.root(ctx, lo, mid)
			lo = mid
		}
		if err != nil {
			return nil, fmt.Errorf("prove inclusion: %w", err)
		}
		path = append(path, beside)
	}
	slices.Reverse(path)
	return path, nil
}

// ProveConsistency proves that the log of that size begins with the log of the old size (RFC 6962, section
// 2.1.2). From the empty log, and to the same size, the proof is empty.
func ProveConsistency(ctx context.Context, t Tiles, old, size uint64) ([]Hash, error) {
	if old > size {
		return nil, fmt.Errorf("prove consistency: from %d entries to %d", old, size)
	}
	if old == 0 || old == size {
		return nil, nil
	}
	r := tileReader{tiles: t, size: size}
	var path []Hash
	lo, hi := uint64(0), size
	for old != hi {
		var beside Hash
		var err error
		if mid := lo + split(hi-lo); old <= mid {
			beside, err = r.root(ctx, mid, hi)
			hi = mid
		} else {
			beside, err = r.root(ctx, lo, mid)
			lo = mid
		}
		if err != nil {
			return nil, fmt.Errorf("prove consistency: %w", err)
		}
		path = append(path, beside)
	}
	if lo > 0 { // else the rest is the old tree itself, whose root the verifier has
		seam, err := r.root(ctx, lo, hi)
		if err != nil {
			return nil, fmt.Errorf("prove consistency: %w", err)
		}
		path = append(path, seam)
	}
	slices.Reverse(path)
	return path, nil
}

// TreeRoot is the root hash of the first size entries, read off the tiles.
func TreeRoot(ctx context.Context, t Tiles, size uint64) (Hash, error) {
	if size == 0 {
		return emptyRoot(), nil
	}
	r := tileReader{tiles: t, size: size}
	root, err := r.root(ctx, 0, size)
	if err != nil {
		return Hash{}, fmt.Errorf("tree root: %w", err)
	}
	return root, nil
}

// split is the largest power of two below n, which is at least 2.
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// A tileReader reads nodes of the log of one size, each tile once.
type tileReader struct {
	tiles Tiles
	size  uint64
	seen  []seenTile
}

type seenTile struct {
	level  int
	n      uint64
	hashes []byte
}

// root is the root hash of the entries lo to hi, which must be a subtree of RFC 6962.
func (r *tileReader) root(ctx context.Context, lo, hi uint64) (Hash, error) {
	var roots [64]Hash // of the complete subtrees, from the left
	n := 0
	for ; lo < hi; n++ {
		height := bits.Len64(hi-lo) - 1
		node, err := r.node(ctx, height, lo>>height)
		if err != nil {
			return Hash{}, err
		}
		roots[n] = node
		lo += 1 << height
	}
	e := Edge{Roots: roots[:n]}
	return e.Root(), nil
}

// node is the root hash of a complete subtree of 2^height leaves, the pos-th of its height.
func (r *tileReader) node(ctx context.Context, height int, pos uint64) (Hash, error) {
	level, above := height/tileBits, height%tileBits
	first := pos << above // among the hashes of the level
	tile, err := r.tile(ctx, level, first/TileWidth)
	if err != nil {
		return Hash{}, err
	}
	var hashes [TileWidth]Hash
	for i := range 1 << above {
		hashes[i] = Hash(tile[(int(first%TileWidth)+i)*len(Hash{}):][:len(Hash{})])
	}
	return SubtreeRoot(hashes[:1<<above]), nil
}

func (r *tileReader) tile(ctx context.Context, level int, n uint64) ([]byte, error) {
	for _, s := range r.seen {
		if s.level == level && s.n == n {
			return s.hashes, nil
		}
	}
	width := widthAt(r.size, level, n)
	b, err := r.tiles.Tile(ctx, level, n, width)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", TilePath(level, n, width), err)
	}
	if len(b) != width*len(Hash{}) {
		return nil, fmt.Errorf("read %s: %d bytes, not %d", TilePath(level, n, width), len(b), width*len(Hash{}))
	}
	r.seen = append(r.seen, seenTile{level, n, b})
	return b, nil
}

// widthAt is how many hashes a tile has in a log of that size: 256, or what the log's end leaves of it.
func widthAt(size uint64, level int, n uint64) int {
	return int(min(size>>(tileBits*level)-n*TileWidth, TileWidth))
}
