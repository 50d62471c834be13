package decision

// strikers reports whether some deny strikes bases for the item in hand.
func (p *Program) strikers(f *Facts, q *question) bool {
	for _, i := range p.refs[q.cell.strikes:q.cell.allows] {
		if p.matches(f, q, &p.rules[i]) {
			return true
		}
	}
	return false
}

// struckByDeny: a deny that matches leaves other bases only.
func (p *Program) struckByDeny(f *Facts, q *question, b *basisRef) bool {
	for _, i := range p.refs[q.cell.strikes:q.cell.allows] {
		r := &p.rules[i]
		if !p.matches(f, q, r) {
			continue
		}
		left := false
		for _, o := range r.only {
			left = left || b.only.fits(o)
		}
		if !left {
			return true
		}
	}
	return false
}

// based tells whether the allow rests on a basis now, and on a grant of which instant if on a
// consent. With mark, every basis it rests on is noted there.
func (p *Program) based(f *Facts, q *question, r *rule, mark bits) (bool, Instant) {
	if r.basis.from == r.basis.to {
		return true, 0 // a rule on a service
	}
	holds, at := false, Instant(0)
	for i := r.basis.from; i < r.basis.to; i++ {
		b := &p.basis[i]
		ok, since := p.rests(f, q, r, b)
		if !ok || q.strikers && p.struckByDeny(f, q, b) || q.laws != 0 && p.banned(f, q, b.only.Kind, nil) {
			continue
		}
		holds, at = true, max(at, since)
		if mark == nil && (b.kind != onConsent && b.kind != onExplicit) && !q.mayRestrict {
			return true, 0
		}
		if mark != nil {
			mark.set(b.id)
		}
	}
	return holds, at
}

// rests: the basis holds by the facts, and a special category has its ground.
func (p *Program) rests(f *Facts, q *question, r *rule, b *basisRef) (bool, Instant) {
	at := Instant(0)
	switch b.kind {
	case onConsent, onExplicit:
		if at, _ = p.consent(f, q, q.purpose, b.kind == onExplicit); at == 0 {
			return false, 0
		}
	default:
		if !p.restsPlainly(f, q, r, b) {
			return false, 0
		}
	}
	return q.kind != dataObject || !p.special.has(q.object) || p.specialGround(f, q, r, b), at
}

// restsPlainly: the bases other than consent.
func (p *Program) restsPlainly(f *Facts, q *question, r *rule, b *basisRef) bool {
	switch b.kind {
	case onContract:
		if p.stateIs(f, q, testOpen, b.state) {
			return true
		}
		return r.point && (q.verb.id == collectVerb || q.verb.id == storeVerb && !p.stateIs(f, q, testClosed, b.state))
	case onVital:
		return q.ground != 0
	case onInterest:
		raised, _ := p.objection(f, q, r)
		return !raised
	case onKept:
		return p.keptNow(f, q)
	}
	return true
}

// specialGround: GDPR art. 9(2) asks a ground besides the basis.
func (p *Program) specialGround(f *Facts, q *question, r *rule, b *basisRef) bool {
	if b.kind == onExplicit || r.special == 1 {
		return true
	}
	if r.special != 2 {
		return false
	}
	at, _ := p.consent(f, q, q.purpose, true)
	return at != 0
}

// consent is the instant of the grant that holds for the purpose, or 0; and whether one would but
// for a law.
func (p *Program) consent(f *Facts, q *question, purpose uint16, explicit bool) (Instant, bool) {
	var against, granting, struck Instant
	if purpose != q.purpose {
		return p.consentFor(f, q, purpose, explicit)
	}
	for _, i := range q.mine {
		c := &f.choices[i]
		p.weigh(f, q, c, &f.scopes[c.scope()], explicit, &against, &granting, &struck)
	}
	return sumUp(against, granting, struck)
}

