package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// Who asks to be alone sees every entry that has an index before its own, and nobody comes between.
func TestAloneSeesEverything(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		const writers, each = 8, 10
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					e := entry()
					if err := s.Update(context.Background(), func(_ context.Context, tx *store.Tx) error { tx.Append(e); return nil }); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range each {
					var before, at int64
					e := entry()
					e.Index = &at
					err := s.Update(context.Background(), func(ctx context.Context, tx *store.Tx) error {
						if err := tx.Alone(ctx); err != nil {
							return err
						}
						tx.Append(e)
						time.Sleep(time.Millisecond)
						return tx.Row(ctx, `SELECT count(*) FROM entry`, nil, &before)
					})
					if err != nil || before != at {
						t.Errorf("entry %d saw %d before it (%v)", at, before, err)
					}
				}
			})
		}
		wg.Wait()
	})
}
