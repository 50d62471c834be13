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
}

type ban struct {
	src                            *Ban
	verbs                          [objectKinds]uint64 // by verb number in its table
	identifies, special, marketing bool
	except                         uint16 // by basis number
	outright                       bool
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
		p.lawDated = p.lawDated || l.From != 0 || l.Until != 0
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
			out.adequate = append(out.adequate, validSet{p.pool.put(p.places.len(), in(a.Country)), a.From, a.Until})
		}
	}
	for i := range l.Bans {
		b := &l.Bans[i]
		x := ban{src: b, identifies: b.Identifies, special: b.Special, marketing: b.Marketing, outright: len(b.Except) == 0}
		for _, v := range b.Verbs {
			ref := p.verbs[v]
			for kind := range ref.fits {
				if ref.fits[kind] {
					x.verbs[kind] |= 1 << ref.at[kind]
				}
			}
		}
		for _, k := range b.Except {
			x.except |= 1 << slices.Index(basisKinds(), k)
		}
		out.bans = append(out.bans, x)
	}
	return out
}

func basisKinds() []BasisKind {
	return []BasisKind{Consent, ExplicitConsent, Contract, LegalObligation, PublicTask, VitalInterest, LegitimateInterest, AsKept, Necessary}
}
