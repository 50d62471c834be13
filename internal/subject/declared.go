package subject

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

// declared leaves out what this version of the notice no longer has words for: an older event stays in
// the history, and says what is left of it, never more for the use than before (docs/spec/time.md).
func declared(m *decision.Model, p decision.Person) decision.Person {
	v := &m.Vocabulary
	p.Facts = slices.DeleteFunc(p.Facts, func(f decision.Stated) bool {
		return !slices.ContainsFunc(v.Facts, func(d decision.Fact) bool { return d.Name == f.Name && fits(&d, f) })
	})
	p.Events = slices.DeleteFunc(p.Events, func(e decision.Event) bool { return !slices.Contains(v.Events, e.Name) })
	kept := p.Choices[:0]
	for _, c := range p.Choices {
		if narrow(v, &c) {
			kept = append(kept, c)
		}
	}
	p.Choices = kept
	return p
}

// fits: the fact is still one that a person has, and the value one of its values.
func fits(d *decision.Fact, f decision.Stated) bool {
	switch {
	case d.Question || d.Type == decision.StateFact:
		return false
	case d.Type == decision.EnumFact:
		return slices.Contains(d.Values, f.Value)
	case d.Type == decision.FlagFact:
		return f.Value == "yes" || f.Value == "no"
	}
	return f.Value == ""
}

// narrow fits a choice to the words that there are; false if nothing is left of it.
func narrow(v *decision.Vocabulary, c *decision.Choice) bool {
	s := &c.Scope
	if !facets(v, c) {
		return false
	}
	if s.Closed {
		return true // a closed list may name what no longer exists: it covers nothing by that
	}
	purpose := func(n string) bool {
		return slices.ContainsFunc(v.Purposes, func(x decision.Purpose) bool { return x.Name == n })
	}
	category := func(n string) bool {
		return slices.ContainsFunc(v.Data, func(x decision.Category) bool { return x.Name == n })
	}
	recipient := func(n string) bool {
		return n == decision.Us || slices.ContainsFunc(v.Recipients, func(x decision.Recipient) bool { return x.Name == n })
	}
	return list(&s.For, purpose, c) && list(&s.Data, category, c) && list(&s.To, recipient, c)
}

// list fits one list of a choice; false if nothing is left of one that had some.
func list(l *[]string, known func(string) bool, c *decision.Choice) bool {
	gone := slices.ContainsFunc(*l, func(n string) bool { return !known(n) })
	switch {
	case !gone:
		return true
	case c.Kind == decision.Refused || c.Kind == decision.Withdrawn || c.Kind == decision.Expired:
		// Names are compared with those of the question, as ever. No consent from before covers a new name.
		c.Scope.Closed = true
		return true
	case !forUse(c.Kind):
		*l = nil // an objection, a restriction, a hold: what was renamed would be free of it; so it is all
		return true
	}
	*l = slices.DeleteFunc(slices.Clone(*l), func(n string) bool { return !known(n) })
	return len(*l) > 0
}

// facets fits the facets: without one that it names, a choice against the use is about all of it, and one
// for the use about nothing.
func facets(v *decision.Vocabulary, c *decision.Choice) bool {
	gone := func(f decision.FacetValues) bool {
		return !slices.ContainsFunc(v.Facets, func(d decision.Facet) bool { return d.Name == f.Facet })
	}
	if !slices.ContainsFunc(c.Scope.Facets, gone) {
		return true
	}
	c.Scope.Facets = slices.DeleteFunc(slices.Clone(c.Scope.Facets), gone)
	return !forUse(c.Kind)
}

func forUse(k decision.ChoiceKind) bool {
	switch k {
	case decision.Granted, decision.Overridden, decision.Unobjected, decision.Lifted, decision.Released:
		return true
	}
	return false
}
