package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

const starterDir = "../../policies/starter"

// ask asks whether the letter may be sent to a person.
func (h *running) ask(person string, context map[string]any, header ...string) answered {
	h.t.Helper()
	c := map[string]any{"for": "letter"}
	maps.Copy(c, context)
	var a answered
	h.call("POST", "/starter/access/v1/evaluation", http.StatusOK, map[string]any{
		"subject": map[string]any{"type": "service", "id": "mailer"}, "action": map[string]any{"name": "use"},
		"resource": map[string]any{"type": "person", "id": person, "properties": map[string]any{"data": []string{"contact.email"}}}, "context": c,
	}, &a, header...)
	return a
}

type answered struct {
	Decision bool
	Context  struct {
		Kind, Mode, Signed string
		Clauses, Missing   []string
		ReasonAdmin        struct{ En string } `json:"reason_admin"`
		Seq                int64
		Known              bool
	}
}

type recorded struct {
	Events []struct {
		Index *int64
		Entry string
		Again bool
		Error *struct {
			Status int
			Detail string
		}
	}
	Seq int64
}

func (h *running) record(want int, events ...map[string]any) recorded {
	h.t.Helper()
	var out recorded
	h.call("POST", "/api/v1/starter/events", want, map[string]any{"events": events}, &out)
	return out
}

// key issues a key.
func (h *running) key(binding map[string]any) (id string, header []string) {
	h.t.Helper()
	var out struct{ ID, Secret string }
	h.call("POST", "/api/v1/keys", http.StatusCreated, map[string]any{"principal": "mailer", "binding": binding}, &out)
	return out.ID, []string{"Authorization", "Bearer " + out.Secret}
}

func TestEventsHoldAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		const ann = "email:Ann@mail.example"
		if a := h.ask(ann, nil); a.Decision || a.Context.Known || a.Context.Kind != "unmet" || !slices.Equal(a.Context.Missing, []string{"consent letter"}) {
			t.Fatalf("a stranger: %+v", a)
		}
		done := h.record(200, map[string]any{"person": ann, "kind": "granted", "for": []string{"letter"}, "style": "opt-in", "id": "form-1"})
		if a := h.ask("email:ann@MAIL.example", map[string]any{"at_least": done.Seq}); !a.Decision || !a.Context.Known || a.Context.Seq < done.Seq {
			t.Fatalf("after the consent: %+v", a)
		}
		again := h.record(200, map[string]any{"person": ann, "kind": "granted", "for": []string{"letter"}, "style": "opt-in", "id": "form-1"})
		if !again.Events[0].Again || *again.Events[0].Index != *done.Events[0].Index {
			t.Errorf("the same event again: %+v", again)
		}
		h.record(200, map[string]any{"person": ann, "kind": "withdrawn", "for": []string{"letter"}})
		if a := h.ask(ann, nil); a.Decision {
			t.Error("allowed after the withdrawal")
		}
		if a := h.ask("ann", nil); a.Decision || a.Context.Kind != "indeterminate" {
			t.Errorf("no reference: %+v", a)
		}
	})
}

func TestEventsOneByOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		out := h.record(200,
			map[string]any{"person": "customer:1", "kind": "happened", "name": "account-opened"},
			map[string]any{"person": "customer:1", "kind": "happened", "name": "no-such-event"},
			map[string]any{"person": "nobody", "kind": "granted", "for": []string{"letter"}},
			map[string]any{"person": "customer:1", "kind": "granted"},
			map[string]any{"person": "customer:1", "kind": "granted", "for": []string{"letter"}, "at": "2999-01-01T00:00:00Z"},
			map[string]any{"person": "customer:1", "kind": "refused", "for": []string{"letter"}},
		)
		for i, wrong := range []bool{false, true, true, true, true, false} {
			if (out.Events[i].Error != nil) != wrong || (out.Events[i].Index == nil) != wrong {
				t.Errorf("event %d: %+v", i, out.Events[i])
			}
		}
		h.record(400, map[string]any{"person": "customer:1", "kind": "no-such-kind"})
	})
}

