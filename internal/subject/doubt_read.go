package subject

import (
	"context"
	"fmt"
	"strings"

	"github.com/avowhq/avow/ledger"
)

// placeholders are n of them, from a number on.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

// rememberedTiles keep the tiles read last: who goes through the log in its order reads each once.
type rememberedTiles struct {
	tiles ledger.Tiles
	kept  map[tileKey][]byte

	// Of the full tile of the latest proof: the hashes within, pair by pair up to its root, and the path
	// from there to the log's root, for proofs of its neighbours.
	number uint64
	within [][]ledger.Hash
	above  []ledger.Hash
}

type tileKey struct {
	level int
	n     uint64
	width int
}

const tilesKept = 32

func (r *rememberedTiles) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	k := tileKey{level, n, width}
	if b, ok := r.kept[k]; ok {
		return b, nil
	}
	b, err := r.tiles.Tile(ctx, level, n, width)
	if err != nil {
		return nil, err
	}
	if r.kept == nil || len(r.kept) >= tilesKept {
		r.kept = map[tileKey][]byte{}
	}
	r.kept[k] = b
	return b, nil
}

// prove is ledger.ProveInclusion. It does most of its work once a tile.
func (r *rememberedTiles) prove(ctx context.Context, index, size uint64) ([]ledger.Hash, error) {
	n := index / ledger.TileWidth
	if n >= size/ledger.TileWidth {
		return ledger.ProveInclusion(ctx, r, index, size) // in the tile that is not full
	}
	if r.within == nil || r.number != n {
		if err := r.begin(ctx, n, size); err != nil {
			return nil, err
		}
	}
	var path []ledger.Hash
	for height, hashes := range r.within {
		path = append(path, hashes[index%ledger.TileWidth>>height^1])
	}
	return append(path, r.above...), nil
}

// begin makes what proofs of the entries of a full tile share.
func (r *rememberedTiles) begin(ctx context.Context, n, size uint64) error {
	r.within = nil
	path, err := ledger.ProveInclusion(ctx, r, n*ledger.TileWidth, size)
	if err != nil {
		return err
	}
	data, err := r.Tile(ctx, 0, n, ledger.TileWidth)
	if err != nil {
		return err
	}
	var level []ledger.Hash
	for ; len(data) >= len(ledger.Hash{}); data = data[len(ledger.Hash{}):] {
		level = append(level, ledger.Hash(data[:len(ledger.Hash{})]))
	}
	if len(level) != ledger.TileWidth {
		return fmt.Errorf("tile %d has %d hashes", n, len(level))
	}
	for len(level) > 1 {
		r.within = append(r.within, level)
		next := make([]ledger.Hash, len(level)/2)
		for i := range next {
			next[i] = ledger.NodeHash(level[2*i], level[2*i+1])
		}
		level = next
	}
	r.number, r.above = n, path[min(len(r.within), len(path)):]
	return nil
}
