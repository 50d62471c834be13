package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/avowhq/avow/ledger"
)

// Prove is the proof that the entry at index is in the log, under its latest checkpoint. It costs one
// journey, where the tiles above the entry's own are remembered.
func (s *Store) Prove(ctx context.Context, index int64) (ledger.Proof, error) {
	const text = `SELECT size, edge, at, moved, checkpoint, origin, (SELECT data FROM log_tile WHERE level = 0 AND n = $1) FROM log_head WHERE id = 1`
	var head *Head
	t := proofTiles{s: s, n: index / ledger.TileWidth}
	err := s.Read(ctx, text, []any{t.n}, func(scan func(...any) error) (err error) {
		head, err = readHead(func(dest ...any) error { return scan(append(dest, &t.own)...) })
		return err
	})
	if err == nil && (head == nil || index < 0 || index >= head.Size) {
		err = ErrNone
	}
	if err != nil {
		return ledger.Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	hashes, err := ledger.ProveInclusion(ctx, t, uint64(index), uint64(head.Size))
	if err != nil {
		return ledger.Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return ledger.Proof{Index: uint64(index), Hashes: hashes, Checkpoint: head.Checkpoint}, nil
}

// proofTiles are the tiles of one proof. Those that are not the entry's own are needed for many.
type proofTiles struct {
	s   *Store
	n   int64  // of the entry's own tile
	own []byte // nil if it is not full yet
}

func (t proofTiles) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	size := width * len(ledger.Hash{})
	if level == 0 && int64(n) == t.n && len(t.own) >= size {
		return t.own[:size], nil
	}
	if b := t.s.known.find(level, n); len(b) >= size {
		return b[:size], nil
	}
	b, err := t.s.Log().Tile(ctx, level, n, width)
	if err == nil && (level > 0 || width < ledger.TileWidth) {
		t.s.known.add(level, n, b)
	}
	return b, err
}

// knownTiles remembers tiles that proofs were made of. What is in a tile never changes; it only becomes more.
type knownTiles struct {
	mu   sync.Mutex
	kept map[tileName][]byte
}

type tileName struct {
	level int
	n     uint64
}

// knownTilesMost is how many are remembered, of 8 kB each.
const knownTilesMost = 32

func (k *knownTiles) find(level int, n uint64) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept[tileName{level, n}]
}

func (k *knownTiles) add(level int, n uint64, b []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[tileName][]byte{}
	}
	for old := range k.kept {
		if len(k.kept) < knownTilesMost {
			break
		}
		delete(k.kept, old)
	}
	if len(b) > len(k.kept[tileName{level, n}]) {
		k.kept[tileName{level, n}] = b
	}
}

// viewed reads tiles in one snapshot.
type viewed struct{ tx *Tx }

func (v viewed) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	return tile(ctx, v.tx, int64(level), int64(n), int64(width))
}

// Tiles reads the log's tiles in the snapshot of the transaction.
func (tx *Tx) Tiles() ledger.Tiles { return viewed{tx} }

// LogHead is the head of the log in the snapshot of the transaction.
func (tx *Tx) LogHead(ctx context.Context) (*Head, error) {
	return readHead(func(dest ...any) error { return tx.Row(ctx, selectHead, nil, dest...) })
}

// Size is the size of the log in the snapshot of the transaction. From here on our time is not before the
// log's: what stands in the snapshot lies in the past here too.
func (tx *Tx) Size(ctx context.Context) (size int64, err error) {
	var at int64
	if err := tx.Row(ctx, `SELECT size, at FROM log_head WHERE id = 1`, nil, &size, &at); err != nil {
		return 0, err
	}
	tx.s.reached(time.UnixMicro(at))
	return size, nil
}