// consentFor is consent for another purpose than the question's.
func (p *Program) consentFor(f *Facts, q *question, purpose uint16, explicit bool) (Instant, bool) {
	var against, granting, struck Instant
	kept := q.purpose
	q.purpose = purpose
	for i := range f.choices {
		c := &f.choices[i]
		s := &f.scopes[c.scope()]
		if c.at <= q.at && s.hitPurposes.has(purpose) && (s.hitRecipient.has(q.to) || s.recipients.has(q.to)) {
			p.weigh(f, q, c, s, explicit, &against, &granting, &struck)
		}
	}
	q.purpose = kept
	return sumUp(against, granting, struck)
}

func sumUp(against, granting, struck Instant) (Instant, bool) {
	if granting > against {
		return granting, false
	}
	return 0, struck > against
}

// weigh adds one choice to what speaks against a consent and what speaks for it.
func (p *Program) weigh(f *Facts, q *question, c *choice, s *scope, explicit bool, against, granting, struck *Instant) {
	switch c.kind() {
	case refused, withdrawn, expired, objected:
		if s.about(q) {
			*against = max(*against, c.at)
		}
	case granted:
		if c.lasts != 0 {
			if ends := c.at + Instant(c.lasts)*1e6; ends <= q.at {
				if s.about(q) {
					*against = max(*against, ends)
				}
				return
			}
		}
		if explicit && c.style() != explicitStyle || !s.covers(q) {
			return
		}
		if q.laws != 0 && p.styleStruck(f, q, c, nil) {
			*struck = max(*struck, c.at)
			return
		}
		*granting = max(*granting, c.at)
	}
}

// about: a choice against has to do with the item.
func (s *scope) about(q *question) bool {
	if !s.hitRecipient.has(q.to) || !s.hitPurposes.has(q.purpose) {
		return false
	}
	if q.kind == dataObject {
		if !s.hitData.has(q.object) {
			return false
		}
	} else if !s.anyData {
		return false
	}
	return s.facets == 0 || s.facetsIn(q)
}

// covers: a choice for takes in the whole item.
func (s *scope) covers(q *question) bool {
	if !s.purposes.has(q.purpose) || !s.recipients.has(q.to) || s.closed && !s.locations.has(q.in) {
		return false
	}
	if q.kind == dataObject {
		if !s.data.has(q.object) {
			return false
		}
	} else if !s.anyData && !s.closed {
		return false
	}
	return s.facets == 0 || s.facetsIn(q)
}

func (s *scope) facetsIn(q *question) bool {
	for i, v := range q.facets {
		if v != 0 && s.facets>>i&1 == 1 && !s.values.has(v-1) {
			return false
		}
	}
	return true
}

// anyConsent: a consent to the datum holds, for the question's purpose or, without one, for any.
func (p *Program) anyConsent(f *Facts, q *question) bool {
	if q.purpose != 0 {
		at, _ := p.consent(f, q, q.purpose, false)
		return at != 0
	}
	for i := range p.purposes.list {
		if at, _ := p.consentFor(f, q, uint16(i)+1, false); at != 0 {
			return true
		}
	}
	return false
}

// objection: the person objected and nothing lifted it; and whether a person's finding could. For
// marketing an objection always ends the use (GDPR art. 21(3)).
func (p *Program) objection(f *Facts, q *question, r *rule) (raised, review bool) {
	review = r.review && !p.marketing.has(q.purpose)
	var at, cleared Instant
	for _, i := range q.mine {
		c := &f.choices[i]
		s := &f.scopes[c.scope()]
		switch kind := c.kind(); {
		case kind == objected && s.about(q):
			at = max(at, c.at)
		case (kind == unobjected || kind == overridden && review) && s.covers(q):
			cleared = max(cleared, c.at)
		}
	}
	return at != 0 && at >= cleared, review
}

// standing: something was placed on the item's data and not taken off since.
func (p *Program) standing(f *Facts, q *question, placed, taken uint32) (bool, Instant) {
	var on, off Instant
	for _, i := range q.mine {
		c := &f.choices[i]
		s := &f.scopes[c.scope()]
		switch kind := c.kind(); {
		case kind == placed && s.about(q):
			on = max(on, c.at)
		case kind == taken && s.covers(q):
			off = max(off, c.at)
		}
	}
	return on != 0 && on >= off, on
}
