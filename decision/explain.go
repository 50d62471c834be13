package decision

import "slices"

// explain answers when no allow holds: law where one took the basis, else unmet with what is
// missing, else gap.
func (p *Program) explain(f *Facts, d *Decision) {
	q := &d.q
	refs := p.refs[q.cell.allows:q.cell.end]
	law, spoken := false, false
	for _, i := range refs {
		r := &p.rules[i]
		if !p.speaks(f, q, r) {
			continue
		}
		spoken = true
		if p.conditioned(f, q, r) && p.lacks(f, q, r, nil) {
			law = true
		}
	}
	if !law {
		o := Gap
		if spoken {
			o = Unmet
		}
		d.deny(o)
	} else {
		d.deny(AgainstLaw)
	}
	for _, i := range refs {
		r := &p.rules[i]
		if !p.speaks(f, q, r) {
			continue
		}
		switch {
		case !law:
			d.promises.set(r.promise)
			p.unmet(f, d, r)
			p.lacks(f, q, r, d)
		case p.conditioned(f, q, r) && p.lacks(f, q, r, nil):
			d.promises.set(r.promise)
			p.struck(f, d, r)
		}
	}
}

// lacks reports whether the basis is settled but for a law. With d, what the bases lack is noted
// instead if none is.
func (p *Program) lacks(f *Facts, q *question, r *rule, d *Decision) bool {
	if r.basis.from == r.basis.to {
		return true
	}
	for i := r.basis.from; i < r.basis.to; i++ {
		b := &p.basis[i]
		what, _ := p.lack(f, q, r, b)
		if what == "" && !(q.strikers && p.struckByDeny(f, q, b)) {
			return true
		}
	}
	if d == nil {
		return false
	}
	for i := r.basis.from; i < r.basis.to; i++ {
		b := &p.basis[i]
		what, name := p.lack(f, q, r, b)
		if what == "" {
			what, name = MissingBasis, p.leftBases(f, q)
			p.markStrikers(f, d)
		}
		d.Missing = append(d.Missing, Missing{p.promises[r.promise].ID, what, name})
	}
	return false
}

// lack is what a basis of the rule lacks, laws aside; "" for nothing.
func (p *Program) lack(f *Facts, q *question, r *rule, b *basisRef) (what, name string) {
	purpose := ""
	if q.purpose != 0 {
		purpose = p.purposes.list[q.purpose-1]
	}
	switch b.kind {
	case onConsent, onExplicit:
		if at, struck := p.consent(f, q, q.purpose, b.kind == onExplicit); at == 0 && !struck {
			return string(b.only.Kind), purpose
		}
	default:
		if p.restsPlainly(f, q, r, b) {
			break
		}
		switch b.kind {
		case onContract:
			return MissingContract, b.only.On
		case onVital:
			return MissingGround, ""
		case onKept:
			return MissingKeep, ""
		}
		if _, review := p.objection(f, q, r); review {
			return MissingFinding, purpose
		}
		return MissingObjection, purpose
	}
	if q.kind == dataObject && p.special.has(q.object) && !p.specialGround(f, q, r, b) {
		return MissingSpecial, ""
	}
	return "", ""
}

// struck notes the provisions that took the bases that would hold.
func (p *Program) struck(f *Facts, d *Decision, r *rule) {
	q := &d.q
	for i := r.basis.from; i < r.basis.to; i++ {
		b := &p.basis[i]
		if what, _ := p.lack(f, q, r, b); what != "" || q.strikers && p.struckByDeny(f, q, b) {
			continue
		}
		explicit := b.kind == onExplicit
		if b.kind == onConsent || explicit {
			if at, struck := p.consent(f, q, q.purpose, explicit); at == 0 && struck {
				p.struckGrants(f, d, explicit)
				continue
			}
		}
		p.banned(f, q, b.only.Kind, &d.Laws)
	}
}

// struckGrants notes why each grant that would hold does not.
func (p *Program) struckGrants(f *Facts, d *Decision, explicit bool) {
	q := &d.q
	var against, granting, struck Instant
	for _, i := range q.mine {
		c := &f.choices[i]
		p.weigh(f, q, c, &f.scopes[c.scope()], explicit, &against, &granting, &struck)
	}
	for _, i := range q.mine {
		c := &f.choices[i]
		if c.kind() != granted || c.at <= against || explicit && c.style() != explicitStyle ||
			c.lasts != 0 && c.at+Instant(c.lasts)*1e6 <= q.at || !f.scopes[c.scope()].covers(q) {
			continue
		}
		p.styleStruck(f, q, c, &d.Laws)
	}
}

