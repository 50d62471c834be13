package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// within is how long a process may answer without knowing what another committed: a second is promised, and
// two more are a busy machine's.
const within = 3 * time.Second

// beside serves the same PostgreSQL with the same keys as another server.
func beside(t *testing.T, url, keys string) *running { return besideAt(t, url, keys, time.Now) }

// besideAt is beside on a machine with another clock.
func besideAt(t *testing.T, url, keys string, clock func() time.Time) *running {
	t.Helper()
	h, err := server.OpenHouse(t.Context(), server.HouseConfig{Dir: t.TempDir(), Database: url, Keys: keys, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, h)
	return serve(t, h, starterDir)
}

func pair(t *testing.T) (a, b *running) {
	t.Helper()
	url, keys := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys")
	return beside(t, url, keys), beside(t, url, keys)
}

// idle answers, and neither follows the log nor does jobs: as if that were stuck.
func idle(t *testing.T, h *server.House) *running {
	t.Helper()
	s, err := server.New(t.Context(), server.Config{Policies: loadAll(t, starterDir), House: h})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(server.Local(r.Context(), 0)))
	}))
	t.Cleanup(web.Close)
	return &running{Server: web, t: t, house: h, server: s}
}

func granted(person string) map[string]any {
	return map[string]any{"person": person, "kind": "granted", "for": []string{"letter"}, "style": "opt-in"}
}

func withdrawn(person string) map[string]any {
	return map[string]any{"person": person, "kind": "withdrawn", "for": []string{"letter"}}
}

// withdraws checks the promise of time once: what is withdrawn at a holds there at once, and at b within
// a second.
func withdraws(t *testing.T, a, b *running, person string) {
	t.Helper()
	a.record(200, granted(person))
	eventually(t, "the consent is known at b", func() bool { return b.ask(person, nil).Decision })
	a.record(200, withdrawn(person))
	acknowledged := time.Now()
	if a.ask(person, nil).Decision {
		t.Fatal("allowed where it was withdrawn")
	}
	for {
		asked := time.Now()
		if !b.ask(person, nil).Decision {
			return
		}
		if asked.Sub(acknowledged) > within {
			t.Fatalf("allowed at the other %v after the withdrawal", asked.Sub(acknowledged))
		}
	}
}

func TestWithdrawalHoldsEverywhere(t *testing.T) {
	a, b := pair(t)
	for i := range 5 {
		withdraws(t, a, b, fmt.Sprint("customer:", i))
		withdraws(t, b, a, fmt.Sprint("customer:", 100+i))
	}
	t.Run("without listeners", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var killer sync.WaitGroup
		var killed int64
		killer.Go(func() {
			for ctx.Err() == nil {
				killed += killListeners(t, a.house.Store)
				time.Sleep(5 * time.Millisecond)
			}
		})
		for i := range 5 {
			withdraws(t, a, b, fmt.Sprint("customer:", 200+i))
		}
		stop()
		killer.Wait()
		if killed == 0 {
			t.Error("nobody listened")
		}
	})
	t.Run("by at_least", func(t *testing.T) {
		for i := range 20 {
			person := fmt.Sprint("customer:", 300+i)
			done := a.record(200, granted(person))
			if got := b.ask(person, map[string]any{"at_least": done.Seq}); !got.Decision || got.Context.Seq < done.Seq {
				t.Fatalf("as of the consent: %+v", got)
			}
			done = a.record(200, withdrawn(person))
			if got := b.ask(person, map[string]any{"at_least": done.Seq}); got.Decision {
				t.Fatalf("as of the withdrawal: %+v", got)
			}
		}
	})
}

// What one server recorded holds at another whose clock is behind or ahead.
func TestClocksDiffer(t *testing.T) {
	url, keys := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys")
	off := func(by time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(by) } }
	servers := []*running{beside(t, url, keys), besideAt(t, url, keys, off(-time.Hour)), besideAt(t, url, keys, off(30*time.Second))}
	for i, a := range servers {
		for j, b := range servers {
			if i != j {
				withdraws(t, a, b, fmt.Sprint("customer:", i, j))
			}
		}
	}
}

