package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// A counting job counts to To in the database, one a transaction.
type counting struct {
	To int64 `json:"to"`
}

func (counting) Kind() string { return "counting" }

// enqueue commits a job, or rolls back with one.
func enqueue(t *testing.T, s *store.Store, j store.Job, abort bool) {
	t.Helper()
	no := errors.New("no")
	err := s.Update(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.Enqueue(j, time.Time{})
		if abort {
			return no
		}
		return nil
	})
	if abort != errors.Is(err, no) {
		t.Fatal(err)
	}
}

// working does jobs until the test ends.
func working(t *testing.T, s *store.Store, h *store.Handlers) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Work(ctx, h) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func receive[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(30 * time.Second):
		t.Fatalf("not within 30 seconds: %s", what)
	}
	return v
}

// A job that stops in the middle goes on where its last committed transaction left it; one of a
// transaction that was rolled back is never seen.
func TestJobGoesOnWhereItStopped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		h := store.NewHandlers()
		steps, done := make(chan int64, 100), make(chan int64, 10)
		store.Handle(h, func(ctx context.Context, j counting, run *store.Run) error {
			for {
				var at int64
				err := s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
					cursor, err := run.Cursor(ctx, tx)
					if err != nil {
						return err
					}
					if at = 0; len(cursor) > 0 {
						at = int64(cursor[0])
					}
					if at == j.To/2 && run.Attempt == 1 {
						return errors.New("on purpose")
					}
					at++
					return run.Keep(ctx, tx, []byte{byte(at)})
				})
				if err != nil {
					return err
				}
				if steps <- at; at == j.To {
					done <- j.To
					return nil
				}
			}
		})
		enqueue(t, s, counting{To: 3}, true)
		enqueue(t, s, counting{To: 6}, false)
		working(t, s, h)
		if to := receive(t, done, "the job ends"); to != 6 {
			t.Errorf("the job of the rolled back transaction ran")
		}
		for want := int64(1); want <= 6; want++ {
			if got := receive(t, steps, "a step"); got != want {
				t.Fatalf("step %d, want %d: it began anew or left one out", got, want)
			}
		}
	})
}

// A job that was under way when its process ended is taken up at the next start, not an hour later.
func TestOrphansAreTakenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		enqueue(t, s, counting{To: 1}, false)
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			by := `json_array('avow-' || $1)`
			if tx.Postgres() {
				by = `ARRAY['avow-' || $1::text]`
			}
			n, err := tx.Exec(ctx, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP, attempted_by = `+by, "test")
			if n != 1 {
				t.Errorf("%d jobs", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = store.Open(t.Context(), store.Config{URL: url, Signer: signer(), Instance: "test"})
		if err != nil {
			t.Fatal(err)
		}
		closeAfter(t, s)
		h, done := store.NewHandlers(), make(chan int, 1)
		store.Handle(h, func(_ context.Context, _ counting, run *store.Run) error { done <- run.Attempt; return nil })
		working(t, s, h)
		if attempt := receive(t, done, "the orphan is taken up"); attempt != 2 {
			t.Errorf("attempt %d", attempt)
		}
	})
}
