package decision

import "slices"

// forbidden: some law that binds forbids the item whatever the basis. With d, every reason is noted.
func (p *Program) forbidden(f *Facts, q *question, d *Decision) bool {
	leaves := q.kind == dataObject && (q.to != 0 || q.in != 0) && q.laws&p.lawTransfers != 0
	if q.bans == 0 && !leaves {
		return false
	}
	found := false
	note := func(l *law, why Reason) {
		found = true
		why.Law = l.src.ID
		d.Laws = append(d.Laws, why)
	}
	for i := range p.laws {
		l := &p.laws[i]
		if q.laws>>i&1 == 0 {
			continue
		}
		for j := range l.bans {
			if q.bans&p.lawBans[i] == 0 {
				break
			}
			if b := &l.bans[j]; b.outright && p.bites(f, q, b) {
				if d == nil {
					return true
				}
				note(l, reasonOf(&b.src.Row, ""))
			}
		}
		if !l.transfers || !leaves {
			continue
		}
		if q.to != 0 {
			if spec := &p.recipientSpecs[q.to]; len(spec.countries) == 0 && !spec.public {
				if d == nil {
					return true
				}
				note(l, reasonOf(&l.src.Transfers.Row, UnknownPlace))
			}
			for _, place := range p.recipientSpecs[q.to].countries {
				if why, crosses := p.recipientCrosses(q, l, place); crosses {
					if d == nil {
						return true
					}
					note(l, why)
				}
			}
		}
		if why, crosses := p.locationCrosses(q, l); crosses {
			if d == nil {
				return true
			}
			note(l, why)
		}
	}
	return found
}

// reasonOf is a provision as a reason, its law still to be filled in.
func reasonOf(row *Row, name string) Reason {
	return Reason{Article: row.Article, Because: row.Because, Name: name}
}

// restriction notes the provision of every law that binds and has one; else the notice's own word.
func (p *Program) restriction(d *Decision) {
	before := len(d.Laws)
	for i := range p.laws {
		if l := p.laws[i].src; d.q.laws>>i&1 == 1 && l.Restriction.Article != "" {
			d.Laws = append(d.Laws, Reason{l.ID, l.Restriction.Article, l.Restriction.Because, ""})
		}
	}
	if len(d.Laws) == before {
		d.Laws = append(d.Laws, restrictedHere())
	}
}

// banned: some law takes this basis away for the item. With out, every reason is noted.
func (p *Program) banned(f *Facts, q *question, kind BasisKind, out *[]Reason) bool {
	if q.bans == 0 {
		return false
	}
	found := false
	for i := range p.laws {
		l := &p.laws[i]
		if q.laws>>i&1 == 0 || q.bans&p.lawBans[i] == 0 {
			continue
		}
		for j := range l.bans {
			b := &l.bans[j]
			if b.outright || b.excepts(kind) || !p.bites(f, q, b) {
				continue
			}
			if out == nil {
				return true
			}
			found = true
			*out = append(*out, Reason{l.src.ID, b.src.Row.Article, b.src.Row.Because, ""})
		}
	}
	return found
}

func (b *ban) excepts(kind BasisKind) bool {
	return slices.Contains(b.src.Except, kind)
}

// mayBite are the bans of the laws that bind that can bite on the question's verb and purpose.
func (p *Program) mayBite(q *question) uint64 {
	if q.laws == 0 {
		return 0
	}
	act := p.bansBy[q.kind][q.verb.at[q.kind]] & p.bansFor[q.purpose]
	if act == 0 {
		return 0
	}
	var bound uint64
	for i, bans := range p.lawBans {
		bound |= bans & -(q.laws >> i & 1)
	}
	return act & bound
}

// bites: the ban is about this question and person.
func (p *Program) bites(f *Facts, q *question, b *ban) bool {
	if b.verbs[q.kind]>>q.verb.at[q.kind]&1 == 0 || b.purposes != nil && !b.purposes.has(q.purpose) {
		return false
	}
	if b.data != nil && (q.kind != dataObject || !b.data.has(q.object) || b.src.Identifies && q.as > 0) {
		return false
	}
	if b.src.From > q.at || b.src.Until != 0 && b.src.Until <= q.at {
		return false
	}
	if len(b.src.Outside) > 0 && (q.in == 0 || p.pool.has(b.inside, p.locationSpecs[q.in-1].country)) {
		return false
	}
	if b.src.Under > 0 {
		if age, known := p.age(f, q.at); !known || age >= b.src.Under {
			return false
		}
	}
	if b.src.Objected {
		stands, _ := p.standing(f, q, objected, unobjected)
		return stands
	}
	return true
}

