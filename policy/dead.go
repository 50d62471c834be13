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
	allows := slices.DeleteFunc(slices.Clone(unproven), func(x *Promise) bool {
		return x.Rule == nil || x.Rule.Deny // a deny that nothing allows yet still holds for what is added later
	})
	if len(allows) == 0 {
		return nil, nil
	}
	c, err := comparing(m, m, p.Front.Effective)
	if err != nil {
		return nil, fmt.Errorf("find dead rules: %w", err)
	}
	rules := c.plans[0].rules
	denies := rules(func(r *decision.Rule) bool { return r.Deny })
	var out []Problem
	for _, x := range allows {
		own := rules(func(r *decision.Rule) bool { return r.ID == x.ID })
		changed, err := c.matters(own, make(bits, len(own)))
		if err != nil {
			return nil, err
		}
		if changed {
			continue
		}
		free, err := c.matters(own, denies)
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

// matters: without these rules some question is answered differently, the others being gone anyway.
func (c *comparer) matters(these, gone bits) (bool, error) {
	c.plans[0].drop(gone, these)
	c.plans[1].drop(gone.or(these), make(bits, len(these)))
	found := false
	err := c.cells(func(*pair) (bool, error) { found = true; return false, nil })
	if err != nil {
		return false, fmt.Errorf("find dead rules: %w", err)
	}
	return found, nil
}
