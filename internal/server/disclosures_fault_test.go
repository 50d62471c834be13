package server_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

func (h *running) exec(text string) {
	h.t.Helper()
	err := h.house.Store.Update(h.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, text)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// What cannot be recorded is not allowed; what discloses nothing still is.
func TestUnrecordedIsNotAllowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		h.record(200, granted("customer:1"), granted("customer:2"))
		kept := h.disclose("customer:1", nil).Context.Permit
		h.exec(`ALTER TABLE permit RENAME TO gone`)
		if a := h.disclose("customer:1", nil); a.Decision || a.Context.Kind != "indeterminate" || a.Context.Permit != "" || len(a.Context.Obligations) > 0 || !strings.Contains(a.Context.ReasonAdmin.En, "cannot be recorded") {
			t.Errorf("a disclosure: %+v", a)
		}
		var batch struct{ Evaluations []permitted }
		use := toMailer("customer:1", map[string]any{"to": "us"})
		use["action"] = map[string]any{"name": "use"}
		h.call("POST", "/starter/access/v1/evaluations", 200, map[string]any{"evaluations": []any{toMailer("customer:1", nil), use, toMailer("customer:2", nil)}}, &batch)
		for i, want := range []bool{false, true, false} {
			if batch.Evaluations[i].Decision != want {
				t.Errorf("answer %d: %+v", i, batch.Evaluations[i])
			}
		}
		if got := h.refused(nil, map[string]any{"permit": kept}); got != "internal" {
			t.Errorf("a confirmation: %s", got)
		}
		if got := h.entries("customer:1"); got["permitted"] != 1 || got["disclosed"] != 0 {
			t.Errorf("records: %v", got)
		}
		h.exec(`ALTER TABLE gone RENAME TO permit`)
		if a := h.disclose("customer:1", nil); !a.Decision || a.Context.Permit == "" {
			t.Errorf("afterwards: %+v", a)
		}
		h.confirm(nil, map[string]any{"permit": kept})
		h.checked()
	})
}

// A server that dies right after its answer has the permit when it is back.
func TestServerDiesBetweenPermitAndConfirmation(t *testing.T) {
	bin := build(t)
	storetest.Each(t, func(t *testing.T, url string) {
		p := newProcess(t, bin, url)
		question := toMailer("customer:1", nil)
		question["subject"] = map[string]any{"type": "service", "id": "first-admin"}
		var permits []string
		for range storetest.Rounds(3, 20) {
			p.start()
			if len(permits) == 0 {
				if status, err := p.post("/api/v1/starter/events", map[string]any{"events": []any{granted("customer:1")}}, nil); err != nil || status != http.StatusOK {
					t.Fatal(status, err)
				}
			}
			var all []any
			for _, permit := range permits {
				all = append(all, map[string]any{"permit": permit})
			}
			var done told
			if len(all) > 0 {
				if status, err := p.post("/api/v1/starter/disclosures", map[string]any{"disclosures": all}, &done); err != nil || status != http.StatusOK {
					t.Fatal(status, err)
				}
			}
			for i, d := range done.Disclosures {
				if d.Error != nil || d.Again != (i < len(all)-1) {
					t.Errorf("permit %d of %d: %+v", i, len(all), d)
				}
			}
			var a permitted
			if status, err := p.post("/starter/access/v1/evaluation", question, &a); err != nil || status != http.StatusOK || a.Context.Permit == "" {
				t.Fatal(status, err, a)
			}
			permits = append(permits, a.Context.Permit)
			if err := p.end(os.Kill); err == nil {
				t.Error("it was not killed")
			}
		}
	})
}
