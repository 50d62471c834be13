package decision

import (
	"fmt"
	"slices"
	"time"
)

// Compile checks that every name of the model is declared and numbers everything. The error names
// the first thing that is wrong; a policy that passed its check compiles.
func Compile(m *Model) (*Program, error) {
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, fmt.Errorf("compile %s: zone: %w", m.Site, err)
	}
	c := &compiler{m: m, p: &Program{site: m.Site, zone: zone, pool: pool{known: map[string]setAt{}}}}
	for _, step := range []func(){c.names, c.vocabulary, c.facts, c.rules, c.keeps, c.tables, c.law, c.points} {
		if step(); c.err != nil {
			return nil, fmt.Errorf("compile %s: %w", m.Site, c.err)
		}
	}
	return c.p, nil
}

type compiler struct {
	m   *Model
	p   *Program
	err error
}

func (c *compiler) fail(format string, a ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, a...)
	}
}

func (c *compiler) names() {
	v, p := &c.m.Vocabulary, c.p
	recipients := append([]string{Us}, namesOf(v.Recipients, func(r Recipient) string { return r.Name })...)
	p.data = number(namesOf(v.Data, func(d Category) string { return d.Name }))
	p.purposes = number(namesOf(v.Purposes, func(d Purpose) string { return d.Name }))
	p.recipients = number(recipients)
	p.askers = number(uniq(v.Roles, recipients))
	p.locations = number(namesOf(v.Locations, func(l Location) string { return l.Name }))
	p.sources = number(v.Sources)
	p.people = number(v.People)
	p.services = number(v.Services)
	p.cookies = number(v.Cookies)
	p.grounds = number(namesOf(v.Grounds, func(g Ground) string { return g.Name }))
	p.agreements = number(namesOf(v.Agreements, func(a Agreement) string { return a.Name }))
	p.events = number(v.Events)
	p.places = number(append(c.places(), ""))
	p.forms = map[Form]uint8{"": 0, Identified: 0, Unlinked: 1, Aggregated: 2}
	c.verbs()
	p.order = map[string]int{}
	for i, id := range c.m.promises() {
		p.order[id] = i
		clause := ""
		for _, r := range c.m.Rules {
			if r.ID == id {
				clause = r.Clause
			}
		}
		for _, k := range c.m.Keeps {
			if k.ID == id {
				clause = k.Clause
			}
		}
		p.promises = append(p.promises, PromiseName{id, clause})
	}
	if n := len(p.promises); n >= 1<<16 {
		c.fail("%d promises; at most 65535 can be told apart", n)
	}
}

// places lists every country and region that something names, and the country of each.
func (c *compiler) places() []string {
	v := &c.m.Vocabulary
	all := slices.Clone(v.Establishments)
	for _, r := range v.Recipients {
		all = append(all, r.Country)
	}
	for _, l := range v.Locations {
		all = append(all, l.Country)
	}
	tests := func(l []Test) {
		for _, t := range l {
			if t.Fact == ResidenceFact {
				all = append(all, t.In.Names...)
			}
		}
	}
	for _, r := range c.m.Rules {
		tests(r.When)
		for _, g := range r.Unless {
			tests(g)
		}
	}
	for _, k := range c.m.Keeps {
		tests(k.While)
	}
	for _, p := range c.m.Points {
		tests(p.When)
		for _, g := range p.Unless {
			tests(g)
		}
	}
	for _, l := range c.m.Laws {
		all = append(all, l.places()...)
	}
	for _, p := range slices.Clone(all) {
		all = append(all, country(p))
	}
	return slices.DeleteFunc(uniq(all), func(s string) bool { return s == "" || s == StrictDefault })
}

func (l *Law) places() []string {
	all := slices.Clone(l.Territory)
	for c := range l.ChildAges {
		all = append(all, c)
	}
	if l.Transfers != nil {
		all = append(all, l.Transfers.Free...)
		for _, a := range l.Transfers.Adequate {
			all = append(all, a.Country)
		}
	}
	slices.Sort(all) // map order must not number anything
	return all
}

func (c *compiler) verbs() {
	ids := map[string]verbID{VerbCollect: collectVerb, VerbStore: storeVerb, VerbCombine: combineVerb, VerbDisclose: discloseVerb, VerbSell: sellVerb}
	c.p.verbs = map[string]verbRef{}
	for kind, list := range [objectKinds][]string{DataVerbs(), ServiceVerbs(), {VerbSet}} {
		for i, v := range list {
			ref := c.p.verbs[v]
			ref.fits[kind], ref.at[kind], ref.id = true, uint8(i), ids[v]
			c.p.verbs[v] = ref
		}
	}
	for _, v := range DestructiveVerbs() {
		ref := verbRef{ends: true}
		ref.fits[dataObject] = true
		c.p.verbs[v] = ref
	}
}

