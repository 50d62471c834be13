package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/policy"
)

// liveSource marks what a run tells a server: a claim about the past, which counts for a use only where it
// says where it comes from (docs/spec/time.md).
const liveSource = "avow test --live"

// eventsOf are what a server would have received of an example's person, oldest first.
func eventsOf(s *policy.Situation, l *loaded) []eventFlags {
	var out []eventFlags
	add := func(at decision.Instant, e eventFlags) {
		e.At, e.Source = at.Time().UTC().Format(time.RFC3339Nano), liveSource
		out = append(out, e)
	}
	who := &s.Person
	zone := l.policy.Front.Location
	if who.Residence != "" || who.Age != 0 || who.Born != 0 {
		add(s.At, eventFlags{Kind: string(subject.Described), Residence: who.Residence, Born: bornOf(who, s.At, zone)})
	}
	if len(who.Facts) > 0 {
		facts := map[string]any{}
		for _, f := range who.Facts {
			if facts[f.Name] = f.Value; f.Value == "" {
				facts[f.Name] = f.Number
			}
		}
		add(s.At, eventFlags{Kind: string(subject.Stated), Facts: facts})
	}
	for _, e := range who.Events {
		add(e.At, eventFlags{Kind: string(subject.Happened), Name: e.Name})
	}
	for i := range s.Put {
		add(s.Put[i].At, scoped(subject.Asked, &s.Put[i]))
	}
	for i := range who.Choices {
		c := &who.Choices[i]
		e := scoped(kindOf(c.Kind), c)
		if c.Kind == decision.Granted {
			e.Style = string(c.Style)
			if len(e.For) == 0 {
				e.For = purposesOf(l.model) // a consent names its purposes
			}
			if c.Until != 0 {
				e.Until = c.Until.Time().UTC().Format(time.RFC3339Nano)
			}
		}
		add(c.At, e)
	}
	slices.SortStableFunc(out, func(a, b eventFlags) int { return strings.Compare(instantKey(a.At), instantKey(b.At)) })
	return out
}

// instantKey orders instants that are written with and without fractions of a second.
func instantKey(at string) string {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return at
	}
	return fmt.Sprintf("%020d", t.UnixMicro())
}

func scoped(kind subject.Kind, c *decision.Choice) eventFlags {
	e := eventFlags{Kind: string(kind), For: c.Scope.For, Data: c.Scope.Data, To: c.Scope.To, Guardian: c.Guardian}
	for _, f := range c.Scope.Facets {
		if e.Facets == nil {
			e.Facets = map[string][]string{}
		}
		e.Facets[f.Facet] = f.Values
	}
	return e
}

// kindOf is the event that makes a choice.
func kindOf(k decision.ChoiceKind) subject.Kind {
	return map[decision.ChoiceKind]subject.Kind{
		decision.Granted: subject.Granted, decision.Refused: subject.Refused, decision.Withdrawn: subject.Withdrawn, decision.Expired: subject.Expired,
		decision.Objected: subject.Objected, decision.Overridden: subject.Overridden, decision.Unobjected: subject.Unobjected,
		decision.Restricted: subject.Restricted, decision.Lifted: subject.Lifted, decision.Held: subject.Held, decision.Released: subject.Released,
	}[k]
}

// bornOf is the birth date of somebody who is so many years old at the time.
func bornOf(who *decision.Person, at decision.Instant, zone *time.Location) string {
	switch {
	case who.Born != 0:
		return who.Born.Time().In(zone).Format(time.DateOnly)
	case who.Age == 0:
		return ""
	}
	now := at.Time().In(zone)
	y, m, d := now.Year()-int(who.Age), now.Month(), now.Day()
	if m == time.February && d == 29 {
		d = 28
	}
	return time.Date(y, m, d, 0, 0, 0, 0, zone).Format(time.DateOnly)
}

// purposesOf are the purposes with none above them.
func purposesOf(m *decision.Model) []string {
	var out []string
	for _, p := range m.Vocabulary.Purposes {
		if !slices.ContainsFunc(out, func(o string) bool { return p.Name == o || strings.HasPrefix(p.Name, o+".") }) {
			out = append(out, p.Name)
		}
	}
	return out
}

// questionOf is the evaluation that asks an example's question of a server. What the person is like is not in
// it: the server knows.
func questionOf(s *policy.Situation, person string, seq int64) map[string]any {
	r := &s.Request
	q := evaluationOf(person, r)
	q["subject"] = map[string]any{"type": "service", "id": liveSource, "properties": map[string]any{"role": r.By}}
	context := q["context"].(map[string]any)
	context["time"], context["at_least"] = s.At.Time().UTC().Format(time.RFC3339Nano), seq
	if len(r.Assigned) > 0 {
		context["assigned"] = r.Assigned
	}
	return q
}
