package decision

import "slices"

// A reading is an allow that speaks of an item: what it lacks, if anything, and on which bases it
// holds.
type reading struct {
	rule      *Rule
	missing   []Missing
	bases     []string
	struck    []Reason // law that struck the bases which would hold
	strikers  []string // denies that struck bases which would hold
	consentAt Instant  // latest grant it rests on
}

// holds: nothing is missing and no law took the basis.
func (a reading) holds() bool { return len(a.missing) == 0 && len(a.struck) == 0 }

// otherwise: it holds, or would but for a law.
func (a reading) otherwise() bool { return len(a.missing) == 0 }

// readings lists the allows that speak of the item, in document order.
func (r *reader) readings(it item) []reading {
	only, strikers := r.onlyBases(it)
	var out []reading
	for i := range r.m.Rules {
		x := &r.m.Rules[i]
		if !x.Deny && r.speaks(x, it) {
			a := reading{rule: x}
			r.conditions(&a, it)
			r.basis(&a, it, only, strikers)
			out = append(out, a)
		}
	}
	return out
}

// speaks: the allow covers verb, object, purpose, recipient, form, facets and, as far as they are
// stated, location, source and kind of person.
func (r *reader) speaks(x *Rule, it item) bool {
	q := &r.q
	switch {
	case !slices.Contains(x.Verbs, r.verb) || !r.object(x, it, Set.covers):
		return false
	case q.For == "" && x.For.Stated() || q.For != "" && !x.For.covers(q.For):
		return false
	case x.To.Stated() && !x.To.covers(r.recipient()) || !x.To.Stated() && r.recipient() != Us:
		return false
	case x.As.rank() > q.As.rank():
		return false
	case q.In != "" && !r.located(x.In, q.In, Set.covers, false):
		return false
	case q.From != "" && !x.From.covers(q.From) || q.Of != "" && !x.Of.covers(q.Of):
		return false
	}
	return r.facetsFit(x, it)
}

// object: the rule is about this kind of thing and takes it in. A combination is symmetric.
func (r *reader) object(x *Rule, it item, takes func(Set, string) bool) bool {
	switch {
	case r.q.Service != "":
		return x.Service.Stated() && takes(x.Service, it.object)
	case r.q.Cookie != "":
		return x.Cookie.Stated() && takes(x.Cookie, it.object)
	case !x.Data.Stated():
		return false
	case r.verb != VerbCombine:
		return takes(x.Data, it.object)
	}
	return takes(x.Data, it.object) && takes(x.With, it.with) || takes(x.Data, it.with) && takes(x.With, it.object)
}

func (r *reader) facetsFit(x *Rule, it item) bool {
	for _, f := range x.Facets {
		v, ok := it.facets[f.Facet]
		if !ok || !f.Set.covers(v) {
			return false // a rule that mentions a facet never matches a verb the facet does not qualify
		}
	}
	return true
}

// located: the location is in the set. The word residence is the country the person lives in; when
// that is unknown it is taken as orElse.
func (r *reader) located(s Set, location string, takes func(Set, string) bool, orElse bool) bool {
	if !slices.Contains(s.Names, "residence") {
		return takes(s, location)
	}
	if r.who.Residence == "" {
		return orElse
	}
	plain := Set{Names: slices.DeleteFunc(slices.Clone(s.Names), func(n string) bool { return n == "residence" })}
	home := country(r.who.Residence) == country(r.location(location).Country)
	return (home || plain.Stated() && takes(plain, location)) != s.Not
}

func (r *reader) location(name string) Location {
	i := slices.IndexFunc(r.m.Vocabulary.Locations, func(l Location) bool { return l.Name == name })
	return r.m.Vocabulary.Locations[i]
}

// conditions collects what an allow that speaks of the item asks beside the basis.
func (r *reader) conditions(a *reading, it item) {
	x, q := a.rule, &r.q
	lack := func(what, name string) { a.missing = append(a.missing, Missing{x.ID, what, name}) }
	if x.By.Stated() && (q.By == "" || !x.By.covers(q.By)) {
		lack(MissingRole, "")
	}
	if x.Ground.Stated() && (q.Ground == "" || !x.Ground.covers(q.Ground)) {
		lack(MissingGround, "")
	}
	if x.In.Stated() && q.In == "" {
		lack(MissingLocation, "")
	}
	if x.From.Stated() && q.From == "" {
		lack(MissingSource, "")
	}
	if x.Of.Stated() && q.Of == "" {
		lack(MissingPeople, "")
	}
	if x.Group > q.Group && q.As == Aggregated {
		lack(MissingGroup, itoa(x.Group))
	}
	for _, t := range x.When {
		if r.test(t, it) != yes {
			lack(MissingCondition, t.Fact)
		}
	}
	for _, g := range x.Unless {
		if r.whole(g, it) != no {
			lack(MissingCondition, g[0].Fact)
		}
	}
	if r.needsAgreement(x) && !r.agreed(x, it) {
		name := ""
		if ag := r.agreement(); ag != nil {
			name = ag.Name
		}
		lack(MissingAgreement, name)
	}
}