// vocabulary compiles what names mean.
func (c *compiler) vocabulary() {
	v, p := &c.m.Vocabulary, c.p
	below := func(i int, is func(Category) bool) bool {
		return slices.ContainsFunc(v.Data, func(d Category) bool { return is(d) && under(d.Name, v.Data[i].Name) })
	}
	p.special = bitsOf(len(v.Data), func(i int) bool { return below(i, func(d Category) bool { return d.Special }) })
	p.identifies = bitsOf(len(v.Data), func(i int) bool { return below(i, func(d Category) bool { return d.Identifies }) })
	p.marketing = bitsOf(len(v.Purposes)+1, func(i int) bool { return i > 0 && v.Purposes[i-1].Marketing })
	p.serves = bitsOf(len(v.Purposes)+1, func(i int) bool { return i > 0 && v.Purposes[i-1].Serves != "" })
	c.agreements()
	p.recipientSpecs = make([]recipientSpec, p.recipients.len())
	for i, r := range v.Recipients {
		spec := recipientSpec{needs: r.NeedsAgreement(), public: r.Kind == "public", certified: r.Certified}
		if r.Agreement != "" {
			spec.agreement = c.need(&p.agreements, r.Agreement, "agreement")
		}
		for _, o := range v.Recipients {
			if under(o.Name, r.Name) && o.Country != "" {
				spec.countries = append(spec.countries, p.place(o.Country))
			}
		}
		p.recipientSpecs[i+1] = spec
	}
	for _, l := range v.Locations {
		home := slices.ContainsFunc(v.Establishments, func(e string) bool { return country(e) == country(l.Country) })
		p.locationSpecs = append(p.locationSpecs, locationSpec{p.place(l.Country), p.place(country(l.Country)), home, l.Transfer, l.Certified})
	}
	first := 0
	for _, f := range v.Facets {
		p.facets = append(p.facets, facetSpec{f.Name, uint16(first), f.Values, f.Verbs})
		first += len(f.Values)
	}
	for i, place := range p.places.list {
		of := uint16(i)
		if place != "" {
			of = p.place(country(place))
		}
		p.countryOf = append(p.countryOf, of)
	}
	p.termWords = max(1, (len(c.terms())+63)/64)
	for kind, verbs := range [objectKinds][]string{DataVerbs(), ServiceVerbs(), {VerbSet}} {
		for _, verb := range verbs {
			var mask uint64
			for i, f := range v.Facets {
				if f.qualifies(verb) && i < 64 {
					mask |= 1 << i
				}
			}
			p.facetsOf[kind] = append(p.facetsOf[kind], mask)
		}
	}
	if len(v.Facets) > 64 || first >= 1<<16 {
		c.fail("%d facets with %d values; at most 64 and 65535", len(v.Facets), first)
	}
}

func (c *compiler) agreements() {
	v, p := &c.m.Vocabulary, c.p
	terms := c.terms()
	for _, a := range v.Agreements {
		forSet, data := Set{Names: a.For}, Set{Names: a.Data}
		p.agreementSpecs = append(p.agreementSpecs, agreementSpec{
			name: a.Name, from: a.From, until: a.Until, paid: a.Paid, transfer: a.Transfer,
			purposes: p.pool.put(len(v.Purposes)+1, func(i int) bool { return i > 0 && forSet.covers(v.Purposes[i-1].Name) }),
			data:     p.pool.put(len(v.Data), func(i int) bool { return data.covers(v.Data[i].Name) }),
			terms:    p.pool.put(len(terms), func(i int) bool { return slices.Contains(a.Terms, terms[i]) }),
		})
	}
}

// terms are all that agreements have or rules ask for.
func (c *compiler) terms() []string {
	var all []string
	for _, a := range c.m.Vocabulary.Agreements {
		all = append(all, a.Terms...)
	}
	for _, r := range c.m.Rules {
		all = append(all, r.Under.Names...)
	}
	return uniq(all)
}

// need finds a declared word's number plus one.
func (c *compiler) need(n *names, word, what string) uint16 {
	id, ok := n.id(word)
	if !ok {
		c.fail("%s %q is not declared", what, word)
	}
	return id
}

// place is the number of a country or region: its own, its country's, or that of any other.
func (p *Program) place(name string) uint16 {
	if i, ok := p.places.ids[name]; ok {
		return i
	}
	if i, ok := p.places.ids[country(name)]; ok {
		return i
	}
	return p.places.ids[""]
}
