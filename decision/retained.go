package decision

import "slices"

// Kept is what retention says of a category for one person, or for the row whose events are given.
type Kept struct {
	// Promises, Purposes and Bases are of the keeps that hold, or may for all that is known. A keep
	// for all purposes has none.
	Promises []string `json:"promises,omitempty"`
	Purposes []string `json:"purposes,omitempty"`
	Bases    []Basis  `json:"bases,omitempty"`
	// Then is what happens when none holds, by the keep that ended last: erase, anonymise, detach,
	// fingerprint; "" while one holds.
	Then string `json:"then,omitempty"`
}

// Kept tells whether the category is kept at the time, why, and if not, what became of it. The error
// is an unknown category.
func (p *Program) Kept(category string, at Instant, f *Facts) (Kept, bool) {
	object, ok := p.data.ids[category]
	if !ok {
		return Kept{}, false
	}
	q := question{at: at, object: object, facets: make([]uint16, len(p.facets))}
	var out Kept
	var ended Instant
	last := -1
	for _, i := range p.keepsOf[object] {
		k := &p.keeps[i]
		if p.holding(f, &q, k) == no {
			if end := p.ended(f, &q, k); last < 0 || end >= ended {
				last, ended = int(i), end
			}
			continue
		}
		out.Promises = append(out.Promises, p.promises[k.promise].ID)
		out.Purposes = append(out.Purposes, k.src.For...)
		if k.src.Basis.Kind != "" && !slices.Contains(out.Bases, k.src.Basis) {
			out.Bases = append(out.Bases, k.src.Basis)
		}
	}
	if out.Promises == nil && last >= 0 {
		out.Then = p.keeps[last].src.Then
		out.Promises = []string{p.promises[p.keeps[last].promise].ID}
	}
	return out, true
}

// ended is when a keep that does not hold stopped holding, as far as events tell; 0 if they do not.
func (p *Program) ended(f *Facts, q *question, k *keep) Instant {
	var end Instant
	if k.until {
		if from := p.clock(f, q, k); from != 0 {
			end = k.span.After(from, p.zone)
		}
	}
	for i := k.while.from; i < k.while.to; i++ {
		if t := &p.tests[i]; t.op == testOpen {
			end = max(end, p.lastOf(f, p.factSpecs[t.fact].closes, q.at))
		}
	}
	return end
}
