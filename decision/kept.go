package decision

// holding is the truth of a keep for the item now.
func (p *Program) holding(f *Facts, q *question, k *keep) truth {
	while := no
	if k.while.from < k.while.to {
		while = p.whole(f, q, k.while)
	}
	if !k.until {
		return while
	}
	from := p.clock(f, q, k)
	switch {
	case from != 0 && q.at < k.span.After(from, p.zone):
		return yes
	case from == 0 && k.while.from == k.while.to:
		return yes // a clock that did not start holds
	}
	return while
}

// clock is what the keep's end counts from; 0 if that has not happened.
func (p *Program) clock(f *Facts, q *question, k *keep) Instant {
	if !k.state {
		return p.lastOf(f, k.event, q.at)
	}
	spec := &p.factSpecs[k.fact]
	opened, closed := p.lastOf(f, spec.opens, q.at), p.lastOf(f, spec.closes, q.at)
	switch {
	case k.opens && opened > closed:
		return opened
	case !k.opens && opened <= closed:
		return closed
	}
	return 0
}

// keptNow: a keep of the datum surely holds.
func (p *Program) keptNow(f *Facts, q *question) bool {
	if q.kind != dataObject {
		return false
	}
	for _, i := range p.keepsOf[q.object] {
		if p.holding(f, q, &p.keeps[i]) == yes {
			return true
		}
	}
	return false
}

// keptForOthers marks the keeps that alone still hold the item's data, or a part of it, for other
// purposes.
func (p *Program) keptForOthers(f *Facts, d *Decision) bool {
	q, object, found := &d.q, d.q.object, false
	for _, c := range p.forOthers[object] {
		free, others := false, false
		for _, i := range p.keepsOf[c] {
			k := &p.keeps[i]
			h := p.holding(f, q, k)
			ours := k.purposes == nil || k.purposes.has(q.purpose)
			free = free || ours && h == yes
			others = others || !ours && h != no
		}
		if free || !others {
			continue
		}
		if !found {
			d.deny(Violation)
			found = true
		}
		for _, i := range p.keepsOf[c] {
			if k := &p.keeps[i]; k.purposes != nil && !k.purposes.has(q.purpose) && p.holding(f, q, k) != no {
				d.promises.set(k.promise)
			}
		}
	}
	return found
}

// destroy answers the verbs that end data: a hold stops them, and so does a keep that a law demands;
// one on a legitimate interest waits for a person.
func (p *Program) destroy(f *Facts, d *Decision) {
	q := &d.q
	p.prepare(f, q)
	clear(q.facets) // ending data is not split by facets
	for _, q.object = range q.objects {
		if held, _ := p.standing(f, q, held, released); held {
			d.deny(AgainstLaw)
			d.Laws = append(d.Laws, Reason{Law: "hold", Because: "held"})
			continue
		}
		demanded, interest := false, false
		for _, i := range p.keepsHit[q.object] {
			k := &p.keeps[i]
			if h := p.holding(f, q, k) != no; h {
				demanded, interest = demanded || k.demanded, interest || k.interest
			}
		}
		switch {
		case demanded:
			d.deny(Violation)
		case interest:
			d.deny(Unmet)
		case d.Outcome != Allow:
			continue
		}
		for _, i := range p.keepsHit[q.object] {
			k := &p.keeps[i]
			if demanded || interest {
				if demanded && !k.demanded || !demanded && !k.interest || p.holding(f, q, k) == no {
					continue
				}
				if !demanded {
					d.Missing = append(d.Missing, Missing{p.promises[k.promise].ID, MissingReview, ""})
				}
			}
			d.promises.set(k.promise)
		}
	}
}
