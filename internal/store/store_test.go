package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

// signer is one log's key, the same in every test of the process.
var signer = sync.OnceValue(func() *ledger.Signer {
	key, _, err := ledger.GenerateKey("avow.test/log")
	if err != nil {
		panic(err)
	}
	s, err := ledger.NewSigner(key)
	if err != nil {
		panic(err)
	}
	return s
})

func open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: url, Signer: signer()})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s)
	return s
}

// closeAfter closes when the test has ended, unless the test has.
func closeAfter(t testing.TB, s *store.Store) {
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
}

// entry is one of nobody, with a leaf of chance.
func entry() store.Entry {
	e := store.Entry{Site: 1, Record: []byte("{}"), Key: make([]byte, 32)}
	rand.Read(e.ID[:])
	rand.Read(e.Leaf[:])
	return e
}

func TestWritersAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		const writers, each = 16, 20
		seen := make([]bool, writers*each)
		var mu sync.Mutex
		var wg sync.WaitGroup
		wrong := errors.New("on purpose")
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					var at int64
					err := s.Update(context.Background(), func(ctx context.Context, tx *store.Tx) error {
						e := entry()
						e.Index = &at
						tx.Append(e)
						if _, err := tx.Exec(ctx, `INSERT INTO site(no, name) VALUES($1, $2)`, w*1000+i, fmt.Sprint(w, "-", i)); err != nil {
							return err
						}
						if i%5 == 4 {
							return wrong
						}
						return nil
					})
					if i%5 == 4 {
						if !errors.Is(err, wrong) {
							t.Errorf("want the update's own error, got %v", err)
						}
						continue
					}
					if err != nil {
						t.Error(err)
						continue
					}
					mu.Lock()
					if seen[at] {
						t.Errorf("index %d was given twice", at)
					}
					seen[at] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		h, err := s.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if h.Size != writers*each*4/5 {
			t.Errorf("size %d", h.Size)
		}
		var sites int64
		err = s.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Row(ctx, `SELECT count(*) FROM site`, nil, &sites)
		})
		if err != nil || sites != h.Size {
			t.Errorf("%d rows for %d entries (%v)", sites, h.Size, err)
		}
	})
}

// TestViewsAtOnce: as many views as there are connections for reading do not wait for each other, though each
// asks what was never asked before.
func TestViewsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Config{URL: url, Signer: signer(), Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		closeAfter(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for i := range 3 {
			err := s.View(ctx, func(ctx context.Context, tx *store.Tx) error {
				var n int64
				return tx.Row(ctx, fmt.Sprintf("SELECT size + %d FROM log_head", i%2), nil, &n)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
