package decision

import (
	"slices"
	"time"
)

// Holds reports whether the conditions surely hold: each of when is met, and no group of unless is, or
// may be, met whole. It is for promises that Decide does not know, as rights; the request gives the time
// and what the question states.
func (m *Model) Holds(q Request, who Person, when []Test, unless [][]Test) bool {
	r := reader{m: m, q: q, who: who}
	r.zone, _ = time.LoadLocation(m.Zone)
	r.laws = r.applicable()
	it := item{}
	return r.whole(when, it) == yes && !slices.ContainsFunc(unless, func(g []Test) bool { return r.whole(g, it) != no })
}
