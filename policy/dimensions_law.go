package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// bans are those that can bite on the cell in hand in either version: by verb, category and purpose.
func (b *dimensioner) bans() []decision.Ban {
	var out []decision.Ban
	for i := range b.c.sides {
		m := b.c.sides[i].m
		for _, l := range m.Laws {
			for _, x := range l.Bans {
				if slices.Contains(x.Verbs, b.x.verb) && mayBite(m, &x, b.x) {
					out = append(out, x)
				}
			}
		}
	}
	return out
}

// mayBite: what the ban says of categories and purposes fits the cell.
func mayBite(m *decision.Model, x *decision.Ban, c cell) bool {
	some := func(is func(decision.Category) bool) bool {
		return c.kind == decision.DataObject && slices.ContainsFunc(m.Vocabulary.Data, func(d decision.Category) bool { return is(d) && under(d.Name, c.object) })
	}
	of := func(terms, of []string) bool {
		return slices.ContainsFunc(of, func(t string) bool { return slices.Contains(terms, t) })
	}
	purpose := func(is func(decision.Purpose) bool) bool {
		return slices.ContainsFunc(m.Vocabulary.Purposes, func(p decision.Purpose) bool { return p.Name == c.purpose && is(p) })
	}
	switch {
	case x.Identifies && !some(func(d decision.Category) bool { return d.Identifies }),
		x.Special && !some(func(d decision.Category) bool { return d.Special }),
		len(x.Data) > 0 && !some(func(d decision.Category) bool { return of(d.Terms, x.Data) }),
		x.Marketing && !purpose(func(p decision.Purpose) bool { return p.Marketing }),
		len(x.For) > 0 && !purpose(func(p decision.Purpose) bool { return of(p.Terms, x.For) }),
		purpose(func(p decision.Purpose) bool { return of(p.Terms, x.NotFor) }):
		return false
	}
	return true
}

// whereabouts tells locations apart by what laws look at.
func (b *dimensioner) whereabouts(dim, w string) string {
	if dim != "in" {
		return ""
	}
	var s strings.Builder
	for i := range b.c.sides {
		for _, l := range b.c.sides[i].m.Vocabulary.Locations {
			if l.Name == w {
				fmt.Fprint(&s, l.Country, " ", l.Transfer, l.Certified)
			}
		}
	}
	return s.String()
}
