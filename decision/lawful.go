package decision

import "slices"

// forbidden: some law that binds forbids the item whatever the basis. With d, every reason is noted.
func (p *Program) forbidden(q *question, d *Decision) bool {
	found := false
	note := func(l *law, row *Row, name string) {
		found = true
		d.Laws = append(d.Laws, Reason{l.src.ID, row.Article, row.Because, name})
	}
	for i := range p.laws {
		l := &p.laws[i]
		if q.laws>>i&1 == 0 {
			continue
		}
		for j := range l.bans {
			if b := &l.bans[j]; b.outright && p.bites(q, b) {
				if d == nil {
					return true
				}
				note(l, &b.src.Row, "")
			}
		}
		if !l.transfers || q.kind != dataObject || q.to == 0 && q.in == 0 {
			continue
		}
		if row, name := p.recipientCrosses(q, l); row != nil {
			if d == nil {
				return true
			}
			note(l, row, name)
		}
		if row, name := p.locationCrosses(q, l); row != nil {
			if d == nil {
				return true
			}
			note(l, row, name)
		}
	}
	return found
}

// banned: some law takes this basis away for the item. With out, every reason is noted.
func (p *Program) banned(q *question, kind BasisKind, out *[]Reason) bool {
	found := false
	for i := range p.laws {
		l := &p.laws[i]
		if q.laws>>i&1 == 0 {
			continue
		}
		for j := range l.bans {
			b := &l.bans[j]
			if b.outright || b.excepts(kind) || !p.bites(q, b) {
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

// bites: the ban is about this verb, datum and purpose.
func (p *Program) bites(q *question, b *ban) bool {
	if b.verbs[q.kind]>>q.verb.at[q.kind]&1 == 0 {
		return false
	}
	data := q.kind == dataObject
	return !(b.identifies && (q.as > 0 || !data || !p.identifies.has(q.object)) ||
		b.special && (!data || !p.special.has(q.object)) ||
		b.marketing && !p.marketing.has(q.purpose))
}

// styleStruck: some law takes the grant away, for its style or because a child gave it alone.
func (p *Program) styleStruck(f *Facts, q *question, c *choice, out *[]Reason) bool {
	found := false
	age, known := p.age(f, q.at)
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

// recipientCrosses: the recipient's country may not get the data under this law.
func (p *Program) recipientCrosses(q *question, l *law) (*Row, string) {
	spec := &p.recipientSpecs[q.to]
	if q.to == 0 || spec.country == 0 || spec.public {
		return nil, ""
	}
	mechanism := ""
	if q.agreement != nil {
		mechanism = q.agreement.transfer
	}
	return p.crosses(q, l, spec.country-1, mechanism)
}

// locationCrosses: the location's country may not, unless the controller works there itself.
func (p *Program) locationCrosses(q *question, l *law) (*Row, string) {
	if q.in == 0 {
		return nil, ""
	}
	spec := &p.locationSpecs[q.in-1]
	if q.to == 0 && spec.home {
		return nil, ""
	}
	mechanism := spec.transfer
	if mechanism == "" && q.agreement != nil {
		mechanism = q.agreement.transfer
	}
	return p.crosses(q, l, spec.country, mechanism)
}

// crosses: no adequacy covers the country, and no mechanism that the law knows is valid now.
func (p *Program) crosses(q *question, l *law, to uint16, mechanism string) (*Row, string) {
	valid := func(from, until Instant) bool { return from <= q.at && (until == 0 || q.at < until) }
	if p.pool.has(l.free, to) {
		return nil, ""
	}
	for i := range l.adequate {
		if a := &l.adequate[i]; p.pool.has(a.places, to) && valid(a.from, a.until) {
			return nil, ""
		}
	}
	t := l.src.Transfers
	for i := range t.Mechanisms {
		m := &t.Mechanisms[i]
		if m.Name != mechanism {
			continue
		}
		if valid(m.From, m.Until) {
			return nil, ""
		}
		return &m.Row, m.Name
	}
	return &t.Row, p.places.list[to]
}