func TestReceiptAndErasure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		var ann, other struct{ ID string }
		h.call("POST", "/api/v1/starter/people", http.StatusCreated, map[string]any{"identities": []string{"email:ann@mail.example", "customer:1"}}, &ann)
		h.call("POST", "/api/v1/starter/people", http.StatusOK, map[string]any{"identities": []string{"customer:1"}}, &other)
		if ann.ID != other.ID {
			t.Error("the same person has two ids")
		}
		h.call("POST", "/api/v1/starter/people", http.StatusConflict, map[string]any{"identities": []string{"customer:1", "customer:2"}}, nil)
		done := h.record(200, map[string]any{"person": "customer:1", "kind": "granted", "for": []string{"letter"}, "style": "opt-in"},
			map[string]any{"person": "customer:2", "kind": "granted", "for": []string{"letter"}, "style": "opt-in"},
			map[string]any{"person": "customer:1", "kind": "described", "residence": "IE", "born": "1990-02-28"})
		path := fmt.Sprintf("/api/v1/starter/people/%s/receipts/%d", ann.ID, *done.Events[0].Index)
		status, text := h.send("GET", path, nil)
		if status != http.StatusOK {
			t.Fatalf("receipt: %d %s", status, text)
		}
		v, err := ledger.NewVerifier(h.house.Keys.Signer().Key())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ledger.CheckReceipt(text, v); err != nil {
			t.Error(err)
		}
		h.call("GET", fmt.Sprintf("/api/v1/starter/people/%s/receipts/%d", ann.ID, *done.Events[1].Index), http.StatusNotFound, nil, nil)
		var erased struct{ Records, Identities, Evidence int64 }
		h.call("POST", "/api/v1/starter/people/"+ann.ID+"/erase", http.StatusOK, struct{}{}, &erased)
		if erased.Records != 1 || erased.Identities != 2 || erased.Evidence != 4 { // made, granted, and asked twice for a receipt
			t.Errorf("erased %+v", erased)
		}
		h.call("GET", path, http.StatusNotFound, nil, nil)
		h.call("GET", "/api/v1/starter/people/"+ann.ID, http.StatusNotFound, nil, nil)
		if _, _, err := ledger.CheckReceipt(text, v); err != nil {
			t.Errorf("the person's own receipt after the erasure: %v", err)
		}
		report, err := ledger.CheckLog(t.Context(), webLog{h}, ledger.LogCheck{Verifier: v})
		if err != nil || report.Entries != uint64(h.house.People.Seen()) {
			t.Errorf("the log after the erasure: %+v, %v", report, err)
		}
	})
}

func TestKeysAreBound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		id, key := h.key(map[string]any{"scopes": []string{"decide"}, "purposes": []string{"letter"}})
		if a := h.ask("customer:1", nil, key...); a.Decision || a.Context.Kind != "unmet" {
			t.Errorf("a question that the key may ask: %+v", a)
		}
		body := func(purpose, subject, extra string) string {
			return `{"subject":{"type":"service","id":"` + subject + `"},"action":{"name":"use"},"resource":{"type":"person","id":"customer:1","properties":{"data":["contact.email"]` + extra + `}},"context":{"for":"` + purpose + `"}}`
		}
		for name, c := range map[string]struct {
			body string
			key  []string
			want int
		}{
			"no key":          {body("letter", "mailer", ""), []string{"X-Stranger", "1"}, http.StatusUnauthorized},
			"a wrong key":     {body("letter", "mailer", ""), []string{"Authorization", "Bearer avow_nonsense"}, http.StatusUnauthorized},
			"another purpose": {body("account", "mailer", ""), key, http.StatusForbidden},
			"another asker":   {body("letter", "someone", ""), key, http.StatusForbidden},
			"own facts":       {body("letter", "mailer", `,"facts":{"consented":"letter"}`), key, http.StatusForbidden},
			"its own":         {body("letter", "mailer", ""), key, http.StatusOK},
		} {
			if status, text := h.send("POST", "/starter/access/v1/evaluation", c.body, c.key...); status != c.want {
				t.Errorf("%s: status %d, want %d: %s", name, status, c.want, text)
			}
		}
		if status, _ := h.send("POST", "/api/v1/starter/events", `{"events":[{}]}`, key...); status != http.StatusForbidden {
			t.Errorf("events without the scope: %d", status)
		}
		h.call("POST", "/api/v1/keys/"+id+"/revoke", http.StatusNoContent, struct{}{}, nil)
		if status, _ := h.send("POST", "/starter/access/v1/evaluation", body("letter", "mailer", ""), key...); status != http.StatusUnauthorized {
			t.Errorf("a revoked key: %d", status)
		}
	})
}

