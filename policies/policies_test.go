package policies_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
)

// A shipped policy, read and compiled.
type shipped struct {
	p       *policy.Policy
	m       *decision.Model
	program *decision.Program
	results []policy.Result
}

func read(t *testing.T, name string) shipped {
	t.Helper()
	files, err := fs.Sub(policies.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	p, problems, err := policy.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		var b strings.Builder
		policy.Print(&b, p.Files, problems)
		t.Fatal(b.String())
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := policy.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return shipped{p, m, program, policy.RunExamples(p, program, m)}
}

// each runs a test for every policy that comes with Avow.
func each(t *testing.T, test func(*testing.T, string, shipped)) {
	for _, name := range policies.Names() {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, name, read(t, name)) })
	}
}

func TestSound(t *testing.T) {
	each(t, func(t *testing.T, name string, s shipped) {
		problems, err := policy.CheckRun(s.p, s.m, s.program)
		if err != nil {
			t.Fatal(err)
		}
		if len(problems) > 0 {
			var b strings.Builder
			policy.Print(&b, s.p.Files, problems)
			t.Error(b.String())
		}
		for _, r := range s.results {
			if r.Verdict == policy.Failed {
				t.Errorf("%s: %s:%d: %s", name, r.Example.Pos.File, r.Example.Pos.Line, r.Why)
			}
		}
	})
}

// requirements are the statements that the exercises keep, all of them.
var requirements = map[string]struct {
	prefix string
	last   int
}{
	"isodme":       {"DME", 43},
	"iso-services": {"SVC", 9},
	"iso-online":   {"ISO", 14},
	"onvif":        {"ONV", 18},
	"isomedia":     {"MED", 21},
}

func TestCoverage(t *testing.T) {
	each(t, func(t *testing.T, name string, s shipped) {
		refs := map[string]bool{}
		for _, c := range policy.Cover(s.p, s.results).Clauses {
			for _, r := range c.Refs {
				refs[r] = true
			}
			for _, x := range c.Promises {
				if (x.Kind == "allow" || x.Kind == "deny" || x.Kind == "collect" || x.Kind == "keep" || x.Kind == "cookie") && x.Status != policy.Tested {
					t.Errorf("%s is %s, want tested", x.ID, x.Status)
				}
			}
			// A heading that only groups the ones below has nothing under it.
			if c.Status == policy.Unbound && proseOf(s.p, c.ID) != "" {
				t.Errorf("clause %s is unbound", c.ID)
			}
			if slices.Contains(c.Flags, policy.FlagBroken) {
				t.Errorf("clause %s is broken", c.ID)
			}
		}
		want := map[string]bool{}
		for i := 1; i <= requirements[name].last; i++ {
			want[fmt.Sprintf("%s-%02d", requirements[name].prefix, i)] = true
		}
		if len(want) > 0 && !maps.Equal(refs, want) {
			t.Errorf("refs are %v\nwant %v", slices.Sorted(maps.Keys(refs)), slices.Sorted(maps.Keys(want)))
		}
	})
}

func proseOf(p *policy.Policy, id string) string {
	for _, c := range p.Clauses {
		if c.ID == id {
			return c.Prose
		}
	}
	return ""
}

// without is the model less one promise.
func without(m *decision.Model, id string) *decision.Model {
	n := *m
	n.Rules = slices.DeleteFunc(slices.Clone(m.Rules), func(r decision.Rule) bool { return r.ID == id })
	n.Keeps = slices.DeleteFunc(slices.Clone(m.Keeps), func(k decision.Keep) bool { return k.ID == id })
	n.Points = slices.DeleteFunc(slices.Clone(m.Points), func(p decision.Point) bool { return p.Rule == id })
	return &n
}

// red are the clauses that have a failing example.
func (s shipped) red(t *testing.T, m *decision.Model) map[string]bool {
	t.Helper()
	program, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, r := range policy.RunExamples(s.p, program, m) {
		if r.Verdict == policy.Failed {
			out[r.Example.Clause.ID] = true
		}
	}
	return out
}

// TestFlipped: a deny about other data, or a rule with one condition turned round, is red in its clause.
func TestFlipped(t *testing.T) {
	each(t, func(t *testing.T, _ string, s shipped) {
		flip := func(id, what string, change func(*decision.Rule)) {
			n := *s.m
			n.Rules = slices.Clone(s.m.Rules)
			clause := ""
			for i := range n.Rules {
				if n.Rules[i].ID == id {
					n.Rules[i].When = slices.Clone(n.Rules[i].When)
					clause = n.Rules[i].Clause
					change(&n.Rules[i])
				}
			}
			if !s.red(t, &n)[clause] {
				t.Errorf("with %s of %s turned round, clause %s is green", what, id, clause)
			}
		}
		done := map[string]bool{}
		for _, r := range s.m.Rules {
			if done[r.ID] {
				continue
			}
			done[r.ID] = true
			if r.Deny && r.Data.Stated() {
				flip(r.ID, "the data", func(r *decision.Rule) { r.Data.Not = !r.Data.Not })
			}
			for i, c := range r.When {
				flip(r.ID, "the condition on "+c.Fact, func(r *decision.Rule) { r.When[i] = turned(c) })
			}
		}
	})
}

// turned holds about when the test does not.
func turned(c decision.Test) decision.Test {
	opposite := map[string]string{"open": "closed", "closed": "open", "never": "open", "assigned": "never"}
	events := map[string]string{"happened": "never", "never": "happened", "within": "over", "over": "within"}
	switch {
	case c.State != "":
		c.State = opposite[c.State]
	case c.Event != "":
		c.Event = events[c.Event]
	case c.In.Stated():
		c.In.Not = !c.In.Not
	case c.Max != 0:
		c.Min, c.Max = c.Max, 0
	default:
		c.Min, c.Max = -1<<31, c.Min
	}
	return c
}

// TestSince: a notice is in force since the day that it states, wherever its midnight falls.
func TestSince(t *testing.T) {
	each(t, func(t *testing.T, name string, s shipped) {
		text, err := policies.Files.ReadFile(name + "/" + policy.NoticeFile)
		if err != nil {
			t.Fatal(err)
		}
		if day := "effective: " + s.p.Front.Since().Format("2006-01-02") + "\n"; !strings.Contains(string(text), day) {
			t.Errorf("the notice does not say %s", day)
		}
	})
}
