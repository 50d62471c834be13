package decision

// speaks: the allow covers recipient, form, facets and, as far as they are stated, location, source
// and kind of person. Verb, purpose and object were settled by the cell.
func (p *Program) speaks(f *Facts, q *question, r *rule) bool {
	if r.dims&dimTo != 0 {
		if !p.pool.has(r.to, q.to) {
			return false
		}
	} else if q.to != 0 {
		return false
	}
	if r.as > q.as {
		return false
	}
	if r.dims == 0 {
		return q.verb.id != combineVerb || p.combines(q, r)
	}
	if q.in != 0 && r.dims&(dimIn|dimHome) != 0 && !p.located(f, q, r, false) {
		return false
	}
	if q.from != 0 && r.dims&dimFrom != 0 && !p.pool.has(r.from, q.from-1) {
		return false
	}
	if q.of != 0 && r.dims&dimOf != 0 && !p.pool.has(r.of, q.of-1) {
		return false
	}
	if r.dims&dimFacets != 0 && !p.facetsFit(q, r) {
		return false
	}
	return q.verb.id != combineVerb || p.combines(q, r)
}

// combines: a combination is symmetric.
func (p *Program) combines(q *question, r *rule) bool {
	return p.pool.has(r.data, q.object) && p.pool.has(r.with, q.other) ||
		p.pool.has(r.data, q.other) && p.pool.has(r.with, q.object)
}

// conditioned: role, ground, group, conditions and agreement are as the allow asks, and what it asks
// about is stated.
func (p *Program) conditioned(f *Facts, q *question, r *rule) bool {
	d := r.dims
	if r.group > q.group && q.as == 2 {
		return false
	}
	if d&(dimBy|dimGround|dimIn|dimHome|dimFrom|dimOf|dimWhen) != 0 {
		if d&dimBy != 0 && (q.by == 0 || !p.pool.has(r.by, q.by-1)) ||
			d&dimGround != 0 && (q.ground == 0 || !p.pool.has(r.ground, q.ground-1)) ||
			d&(dimIn|dimHome) != 0 && q.in == 0 || d&dimFrom != 0 && q.from == 0 || d&dimOf != 0 && q.of == 0 {
			return false
		}
		if d&dimWhen != 0 && !p.conditionsHold(f, q, r) {
			return false
		}
	}
	return q.to == 0 || p.agreed(q, r)
}

func (p *Program) conditionsHold(f *Facts, q *question, r *rule) bool {
	if p.whole(f, q, r.when) != yes {
		return false
	}
	for _, g := range r.groups {
		if p.whole(f, q, g) != no {
			return false
		}
	}
	return true
}

// matches: the deny speaks of the item and none of its conditions is surely unmet.
func (p *Program) matches(f *Facts, q *question, r *rule) bool {
	d := r.dims
	if d == 0 {
		return q.verb.id != combineVerb || p.combines(q, r)
	}
	if d&dimTo != 0 && !p.pool.has(r.to, q.to) {
		return false
	}
	if d&dimBy != 0 && (q.by == 0 && d&dimNoRole == 0 || q.by != 0 && !p.pool.has(r.by, q.by-1)) {
		return false
	}
	if q.in != 0 && d&(dimIn|dimHome) != 0 && !p.located(f, q, r, true) {
		return false
	}
	if q.from != 0 && d&dimFrom != 0 && !p.pool.has(r.from, q.from-1) ||
		q.of != 0 && d&dimOf != 0 && !p.pool.has(r.of, q.of-1) ||
		q.ground != 0 && d&dimGround != 0 && !p.pool.has(r.ground, q.ground-1) ||
		d&dimAs != 0 && r.as < q.as {
		return false
	}
	if d&dimFacets != 0 && !p.facetsFit(q, r) || d&dimUnder != 0 && p.hasTerms(q, r) {
		return false
	}
	if q.verb.id == combineVerb && !p.combines(q, r) {
		return false
	}
	return d&dimWhen == 0 || p.mayMatch(f, q, r)
}

func (p *Program) mayMatch(f *Facts, q *question, r *rule) bool {
	if p.whole(f, q, r.when) == no {
		return false
	}
	for _, g := range r.groups {
		if p.whole(f, q, g) == yes {
			return false
		}
	}
	return true
}

// located: the location is in the rule's set; the word residence is the country the person lives in,
// taken as orElse where unknown.
func (p *Program) located(f *Facts, q *question, r *rule, orElse bool) bool {
	if r.dims&dimHome == 0 {
		return p.pool.has(r.in, q.in-1)
	}
	if f.residence == 0 {
		return orElse
	}
	home := p.countryOf[f.residence-1] == p.locationSpecs[q.in-1].countryOf
	return (home || p.pool.has(r.in, q.in-1)) != (r.dims&dimHomeNot != 0)
}

func (p *Program) facetsFit(q *question, r *rule) bool {
	for i, v := range q.facets {
		if r.facets>>i&1 == 1 && (v == 0 || !p.pool.has(r.value, v-1)) {
			return false
		}
	}
	return true
}

// agreed: where the recipient's kind or the rule asks for an agreement, one is in force that covers
// this purpose and this datum and has all the terms.
func (p *Program) agreed(q *question, r *rule) bool {
	if !p.recipientSpecs[q.to].needs && r.dims&dimUnder == 0 {
		return true
	}
	a := q.agreement
	if a == nil {
		return false
	}
	if q.kind == dataObject && (!p.pool.has(a.purposes, q.purpose) || !p.pool.has(a.data, q.object)) {
		return false
	}
	return r.dims&dimUnder == 0 || p.hasTerms(q, r)
}

func (p *Program) hasTerms(q *question, r *rule) bool {
	return q.agreement != nil && p.within(r.under, q.agreement.terms, p.termWords)
}

// within: the first set is part of the second.
func (p *Program) within(part, whole setAt, words int) bool {
	for i := range words {
		if p.pool.words[int(part)+i]&^p.pool.words[int(whole)+i] != 0 {
			return false
		}
	}
	return true
}