func TestShadow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		id, key := h.key(map[string]any{"scopes": []string{"decide"}})
		h.call("PUT", "/api/v1/starter/shadow", http.StatusNoContent, map[string]any{"key": id, "mode": "observe"}, nil)
		h.call("PUT", "/api/v1/starter/shadow", http.StatusBadRequest, map[string]any{"clause": "no-such-clause", "mode": "observe"}, nil)
		h.record(200, map[string]any{"person": "customer:7", "kind": "refused", "for": []string{"letter"}})
		if a := h.ask("customer:7", nil, key...); !a.Decision || a.Context.Mode != "observe" || a.Context.Kind != "unmet" {
			t.Errorf("observed: %+v", a)
		}
		if a := h.ask("customer:7", nil); a.Decision {
			t.Errorf("another caller is enforced: %+v", a)
		}
		h.call("PUT", "/api/v1/starter/shadow", http.StatusNoContent, map[string]any{"key": id, "clause": "letter", "mode": "enforce"}, nil)
		if a := h.ask("customer:7", nil, key...); a.Decision {
			t.Errorf("the clause is enforced: %+v", a)
		}
		var report struct {
			Asked int64
			Deny  []struct {
				Key    string
				Times  int64
				People int
			} `json:"would_deny"`
		}
		h.call("GET", "/api/v1/starter/shadow/report", http.StatusOK, nil, &report)
		if report.Asked != 3 || len(report.Deny) != 1 || report.Deny[0].Key != id || report.Deny[0].Times != 1 || report.Deny[0].People != 1 {
			t.Errorf("report %+v", report)
		}
	})
}

// What is kept of a question holds neither who it was about nor anything that a caller could smuggle in.
func TestDecisionsArePrivate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		h.record(200, map[string]any{"person": "customer:4711", "kind": "refused", "for": []string{"letter"}})
		h.ask("customer:4711", nil)
		h.ask("customer:4711", map[string]any{"for": "planted-4711"})
		status, text := h.send("GET", "/api/v1/starter/decisions", nil)
		var out struct {
			Decisions []map[string]any
		}
		if err := json.Unmarshal(text, &out); err != nil || status != http.StatusOK || len(out.Decisions) != 2 {
			t.Fatalf("%d %s (%v)", status, text, err)
		}
		if strings.Contains(string(text), "4711") {
			t.Errorf("the log says whom it was about: %s", text)
		}
		allowed := []string{"at", "id", "key", "who", "action", "data", "for", "to", "kind", "clauses", "missing", "shadow", "version", "seq"}
		for name := range out.Decisions[0] {
			if !slices.Contains(allowed, name) {
				t.Errorf("field %s is not on the list", name)
			}
		}
		if who, _ := out.Decisions[0]["who"].(string); len(who) != 32 {
			t.Errorf("no pseudonym: %v", out.Decisions[0])
		}
	})
}

func TestEpochs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		for i := range 5 {
			h.record(200, map[string]any{"person": fmt.Sprint("customer:", i), "kind": "granted", "for": []string{"letter"}, "style": "opt-in"})
		}
		h.call("POST", "/api/v1/vault/1/destroy", http.StatusConflict, struct{}{}, nil)
		h.call("POST", "/api/v1/vault/rotate", http.StatusOK, map[string]any{"escrow_seconds": 0}, nil)
		eventually(t, "all keys are wrapped under the new epoch", func() bool {
			n, err := h.house.People.Wrapped(t.Context(), 1)
			return err == nil && n == 0
		})
		if a := h.ask("customer:1", nil); !a.Decision {
			t.Errorf("after the rotation: %+v", a)
		}
	})
}

