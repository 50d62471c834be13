package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

// toMailer is the question whether a person's address may go to who sends the letter.
func toMailer(person string, context map[string]any) map[string]any {
	c := map[string]any{"for": "letter", "to": "mailer"}
	maps.Copy(c, context)
	return map[string]any{
		"subject": map[string]any{"type": "service", "id": "mailer"}, "action": map[string]any{"name": "disclose"},
		"resource": map[string]any{"type": "person", "id": person, "properties": map[string]any{"data": []string{"contact.email"}}}, "context": c,
	}
}

type permitted struct {
	Decision bool
	Context  struct {
		Kind, Permit, Mode string
		Missing            []string
		Obligations        []struct{ ID string }
		ReasonAdmin        struct{ En string } `json:"reason_admin"`
		Seq                int64
	}
}

func (h *running) disclose(person string, context map[string]any) permitted {
	h.t.Helper()
	var a permitted
	h.call("POST", "/starter/access/v1/evaluation", http.StatusOK, toMailer(person, context), &a)
	return a
}

type told struct {
	Disclosures []struct {
		Permit, ID, Entry string
		Index             int64
		Again             bool
		Error             *struct {
			Type, Detail string
			Status       int
		}
	}
	Seq int64
}

func (h *running) confirm(header []string, l ...map[string]any) (out told) {
	h.t.Helper()
	h.call("POST", "/api/v1/starter/disclosures", http.StatusOK, map[string]any{"disclosures": l}, &out, header...)
	return out
}

// refused is the last part of the problem's type.
func (h *running) refused(header []string, one map[string]any) string {
	h.t.Helper()
	_, text := h.send("POST", "/api/v1/starter/disclosures", map[string]any{"disclosures": []any{one}}, header...)
	var p struct{ Type string }
	if err := json.Unmarshal(text, &p); err != nil || p.Type == "" {
		return "recorded: " + string(text)
	}
	return strings.TrimPrefix(p.Type, "urn:avow:problem:")
}

type actual struct {
	To, Name, Kind, Country         string
	Confirmed, Unconfirmed, Unasked []struct {
		Data                                                              []string
		For, Ground, Agreement, Country, Principal, Permitted, At, Source string
		Bases, Clauses                                                    []string
		Entries                                                           []int64
		Count                                                             int64
		DecidedBy                                                         string `json:"decided_by"`
		ConfirmedBy                                                       string `json:"confirmed_by"`
		AgeSeconds                                                        *int64 `json:"age_seconds"`
	}
}

func (h *running) id(person string) string {
	h.t.Helper()
	var found struct{ ID string }
	h.call("POST", "/api/v1/starter/people/find", http.StatusOK, map[string]any{"identity": person}, &found)
	return found.ID
}

func (h *running) recipients(person string) []actual {
	h.t.Helper()
	var out struct{ Recipients []actual }
	h.call("GET", "/api/v1/starter/people/"+h.id(person)+"/disclosures", http.StatusOK, nil, &out)
	return out.Recipients
}

// entries counts the records of a person by kind.
func (h *running) entries(person string) map[string]int {
	h.t.Helper()
	var out struct {
		Entries []struct{ Record struct{ Kind string } }
	}
	h.call("GET", "/api/v1/starter/people/"+h.id(person)+"/history?limit=1000", http.StatusOK, nil, &out)
	kinds := map[string]int{}
	for _, e := range out.Entries {
		kinds[e.Record.Kind]++
	}
	return kinds
}

func TestAllowedIsNotDone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		const ann = "email:ann@mail.example"
		if a := h.disclose(ann, nil); a.Decision || a.Context.Permit != "" {
			t.Fatalf("a stranger: %+v", a)
		}
		h.record(200, granted(ann), granted("email:bob@mail.example"))
		a := h.disclose(ann, map[string]any{"decided_by": "the editor", "in": "dublin"})
		if !a.Decision || a.Context.Permit == "" || !slices.ContainsFunc(a.Context.Obligations, func(o struct{ ID string }) bool { return o.ID == "confirm-disclosure" }) {
			t.Fatalf("allowed: %+v", a)
		}
		l := h.recipients(ann)
		if len(l) != 1 || l[0].To != "mailer" || l[0].Name != "Brief & Bote" || len(l[0].Unconfirmed) != 1 || len(l[0].Confirmed) != 0 {
			t.Fatalf("permitted: %+v", l)
		}
		one := l[0].Unconfirmed[0]
		if one.Agreement != "mailer-contract" || one.Country != "DE" || one.DecidedBy != "the editor" || one.Principal != "mailer" || !slices.Equal(one.Bases, []string{"consent"}) ||
			!slices.Equal(one.Clauses, []string{"helper"}) || one.AgeSeconds == nil || one.For != "letter" || !slices.Equal(one.Data, []string{"contact.email"}) {
			t.Errorf("the permit: %+v", one)
		}
		done := h.confirm(nil, map[string]any{"permit": a.Context.Permit, "count": 3})
		again := h.confirm(nil, map[string]any{"permit": a.Context.Permit, "count": 3})
		if done.Disclosures[0].Again || !again.Disclosures[0].Again || again.Disclosures[0].Index != done.Disclosures[0].Index || done.Seq != done.Disclosures[0].Index+1 {
			t.Errorf("confirmed %+v, and again %+v", done, again)
		}
		l = h.recipients(ann)
		if len(l[0].Unconfirmed) != 0 || len(l[0].Confirmed) != 1 || l[0].Confirmed[0].Count != 3 || l[0].Confirmed[0].ConfirmedBy != "local-admin" || len(l[0].Confirmed[0].Entries) != 2 || l[0].Confirmed[0].At == "" {
			t.Errorf("confirmed: %+v", l)
		}
		if got := h.entries(ann); got["permitted"] != 1 || got["disclosed"] != 1 {
			t.Errorf("records: %v", got)
		}
		if l := h.recipients("email:bob@mail.example"); len(l) != 0 {
			t.Errorf("somebody else's: %+v", l)
		}
		h.verifies(ann, l[0].Confirmed[0].Entries...)
		h.checked()
	})
}

