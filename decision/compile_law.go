package decision

import "slices"

// A law is a compiled profile.
type law struct {
	src         *Law
	from, until Instant
	strikes     uint8 // by style number
	childAge    []int32
	unknownAge  int32 // where the residence is unknown
	transfers   bool
	free        setAt // of places
	adequate    []validSet
	bans        []ban
}

type validSet struct {
	places      setAt
	from, until Instant
	certified   string
}

type ban struct {
	src      *Ban
	verbs    [objectKinds]uint64 // by verb number in its table
	data     bits                // by category: it bites there; nil: on all and without one
	purposes bits                // by purpose + 1, likewise
	inside   setAt               // of places: it does not bite at a location there
	outright bool
}

func (c *compiler) law() {
	p := c.p
	if len(c.m.Laws) > 64 {
		c.fail("%d law profiles; at most 64", len(c.m.Laws))
		return
	}
	p.lawAt = make([]uint64, p.places.len())
	for i := range c.m.Laws {
		l := &c.m.Laws[i]
		bit := uint64(1) << i
		p.laws = append(p.laws, c.compileLaw(l))
		p.lawAll |= bit
		if l.Sectoral {
			p.lawSectoral |= bit
		}
		if slices.Contains(l.Territory, StrictDefault) {
			p.lawStrict |= bit
			continue
		}
		binds := func(place string) bool {
			return slices.ContainsFunc(l.Territory, func(t string) bool { return inPlace(place, t) })
		}
		if slices.ContainsFunc(c.m.Vocabulary.Establishments, binds) {
			p.lawHome |= bit
		}
		for j, place := range p.places.list {
			if binds(place) {
				p.lawAt[j] |= bit
			}
		}
	}
	c.sieveLaws()
}

// sieveLaws finds what lets deciding pass over laws: which bans can bite by verb, purpose and category,
// which laws strike a style or limit transfers, and which are in effect since when.
func (c *compiler) sieveLaws() {
	p := c.p
	for kind := range p.bansBy {
		p.bansBy[kind] = make([]uint64, 64)
	}
	p.bansFor, p.bansOn = make([]uint64, p.purposes.len()+1), make([]uint64, p.data.len())
	p.lawBans, p.lawStrikes = make([]uint64, len(p.laws)), make([]uint64, len(Styles()))
	n := 0
	for i := range p.laws {
		l := &p.laws[i]
		for style := range p.lawStrikes {
			p.lawStrikes[style] |= uint64(l.strikes>>style&1) << i
		}
		if l.transfers {
			p.lawTransfers |= 1 << i
		}
		for j := range l.bans {
			p.sieveBan(&l.bans[j], i, uint64(1)<<min(n, 63)) // the last bit stands for all that are left
			n++
		}
	}
	starts := []Instant{-1 << 63}
	for i := range p.laws {
		starts = append(starts, p.laws[i].from, p.laws[i].until)
	}
	slices.Sort(starts)
	for _, at := range slices.Compact(starts) {
		var mask uint64
		for i := range p.laws {
			if l := &p.laws[i]; l.from <= at && (l.until == 0 || at < l.until) {
				mask |= 1 << i
			}
		}
		p.lawSince = append(p.lawSince, lawsSince{at, mask})
	}
}

func (p *Program) sieveBan(b *ban, law int, bit uint64) {
	p.lawBans[law] |= bit
	for kind := range b.verbs {
		for verb := range p.bansBy[kind] {
			if b.verbs[kind]>>verb&1 == 1 {
				p.bansBy[kind][verb] |= bit
			}
		}
	}
	for i := range p.bansFor {
		if b.purposes == nil || b.purposes.has(uint16(i)) {
			p.bansFor[i] |= bit
		}
	}
	for i := range p.bansOn {
		if b.data == nil || b.data.has(uint16(i)) {
			p.bansOn[i] |= bit
		}
	}
	if b.data == nil {
		p.bansOnAll |= bit
	}
}

func (c *compiler) compileLaw(l *Law) law {
	p := c.p
	out := law{src: l, from: l.From, until: l.Until, unknownAge: l.childAge("")}
	for _, s := range l.Strikes {
		out.strikes |= 1 << slices.Index(Styles(), s.Style)
	}
	for _, place := range p.places.list {
		age := l.ChildAge
		if place != "" {
			age = l.childAge(place)
		}
		out.childAge = append(out.childAge, age)
	}
	if t := l.Transfers; t != nil {
		out.transfers = true
		in := func(of string) func(int) bool { return func(i int) bool { return inPlace(p.places.list[i], of) } }
		out.free = p.pool.put(p.places.len(), func(i int) bool {
			return slices.ContainsFunc(t.Free, func(f string) bool { return in(f)(i) })
		})
		for _, a := range t.Adequate {
			out.adequate = append(out.adequate, validSet{p.pool.put(p.places.len(), in(a.Country)), a.From, a.Until, a.Certified})
		}
	}
	for i := range l.Bans {
		out.bans = append(out.bans, c.compileBan(&l.Bans[i]))
	}
	return out
}

func (c *compiler) compileBan(b *Ban) ban {
	p, v := c.p, &c.m.Vocabulary
	x := ban{src: b, outright: len(b.Except) == 0}
	for _, verb := range b.Verbs {
		ref := p.verbs[verb]
		for kind := range ref.fits {
			if ref.fits[kind] {
				x.verbs[kind] |= 1 << ref.at[kind]
			}
		}
	}
	of := func(terms, of []string) bool {
		return slices.ContainsFunc(of, func(t string) bool { return slices.Contains(terms, t) })
	}
	if b.Identifies || b.Special || len(b.Data) > 0 {
		x.data = bitsOf(len(v.Data), func(i int) bool {
			some := func(is func(Category) bool) bool {
				return slices.ContainsFunc(v.Data, func(d Category) bool { return is(d) && under(d.Name, v.Data[i].Name) })
			}
			return (!b.Identifies || some(func(d Category) bool { return d.Identifies })) &&
				(!b.Special || some(func(d Category) bool { return d.Special })) &&
				(len(b.Data) == 0 || some(func(d Category) bool { return of(d.Terms, b.Data) }))
		})
	}
	if b.Marketing || len(b.For) > 0 || len(b.NotFor) > 0 {
		x.purposes = bitsOf(len(v.Purposes)+1, func(i int) bool {
			if i == 0 {
				return !b.Marketing && len(b.For) == 0
			}
			one := v.Purposes[i-1]
			return (!b.Marketing || one.Marketing) && (len(b.For) == 0 || of(one.Terms, b.For)) && !of(one.Terms, b.NotFor)
		})
	}
	if len(b.Outside) > 0 {
		x.inside = p.pool.put(p.places.len(), func(i int) bool {
			return slices.ContainsFunc(b.Outside, func(of string) bool { return inPlace(p.places.list[i], of) })
		})
	}
	return x
}