// denies lists the denies that match the item. What is unknown counts as met.
func (r *reader) denies(it item) []string {
	var ids []string
	for i := range r.m.Rules {
		if x := &r.m.Rules[i]; x.Deny && len(x.Only) == 0 && r.matches(x, it) {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// onlyBases gathers the denies that strike all bases but some, and what they leave; nil: all.
func (r *reader) onlyBases(it item) ([]Basis, []string) {
	var left []Basis
	var ids []string
	for i := range r.m.Rules {
		x := &r.m.Rules[i]
		if !x.Deny || len(x.Only) == 0 || !r.matches(x, it) {
			continue
		}
		if ids == nil {
			left = slices.Clone(x.Only)
		} else {
			left = slices.DeleteFunc(left, func(b Basis) bool { return !slices.Contains(x.Only, b) })
		}
		ids = append(ids, x.ID)
	}
	return left, ids
}

// matches: the deny speaks of the item and none of its conditions is surely unmet.
func (r *reader) matches(x *Rule, it item) bool {
	q := &r.q
	verb := slices.ContainsFunc(x.Verbs, func(v string) bool {
		return v == r.verb || q.Service == "" && slices.Contains(Covers(v), r.verb)
	})
	switch {
	case !verb || !r.object(x, it, Set.hits):
		return false
	case x.For.Stated() && (q.For == "" && !x.For.Not || q.For != "" && !x.For.covers(q.For)):
		return false
	case !x.To.hits(r.recipient()):
		return false
	case x.By.Stated() && (q.By == "" && !x.By.Not || q.By != "" && !x.By.covers(q.By)):
		return false
	case q.In != "" && !r.located(x.In, q.In, Set.hits, true):
		return false
	case q.From != "" && !x.From.hits(q.From) || q.Of != "" && !x.Of.covers(q.Of):
		return false
	case q.Ground != "" && !x.Ground.covers(q.Ground):
		return false
	case x.As != "" && x.As.rank() < q.As.rank():
		return false
	case !r.facetsFit(x, it):
		return false
	case x.Under.Stated() && r.hasTerms(x.Under.Names):
		return false
	}
	for _, t := range x.When {
		if r.test(t, it) == no {
			return false
		}
	}
	return !slices.ContainsFunc(x.Unless, func(g []Test) bool { return r.whole(g, it) == yes })
}

// agreement is the one with the request's recipient, in force or not.
func (r *reader) agreement() *Agreement {
	for _, x := range r.m.Vocabulary.Recipients {
		if x.Name != r.q.To || x.Agreement == "" {
			continue
		}
		for i := range r.m.Vocabulary.Agreements {
			if a := &r.m.Vocabulary.Agreements[i]; a.Name == x.Agreement {
				return a
			}
		}
	}
	return nil
}

func (r *reader) inForce(a *Agreement) bool {
	return a != nil && a.From <= r.q.At && (a.Until == 0 || r.q.At < a.Until) && !slices.Contains(r.q.Ended, a.Name)
}

// needsAgreement: the kind of recipient asks for one, or the rule does.
func (r *reader) needsAgreement(x *Rule) bool {
	if r.recipient() == Us {
		return false
	}
	return x.Under.Stated() || slices.ContainsFunc(r.m.Vocabulary.Recipients, func(p Recipient) bool {
		return p.Name == r.q.To && p.NeedsAgreement()
	})
}

// agreed: in force, for this purpose and this datum, with all the terms.
func (r *reader) agreed(x *Rule, it item) bool {
	a := r.agreement()
	if !r.inForce(a) {
		return false
	}
	if r.q.Service == "" && r.q.Cookie == "" {
		if !(Set{Names: a.For}).covers(r.q.For) || !(Set{Names: a.Data}).covers(it.object) {
			return false
		}
	}
	return r.hasTerms(x.Under.Names)
}

func (r *reader) hasTerms(terms []string) bool {
	a := r.agreement()
	return r.inForce(a) && !slices.ContainsFunc(terms, func(t string) bool { return !slices.Contains(a.Terms, t) })
}
