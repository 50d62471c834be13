package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// blame asks what stands above which of the two was changed, when a bundle and its tile contradict each other.
func (w *walk) blame(ctx context.Context, n uint64, found error) error {
	d, ok := errors.AsType[*Defect](found)
	stored, err := w.log.Tile(ctx, 0, n, len(w.hashes))
	if !ok || err != nil || len(stored) != len(w.hashes)*len(Hash{}) {
		return found
	}
	var claimed []Hash
	for b := range slices.Chunk(stored, len(Hash{})) {
		claimed = append(claimed, Hash(b))
	}
	above, err := w.above(ctx, n, w.hashes, claimed)
	if err != nil {
		return found
	}
	bundle := BundlePath(n, len(w.hashes))
	switch place := int(d.Index - w.first); above {
	case 0:
		return defect(d.Path, d.Index, fmt.Errorf("hash %d was changed: the entry is the one that the tree above has", place))
	case 1:
		return defect(bundle, d.Index, fmt.Errorf("entry %d of the bundle was changed: the tile is the one that the tree above has", place))
	default:
		return defect(bundle, d.Index, fmt.Errorf("entry %d of the bundle and hash %d of %s contradict each other, and the tree above has neither", place, place, d.Path))
	}
}

// above says which of the lists of hashes, if any, the tree above has: the parent of a full tile; for the
// last and partial one, the signed root.
func (w *walk) above(ctx context.Context, n uint64, lists ...[]Hash) (int, error) {
	if len(lists[0]) == TileWidth {
		parents, err := w.tile(ctx, 1, n/TileWidth)
		if err != nil {
			return 0, err
		}
		parent := Hash(parents[int(n%TileWidth)*len(Hash{}):][:len(Hash{})])
		return slices.IndexFunc(lists, func(l []Hash) bool { return SubtreeRoot(l) == parent }), nil
	}
	return slices.IndexFunc(lists, func(l []Hash) bool {
		e := w.edge.Clone()
		for _, h := range l {
			e.Append(h)
		}
		return e.Root() == w.head.Root
	}), nil
}
