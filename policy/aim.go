package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

// An aim builds questions that a rule speaks of, and people for whom it holds, as far as facts can make
// it hold.
type aim struct {
	m    *decision.Model
	at   decision.Instant
	ages []int32                        // of people whom some law protects
	lies func(category string) []string // locations of the systems that hold it
}

// requests are the questions that the rule's names span: every verb, category, purpose, recipient and
// location, each alone; of the other dimensions the first fitting name. A rule that names no location is
// about wherever the data lies.
func (a aim) requests(x *decision.Rule) []decision.Request {
	base := decision.Request{At: a.at, As: x.As, Group: x.Group}
	first := func(s decision.Set) string {
		if len(s.Names) == 0 || s.Not {
			return ""
		}
		return s.Names[0]
	}
	base.By, base.From, base.Of, base.Ground = first(x.By), first(x.From), first(x.Of), first(x.Ground)
	for _, f := range x.Facets {
		if v := first(f.Set); v != "" {
			base.Stated = append(base.Stated, decision.Stated{Name: f.Facet, Value: v})
		}
	}
	if w := first(x.With); w != "" {
		base.With = []string{w}
	}
	var out []decision.Request
	for _, verb := range x.Verbs {
		for _, purpose := range orNone(x.For.Names) {
			for _, to := range orNone(a.below(x.To.Names)) {
				for _, in := range orNone(x.In.Names) {
					q := base
					q.Action, q.For, q.To, q.In = verb, purpose, strings.TrimPrefix(to, decision.Us), in
					if in == "residence" {
						continue // the person's own country: nothing crosses a border
					}
					for _, one := range a.objects(x, q) {
						out = append(out, one)
						out = append(out, a.whereItLies(x, one)...)
					}
				}
			}
		}
	}
	return out
}

// whereItLies is the question asked at each place where a system holds the data. What goes to somebody
// else goes where they are.
func (a aim) whereItLies(x *decision.Rule, q decision.Request) []decision.Request {
	if x.In.Stated() || q.To != "" || len(q.Data) == 0 {
		return nil
	}
	var out []decision.Request
	for _, in := range a.lies(q.Data[0]) {
		one := q
		one.In = in
		out = append(out, one)
	}
	return out
}

func orNone(l []string) []string {
	if len(l) == 0 {
		return []string{""}
	}
	return l
}

// below are the recipients named and those below them.
func (a aim) below(names []string) []string {
	out := slices.Clone(names)
	for _, n := range names {
		for _, r := range a.m.Vocabulary.Recipients {
			if r.Name != n && under(r.Name, n) {
				out = append(out, r.Name)
			}
		}
	}
	return out
}

// objects asks about each thing the rule is about.
func (a aim) objects(x *decision.Rule, q decision.Request) []decision.Request {
	var out []decision.Request
	switch {
	case len(x.Service.Names) > 0:
		q.Service = x.Service.Names[0]
		return []decision.Request{q}
	case len(x.Cookie.Names) > 0:
		q.Cookie = x.Cookie.Names[0]
		return []decision.Request{q}
	}
	for _, c := range a.m.Vocabulary.Data {
		if x.Data.Covers(c.Name) {
			one := q
			one.Data = []string{c.Name}
			out = append(out, one)
		}
	}
	return out
}

