package store_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// TestTwoProcessesOneLog has two stores append by turns and at once: each presumes a head that the other
// moves. Every entry has an index of its own, and the log is whole.
func TestTwoProcessesOneLog(t *testing.T) {
	url := storetest.Postgres(t)
	stores := []*store.Store{open(t, url), open(t, url)}
	err := stores[0].Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO site(no, name) VALUES(1, 'starter')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 30
	var mu sync.Mutex
	var seen []int64
	one := func(s *store.Store, n int) {
		entries := openEntries(t, n)
		at := make([]int64, n)
		err := s.Update(context.Background(), func(ctx context.Context, tx *store.Tx) error {
			for i := range entries {
				entries[i].Index = &at[i]
			}
			tx.Append(entries...)
			return nil
		})
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, at...)
	}
	for i := range 20 { // by turns: every second presumption is wrong
		one(stores[i%2], 1+i)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				one(stores[(w+i/10)%2], 1+i%3*9)
			}
		})
	}
	wg.Wait()
	slices.Sort(seen)
	for i, at := range seen {
		if at != int64(i) {
			t.Fatalf("index %d stands in the place of %d", at, i)
		}
	}
	for _, s := range stores {
		if r, err := s.Check(t.Context(), store.Check{Deep: true}); err != nil || r.Size != int64(len(seen)) || r.Entries != r.Size {
			t.Errorf("want a whole log of %d, got %+v, %v", len(seen), r, err)
		}
	}
}

// TestHeadWrittenByHand moves the head's row in a transaction of its own: what a process remembers of it is
// wrong then, and the next commit must find out.
func TestHeadWrittenByHand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		appendAll(t, s, openEntries(t, 3)...)
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE log_head SET moved = moved + 1 WHERE id = 1`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, s, openEntries(t, 20)...)
		h, err := s.Head(t.Context())
		if err != nil || h.Moved != 1 || h.Size != 23 {
			t.Errorf("want a head of 23 entries, moved once, got %+v, %v", h, err)
		}
	})
}

func TestUpdateAfterClose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), func(context.Context, *store.Tx) error { return nil }); err == nil {
			t.Error("an update of a closed store succeeds")
		}
	})
}