// markStrikers marks the denies that strike bases here.
func (p *Program) markStrikers(f *Facts, d *Decision) {
	q := &d.q
	for _, i := range p.refs[q.cell.strikes:q.cell.allows] {
		if r := &p.rules[i]; p.matches(f, q, r) {
			d.promises.set(r.promise)
		}
	}
}

// leftBases names the bases that the denies leave.
func (p *Program) leftBases(f *Facts, q *question) string {
	var left []Basis
	n, name := 0, ""
	for _, i := range p.refs[q.cell.strikes:q.cell.allows] {
		r := &p.rules[i]
		if !p.matches(f, q, r) {
			continue
		}
		if n++; n == 1 {
			left, name = r.only, r.onlyName
			continue
		}
		var both []Basis
		for _, b := range left {
			for _, o := range r.only {
				if b == o {
					both = append(both, b)
				}
			}
		}
		left, name = both, basisNames(both)
	}
	return name
}

// unmet notes what an allow that speaks of the item asks beside the basis.
func (p *Program) unmet(f *Facts, d *Decision, r *rule) {
	q, dims := &d.q, r.dims
	id := p.promises[r.promise].ID
	lack := func(what, name string) { d.Missing = append(d.Missing, Missing{id, what, name}) }
	if dims&dimBy != 0 && (q.by == 0 || !p.pool.has(r.by, q.by-1)) {
		lack(MissingRole, "")
	}
	if dims&dimGround != 0 && (q.ground == 0 || !p.pool.has(r.ground, q.ground-1)) {
		lack(MissingGround, "")
	}
	if dims&(dimIn|dimHome) != 0 && q.in == 0 {
		lack(MissingLocation, "")
	}
	if dims&dimFrom != 0 && q.from == 0 {
		lack(MissingSource, "")
	}
	if dims&dimOf != 0 && q.of == 0 {
		lack(MissingPeople, "")
	}
	if r.group > q.group && q.as == 2 {
		lack(MissingGroup, r.groupName)
	}
	for i := r.when.from; i < r.when.to; i++ {
		if t := &p.tests[i]; p.test(f, q, t) != yes {
			lack(MissingCondition, t.name)
		}
	}
	for _, g := range r.groups {
		if p.whole(f, q, g) != no {
			lack(MissingCondition, p.tests[g.from].name)
		}
	}
	if q.to != 0 && !p.agreed(q, r) {
		name := ""
		if a := p.recipientSpecs[q.to].agreement; a != 0 {
			name = p.agreementSpecs[a-1].name
		}
		lack(MissingAgreement, name)
	}
}

// Answer puts the decision in names. It is the caller's own.
func (d *Decision) Answer() Answer {
	p := d.p
	a := Answer{Outcome: d.Outcome}
	if d.Outcome == Indeterminate {
		return a
	}
	words := make([]string, 0, d.words()) // of all three lists
	rest := func(from int) []string {
		if from == len(words) {
			return nil
		}
		return words[from:len(words):len(words)]
	}
	for i := range d.promises.all {
		words = append(words, p.promises[i].ID)
	}
	words = slices.Compact(words)
	a.Promises = rest(0)
	if d.Outcome == Allow {
		from := len(words)
		for i := range d.bases.all {
			words = append(words, p.baseNames[i])
		}
		slices.Sort(words[from:])
		a.Bases = rest(from)
		from = len(words)
		words = d.obliges(words)
		a.Obliges = rest(from)
	}
	a.Missing = append(a.Missing, d.Missing...)
	a.Laws = append(a.Laws, d.Laws...)
	a.tidyLists(p.order)
	return a
}

// words is room enough for the promises, bases and obligations of the answer.
func (d *Decision) words() int {
	n := d.promises.count()
	if d.Outcome != Allow {
		return n
	}
	n += d.bases.count()
	for i := range d.promises.all {
		if int(i) < len(d.p.rules) {
			n += len(d.p.rules[i].obliges)
		}
	}
	if d.record {
		n += 2
	}
	return n
}

// obliges appends those of all allows that hold, in document order, and what a disclosure asks.
func (d *Decision) obliges(words []string) []string {
	from := len(words)
	add := func(o string) {
		if !slices.Contains(words[from:], o) {
			words = append(words, o)
		}
	}
	for i := range d.promises.all {
		if int(i) < len(d.p.rules) { // else a keep
			for _, o := range d.p.rules[i].obliges {
				add(o)
			}
		}
	}
	if d.record {
		add(ObligeRecord)
		add(ObligeConfirm)
	}
	return words
}
