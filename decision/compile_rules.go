package decision

import "slices"

func (c *compiler) rules() {
	for i := range c.m.Rules {
		c.p.rules = append(c.p.rules, c.rule(&c.m.Rules[i], uint16(i)))
	}
}

// A sieve says which words of a list a set takes: covers for an allow; for a deny, covers or hits.
type sieve func(Set, string) bool

func (c *compiler) rule(x *Rule, promise uint16) rule {
	p := c.p
	r := rule{
		promise: promise, as: x.As.rank(), review: x.Review, group: int32(x.Group), point: x.Point != "",
		obliges: x.obligations(), groupName: itoa(x.Group),
	}
	wide := sieve(Set.covers)
	if x.Deny {
		wide = Set.hits
	}
	put := func(dim uint16, s Set, n *names, what string, takes sieve) setAt {
		if !s.Stated() {
			return 0
		}
		for _, w := range s.Names {
			if w != "residence" {
				c.need(n, w, what)
			}
		}
		r.dims |= dim
		return p.pool.put(n.len(), func(i int) bool { return takes(s, n.list[i]) })
	}
	r.to = put(dimTo, x.To, &p.recipients, "recipient", wide)
	r.by = put(dimBy, x.By, &p.askers, "role", Set.covers)
	r.from = put(dimFrom, x.From, &p.sources, "source", wide)
	r.of = put(dimOf, x.Of, &p.people, "kind of person", Set.covers)
	r.ground = put(dimGround, x.Ground, &p.grounds, "ground", Set.covers)
	c.location(&r, x, wide)
	terms := number(c.terms())
	r.under = put(dimUnder, Set{Names: x.Under.Names}, &terms, "term", Set.covers)
	if x.Deny && x.By.Not {
		r.dims |= dimNoRole
	}
	if x.As != "" && (x.Deny || r.as > 0) {
		r.dims |= dimAs
	}
	if slices.Contains(x.Verbs, VerbCombine) || x.Deny {
		r.data = p.pool.put(p.data.len(), func(i int) bool { return x.Data.Stated() && wide(x.Data, p.data.list[i]) })
		r.with = p.pool.put(p.data.len(), func(i int) bool { return wide(x.With, p.data.list[i]) })
	}
	c.facetSets(&r, x)
	c.conditions(&r, x)
	c.bases(&r, x)
	return r
}

// location compiles in:, where the word residence is the country the person lives in.
func (c *compiler) location(r *rule, x *Rule, takes sieve) {
	if !x.In.Stated() {
		return
	}
	p := c.p
	s := x.In
	if slices.Contains(s.Names, "residence") {
		r.dims |= dimHome
		if s.Not {
			r.dims |= dimHomeNot
		}
		s = Set{Names: slices.DeleteFunc(slices.Clone(s.Names), func(n string) bool { return n == "residence" })}
		if !s.Stated() {
			r.in = p.pool.put(p.locations.len(), func(int) bool { return false })
			return
		}
	}
	for _, w := range s.Names {
		c.need(&p.locations, w, "location")
	}
	r.dims |= dimIn
	r.in = p.pool.put(p.locations.len(), func(i int) bool { return takes(s, p.locations.list[i]) })
}

func (c *compiler) facetSets(r *rule, x *Rule) {
	p := c.p
	sets := map[string]Set{}
	for _, f := range x.Facets {
		sets[f.Facet] = f.Set
		i := slices.IndexFunc(p.facets, func(s facetSpec) bool { return s.name == f.Facet })
		if i < 0 {
			c.fail("facet %q is not declared", f.Facet)
			return
		}
		r.facets |= 1 << i
	}
	if r.facets == 0 {
		return
	}
	r.dims |= dimFacets
	r.value = p.pool.put(p.facetValues(), func(i int) bool {
		name, value := p.facetValue(i)
		return sets[name].covers(value)
	})
}

func (p *Program) facetValues() int {
	n := 0
	for _, f := range p.facets {
		n += len(f.values)
	}
	return n
}

func (p *Program) facetValue(i int) (facet, value string) {
	for _, f := range p.facets {
		if j := i - int(f.first); j >= 0 && j < len(f.values) {
			return f.name, f.values[j]
		}
	}
	return "", ""
}

func (c *compiler) conditions(r *rule, x *Rule) {
	c.mayTestConsent(x)
	r.when = c.tests(x.When)
	for _, g := range x.Unless {
		r.groups = append(r.groups, c.tests(g))
	}
	if len(x.When)+len(x.Unless) > 0 {
		r.dims |= dimWhen
	}
}

// mayTestConsent keeps withdrawing from ever permitting: an allow may ask for a valid consent, a deny
// for a missing one, not the reverse.
func (c *compiler) mayTestConsent(x *Rule) {
	check := func(tests []Test, want string) {
		for _, t := range tests {
			if t.Fact == ConsentFact && (t.In.Not || !slices.Equal(t.In.Names, []string{want})) {
				c.fail("%s: a withdrawal would permit; test consent: %s here", x.ID, want)
			}
		}
	}
	in, out := "valid", "none"
	if x.Deny {
		in, out = out, in
	}
	check(x.When, in)
	for _, g := range x.Unless {
		check(g, out)
	}
}

