package server_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/avowhq/avow/internal/store/storetest"
)

type keptAnswer struct {
	Kept                      bool
	Then                      string
	Promises, Purposes, Bases []string
	Seq                       int64
}

func TestKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		var ann struct{ ID string }
		h.call("POST", "/api/v1/starter/people", http.StatusCreated, map[string]any{"identities": []string{"customer:1"}}, &ann)
		h.record(200, map[string]any{"person": "customer:1", "kind": "happened", "name": "invoice-issued", "at": "2020-01-01T00:00:00Z", "source": "old books"})
		path := "/api/v1/starter/people/" + ann.ID + "/kept?data=invoices"
		var now, before keptAnswer
		h.call("GET", path, http.StatusOK, nil, &now)
		if now.Kept || now.Then != "erase" || len(now.Promises) != 1 || now.Seq < 2 {
			t.Errorf("six years later: %+v", now)
		}
		h.call("GET", path+"&time=2025-12-31T00:00:00Z", http.StatusOK, nil, &before)
		if !before.Kept || before.Then != "" || !slices.Equal(before.Purposes, []string{"bookkeeping"}) || !slices.Equal(before.Bases, []string{"legal-obligation tax-law"}) {
			t.Errorf("as of the sixth year: %+v", before)
		}
		_, reader := h.key(map[string]any{"scopes": []string{"people:read"}})
		h.call("GET", path, http.StatusOK, nil, nil, reader...)
		h.call("GET", path+"&time=2025-12-31T00:00:00Z", http.StatusForbidden, nil, nil, reader...)
		_, teller := h.key(map[string]any{"scopes": []string{"events:write"}})
		h.call("GET", path, http.StatusForbidden, nil, nil, teller...)
		looked := func() int { return h.entries("customer:1")["accessed"] } // looking is noted, too
		first, second := looked(), looked()
		for _, bad := range []string{"?data=invoice", "", "?data=invoices&time=yesterday"} {
			h.call("GET", "/api/v1/starter/people/"+ann.ID+"/kept"+bad, http.StatusBadRequest, nil, nil)
		}
		if third := looked(); third-second != second-first {
			t.Errorf("a question that cannot be read was noted as an access: %d, %d, %d", first, second, third)
		}
		h.call("GET", "/api/v1/starter/people/00000000000000000000000000000000/kept?data=invoices", http.StatusNotFound, nil, nil)
	})
}

func TestMeasures(t *testing.T) {
	h := start(t, "../../policies/isodme")
	var out struct {
		Measures []struct {
			Measure, Status string
			Checks          []struct{ Label, Status string }
		}
	}
	h.call("GET", "/api/v1/isodme/measures", http.StatusOK, nil, &out)
	got := map[string]string{}
	for _, m := range out.Measures {
		got[m.Measure] = m.Status
	}
	if got["data-protection-principles"] != "met" || got["hashed-passwords"] != "waiting" {
		t.Errorf("measures %v", got)
	}
}

// TestAssignedCase: whose case it is, is told with the question, and counts only while the case is open.
func TestAssignedCase(t *testing.T) {
	h := start(t, "../../policies/isodme")
	ask := func(context map[string]any) decisionAnswer {
		t.Helper()
		var a decisionAnswer
		context["for"] = "support"
		h.call("POST", "/isodme/access/v1/evaluation", http.StatusOK, map[string]any{
			"subject": map[string]any{"type": "staff", "id": "local-admin", "properties": map[string]any{"role": "authorised.support"}},
			"action":  map[string]any{"name": "read"}, "context": context,
			"resource": map[string]any{"type": "person", "id": "customer:1", "properties": map[string]any{"data": "contact"}},
		}, &a)
		return a
	}
	tell := func(name string) {
		t.Helper()
		h.call("POST", "/api/v1/isodme/events", http.StatusOK, map[string]any{"events": []any{map[string]any{"person": "customer:1", "kind": "happened", "name": name}}}, nil)
	}
	tell("account-opened")
	if a := ask(map[string]any{"assigned": "inquiry"}); a.Decision {
		t.Error("allowed where no inquiry is open")
	}
	tell("inquiry-opened")
	if a := ask(map[string]any{}); a.Decision {
		t.Error("allowed to one who has not the case")
	}
	a := ask(map[string]any{"assigned": []string{"inquiry"}})
	if !a.Decision || len(a.Context.Promises) == 0 || !slices.Equal(a.Context.Basis, []string{"contract inquiry"}) {
		t.Errorf("to the one who has: %+v", a)
	}
	for _, wrong := range []any{"inquiri", []any{7}} {
		if a := ask(map[string]any{"assigned": wrong}); a.Decision || a.Context.Kind != "indeterminate" {
			t.Errorf("assigned %v: %+v", wrong, a)
		}
	}
}

type decisionAnswer struct {
	Decision bool
	Context  struct {
		Kind            string
		Promises, Basis []string
	}
}
