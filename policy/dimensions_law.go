package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

const microHour = decision.Instant(3600e6)

// lawsAskWhere: some law looks at the location of a question.
func (s *space) lawsAskWhere() bool {
	return slices.ContainsFunc(s.laws, func(l decision.Law) bool {
		return l.Transfers != nil || slices.ContainsFunc(l.Bans, func(x decision.Ban) bool { return len(x.Outside) > 0 })
	})
}

// whereabouts tells locations apart by what laws look at.
func (s *space) whereabouts(dim, w string) string {
	if dim != dimIn {
		return ""
	}
	var b strings.Builder
	for i := range s.sides {
		for _, l := range s.sides[i].m.Vocabulary.Locations {
			if l.Name == w {
				fmt.Fprint(&b, l.Country, " ", l.Transfer, l.Certified)
			}
		}
	}
	return b.String()
}

// residence: places that conditions and laws treat alike are one; unknown is one of its own.
func (s *space) residence() {
	var tests []decision.Set
	words := []string{"AQ"} // no notice speaks of it: any other place
	for _, t := range s.tests {
		if t.Fact == decision.ResidenceFact {
			tests = append(tests, t.In)
			words = append(words, t.In.Names...)
		}
	}
	home := slices.ContainsFunc(s.rules, func(r decision.Rule) bool { return slices.Contains(r.In.Names, "residence") })
	if len(tests) == 0 && !home && len(s.laws) == 0 {
		return
	}
	for _, l := range s.laws {
		words = append(words, l.Territory...)
		words = append(words, sorted(l.ChildAges)...)
	}
	if home {
		for i := range s.sides {
			for _, l := range s.sides[i].m.Vocabulary.Locations {
				words = append(words, l.Country)
			}
		}
	}
	words = slices.DeleteFunc(union(words), func(w string) bool { return w == decision.StrictDefault })
	var ways []way
	for _, w := range classes(words, func(w string) string {
		var b strings.Builder
		for _, t := range tests {
			fmt.Fprint(&b, t.HasPlace(w))
		}
		for i := range s.sides {
			for _, l := range s.sides[i].m.Binding(w, s.at) {
				fmt.Fprint(&b, " ", l.ID, l.ChildAgeAt(w))
			}
		}
		if home {
			b.WriteString(countryOf(w))
		}
		return b.String()
	}) {
		ways = append(ways, way{word: w, put: func(_ *decision.Request, who *decision.Person) { who.Residence = w }})
	}
	s.add(dimResidence, stating(ways)...)
}

func countryOf(place string) string {
	c, _, _ := strings.Cut(place, "-")
	return c
}

func (s *space) age() {
	var bounds []int32
	for _, t := range s.tests {
		if t.Fact == decision.AgeFact {
			bounds = append(bounds, t.Min, t.Max)
		}
	}
	for _, l := range s.laws {
		bounds = append(bounds, l.ChildAge)
		for _, n := range l.ChildAges {
			bounds = append(bounds, n)
		}
		for _, x := range l.Bans {
			bounds = append(bounds, x.Under)
		}
	}
	var ways []way
	for _, n := range steps(bounds, 0) {
		if n < 0 || n > 199 {
			continue
		}
		// By birth date, since a child of no whole year has a known age too.
		born := decision.Duration{Months: -12 * n, Days: -1}.After(s.at, s.sides[1].zone)
		ways = append(ways, way{number: n, put: func(_ *decision.Request, who *decision.Person) { who.Born = born }})
	}
	s.add(dimAge, stating(ways)...)
}

// consent: none, or a grant of each style that laws or bases tell apart, by the person or a guardian.
// Where a special category may rest on an explicit consent beside another basis, that consent may also
// be an older one.
func (s *space) consent() {
	tested := slices.ContainsFunc(s.tests, func(t decision.Test) bool { return t.Fact == decision.ConsentFact })
	special := slices.ContainsFunc(s.rules, func(r decision.Rule) bool { return r.Special == string(decision.ExplicitConsent) })
	if !tested && !special && !s.rests(decision.Consent, decision.ExplicitConsent) {
		return
	}
	var styles []string
	for _, style := range decision.Styles() {
		styles = append(styles, string(style))
	}
	guardians, before := []bool{false}, []bool{false}
	if slices.ContainsFunc(s.laws, func(l decision.Law) bool { return l.ChildAge > 0 || len(l.ChildAges) > 0 }) {
		guardians = append(guardians, true)
	}
	if special {
		before = append(before, true)
	}
	var ways []way
	for _, style := range classes(styles, s.styleSign) {
		for _, guardian := range guardians {
			for _, earlier := range before {
				if earlier && style == string(decision.Explicit) {
					continue
				}
				ways = append(ways, way{
					word: style, guardian: guardian, earlier: earlier,
					put: func(q *decision.Request, who *decision.Person) {
						grant := decision.Choice{Kind: decision.Granted, Style: decision.Explicit, Guardian: guardian, At: q.At - 3*microHour}
						if earlier {
							who.Choices = append(who.Choices, grant)
						}
						grant.Style, grant.At = decision.Style(style), q.At-microHour
						who.Choices = append(who.Choices, grant)
					},
				})
			}
		}
	}
	s.add(dimConsent, stating(ways)...)
}

func (s *space) styleSign(style string) string {
	sign := []string{flagWord(style == string(decision.Explicit))}
	for _, l := range s.laws {
		sign = append(sign, flagWord(strikes(&l, style)))
	}
	return strings.Join(sign, "/")
}

func strikes(l *decision.Law, style string) bool {
	return slices.ContainsFunc(l.Strikes, func(x decision.Strike) bool { return string(x.Style) == style })
}

func flagWord(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// objection: none, raised before any consent, or raised and overridden.
func (s *space) objection() {
	asked := slices.ContainsFunc(s.laws, func(l decision.Law) bool {
		return slices.ContainsFunc(l.Bans, func(x decision.Ban) bool { return x.Objected })
	})
	if !asked && !s.rests(decision.LegitimateInterest) {
		return
	}
	raised := func(q *decision.Request, who *decision.Person) {
		who.Choices = append(who.Choices, decision.Choice{Kind: decision.Objected, At: q.At - 5*microHour})
	}
	s.add(dimObjection, way{}, way{word: "raised", put: raised}, way{word: "overridden", put: func(q *decision.Request, who *decision.Person) {
		raised(q, who)
		who.Choices = append(who.Choices, decision.Choice{Kind: decision.Overridden, At: q.At - 4*microHour})
	}})
}

// restriction: none, one from before the latest consent, or one after it, under which none is fresh.
func (s *space) restriction() {
	at := func(word string, ago decision.Instant) way {
		return way{word: word, put: func(q *decision.Request, who *decision.Person) {
			who.Choices = append(who.Choices, decision.Choice{Kind: decision.Restricted, At: q.At - ago})
		}}
	}
	s.add(dimRestriction, way{}, at("before", 2*microHour), at("after", microHour/2))
}
