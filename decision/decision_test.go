package decision_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/decision/worldtest"
)

// ask decides by the compiled program.
func ask(t *rapid.T, m *decision.Model, q decision.Request, who decision.Person) decision.Answer {
	p, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return decide(t, p, q, who, new(decision.Decision))
}

func decide(t *rapid.T, p *decision.Program, q decision.Request, who decision.Person, d *decision.Decision) decision.Answer {
	f, err := p.Facts(who)
	if err != nil {
		t.Fatal(err)
	}
	p.Decide(&q, &f, d)
	return d.Answer()
}

// The compiled program and the reference never differ, in the answer or in its reasons.
func TestCompiledIsReference(t *testing.T) {
	seen := map[decision.Outcome]int{}
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		p, err := decision.Compile(m)
		if err != nil {
			t.Fatal(err)
		}
		var d decision.Decision
		for range 5 {
			q, who := worldtest.Aimed(t, m), worldtest.Person(t)
			got, want := decide(t, p, q, who, &d), decision.Reference(m, q, who)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("request %+v\nperson %+v\n(-reference +compiled)\n%s", q, who, diff)
			}
			if trouble := p.Trouble(&q); (trouble != "") != (got.Outcome == decision.Indeterminate) {
				t.Fatalf("%s, but trouble %q: %+v", got.Outcome, trouble, q)
			}
			seen[got.Outcome]++
		}
	})
	for o := decision.Allow; o <= decision.AgainstLaw; o++ {
		if seen[o] == 0 {
			t.Errorf("no random question had the outcome %s", o)
		}
	}
	t.Log(seen)
}