// verifies has the receipts of entries verified offline by the command.
func (h *running) verifies(person string, entries ...int64) {
	h.t.Helper()
	dir := h.t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(h.house.Keys.Signer().Key()+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	for _, index := range entries {
		_, text := h.send("GET", fmt.Sprintf("/api/v1/starter/people/%s/receipts/%d", h.id(person), index), nil)
		r, err := ledger.ParseReceipt(text)
		if err != nil {
			h.t.Fatalf("%v: %s", err, text)
		}
		v, err := ledger.NewVerifier(h.house.Keys.Signer().Key())
		if err != nil {
			h.t.Fatal(err)
		}
		record, _, err := r.Verify(v)
		if err != nil || record.Kind != "permitted" && record.Kind != "disclosed" {
			h.t.Errorf("%v: %+v", err, record)
		}
		file := filepath.Join(dir, fmt.Sprint(index, ".json"))
		if err := os.WriteFile(file, text, 0o600); err != nil {
			h.t.Fatal(err)
		}
		out, err := exec.CommandContext(h.t.Context(), "go", "run", "github.com/avowhq/avow/cmd/avow", "verify", file, "--key", key).CombinedOutput()
		if err != nil {
			h.t.Errorf("avow verify: %v: %s", err, out)
		}
	}
}

func TestWhatIsNotPermitted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		const ann = "email:ann@mail.example"
		h.record(200, granted(ann), granted("customer:2"))
		for name, context := range map[string]map[string]any{"dry": {"dry": true}, "of another time": {"time": time.Now().Add(time.Minute).Format(time.RFC3339)}} {
			if a := h.disclose(ann, context); !a.Decision || a.Context.Permit != "" {
				t.Errorf("%s: %+v", name, a)
			}
		}
		inline := toMailer(ann, nil)
		inline["resource"].(map[string]any)["properties"].(map[string]any)["facts"] = map[string]any{"consented": "letter"}
		var a permitted
		if h.call("POST", "/starter/access/v1/evaluation", 200, inline, &a); !a.Decision || a.Context.Permit != "" {
			t.Errorf("with facts of its own: %+v", a)
		}
		h.call("PUT", "/api/v1/starter/shadow", http.StatusNoContent, map[string]any{"mode": "observe"}, nil)
		if a := h.disclose(ann, nil); !a.Decision || a.Context.Permit != "" || a.Context.Mode != "observe" {
			t.Errorf("observed: %+v", a)
		}
		h.call("PUT", "/api/v1/starter/shadow", http.StatusNoContent, map[string]any{"mode": "enforce"}, nil)
		if use := h.ask(ann, nil); !use.Decision {
			t.Errorf("a use: %+v", use)
		}
		if got := h.entries(ann); got["permitted"] != 0 {
			t.Errorf("records: %v", got)
		}
		first := h.disclose(ann, map[string]any{"evaluation_id": "job-1"})
		second := h.disclose(ann, map[string]any{"evaluation_id": "job-1"})
		third := h.disclose(ann, nil)
		if first.Context.Permit == "" || first.Context.Permit != second.Context.Permit || third.Context.Permit == first.Context.Permit {
			t.Errorf("asked again: %q %q %q", first.Context.Permit, second.Context.Permit, third.Context.Permit)
		}
		for name, a := range map[string]permitted{
			"another person under the same id": h.disclose("customer:2", map[string]any{"evaluation_id": "job-1"}),
			"another ground":                   h.disclose(ann, map[string]any{"evaluation_id": "job-1", "decided_by": "somebody else"}),
			"an id that is no text":            h.disclose(ann, map[string]any{"evaluation_id": 7}),
			"a decider that is too long":       h.disclose(ann, map[string]any{"decided_by": strings.Repeat("x", 201)}),
		} {
			if a.Decision || a.Context.Permit != "" || a.Context.Kind != "indeterminate" {
				t.Errorf("%s: %+v", name, a)
			}
		}
		if got := h.entries(ann); got["permitted"] != 2 {
			t.Errorf("records: %v", got)
		}
	})
}
