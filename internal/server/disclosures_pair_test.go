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
)

// People are erased and merged at one server while both permit and confirm: every permit is recorded with a
// person who was there, every confirmation is recorded once or refused as unknown, and nothing is left that
// leads to somebody who is gone.
func TestErasureMeetsDisclosures(t *testing.T) {
	a, b := pair(t)
	var permits, confirmations, refused atomic.Int64
	for round := range storetest.Rounds(5, 50) {
		person, other := fmt.Sprint("customer:", round), fmt.Sprint("customer:other-", round)
		a.record(200, granted(person), granted(other))
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				h := []*running{a, b}[w%2]
				for range 15 {
					one := h.disclose(person, nil)
					if one.Decision != (one.Context.Permit != "") {
						t.Errorf("allowed without a permit, or the reverse: %+v", one)
					}
					if one.Context.Permit == "" {
						h.record(200, granted(person)) // erased: a new person
						continue
					}
					permits.Add(1)
					switch got := []*running{b, a}[w%2].refused(nil, map[string]any{"permit": one.Context.Permit}); got {
					case "permit-unknown":
						refused.Add(1)
					default:
						if len(got) < 9 || got[:9] != "recorded:" {
							t.Errorf("confirmed: %s", got)
						}
						confirmations.Add(1)
					}
				}
			})
		}
		all.Go(func() {
			for i := range 4 {
				if status, text := a.send("POST", "/api/v1/starter/people/find", map[string]any{"identity": person}); status != http.StatusOK {
					t.Logf("round %d: %s", round, text)
					continue
				}
				id := a.id(other)
				if i%2 == 0 {
					a.send("POST", "/api/v1/starter/people/"+id+"/merge", map[string]any{"other": person})
				} else {
					a.send("POST", "/api/v1/starter/people/"+id+"/erase", struct{}{})
					a.record(200, granted(other))
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
		all.Wait()
	}
	if permits.Load() == 0 || confirmations.Load() == 0 {
		t.Errorf("%d permits, %d confirmations, %d refused", permits.Load(), confirmations.Load(), refused.Load())
	}
	if left := a.orphans(); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	for what, text := range map[string]string{
		"permits of people who are erased":   `SELECT count(*) FROM permit p JOIN subject s ON s.no = p.subject WHERE s.erased IS NOT NULL`,
		"permits of nobody":                  `SELECT count(*) FROM permit p WHERE NOT EXISTS (SELECT 1 FROM subject s WHERE s.no = p.subject AND s.site = p.site)`,
		"permits without an entry":           `SELECT count(*) FROM permit p WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.site = p.site AND e.subject = p.subject AND e.id = p.entry)`,
		"confirmations without their permit": `SELECT count(*) FROM permit p WHERE step = 1 AND NOT EXISTS (SELECT 1 FROM permit g WHERE g.site = p.site AND g.id = p.id AND g.step = 0)`,
	} {
		var n int64
		err := a.house.Store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.Row(ctx, text, nil, &n) })
		if err != nil || n > 0 {
			t.Errorf("%d %s, %v", n, what, err)
		}
	}
	a.checked()
	b.checked()
	t.Logf("%d permits, %d confirmations, %d refused", permits.Load(), confirmations.Load(), refused.Load())
}
