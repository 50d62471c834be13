package subject

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

// A recorded event has its place in the log.
type recorded struct {
	Event
	at    decision.Instant // when we wrote it down
	index int64
}

// derive is what is known of a person: the events in the order of the log, by the rules of time
// (docs/spec/time.md). Later statements replace earlier ones of the same name; choices stand beside each
// other, each with the instant from which it counts, and the decision reads them.
func derive(events []recorded, zone *time.Location) decision.Person {
	var p decision.Person
	facts := map[string]latest{}
	var lives, born latest
	for i := range events {
		e := &events[i]
		counts := e.counts()
		if kind, ok := e.Kind.choice(); ok {
			if e.Source != "" && !e.Kind.Against() && overruled(e, events[:i]) {
				continue
			}
			p.Choices = append(p.Choices, decision.Choice{Kind: kind, Scope: e.Scope, Style: e.Style, Guardian: e.Guardian, At: counts, Until: e.Until})
			continue
		}
		switch e.Kind {
		case Happened:
			p.Events = append(p.Events, decision.Event{Name: e.Name, At: counts})
		case Stated:
			for _, f := range e.Facts {
				l := facts[f.Name]
				l.put(counts, f)
				facts[f.Name] = l
			}
		case Described:
			if e.Residence != "" {
				lives.put(counts, decision.Stated{Value: e.Residence})
			}
			if e.Born != "" {
				born.put(counts, decision.Stated{Value: e.Born})
			}
		}
	}
	for _, l := range facts {
		p.Facts = append(p.Facts, l.value)
	}
	slices.SortFunc(p.Facts, func(a, b decision.Stated) int { return compareNames(a.Name, b.Name) })
	p.Residence = lives.value.Value
	if born.value.Value != "" {
		p.Born, _ = day(born.value.Value, zone) // was checked when it was recorded
	}
	return p
}

// counts is the instant from which the event counts: against the use, and for what merely happened, the
// claimed one; for the use the later of claimed and recorded, unless it was imported with its source.
func (e *recorded) counts() decision.Instant {
	_, isChoice := e.Kind.choice()
	if !isChoice || e.Kind.Against() || e.Source != "" {
		return e.At
	}
	return max(e.At, e.at)
}

// latest is the statement that counts from latest; of two from one instant, the one recorded later.
type latest struct {
	at    decision.Instant
	value decision.Stated
}

func (l *latest) put(at decision.Instant, v decision.Stated) {
	if at >= l.at {
		l.at, l.value = at, v
	}
}

// overruled reports whether an imported event for the use comes after a recorded one against it that it
// has to do with: an import never overrides those.
func overruled(e *recorded, earlier []recorded) bool {
	return slices.ContainsFunc(earlier, func(o recorded) bool {
		return o.Source == "" && o.Kind.Against() && meets(o.Scope.For, e.Scope.For) && meets(o.Scope.Data, e.Scope.Data) && meets(o.Scope.To, e.Scope.To)
	})
}

// meets: a name of one list is the same as, above or below one of the other. No list is all.
func meets(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool {
			return x == y || strings.HasPrefix(x, y+".") || strings.HasPrefix(y, x+".")
		})
	})
}

// declared leaves out what this version of the notice no longer has words for: an older event stays in
// the history, but says nothing that a rule could ask.
func declared(m *decision.Model, p decision.Person) decision.Person {
	v := &m.Vocabulary
	p.Facts = slices.DeleteFunc(p.Facts, func(f decision.Stated) bool {
		return !slices.ContainsFunc(v.Facts, func(d decision.Fact) bool {
			return d.Name == f.Name && !d.Question && d.Type != decision.StateFact && (d.Type != decision.EnumFact || slices.Contains(d.Values, f.Value))
		})
	})
	p.Events = slices.DeleteFunc(p.Events, func(e decision.Event) bool { return !slices.Contains(v.Events, e.Name) })
	for i := range p.Choices {
		s := &p.Choices[i].Scope
		if s.Closed {
			continue
		}
		s.For = keep(s.For, func(n string) bool {
			return slices.ContainsFunc(v.Purposes, func(x decision.Purpose) bool { return x.Name == n })
		})
		s.Data = keep(s.Data, func(n string) bool {
			return slices.ContainsFunc(v.Data, func(x decision.Category) bool { return x.Name == n })
		})
		s.To = keep(s.To, func(n string) bool {
			return slices.ContainsFunc(v.Recipients, func(x decision.Recipient) bool { return x.Name == n })
		})
	}
	return p
}

// keep leaves out words that are no longer declared. A list that had some never becomes "all" by that:
// what cannot be said any more stands for all only where it counts against the use, which is the safe
// side; grants are always closed.
func keep(l []string, known func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(l), func(n string) bool { return !known(n) && n != decision.Us })
}

func sortByIndex(l []recorded) {
	slices.SortFunc(l, func(a, b recorded) int { return cmp.Compare(a.index, b.index) })
}
