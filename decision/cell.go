package decision

import "slices"

// What follows reads single parts of rules and laws as Reference does, for those who reason about
// whole versions rather than ask one question.

// Covers reports whether the set holds name and so all below it; not stated, it covers everything.
func (s Set) Covers(name string) bool { return s.covers(name) }

// Hits reports whether the set has to do with name: the same, above or below.
func (s Set) Hits(name string) bool { return s.hits(name) }

// ObjectKind says what a verb acts on.
type ObjectKind int

// The kinds of objects.
const (
	DataObject    ObjectKind = dataObject
	ServiceObject ObjectKind = serviceObject
	CookieObject  ObjectKind = cookieObject
)

// Verbs lists the verbs of rules on the kind of object.
func (k ObjectKind) Verbs() []string {
	return [...][]string{DataVerbs(), ServiceVerbs(), {VerbSet}}[k]
}

// TakesVerb reports whether the rule can speak of a verb on this kind of object; a deny of use, for
// one, takes in read.
func (m *Model) TakesVerb(x *Rule, kind ObjectKind, verb string) bool {
	return x.takesVerb(verb, int(kind)) && m.qualified(x, verb)
}

// TakesPurpose reports whether the rule can speak of a purpose, "" for none.
func (x *Rule) TakesPurpose(purpose string) bool { return x.takesPurpose(purpose) }

// TakesObject reports whether the rule can speak of one category, service or cookie under the verb.
func (x *Rule) TakesObject(kind ObjectKind, verb, object string) bool {
	takes := sieve(Set.covers)
	if x.Deny {
		takes = Set.hits
	}
	set := [...]Set{x.Data, x.Service, x.Cookie}[kind]
	if !set.Stated() {
		return false
	}
	return takes(set, object) || verb == VerbCombine && takes(x.With, object)
}

func (x *Rule) takesVerb(verb string, kind int) bool {
	return slices.ContainsFunc(x.Verbs, func(w string) bool {
		return w == verb || x.Deny && kind != serviceObject && slices.Contains(Covers(w), verb)
	})
}

func (x *Rule) takesPurpose(purpose string) bool {
	if purpose == "" {
		return !x.For.Stated() || x.Deny && x.For.Not
	}
	return x.For.covers(purpose)
}

// qualified: a rule that mentions a facet never matches a verb the facet does not qualify.
func (m *Model) qualified(x *Rule, verb string) bool {
	return !slices.ContainsFunc(x.Facets, func(f FacetSet) bool {
		return slices.ContainsFunc(m.Vocabulary.Facets, func(g Facet) bool { return g.Name == f.Facet && !g.qualifies(verb) })
	})
}

// Fits reports whether the basis is the one wanted, whatever it rests on if that is left open.
func (b Basis) Fits(want Basis) bool { return b.fits(want) }

// Rank orders forms: the higher, the weaker.
func (f Form) Rank() int { return int(f.rank()) }

// HasPlace reports whether the set names the country or region, or the country that it lies in.
func (s Set) HasPlace(place string) bool { return inPlaces(s, place) }

// AllFacts are the declared facts and those that every vocabulary has.
func (m *Model) AllFacts() []Fact { return m.facts() }

// Binding lists the laws that bind a person of this residence, "" for unknown, at the instant.
func (m *Model) Binding(residence string, at Instant) []Law {
	r := reader{m: m, q: Request{At: at}, who: Person{Residence: residence}}
	return r.applicable()
}

// ChildAgeAt is the age below which a guardian must consent for a person of this residence; where that
// is unknown, the highest.
func (l *Law) ChildAgeAt(residence string) int32 { return l.childAge(residence) }

// Crosses reports whether data may not go to the country at the instant, on the mechanism ("" for
// none) and with the certificates held. The law limits transfers.
func (l *Law) Crosses(to, mechanism string, held []Certificate, at Instant) bool {
	r := reader{q: Request{At: at}}
	return len(r.crosses(*l, to, mechanism, held)) > 0
}
