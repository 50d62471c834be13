package law_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// TestCases: testdata/cases is a notice whose examples say what each law takes away, in words that a
// lawyer can read. Each goes through the same deciding as any notice's.
func TestCases(t *testing.T) {
	p, problems, err := policy.Load("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range problems {
		if x.Code == "E16" { // examples are reported below, with their lines
			continue
		}
		if x.Code[0] == 'E' && x.Code != "E09" && x.Code != "E10" && x.Code != "E11" && x.Code != "E15" { // it keeps nothing and stores nothing
			t.Errorf("%s:%d: %s: %s", x.Pos.File, x.Pos.Line, x.Code, x.Message)
		}
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := policy.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, r := range policy.RunExamples(p, program, m) {
		if r.Verdict == policy.Passed {
			passed++
			continue
		}
		t.Errorf("%s:%d: %s", r.Example.Pos.File, r.Example.Pos.Line, r.Why)
	}
	if passed < 60 {
		t.Errorf("%d cases passed; there are more", passed)
	}
}

// TestEveryDecidingRowIsNoticed: where a law stands alone, some case is answered differently without any
// one of its bans, its age, its transfers or one of its strikes. Alone, because two laws often say the
// same of one person. Rows of adequacy and of mechanisms are many alike; some of them have cases.
func TestEveryDecidingRowIsNoticed(t *testing.T) {
	p, _, err := policy.Load("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	answers := func(l decision.Law) []string {
		alone := *m
		alone.Laws = []decision.Law{l}
		program, err := decision.Compile(&alone)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range policy.RunExamples(p, program, &alone) {
			out = append(out, fmt.Sprint(r.Verdict, r.Why, r.Law, r.Promises))
		}
		return out
	}
	for _, l := range m.Laws {
		whole := answers(l)
		for what, less := range without(l) {
			if slices.Equal(whole, answers(less)) {
				t.Errorf("%s: no case notices that %s is missing", l.ID, what)
			}
		}
	}
}

// without is the law less one row, for each that decides.
func without(l decision.Law) map[string]decision.Law {
	out := map[string]decision.Law{}
	for j, b := range l.Bans {
		less := l
		less.Bans = slices.Delete(slices.Clone(l.Bans), j, j+1)
		out[fmt.Sprintf("ban %d, %s", j, b.Row.Because)] = less
	}
	for j, s := range l.Strikes {
		less := l
		less.Strikes = slices.Delete(slices.Clone(l.Strikes), j, j+1)
		out["the strike of "+string(s.Style)] = less
	}
	if l.ChildAge > 0 {
		less := l
		less.ChildAge, less.ChildAges = 0, nil
		out["the age"] = less
	}
	if l.Transfers != nil {
		less := l
		less.Transfers = nil
		out["transfers"] = less
	}
	return out
}