// styles are the ways in which the notice asks for consent to a purpose.
func (a aim) styles(purposes []string) []decision.Style {
	var out []decision.Style
	for _, pt := range a.m.Points {
		for _, ask := range pt.Asks {
			if !slices.ContainsFunc(orNone(purposes), func(p string) bool { return p == "" || under(p, ask.For) }) {
				continue
			}
			out = append(out, ask.How)
			if !ask.Silence.IsZero() {
				out = append(out, decision.Deemed)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A setting is somebody about whom a rule holds, and what the question states for it to hold.
type setting struct {
	who      decision.Person
	stated   []decision.Stated
	assigned []string
}

// with adds choices to a copy.
func (s setting) with(c ...decision.Choice) setting {
	s.who.Choices = append(slices.Clone(s.who.Choices), c...)
	s.who.Events, s.who.Facts = slices.Clone(s.who.Events), slices.Clone(s.who.Facts)
	return s
}

// settings are those in which the rule's conditions hold, one for each way its bases can: a grant of
// each style the notice asks in, an open state; and an objection, where a basis does not mind. Each for
// a child that a law protects, too.
func (a aim) settings(x *decision.Rule) []setting {
	var s setting
	a.meet(&s, x.When, x.Unless)
	for _, pt := range a.m.Points {
		if x.Point == pt.Name {
			a.meet(&s, pt.When, pt.Unless) // who it is open to
		}
	}
	a.avoidDenies(&s)
	then := a.at - microHour
	var out []setting
	for _, age := range a.ages {
		young := s.with()
		young.who.Age = age
		out = append(out, a.onBases(x, young, then)...)
	}
	return append(out, a.onBases(x, s, then)...)
}

// meet makes the conditions hold.
func (a aim) meet(s *setting, when []decision.Test, unless [][]decision.Test) {
	for _, t := range when {
		a.satisfy(s, t, true)
	}
	for _, g := range unless {
		if len(g) > 0 {
			a.satisfy(s, g[0], false)
		}
	}
}

// onBases is the setting in which each basis of the rule holds.
func (a aim) onBases(x *decision.Rule, s setting, then decision.Instant) []setting {
	var out []setting
	for _, b := range x.Basis {
		switch b.Kind {
		case decision.Consent:
			for _, style := range a.styles(x.For.Names) {
				out = append(out, s.with(decision.Choice{Kind: decision.Granted, Style: style, At: then}))
			}
			continue
		case decision.ExplicitConsent:
			out = append(out, s.with(decision.Choice{Kind: decision.Granted, Style: decision.Explicit, At: then}))
			continue
		}
		one := s.with()
		switch b.Kind {
		case decision.Contract:
			a.satisfy(&one, decision.Test{Fact: b.On, State: "open"}, true)
		case decision.AsKept:
			a.keep(&one, x)
		}
		out = append(out, one, one.with(decision.Choice{Kind: decision.Objected, At: then}))
	}
	return out
}

// avoidDenies states what denies ask about and nobody has said, so that they do not match for want of it:
// an age of which a deny wants to know that it is under 18, for one.
func (a aim) avoidDenies(s *setting) {
	for i := range a.m.Rules {
		x := &a.m.Rules[i]
		if !x.Deny {
			continue
		}
		for _, t := range x.When {
			if t.State == "" && t.Event == "" && !s.says(t.Fact) {
				a.satisfy(s, t, false)
			}
		}
	}
}

// says: the fact has a value already.
func (s *setting) says(fact string) bool {
	is := func(x decision.Stated) bool { return x.Name == fact }
	return fact == decision.AgeFact && s.who.Age > 0 || slices.ContainsFunc(s.stated, is) || slices.ContainsFunc(s.who.Facts, is)
}

// keep makes the first keep of the rule's data hold.
func (a aim) keep(s *setting, x *decision.Rule) {
	for _, k := range a.m.Keeps {
		if len(k.For) > 0 || !slices.ContainsFunc(k.Data, x.Data.Hits) {
			continue
		}
		for _, t := range k.While {
			a.satisfy(s, t, true)
		}
		if k.Until != nil && k.Until.Event != "" {
			a.satisfy(s, decision.Test{Fact: k.Until.Event, Event: "happened"}, true)
		}
		return
	}
}

// satisfy adds what makes the test hold, or fail.
func (a aim) satisfy(s *setting, t decision.Test, want bool) {
	switch {
	case t.Fact == decision.ResidenceFact || t.Fact == decision.ConsentFact:
		return // tried for every law, and by the choices
	case t.Fact == decision.AgeFact:
		s.who.Age = number(t, want)
		return
	case t.State != "" || t.Event != "":
		a.happen(s, t, want)
		return
	}
	one := decision.Stated{Name: t.Fact}
	question := t.Fact == decision.TransportFact || t.Fact == decision.PublicFact
	values := []string{"yes", "no"}
	if t.Fact == decision.TransportFact {
		values = []string{"encrypted", "plain"}
	}
	kind := decision.FlagFact
	for _, f := range a.m.Vocabulary.Facts {
		if f.Name != t.Fact {
			continue
		}
		question, kind = f.Question, f.Type
		if kind == decision.EnumFact {
			values = f.Values
		}
	}
	if kind == decision.NumberFact {
		one.Number = number(t, want)
	} else {
		one.Value = pick(t.In, values, want)
	}
	if question {
		s.stated = append(s.stated, one)
		return
	}
	s.who.Facts = append(s.who.Facts, one)
}

// number is one for which the test holds, or fails.
func number(t decision.Test, want bool) int32 {
	switch {
	case want:
		return max(t.Min, 1)
	case t.Max > 0:
		return t.Max
	}
	return t.Min - 1
}

// pick is a value that is in the set, or is not.
func pick(s decision.Set, values []string, want bool) string {
	for _, v := range values {
		if s.Covers(v) == want {
			return v
		}
	}
	return ""
}

// happen adds the events that bring a state or an event about.
func (a aim) happen(s *setting, t decision.Test, want bool) {
	add := func(at decision.Instant, names ...string) {
		if len(names) > 0 {
			s.who.Events = append(s.who.Events, decision.Event{Name: names[0], At: at})
		}
	}
	for _, f := range a.m.Vocabulary.Facts {
		if f.Name != t.Fact || t.State == "" {
			continue
		}
		state := t.State
		if !want {
			state = map[string]string{"open": "closed", "assigned": "closed", "closed": "open", "never": "open"}[state]
		}
		if state == "open" || state == "assigned" || state == "closed" {
			add(a.at-2*microHour, f.Opens...)
		}
		if state == "closed" {
			add(a.at-microHour, f.Closes...)
		}
		if state == "assigned" {
			s.assigned = append(s.assigned, f.Name)
		}
	}
	if t.Event == "" {
		return
	}
	switch recent := t.Event == "happened" || t.Event == "within"; {
	case recent == want:
		add(a.at-microHour, t.Fact)
	case t.Event == "over":
		add(t.Span.Neg().After(a.at, time.UTC)-48*microHour, t.Fact)
	}
}
