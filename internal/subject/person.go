package subject

import (
	"cmp"
	"slices"
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
		if kind, ok := e.Kind.choice(); ok {
			p.Choices = e.choices(p.Choices, kind, events)
			continue
		}
		switch e.Kind {
		case Happened:
			p.Events = append(p.Events, decision.Event{Name: e.Name, At: e.At})
		case Stated:
			for _, f := range e.Facts {
				l := facts[f.Name]
				l.put(e.At, f)
				facts[f.Name] = l
			}
		case Described:
			if e.Residence != "" {
				lives.put(e.At, decision.Stated{Value: e.Residence})
			}
			if e.Born != "" {
				born.put(e.At, decision.Stated{Value: e.Born})
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
		if p.Born == 0 {
			p.Born = 1 // midnight of 1970-01-01 in UTC: 0 would be "unknown"
		}
	}
	return p
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

func sortByIndex(l []recorded) {
	slices.SortFunc(l, byIndex)
}

func byIndex(a, b recorded) int { return cmp.Compare(a.index, b.index) }
