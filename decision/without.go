package decision

import (
	"maps"
	"slices"
)

// Without is the program without one promise: it answers as if the model had been compiled without it.
// It shares all else with p, so many such programs are cheap. An id that no promise has changes
// nothing.
func (p *Program) Without(id string) *Program {
	out := *p
	gone := func(promise uint16) bool { return p.promises[promise].ID == id }
	out.refs, out.cells = nil, make([]cell, len(p.cells))
	for i, x := range p.cells {
		left := func(from, to uint32) uint32 {
			for _, ref := range p.refs[from:to] {
				if !gone(p.rules[ref].promise) {
					out.refs = append(out.refs, ref)
				}
			}
			return uint32(len(out.refs))
		}
		y := cell{denies: uint32(len(out.refs))}
		y.strikes = left(x.denies, x.strikes)
		y.allows = left(x.strikes, x.allows)
		y.end = left(x.allows, x.end)
		for _, ref := range out.refs[y.denies:y.end] {
			y.facets |= p.rules[ref].facets
		}
		out.cells[i] = y
	}
	if slices.ContainsFunc(p.keeps, func(k keep) bool { return gone(k.promise) }) {
		less := func(lists [][]uint16, drop func(uint16) bool) [][]uint16 {
			lists = slices.Clone(lists)
			for i, l := range lists {
				lists[i] = slices.DeleteFunc(slices.Clone(l), drop)
			}
			return lists
		}
		ended := func(i uint16) bool { return gone(p.keeps[i].promise) }
		out.keepsOf, out.keepsHit = less(p.keepsOf, ended), less(p.keepsHit, ended)
		out.forOthers = less(p.forOthers, func(category uint16) bool {
			return !slices.ContainsFunc(out.keepsOf[category], func(i uint16) bool { return p.keeps[i].purposes != nil })
		})
	}
	out.points = maps.Clone(p.points)
	maps.DeleteFunc(out.points, func(_ string, pt *point) bool { return pt.src.Rule == id })
	return &out
}

// Lawless is the program as if it had been compiled without laws. It shares all else with p.
func (p *Program) Lawless() *Program {
	out := *p
	out.laws, out.lawAt, out.lawBans, out.lawTransfers = nil, nil, nil, 0
	out.lawAll, out.lawHome, out.lawStrict, out.lawSectoral = 0, 0, 0, 0
	return &out
}
