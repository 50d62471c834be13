package decision

// A Decision receives an answer and holds what answering needs, so that deciding allocates nothing
// once a Decision has been used before. The zero Decision is ready. It is for one goroutine at a time.
type Decision struct {
	Outcome Outcome
	Missing []Missing
	Laws    []Reason

	p        *Program
	promises bits // that determined the answer
	bases    bits
	record   bool // a disclosure, to be recorded and confirmed
	q        question
}

// Allowed reports the only answer that permits.
func (d *Decision) Allowed() bool { return d.Outcome == Allow }

// Decide answers the request about the person. It is pure: no clock, no I/O, no error; the same input
// gives the same answer for ever. The result is d's until its next use. docs/spec/semantics.md says
// precisely what the answer is; Reference says it in code.
func (p *Program) Decide(r *Request, f *Facts, d *Decision) Outcome {
	d.reset(p)
	q := &d.q
	q.touched = f.touch()
	if !p.read(r, q) {
		d.Outcome = Indeterminate
		return d.Outcome
	}
	if q.verb.ends {
		p.destroy(f, d)
		return d.Outcome
	}
	p.prepare(f, q)
	d.record = q.to != 0
	items := len(q.objects) * max(1, len(q.with))
	for i := range items {
		if len(q.with) > 0 {
			q.object, q.other = q.objects[i/len(q.with)], q.with[i%len(q.with)]
		} else {
			q.object = q.objects[i]
		}
		p.decideObject(f, d)
		if len(q.with) > 0 { // and from the other side: what is combined is used, whichever is named first
			q.object, q.other = q.other, q.object
			p.decideObject(f, d)
		}
	}
	return d.Outcome
}

func (d *Decision) reset(p *Program) {
	if d.p != p {
		d.p = p
		d.promises = make(bits, len(p.promises)/64+1)
		d.bases = make(bits, len(p.bases)/64+1)
	} else {
		clear(d.promises)
		clear(d.bases)
	}
	d.Outcome, d.record = Allow, false
	d.Missing, d.Laws = d.Missing[:0], d.Laws[:0]
}

// deny turns the answer so far into a denial of at least this weight.
func (d *Decision) deny(o Outcome) {
	if d.Outcome == Allow {
		clear(d.promises)
		clear(d.bases)
		d.Missing, d.Laws = d.Missing[:0], d.Laws[:0]
	}
	d.Outcome = max(d.Outcome, o)
}

// decideObject answers for one category, service or cookie, for every value of the facets left out
// that a rule or a choice of this person tells apart.
func (p *Program) decideObject(f *Facts, d *Decision) {
	q := &d.q
	q.cell = &p.cells[p.tables[q.kind].cell(q.verb.at[q.kind], q.purpose, q.object)]
	if open := q.open & (q.cell.facets | q.choiceFacets); open != 0 {
		p.fillFacets(f, d, open, 0)
		return
	}
	p.decide(f, d)
}

// fillFacets tries every value of the open facets from the i-th on.
func (p *Program) fillFacets(f *Facts, d *Decision, open uint64, i int) {
	for i < len(p.facets) && open>>i&1 == 0 {
		i++
	}
	if i == len(p.facets) {
		p.decide(f, d)
		return
	}
	for v := range p.facets[i].values {
		d.q.facets[i] = p.facets[i].first + uint16(v) + 1
		p.fillFacets(f, d, open, i+1)
	}
	d.q.facets[i] = 0
}

// decide answers one item: law, restriction, violation, allow, unmet, gap, in this order.
func (p *Program) decide(f *Facts, d *Decision) {
	q := &d.q
	q.strikers = p.strikers(f, q)
	if q.bans = q.actBans; q.bans != 0 {
		if q.kind == dataObject {
			q.bans &= p.bansOn[q.object]
		} else {
			q.bans &= p.bansOnAll
		}
	}
	if q.laws != 0 && p.forbidden(f, q, nil) {
		d.deny(AgainstLaw)
		p.forbidden(f, q, d)
		p.markOtherwise(f, d)
		return
	}
	since := Instant(0)
	if q.mayRestrict {
		on, at := p.standing(f, q, restricted, lifted)
		if on && !p.anyFresh(f, q, at) {
			d.deny(AgainstLaw)
			p.restriction(d)
			p.markOtherwise(f, d)
			return
		}
		if on {
			since = at
		}
	}
	if p.violates(f, d) || p.permits(f, d, since) {
		return
	}
	p.explain(f, d)
}

// violates marks every deny that matches and every keep that alone holds the data for others.
func (p *Program) violates(f *Facts, d *Decision) bool {
	q, denied := &d.q, false
	for _, i := range p.refs[q.cell.denies:q.cell.strikes] {
		if r := &p.rules[i]; p.matches(f, q, r) {
			if !denied {
				d.deny(Violation)
				denied = true
			}
			d.promises.set(r.promise)
		}
	}
	if q.kind == dataObject && q.verb.id != collectVerb && len(p.forOthers[q.object]) > 0 {
		denied = p.keptForOthers(f, d) || denied
	}
	return denied
}

// permits marks every allow that holds; under a restriction, only those on a consent given since.
func (p *Program) permits(f *Facts, d *Decision, since Instant) bool {
	q, allowed := &d.q, false
	for _, i := range p.refs[q.cell.allows:q.cell.end] {
		r := &p.rules[i]
		if !p.speaks(f, q, r) || !p.conditioned(f, q, r) {
			continue
		}
		if since != 0 {
			if ok, at := p.based(f, q, r, nil); !ok || at <= since {
				continue
			}
		}
		var mark bits
		if d.Outcome == Allow {
			mark = d.bases
		}
		if ok, _ := p.based(f, q, r, mark); !ok {
			continue
		}
		allowed = true
		if d.Outcome == Allow {
			d.promises.set(r.promise)
		}
	}
	return allowed
}

// markOtherwise marks the allows that hold, or would but for a law.
func (p *Program) markOtherwise(f *Facts, d *Decision) {
	q := &d.q
	for _, i := range p.refs[q.cell.allows:q.cell.end] {
		r := &p.rules[i]
		if p.speaks(f, q, r) && p.conditioned(f, q, r) && p.lacks(f, q, r, nil) {
			d.promises.set(r.promise)
		}
	}
}

// anyFresh: an allow holds on a consent given since the restriction.
func (p *Program) anyFresh(f *Facts, q *question, since Instant) bool {
	for _, i := range p.refs[q.cell.allows:q.cell.end] {
		r := &p.rules[i]
		if p.speaks(f, q, r) && p.conditioned(f, q, r) {
			if ok, at := p.based(f, q, r, nil); ok && at > since {
				return true
			}
		}
	}
	return false
}
