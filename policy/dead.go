package policy

import (
	"fmt"
	"slices"

	"github.com/avowhq/avow/decision"
)

// Dead finds rules that can never decide (W20) and allows that lie wholly under denies (W21), from the
// same partition of questions into classes that Compare uses.
// It looks at those that no example proves alive, as of the day the notice takes effect.
func Dead(p *Policy, m *decision.Model, unproven []*Promise) ([]Problem, error) {
	var out []Problem
	for _, x := range unproven {
		if x.Rule == nil || x.Rule.Deny {
			continue // a deny that nothing allows yet still holds for what is added later
		}
		changed, err := matters(m, x.ID, p.Front.Effective)
		if err != nil {
			return nil, err
		}
		if changed {
			continue
		}
		bare := *m
		bare.Rules = slices.DeleteFunc(slices.Clone(m.Rules), func(r decision.Rule) bool { return r.Deny })
		free, err := matters(&bare, x.ID, p.Front.Effective)
		if err != nil {
			return nil, err
		}
		if free {
			out = append(out, Problem{"W21", x.Pos, fmt.Sprintf("everything %s allows is denied elsewhere", x.ID), "narrow the deny, or drop the allow"})
		} else {
			out = append(out, Problem{"W20", x.Pos, fmt.Sprintf("%s never decides: what it allows is allowed without it, or can never happen", x.ID), "drop it, or say what it adds"})
		}
	}
	return out, nil
}

// matters: without the promise some question is answered differently.
func matters(m *decision.Model, id string, at decision.Instant) (bool, error) {
	less := *m
	less.Rules = slices.DeleteFunc(slices.Clone(m.Rules), func(r decision.Rule) bool { return r.ID == id })
	return Differ(m, &less, at)
}