// A caller acts in the roles of its principal, and for the recipient that its key is bound to; in no other.
func TestRolesAreThePrincipals(t *testing.T) {
	h := startOn(t, storetest.SQLite(t), starterDir)
	h.call("POST", "/api/v1/principals", http.StatusCreated, map[string]any{"name": "mailer", "kind": "staff", "roles": []string{"treasurer"}}, nil)
	_, key := h.key(map[string]any{"scopes": []string{"decide"}})
	for role, want := range map[string]int{"": 200, "treasurer": 200, "gardener": 403} {
		body := `{"subject":{"type":"staff","id":"mailer","properties":{"role":"` + role + `"}},"action":{"name":"read"},"resource":{"type":"person","id":"customer:1","properties":{"data":["invoices"]}},"context":{"for":"bookkeeping"}}`
		if status, text := h.send("POST", "/starter/access/v1/evaluation", body, key...); status != want {
			t.Errorf("role %q: %d %s", role, status, text)
		}
	}
}

// The same event sent twice is recorded once; another one under the same id is refused and not lost.
func TestAnIDStandsForOneEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		yes := map[string]any{"id": "form-1", "person": "customer:1", "kind": "granted", "for": []string{"letter"}, "style": "opt-in"}
		h.record(200, yes)
		if again := h.record(200, yes); !again.Events[0].Again {
			t.Errorf("the same again: %+v", again)
		}
		for name, other := range map[string]map[string]any{
			"kind":   {"id": "form-1", "person": "customer:1", "kind": "refused", "for": []string{"letter"}},
			"person": {"id": "form-1", "person": "customer:2", "kind": "granted", "for": []string{"letter"}, "style": "opt-in"},
			"style":  {"id": "form-1", "person": "customer:1", "kind": "granted", "for": []string{"letter"}, "style": "explicit"},
			"time":   {"id": "form-1", "person": "customer:1", "kind": "granted", "for": []string{"letter"}, "style": "opt-in", "at": "2026-01-01T00:00:00Z"},
		} {
			if status, text := h.send("POST", "/api/v1/starter/events", map[string]any{"events": []any{other}}); status != http.StatusConflict {
				t.Errorf("another %s: %d %s", name, status, text)
			}
		}
	})
}

func TestAHoldStopsAnErasure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		h.record(200, map[string]any{"person": "customer:1", "kind": "held", "data": []string{"invoices"}, "grounds": "claim"})
		var found struct{ ID string }
		h.call("POST", "/api/v1/starter/people/find", http.StatusOK, map[string]any{"identity": "customer:1"}, &found)
		h.call("POST", "/api/v1/starter/people/"+found.ID+"/erase", http.StatusConflict, struct{}{}, nil)
		h.call("GET", "/api/v1/starter/people/"+found.ID, http.StatusOK, nil, nil)
		h.record(200, map[string]any{"person": "customer:1", "kind": "released", "data": []string{"invoices"}})
		h.call("POST", "/api/v1/starter/people/"+found.ID+"/erase", http.StatusOK, struct{}{}, nil)
	})
}

func TestDecisionsPage(t *testing.T) {
	h := startOn(t, storetest.SQLite(t), starterDir)
	var page struct {
		Decisions []struct{ ID string }
		Next      string
	}
	seen, next := map[string]bool{}, ""
	for range 3 { // three blocks
		for range 5 {
			h.ask("customer:1", nil)
		}
		h.call("GET", "/api/v1/starter/decisions?limit=1", http.StatusOK, nil, &page)
	}
	for range 8 {
		h.call("GET", "/api/v1/starter/decisions?limit=4&after="+next, http.StatusOK, nil, &page)
		for _, d := range page.Decisions {
			if seen[d.ID] {
				t.Errorf("%s is listed twice", d.ID)
			}
			seen[d.ID] = true
		}
		next = page.Next
	}
	if len(seen) != 15 {
		t.Errorf("%d of 15 are listed", len(seen))
	}
	h.ask("customer:1", nil)
	h.call("GET", "/api/v1/starter/decisions?after="+next, http.StatusOK, nil, &page)
	if len(page.Decisions) != 1 {
		t.Errorf("%d new ones", len(page.Decisions))
	}
	h.call("GET", "/api/v1/starter/decisions?after=nonsense", http.StatusBadRequest, nil, nil)
}
