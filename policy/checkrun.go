package policy

import (
	"fmt"

	"github.com/avowhq/avow/decision"
)

// FailedExample is the code of an example that fails: the policy can be read and compiled all the same.
const FailedExample = "E16"

// CheckRun finds what only running shows: examples that fail (E16), promises whose removal turns no
// example red (W19), and rules that never decide (W20, W21).
func CheckRun(p *Policy, m *decision.Model, program *decision.Program) ([]Problem, error) {
	var out []Problem
	for _, r := range RunExamples(p, program, m) {
		if r.Verdict == Failed {
			out = append(out, Problem{FailedExample, r.Example.Pos, "the example fails: " + r.Why, ""})
		}
	}
	unproven := Unproven(p, m, program)
	for _, x := range unproven {
		out = append(out, Problem{"W19", x.Pos, fmt.Sprintf("no example turns red without %s", x.ID), "add an example that only this promise answers"})
	}
	dead, err := Dead(p, m, unproven)
	if err != nil {
		return nil, err
	}
	return append(out, dead...), nil
}
