package server

import (
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
	"github.com/avowhq/avow/policy/law"
)

// An authorityView is who supervises in the reader's country, and which laws hold there.
type authorityView struct {
	Country, Chosen, Name, Link string
	Laws                        []lawLink
	Countries                   []countryView // to choose from
}

type lawLink struct{ Title, Link string }

type countryView struct {
	Code, Name string
	Chosen     bool
}

// A lawView is what a law has to say about a clause, for people.
type lawView struct {
	Text string
	By   []string // provisions
	You  string   // whom it protects
}

// addLaw adds the authority of the country, and what laws say about the clauses there.
func (x *site) addLaw(v *noticePage, country string, now decision.Instant) error {
	profiles, err := x.policy.Profiles()
	if err != nil {
		return err
	}
	a := authorityView{Country: v.Speech.Country(country), Chosen: country, Countries: choices(v.Speech, country)}
	if found, ok := law.AuthorityFor(profiles, country); ok {
		a.Name, a.Link = found.Name, found.Link
	}
	for _, p := range profiles {
		if p.Binds(country, now) || slices.ContainsFunc(x.model.Vocabulary.Establishments, func(c string) bool { return p.Binds(c, now) }) {
			a.Laws = append(a.Laws, lawLink{p.Title, p.Link})
		}
	}
	v.Authority = a
	for i, c := range x.coverage.Clauses {
		if slices.Contains(c.Flags, policy.FlagOverridden) {
			v.Clauses[i].Law = []lawView{{Text: v.Say("page.law.flag")}}
		}
	}
	return nil
}

// choices are the countries by their names in the language.
func choices(s *policy.Speech, chosen string) []countryView {
	var out []countryView
	for code, name := range s.Countries {
		out = append(out, countryView{code, name, code == chosen})
	}
	fold := strings.NewReplacer("Ä", "A", "Ö", "O", "Ü", "U", "Å", "A", "Ç", "C", "É", "E").Replace
	slices.SortFunc(out, func(a, b countryView) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	return out
}
