package policy_test

import (
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// TestSituations: an example that is set up and judged by hand comes out as RunExamples says.
func TestSituations(t *testing.T) {
	p, problems, err := policy.Load("../policies/isodme")
	if err != nil || policy.Errors(problems) {
		t.Fatal(problems, err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for _, want := range policy.RunExamples(p, program, m) {
		s, err := policy.SituationOf(p, m, want.Example)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := program.Facts(s.Person)
		if err != nil {
			t.Fatal(err)
		}
		var got policy.Result
		switch s.Kind {
		case "action", "cookie":
			var d decision.Decision
			program.Decide(&s.Request, &facts, &d)
			got = policy.Judge(p, m, want.Example, d.Answer())
		case "kept":
			k, _ := program.Kept(s.Category, s.At, &facts)
			got = policy.JudgeKept(p, want.Example, k)
		default:
			continue
		}
		asked[s.Kind]++
		if got.Verdict != want.Verdict || got.Why != want.Why || got.Law != want.Law {
			t.Errorf("line %d: %+v, want %+v", want.Example.Pos.Line, got, want)
		}
	}
	if asked["action"] < 50 || asked["cookie"] == 0 || asked["kept"] < 5 {
		t.Errorf("asked %v", asked)
	}
}
