package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/store/storetest"
)

// altered is the starter with another vocabulary: old and new, pair by pair.
func altered(t *testing.T, changes ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"notice.md", "vocabulary.yaml", "systems.yaml"} {
		text, err := os.ReadFile(filepath.Join(starterDir, name))
		if err != nil {
			t.Fatal(err)
		}
		s := string(text)
		for i := 0; name == "vocabulary.yaml" && i < len(changes); i += 2 {
			if !strings.Contains(s, changes[i]) {
				t.Fatalf("the starter's vocabulary has no %q", changes[i])
			}
			s = strings.Replace(s, changes[i], changes[i+1], 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type refusal struct {
	Decision bool
	Context  struct {
		Kind, Permit string
		Missing      []string
		Law          []struct{ Law, Article, Because, Name string }
	}
}

// A disclosure needs the agreement in force at that moment, for this purpose and datum, with its terms; a country
// that the law accepts; a certificate where the mechanism asks for one. What is missing is named, and nothing of a
// refused question reaches the ledger.
func TestDisclosuresNeedEverything(t *testing.T) {
	const country = "country: DE, agreement"
	const contract = "    from: 2025-06-01\n"
	for name, c := range map[string]struct {
		changes       []string
		kind, missing string
	}{
		"all is there":                              {nil, "allow", ""},
		"the agreement has ended":                   {[]string{contract, contract + "    to: 2026-02-01\n"}, "unmet", "agreement mailer-contract"},
		"the agreement has not begun":               {[]string{contract, "    from: 2099-06-01\n"}, "unmet", "agreement mailer-contract"},
		"there is none":                             {[]string{", agreement: mailer-contract", ""}, "unmet", "agreement"},
		"the purpose is outside the agreement":      {[]string{"for: [letter, similar-offers]", "for: [similar-offers]"}, "unmet", "agreement mailer-contract"},
		"the datum is outside the agreement":        {[]string{"data: [contact.email]\n    terms", "data: [name]\n    terms"}, "unmet", "agreement mailer-contract"},
		"a term is missing":                         {[]string{"    terms: [confidentiality, no-other-use]\n", "    terms: [confidentiality]\n  another: {from: 2025-06-01, for: [letter], data: [contact.email], terms: [no-other-use]}\n"}, "unmet", "agreement mailer-contract"},
		"the country is not accepted":               {[]string{country, "country: IN, agreement"}, "law", ""},
		"a mechanism covers the country":            {[]string{country, "country: IN, agreement", "    for: [letter", "    transfer: scc-2021-c2p\n    for: [letter"}, "allow", ""},
		"the mechanism has ended":                   {[]string{country, "country: US, agreement", "    for: [letter", "    transfer: eu-us-privacy-shield\n    for: [letter"}, "law", "eu-us-privacy-shield"},
		"the recipient is not certified":            {[]string{country, "country: US, agreement", "    for: [letter", "    transfer: eu-us-dpf\n    for: [letter"}, "law", "eu-us-dpf"},
		"the recipient was certified, until lately": {[]string{country, "country: US, certified: {eu-us-dpf: {from: 2023-10-01, to: 2026-02-01}}, agreement", "    for: [letter", "    transfer: eu-us-dpf\n    for: [letter"}, "law", "eu-us-dpf"},
		"the recipient is certified":                {[]string{country, "country: US, certified: {eu-us-dpf: {from: 2023-10-01}}, agreement", "    for: [letter", "    transfer: eu-us-dpf\n    for: [letter"}, "allow", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, altered(t, c.changes...))
			h.record(200, granted("customer:1"), map[string]any{"person": "customer:1", "kind": "described", "residence": "IE"})
			var a refusal
			h.call("POST", "/starter/access/v1/evaluation", http.StatusOK, toMailer("customer:1", nil), &a)
			if a.Context.Kind != c.kind || a.Decision != (c.kind == "allow") || (a.Context.Permit != "") != a.Decision {
				t.Fatalf("%+v", a)
			}
			switch c.kind {
			case "unmet":
				if !slices.Contains(a.Context.Missing, c.missing) {
					t.Errorf("missing %q: %+v", c.missing, a)
				}
			case "law":
				if len(a.Context.Law) == 0 || a.Context.Law[0].Article == "" || c.missing != "" && a.Context.Law[0].Name != c.missing {
					t.Errorf("the law: %+v", a)
				}
			}
			if got := h.entries("customer:1")["permitted"]; got != map[bool]int{true: 1}[a.Decision] {
				t.Errorf("%d permits in the ledger", got)
			}
		})
	}
}

// What goes to an authority needs its ground, and the record has the ground, who decided and what was given.
func TestGroundAndDeciderAreRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, "../../policies/isodme")
		h.call("POST", "/api/v1/isodme/events", http.StatusOK, map[string]any{"events": []any{
			map[string]any{"person": "customer:1", "kind": "happened", "name": "account-opened"}, map[string]any{"person": "customer:1", "kind": "described", "residence": "US-CA"},
		}}, nil)
		ask := func(context map[string]any) (a refusal) {
			context["to"], context["for"] = "authorities", "law-and-safety.demands"
			h.call("POST", "/isodme/access/v1/evaluation", http.StatusOK, map[string]any{
				"subject": map[string]any{"type": "staff", "id": "officer-1", "properties": map[string]any{"role": "authorised.officer"}}, "action": map[string]any{"name": "disclose"},
				"resource": map[string]any{"type": "person", "id": "customer:1", "properties": map[string]any{"data": []string{"name", "contact.email"}}}, "context": context,
			}, &a)
			return a
		}
		if a := ask(map[string]any{}); a.Decision || !slices.Contains(a.Context.Missing, "ground legal-demand") && !slices.Contains(a.Context.Missing, "ground") {
			t.Errorf("without a ground: %+v", a)
		}
		a := ask(map[string]any{"ground": "legal-demand", "decided_by": "the privacy officer"})
		if !a.Decision || a.Context.Permit == "" {
			t.Fatalf("with its ground: %+v", a)
		}
		h.call("POST", "/api/v1/isodme/disclosures", http.StatusOK, map[string]any{"disclosures": []any{map[string]any{"permit": a.Context.Permit, "data": []string{"name"}}}}, nil)
		var found struct{ ID string }
		h.call("POST", "/api/v1/isodme/people/find", http.StatusOK, map[string]any{"identity": "customer:1"}, &found)
		var out struct{ Recipients []actual }
		h.call("GET", "/api/v1/isodme/people/"+found.ID+"/disclosures", http.StatusOK, nil, &out)
		if len(out.Recipients) != 1 || len(out.Recipients[0].Confirmed) != 1 {
			t.Fatalf("%+v", out)
		}
		one := out.Recipients[0].Confirmed[0]
		if out.Recipients[0].To != "authorities" || one.Ground != "legal-demand" || one.DecidedBy != "the privacy officer" || one.Principal != "officer-1" || !slices.Equal(one.Data, []string{"name"}) || !slices.Equal(one.Clauses, []string{"without-permission"}) {
			t.Errorf("%+v", one)
		}
	})
}
