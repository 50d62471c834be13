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
