package server_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

// checked verifies the whole log over HTTP, as an auditor does.
func (h *running) checked() ledger.LogReport {
	h.t.Helper()
	v, err := ledger.NewVerifier(h.house.Keys.Signer().Key())
	if err != nil {
		h.t.Fatal(err)
	}
	report, err := ledger.CheckLog(h.t.Context(), webLog{h}, ledger.LogCheck{Verifier: v})
	if err != nil {
		h.t.Errorf("the log does not verify: %v", err)
	}
	return report
}

// orphans counts what nobody can open: entries of a person whose ring, or row, is gone, and rings and
// identities of nobody.
func (h *running) orphans() map[string]int64 {
	h.t.Helper()
	out := map[string]int64{}
	for what, text := range map[string]string{
		"entries without a ring":        `SELECT count(*) FROM entry e WHERE e.subject <> 0 AND NOT EXISTS (SELECT 1 FROM ring r WHERE r.site = e.site AND r.subject = e.subject AND r.kind = e.ring)`,
		"rings of nobody":               `SELECT count(*) FROM ring r WHERE NOT EXISTS (SELECT 1 FROM subject s WHERE s.no = r.subject AND s.site = r.site)`,
		"identities of nobody":          `SELECT count(*) FROM identity i WHERE NOT EXISTS (SELECT 1 FROM subject s WHERE s.no = i.subject AND s.site = i.site)`,
		"people whom nothing leads to":  `SELECT count(*) FROM subject s WHERE s.erased IS NULL AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.subject = s.no AND i.site = s.site)`,
		"keys of events without events": `SELECT count(*) FROM idempotency k WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.site = k.site AND e.subject = k.subject AND e.id = k.id)`,
	} {
		var n int64
		err := h.house.Store.View(h.t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.Row(ctx, text, nil, &n) })
		if err != nil {
			h.t.Fatal(err)
		}
		if n > 0 {
			out[what] = n
		}
	}
	return out
}

// A person is erased at one server while another records what happens with them: every event is recorded
// before, and gone, or after, of a person who is new; none is left that nobody can open.
func TestErasureMeetsEvents(t *testing.T) {
	a, b := pair(t)
	var acknowledged, erased atomic.Int64
	for round := range storetest.Rounds(6, 60) {
		person := fmt.Sprint("customer:", round)
		a.record(200, granted(person))
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				h := []*running{a, b}[w%2]
				for i := range 25 {
					done := h.record(200, granted(person), map[string]any{"person": person, "kind": "happened", "name": "order-placed", "id": fmt.Sprint(round, w, i)})
					for _, e := range done.Events {
						if e.Error != nil {
							t.Errorf("an event is refused: %+v", *e.Error)
							continue
						}
						acknowledged.Add(1)
					}
				}
			})
		}
		all.Go(func() {
			for range 5 {
				var found struct{ ID string }
				if status, _ := a.send("POST", "/api/v1/starter/people/find", map[string]any{"identity": person}); status != http.StatusOK {
					continue // erased, and nothing happened since
				}
				a.call("POST", "/api/v1/starter/people/find", http.StatusOK, map[string]any{"identity": person}, &found)
				if status, text := a.send("POST", "/api/v1/starter/people/"+found.ID+"/erase", struct{}{}); status != http.StatusOK {
					t.Errorf("erase: %d %s", status, text)
					continue
				}
				erased.Add(1)
			}
		})
		all.Wait()
		// Whoever the person is now, both know the same of them, and can read it.
		x, y := a.ask(person, nil), b.ask(person, map[string]any{"at_least": a.house.People.Seen()})
		if x.Decision != y.Decision || x.Context.Known != y.Context.Known {
			t.Errorf("one says %+v, the other %+v", x, y)
		}
	}
	if erased.Load() < 6 {
		t.Errorf("%d erasures", erased.Load())
	}
	if left := a.orphans(); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	if n := a.checked().Entries; n < uint64(acknowledged.Load()) {
		t.Errorf("the log has %d entries, %d were acknowledged", n, acknowledged.Load())
	}
	b.checked()
}

// While one server begins a new epoch, the other goes on writing; in the end nothing is wrapped under the
// old one, which can be destroyed, and everything can be read at both.
func TestEpochTurnsWhileOthersWrite(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var n atomic.Int64
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				b.record(200, granted(fmt.Sprint("customer:", n.Add(1))))
			}
		})
	}
	var rotated struct{ Epoch, Retired int64 }
	for range 2 {
		time.Sleep(100 * time.Millisecond)
		a.call("POST", "/api/v1/vault/rotate", http.StatusOK, map[string]any{"escrow_seconds": 0}, &rotated)
	}
	time.Sleep(200 * time.Millisecond)
	stop()
	all.Wait()
	for epoch := int64(1); epoch <= rotated.Retired; epoch++ {
		eventually(t, fmt.Sprintf("nothing is wrapped under epoch %d", epoch), func() bool {
			left, err := b.house.People.Wrapped(t.Context(), epoch)
			return err == nil && left == 0
		})
	}
	eventually(t, "the old epochs can be destroyed", func() bool {
		for epoch := int64(1); epoch <= rotated.Retired; epoch++ {
			status, _ := a.send("POST", fmt.Sprintf("/api/v1/vault/%d/destroy", epoch), struct{}{})
			if status != http.StatusNoContent {
				return false
			}
		}
		return true
	})
	for i := int64(1); i <= n.Load(); i++ {
		for _, h := range []*running{a, b} {
			if got := h.ask(fmt.Sprint("customer:", i), nil); !got.Decision {
				t.Fatalf("person %d of %d: %+v", i, n.Load(), got)
			}
		}
	}
	if left := a.orphans(); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	a.checked()
}