// killListeners ends the connections that wait for notifications, all of them.
func killListeners(t *testing.T, s *store.Store) (n int64) {
	t.Helper()
	err := s.Update(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`, nil, &n)
	})
	if err != nil {
		t.Errorf("end listeners: %v", err)
	}
	return n
}

// A process whose following is stuck knows that it does not know, and reads.
func TestWithdrawalHoldsWhereNothingFollows(t *testing.T) {
	url, keys := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys")
	a := beside(t, url, keys)
	h, err := server.OpenHouse(t.Context(), server.HouseConfig{Dir: t.TempDir(), Database: url, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, h)
	b := idle(t, h)
	for i := range 5 {
		withdraws(t, a, b, fmt.Sprint("customer:", i))
	}
	t.Run("stopped on the way", func(t *testing.T) {
		c := beside(t, url, keys)
		ctx, stop := context.WithCancel(t.Context())
		s, err := server.New(ctx, server.Config{Policies: loadAll(t, starterDir), House: c.house})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		const person = "customer:50"
		a.record(200, granted(person))
		eventually(t, "the consent is known", func() bool { return c.ask(person, nil).Decision })
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		withdraws(t, a, c, "customer:51")
	})
}

// A key that is revoked at one server opens nothing there any more, and at the other within a second; the
// same holds for principals and for how far answers are enforced.
func TestKeysAndModesElsewhere(t *testing.T) {
	a, b := pair(t)
	soon := func(what string, is func() bool) {
		t.Helper()
		begin := time.Now()
		for !is() {
			if time.Since(begin) > within {
				t.Fatalf("not within a second: %s", what)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	const body = `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"customer:1","properties":{"data":["contact.email"]}},"context":{"for":"letter"}}`
	for range 3 {
		id, key := a.key(map[string]any{"scopes": []string{"decide"}})
		status := func(h *running) int {
			s, _ := h.send("POST", "/starter/access/v1/evaluation", body, key...)
			return s
		}
		if status(b) != http.StatusOK {
			t.Fatal("a key of the other server is not known")
		}
		a.call("POST", "/api/v1/keys/"+id+"/revoke", http.StatusNoContent, struct{}{}, nil)
		if got := status(a); got != http.StatusUnauthorized {
			t.Errorf("revoked here: %d", got)
		}
		soon("the key is refused", func() bool { return status(b) == http.StatusUnauthorized })
	}
	for _, mode := range []string{"observe", "enforce", "warn", "enforce"} {
		a.call("PUT", "/api/v1/starter/shadow", http.StatusNoContent, map[string]any{"mode": mode}, nil)
		if got := a.ask("customer:1", nil); got.Decision != (mode != "enforce") {
			t.Errorf("%s here: %+v", mode, got)
		}
		soon(mode, func() bool { return b.ask("customer:1", nil).Decision == (mode != "enforce") })
	}
}

// Servers that start together on an empty database and without keys agree on all that is made once.
func TestServersStartTogether(t *testing.T) {
	for range storetest.Rounds(3, 30) {
		url, keys := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys")
		const n = 4
		houses := make([]*server.House, n)
		errs := make([]error, n)
		dirs, policies := make([]string, n), loadAll(t, starterDir, "../../policies/isodme")
		for i := range dirs {
			dirs[i] = t.TempDir()
		}
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				if houses[i], errs[i] = server.OpenHouse(t.Context(), server.HouseConfig{Dir: dirs[i], Database: url, Keys: keys}); errs[i] == nil {
					_, errs[i] = server.New(t.Context(), server.Config{Policies: policies, House: houses[i]})
				}
			})
		}
		all.Wait()
		first := 0
		for i, h := range houses {
			if errs[i] != nil {
				t.Errorf("server %d: %v", i, errs[i])
			}
			if h == nil {
				continue
			}
			if h.Doubt != nil {
				t.Errorf("server %d is sealed: %v", i, h.Doubt)
			}
			if h.FirstKey != "" {
				first++
			}
			if err := h.Close(); err != nil {
				t.Errorf("server %d: %v", i, err)
			}
		}
		if first != 1 {
			t.Errorf("%d first keys", first)
		}
	}
}
