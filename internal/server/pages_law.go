package server

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
	"github.com/avowhq/avow/policy/law"
)

// An authorityView is who supervises in the reader's country, and which laws hold there.
type authorityView struct {
	In, Name, Link string // In is the country after the word
	Within         string // the time that the law leaves for an answer; empty if none says
	Chosen         string // its code, if the reader chose it
	Laws           []lawLink
	Countries      []countryView // to choose from
}

type lawLink struct{ Title, Link string }

type countryView struct {
	Code, Name string
	Chosen     bool
}

// A lawView is what a law has to say about a clause, for people.
type lawView struct {
	About []string // a country, a framework, purposes
	Text  string
	By    []string // provisions
	You   string   // whether it protects the reader, and what holds if not
	rank  int      // of You: what protects the reader most is said
}

// addLaw adds the authority of the country, and what laws say about the clauses there.
func (x *site) addLaw(v *noticePage, country string, now decision.Instant) error {
	profiles, err := x.policy.Profiles()
	if err != nil {
		return err
	}
	a := authorityView{In: v.In(country), Countries: choices(v.Speech, country)}
	if found, ok := law.AuthorityFor(profiles, country); ok {
		a.Name, a.Link = found.Name, found.Link
	}
	for _, p := range profiles {
		if x.reaches(p, country, now) {
			a.Laws = append(a.Laws, lawLink{p.Title, p.Link})
		}
	}
	a.Within = x.timeToAnswer(v.Speech, profiles, country, now)
	v.Authority = a
	return x.addFindings(v, profiles, country, now)
}

// addFindings puts what the laws say beside the clauses: what they override in sight, the rest with the
// blocks, and what they ask of the whole notice at its end.
func (x *site) addFindings(v *noticePage, profiles []law.Profile, country string, now decision.Instant) error {
	found, err := x.found.of(x, now)
	if err != nil {
		return err
	}
	teller := policy.NewTeller(x.policy, v.Speech)
	for _, f := range found {
		one := lawView{Text: saysOf(v.Speech, f)}
		if f.About != "" && !strings.Contains(one.Text, f.About) {
			one.About = []string{teller.About(f.About)}
		}
		for _, p := range f.Provisions {
			by := "page.law.by"
			if strings.HasPrefix(p.Law, "us-") { // their statutes have sections
				by = "page.law.by.us"
			}
			one.By = append(one.By, v.Say(by, "law", v.Word("law", p.Law), "article", p.Article))
		}
		one.rank = x.protects(f, profiles, country, now)
		one.You = v.Say([]string{"page.law.others", "page.law.others.override", "page.law.strict", "page.law.you"}[one.rank], "in", v.Authority.In)
		i := slices.IndexFunc(v.Clauses, func(c clauseView) bool { return c.ID == f.Clause })
		switch {
		case one.Text == "":
		case i < 0:
			v.Lacking = addLawView(v.Lacking, one)
		case f.Kind == policy.Overridden:
			v.Clauses[i].Law = addLawView(v.Clauses[i].Law, one)
		default:
			v.Clauses[i].Asks = addLawView(v.Clauses[i].Asks, one)
		}
	}
	return nil
}

// A dayOfLaw is what the laws say about a notice on one day, found once: a page for another country must
// not cost it again.
type dayOfLaw struct {
	mu    sync.Mutex
	day   string
	found []policy.Finding
}

func (d *dayOfLaw) of(x *site, now decision.Instant) ([]policy.Finding, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	day := now.Time().Format(time.DateOnly)
	if d.day == day {
		return d.found, nil
	}
	found, err := policy.Findings(x.policy, x.model, now)
	if err != nil {
		return nil, fmt.Errorf("hold the notice against the law: %w", err)
	}
	d.day, d.found = day, found
	return found, nil
}

// timeToAnswer is the shortest time that a law there leaves for an answer to a request for access.
func (x *site) timeToAnswer(s *policy.Speech, profiles []law.Profile, country string, now decision.Instant) string {
	best, days := "", math.Inf(1)
	for _, p := range profiles {
		r, ok := p.Right("access", "", country, now)
		if !ok || r.Within.IsZero() || !x.reaches(p, country, now) {
			continue
		}
		n := r.Within.N
		said, long := "", 0.0
		switch r.Within.Unit {
		case law.Months:
			said, long = s.Span(decision.Duration{Months: int32(n)}, ""), 30*float64(n)
		case law.Days:
			said, long = s.Span(decision.Duration{Days: int32(n)}, ""), float64(n)
		case law.Hours:
			said, long = s.Span(decision.Duration{Micros: int64(n) * 3600e6}, ""), float64(n)/24
		case law.BusinessDays:
			said, long = s.Count("span.business-day", n), 1.4*float64(n)
		}
		if said != "" && long < days {
			best, days = said, long
		}
	}
	return best
}

// reaches reports whether a law binds the controllers, or protects somebody who lives in the country.
func (x *site) reaches(p law.Profile, country string, now decision.Instant) bool {
	return p.Binds(country, now) || slices.ContainsFunc(x.model.Vocabulary.Establishments, func(c string) bool { return p.Binds(c, now) })
}

// saysOf is a finding in words for people, in the language of the page if it has them.
func saysOf(s *policy.Speech, f policy.Finding) string {
	if _, ok := s.Texts["says."+f.Word]; ok {
		return s.Say("says."+f.Word, "x", f.About)
	}
	if f.Says == "" && f.Kind == policy.Lacking {
		return policy.Sentence(f.Message) + "."
	}
	return f.Says
}

// addLawView adds what is not said yet; what several promises of a clause bring up alike is said once, under
// all its provisions.
func addLawView(l []lawView, x lawView) []lawView {
	i := slices.IndexFunc(l, func(o lawView) bool { return o.Text == x.Text })
	if i < 0 {
		return append(l, x)
	}
	l = slices.Clone(l)
	l[i].About, l[i].By = together(l[i].About, x.About), together(l[i].By, x.By)
	if x.rank > l[i].rank {
		l[i].You, l[i].rank = x.You, x.rank
	}
	return l
}

// protects ranks what a finding does for somebody who lives in the country: 3 a law of it holds there, 2 the
// strict default denies for the same reason, 1 the promise holds as it stands, 0 nothing more can be said:
// nothing is overridden, or something else denies there. The program itself is asked the finding's question
// about somebody there.
func (x *site) protects(f policy.Finding, profiles []law.Profile, country string, now decision.Instant) int {
	holds := slices.ContainsFunc(profiles, func(l law.Profile) bool {
		return x.reaches(l, country, now) && slices.ContainsFunc(f.Provisions, func(p policy.Provision) bool { return p.Law == l.ID })
	})
	switch {
	case holds:
		return 3
	case f.Kind != policy.Overridden || f.Question == nil || f.Person == nil:
		return 0
	}
	who, q := *f.Person, *f.Question
	who.Residence = country
	facts, err := x.program.Facts(who)
	if err != nil {
		return 0
	}
	var d decision.Decision
	if x.program.Decide(&q, &facts, &d) == decision.Allow {
		return 1
	}
	if slices.ContainsFunc(d.Answer().Laws, func(r decision.Reason) bool { return r.Law == law.Strict && r.Because == f.Word }) {
		return 2
	}
	return 0
}

func together(l, more []string) []string {
	out := slices.Clone(l)
	for _, x := range more {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// Subject is what it is about, in one phrase.
func (p noticePage) Subject(x lawView) string { return policy.Sentence(p.List("and", x.About)) }

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