// styleStruck: some law takes the grant away, for its style or because a child gave it alone.
func (p *Program) styleStruck(f *Facts, q *question, c *choice, out *[]Reason) bool {
	if out == nil && p.lawStrikes[c.style()]&q.laws != 0 {
		return true
	}
	found := false
	age, known := p.age(f, q.at)
	if out == nil && (!known || c.guardian()) {
		return false
	}
	for i := range p.laws {
		l := &p.laws[i]
		if q.laws>>i&1 == 0 {
			continue
		}
		limit := l.unknownAge
		if f.residence != 0 {
			limit = l.childAge[f.residence-1]
		}
		style, child := l.strikes>>c.style()&1 == 1, known && age < limit && !c.guardian()
		if !style && !child {
			continue
		}
		if found = true; out == nil {
			return true
		}
		if child {
			*out = append(*out, Reason{l.src.ID, l.src.ChildRow.Article, l.src.ChildRow.Because, ""})
		}
		for _, s := range l.src.Strikes {
			if style && s.Style == Styles()[c.style()] {
				*out = append(*out, Reason{l.src.ID, s.Row.Article, s.Row.Because, ""})
			}
		}
	}
	return found
}

// recipientCrosses: a country of the recipient, its own or that of one below it, may not get the data
// under this law.
func (p *Program) recipientCrosses(q *question, l *law, country uint16) (Reason, bool) {
	if p.recipientSpecs[q.to].public {
		return Reason{}, false
	}
	mechanism := ""
	if q.agreement != nil {
		mechanism = q.agreement.transfer
	}
	return p.crosses(q, l, country, mechanism, nil)
}

// locationCrosses: the location's country may not, unless the controller works there itself.
func (p *Program) locationCrosses(q *question, l *law) (Reason, bool) {
	if q.in == 0 {
		return Reason{}, false
	}
	spec := &p.locationSpecs[q.in-1]
	if q.to == 0 && spec.home {
		return Reason{}, false
	}
	mechanism := spec.transfer
	if mechanism == "" && q.agreement != nil {
		mechanism = q.agreement.transfer
	}
	return p.crosses(q, l, spec.country, mechanism, spec.certified)
}

// crosses: no adequacy covers the country, and no mechanism that the law knows is valid now.
// Certificates are the location's, if any, and the recipient's.
func (p *Program) crosses(q *question, l *law, to uint16, mechanism string, held []Certificate) (Reason, bool) {
	if p.pool.has(l.free, to) {
		return Reason{}, false
	}
	certified := func(name string) bool {
		return holds(held, name, q.at) || holds(p.recipientSpecs[q.to].certified, name, q.at)
	}
	for i := range l.adequate {
		a := &l.adequate[i]
		if p.pool.has(a.places, to) && within(a.from, a.until, q.at) && (a.certified == "" || certified(a.certified)) {
			return Reason{}, false
		}
	}
	t := l.src.Transfers
	for i := range t.Mechanisms {
		m := &t.Mechanisms[i]
		if m.Name != mechanism {
			continue
		}
		switch {
		case !within(m.From, m.Until, q.at):
			return reasonOf(&m.Row, m.Name), true
		case m.Certified && !certified(m.Name):
			return Reason{Article: m.Row.Article, Because: NotCertified, Name: m.Name}, true
		}
		return Reason{}, false
	}
	return reasonOf(&t.Row, p.places.list[to]), true
}

// holds: a certificate of this name is valid then.
func holds(l []Certificate, name string, at Instant) bool {
	for i := range l {
		if c := &l[i]; c.Name == name && within(c.From, c.Until, at) {
			return true
		}
	}
	return false
}

func within(from, until, at Instant) bool { return from <= at && (until == 0 || at < until) }
