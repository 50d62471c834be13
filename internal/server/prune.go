package server

import (
	"context"
	"fmt"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
)

// How long what nobody is promised is kept. Callers' keys outlive every reasonable retry; the log of
// decisions is for looking back a quarter, not for ever.
const (
	keysKept      = 7 * 24 * time.Hour
	decisionsKept = 90 * 24 * time.Hour
	pruneEvery    = time.Hour
)

// prune deletes what has been kept long enough, at the start and every hour.
func (s *Server) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if err := s.pruneOnce(ctx); err != nil && ctx.Err() == nil {
			s.house.Logger.Error("what was kept long enough is still there", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) pruneOnce(ctx context.Context) error {
	now := s.house.Store.Now()
	err := s.house.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM idempotency WHERE at < $1`, now.Add(-keysKept).UnixMicro()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM permit WHERE at < $1`, now.Add(-subject.PermitFor-subject.PermitGrace).UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM decision_block WHERE last < $1`, now.Add(-decisionsKept).UnixMicro())
		return err
	})
	if err != nil {
		return fmt.Errorf("delete callers' keys, permits and decisions: %w", err)
	}
	return nil
}
