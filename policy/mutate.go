package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

// Unproven lists the promises whose removal turns no example of the policy red: nothing shows that
// they do anything. Promises whose engine is still to come, and statements, are not asked about.
func Unproven(p *Policy, m *decision.Model, program *decision.Program) []*Promise {
	var out []*Promise
	for _, x := range p.promises() {
		if promiseStatus(x, false) != Bound || p.suspended(x.Clause.ID) {
			continue
		}
		if x.Measure != nil {
			if !x.asked() {
				out = append(out, x)
			}
			continue
		}
		without, less := program.Without(x.ID), remove(m, x.ID)
		red := slices.ContainsFunc(x.Clause.Examples, func(e *Example) bool {
			return runExample(p, without, less, e).Verdict == Failed
		})
		if !red {
			out = append(out, x)
		}
	}
	return out
}

// remove is the model without a promise.
func remove(m *decision.Model, id string) *decision.Model {
	less := *m
	less.Rules = slices.DeleteFunc(slices.Clone(m.Rules), func(r decision.Rule) bool { return r.ID == id })
	less.Keeps = slices.DeleteFunc(slices.Clone(m.Keeps), func(k decision.Keep) bool { return k.ID == id })
	less.Points = slices.DeleteFunc(slices.Clone(m.Points), func(x decision.Point) bool { return x.Rule == id })
	return &less
}
