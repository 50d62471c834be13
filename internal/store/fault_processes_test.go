package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// Two processes write to one PostgreSQL, and one of them loses its connections again and again: the log
// stays one and dense, everything that either was told is in it, and the one that lost goes on.
func TestConnectionsLost(t *testing.T) {
	address := storetest.Postgres(t)
	one := open(t, address)
	two := open(t, asRole(t, one, address))
	var mu sync.Mutex
	told := map[int64]string{}
	lost := 0
	write := func(s *store.Store, n int, mayFail bool) {
		for range n {
			e := entry()
			e.Leaf[0] = 1
			var at int64
			e.Index = &at
			err := s.Update(context.Background(), func(_ context.Context, tx *store.Tx) error { tx.Append(e); return nil })
			mu.Lock()
			switch {
			case err == nil:
				if told[at] != "" {
					t.Errorf("index %d was given twice", at)
				}
				told[at] = hex.EncodeToString(e.Leaf[1:17])
			case !mayFail:
				t.Errorf("the process that lost nothing: %v", err)
			default:
				lost++
			}
			mu.Unlock()
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { write(one, storetest.Rounds(60, 1000), false) })
		wg.Go(func() { write(two, storetest.Rounds(60, 1000), true) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for cut := true; cut; {
		select {
		case <-done:
			cut = false
		case <-time.After(20 * time.Millisecond):
			err := one.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				var n int64
				return tx.Row(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'second'`, nil, &n)
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("%d told, %d failed", len(told), lost)
	before := len(told)
	write(two, 50, true) // nobody cuts any more: those of its connections that are dead go, one call each
	if len(told) == before {
		t.Error("the process that lost its connections does not go on")
	}
	if lost == 0 {
		t.Error("no connection was lost in the middle")
	}
	if _, err := one.Check(t.Context(), store.Check{}); err != nil {
		t.Error(err)
	}
	inOrder(t, one, told)
}

// asRole is the address for a second process, whose connections can be told from the first's.
func asRole(t *testing.T, s *store.Store, address string) string {
	t.Helper()
	err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'second') THEN CREATE ROLE second SUPERUSER LOGIN; END IF; END $$`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before, query, _ := strings.Cut(address, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	q.Set("user", "second")
	return before + "?" + q.Encode()
}

// inOrder wants an entry at every index, and what was told at its own.
func inOrder(t *testing.T, s *store.Store, told map[int64]string) {
	t.Helper()
	next := int64(0)
	err := s.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Each(ctx, `SELECT idx, id FROM entry ORDER BY idx`, nil, func(scan func(...any) error) error {
			var idx int64
			var id []byte
			if err := scan(&idx, &id); err != nil {
				return err
			}
			if idx != next {
				return fmt.Errorf("entry %d follows on %d", idx, next-1)
			}
			if next++; told[idx] != "" && told[idx] != hex.EncodeToString(id) {
				t.Errorf("entry %d is another than was told", idx)
			}
			return nil
		})
	})
	h, err2 := s.Head(t.Context())
	if err != nil || err2 != nil || h.Size != next {
		t.Errorf("%d entries (%v, %v)", next, err, err2)
	}
	for idx := range told {
		if idx >= next {
			t.Errorf("entry %d was told and is not there", idx)
		}
	}
}

// Processes that start at the same time on an empty database found one log.
func TestStartTogether(t *testing.T) {
	address := storetest.Postgres(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := store.Open(context.Background(), store.Config{URL: address, Signer: signer()})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = s.Close() }()
			e := entry()
			if err := s.Update(context.Background(), func(_ context.Context, tx *store.Tx) error { tx.Append(e); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	inOrder(t, open(t, address), nil)
}

// A database that is set back under a running process is not written to: a second history would be
// signed over the first.
func TestSetBackWhileRunning(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		appendAll(t, s, entry())
		old, err := s.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, s, entry(), entry())
		err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			for _, text := range []string{`DELETE FROM entry WHERE idx > 0`, `DELETE FROM log_commit WHERE first > 0`} {
				if _, err := tx.Exec(ctx, text); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `UPDATE log_head SET size = 1, edge = $1, checkpoint = $2`, old.Edge.AppendBinary(nil), old.Checkpoint)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.Append(entry()); return nil })
		if err == nil || !strings.Contains(err.Error(), "set back") {
			t.Errorf("want a doubt, got %v", err)
		}
		if _, err := s.Changes(t.Context(), 3); err == nil || !strings.Contains(err.Error(), "set back") {
			t.Errorf("want a doubt, got %v", err)
		}
	})
}