func (c *compiler) bases(r *rule, x *Rule) {
	p := c.p
	start := len(p.basis)
	for _, b := range x.Basis {
		p.basis = append(p.basis, c.basisOf(b))
	}
	r.basis = span{uint32(start), uint32(len(p.basis))}
	r.only, r.onlyName = x.Only, basisNames(x.Only)
	switch {
	case x.Special == string(ExplicitConsent):
		r.special = 2
	case x.Special != "":
		c.need(&p.grounds, x.Special, "ground")
		r.special = 1
	}
}

func (c *compiler) basisOf(b Basis) basisRef {
	p := c.p
	i := slices.Index(p.bases, b)
	if i < 0 {
		i = len(p.bases)
		p.bases = append(p.bases, b)
		p.baseNames = append(p.baseNames, b.String())
	}
	ref := basisRef{id: uint16(i), only: b}
	switch b.Kind {
	case Consent:
		ref.kind = onConsent
	case ExplicitConsent:
		ref.kind = onExplicit
	case Contract:
		ref.kind = onContract
		ref.state = c.need(&p.facts, b.On, "state") - 1
	case LegalObligation, PublicTask, Necessary:
		ref.kind = onObligation
	case VitalInterest:
		ref.kind = onVital
	case LegitimateInterest:
		ref.kind = onInterest
	case AsKept:
		ref.kind = onKept
	default:
		c.fail("basis %q is not known", b.Kind)
	}
	return ref
}

// tables finds, for every verb, purpose and object, the rules that can speak of it.
func (c *compiler) tables() {
	v, p := &c.m.Vocabulary, c.p
	purposes := append([]string{""}, p.purposes.list...)
	seen := map[string]uint32{}
	c.put(nil, nil, nil, seen) // cell 0: nobody speaks
	kinds := [objectKinds]struct{ verbs, objects []string }{{DataVerbs(), p.data.list}, {ServiceVerbs(), v.Services}, {[]string{VerbSet}, v.Cookies}}
	for kind, k := range kinds {
		t := &p.tables[kind]
		t.purposes, t.objects = len(purposes), len(k.objects)
		t.cells = make([]uint32, len(k.verbs)*t.purposes*t.objects)
		for vi, verb := range k.verbs {
			for pi, purpose := range purposes {
				rules := c.speaking(kind, verb, purpose)
				for oi, object := range k.objects {
					t.cells[(vi*t.purposes+pi)*t.objects+oi] = c.cell(kind, verb, object, rules, seen)
				}
			}
		}
	}
}

// speaking lists the rules that fit verb and purpose.
func (c *compiler) speaking(kind int, verb, purpose string) []uint16 {
	var out []uint16
	for i := range c.m.Rules {
		x := &c.m.Rules[i]
		if x.takesVerb(verb, kind) && x.takesPurpose(purpose) && c.m.qualified(x, verb) {
			out = append(out, uint16(i))
		}
	}
	return out
}

func (c *compiler) cell(kind int, verb, object string, rules []uint16, seen map[string]uint32) uint32 {
	var denies, strikes, allows []uint16
	for _, i := range rules {
		x := &c.m.Rules[i]
		takes := sieve(Set.covers)
		if x.Deny {
			takes = Set.hits
		}
		set := [objectKinds]Set{x.Data, x.Service, x.Cookie}[kind]
		fits := set.Stated() && takes(set, object)
		if verb == VerbCombine {
			// A combination is symmetric; which side is which is settled when it is asked.
			fits = set.Stated() && (takes(x.Data, object) || takes(x.With, object))
		}
		switch {
		case !fits:
		case !x.Deny:
			allows = append(allows, i)
		case len(x.Only) > 0:
			strikes = append(strikes, i)
		default:
			denies = append(denies, i)
		}
	}
	return c.put(denies, strikes, allows, seen)
}

// put stores a cell once.
func (c *compiler) put(denies, strikes, allows []uint16, seen map[string]uint32) uint32 {
	p := c.p
	key := make([]byte, 0, 2*(len(denies)+len(strikes)+len(allows))+4)
	for _, l := range [][]uint16{denies, strikes, allows} {
		for _, i := range l {
			key = append(key, byte(i), byte(i>>8))
		}
		key = append(key, 255, 255)
	}
	if at, ok := seen[string(key)]; ok {
		return at
	}
	start := uint32(len(p.refs))
	x := cell{denies: start, strikes: start + uint32(len(denies))}
	x.allows = x.strikes + uint32(len(strikes))
	x.end = x.allows + uint32(len(allows))
	p.refs = append(append(append(p.refs, denies...), strikes...), allows...)
	for _, i := range p.refs[start:] {
		x.facets |= p.rules[i].facets
	}
	p.cells = append(p.cells, x)
	seen[string(key)] = uint32(len(p.cells) - 1)
	return uint32(len(p.cells) - 1)
}
