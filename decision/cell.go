package decision

import "slices"

// Covers reports whether the set holds name and so all below it; not stated, it covers everything.
func (s Set) Covers(name string) bool { return s.covers(name) }

// Hits reports whether the set has to do with name: the same, above or below.
func (s Set) Hits(name string) bool { return s.hits(name) }

// Cell lists the rules that can speak of a verb, a purpose ("" for none) and one category, service or
// cookie, in document order. Which object it is, the verb's kind says.
func (m *Model) Cell(kind ObjectKind, verb, purpose, object string) []Rule {
	var out []Rule
	for _, x := range m.Rules {
		set := [...]Set{x.Data, x.Service, x.Cookie}[kind]
		takes := sieve(Set.covers)
		if x.Deny {
			takes = Set.hits
		}
		fits := set.Stated() && takes(set, object)
		if verb == VerbCombine {
			fits = set.Stated() && (takes(set, object) || takes(x.With, object))
		}
		if fits && x.takesVerb(verb, int(kind)) && x.takesPurpose(purpose) && m.qualified(&x, verb) {
			out = append(out, x)
		}
	}
	return out
}

// Speaking lists the rules that can speak of a verb and a purpose, whatever the object.
func (m *Model) Speaking(kind ObjectKind, verb, purpose string) []Rule {
	var out []Rule
	for _, x := range m.Rules {
		if x.takesVerb(verb, int(kind)) && x.takesPurpose(purpose) && m.qualified(&x, verb) {
			out = append(out, x)
		}
	}
	return out
}

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
