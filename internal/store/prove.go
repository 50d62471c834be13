package store

import (
	"context"
	"fmt"
	"time"

	"github.com/avowhq/avow/ledger"
)

// Prove is the proof that the entry at index is in the log, under its latest checkpoint.
func (s *Store) Prove(ctx context.Context, index int64) (ledger.Proof, error) {
	var p ledger.Proof
	err := s.View(ctx, func(ctx context.Context, tx *Tx) error {
		head, err := readHead(func(dest ...any) error { return tx.Row(ctx, selectHead, nil, dest...) })
		if err != nil {
			return err
		}
		if index < 0 || index >= head.Size {
			return ErrNone
		}
		hashes, err := ledger.ProveInclusion(ctx, viewed{tx}, uint64(index), uint64(head.Size))
		p = ledger.Proof{Index: uint64(index), Hashes: hashes, Checkpoint: head.Checkpoint}
		return err
	})
	if err != nil {
		return p, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return p, nil
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
