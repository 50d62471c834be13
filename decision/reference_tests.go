package decision

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A truth of a condition: what is not known is neither.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// whole is the truth of all tests together.
func (r *reader) whole(tests []Test, it item) truth {
	t := yes
	for _, x := range tests {
		t = min(t, r.test(x, it))
	}
	return t
}

// test is the truth of one condition now.
func (r *reader) test(t Test, it item) truth {
	switch t.Fact {
	case ResidenceFact:
		if r.who.Residence == "" {
			return unknown
		}
		return truthOf(inPlaces(t.In, r.who.Residence))
	case AgeFact:
		age, known := r.age()
		return rangeTruth(t, age, known)
	case ConsentFact:
		return truthOf(t.In.covers(word(r.anyConsent(it), "valid", "none")))
	}
	if t.Event != "" {
		return truthOf(r.event(t))
	}
	f := r.fact(t.Fact)
	if f.Type == StateFact {
		return truthOf(r.state(f, t.State))
	}
	s, known := r.value(f)
	if f.Type == NumberFact {
		return rangeTruth(t, s.Number, known)
	}
	if !known {
		return unknown
	}
	return truthOf(t.In.covers(s.Value))
}

func word(b bool, ifSo, else_ string) string {
	if b {
		return ifSo
	}
	return else_
}

func rangeTruth(t Test, n int32, known bool) truth {
	if !known {
		return unknown
	}
	return truthOf(n >= t.Min && (t.Max == 0 || n < t.Max))
}

func (r *reader) fact(name string) Fact {
	for _, f := range r.m.facts() {
		if f.Name == name {
			return f
		}
	}
	return Fact{}
}

// value is what is stated or known of the fact, or the value that the vocabulary takes when nothing is.
func (r *reader) value(f Fact) (Stated, bool) {
	from := r.who.Facts
	if f.Question {
		from = r.q.Stated
	}
	for _, s := range from {
		if s.Name == f.Name {
			return s, true
		}
	}
	if f.Unknown == "" {
		return Stated{}, false
	}
	n, _ := strconv.Atoi(f.Unknown)
	return Stated{Name: f.Name, Value: f.Unknown, Number: int32(n)}, true
}

// age in whole years, by birth date or as told.
func (r *reader) age() (int32, bool) {
	if r.who.Born == 0 {
		return r.who.Age, r.who.Age > 0
	}
	return ageAt(r.who.Born, r.q.At, r.zone), true
}

func ageAt(born, at Instant, zone *time.Location) int32 {
	b, now := born.Time().In(zone), at.Time().In(zone)
	age := int32(now.Year() - b.Year())
	if (Duration{Months: 12 * age}).After(born, zone) > at {
		age--
	}
	return max(age, 0)
}

// last is when the event last happened, up to now; 0 if it did not.
func (r *reader) last(events ...string) Instant {
	var at Instant
	for _, e := range r.who.Events {
		if slices.Contains(events, e.Name) && e.At <= r.q.At {
			at = max(at, e.At)
		}
	}
	return at
}

func (r *reader) event(t Test) bool {
	at := r.last(t.Fact)
	switch t.Event {
	case "happened":
		return at != 0
	case "never":
		return at == 0
	case "within":
		return at != 0 && r.q.At < t.Span.After(at, r.zone)
	case "over":
		return at != 0 && r.q.At >= t.Span.After(at, r.zone)
	}
	return false
}

// state: open from the last opening until a closing at or after it.
func (r *reader) state(f Fact, want string) bool {
	opened, closed := r.last(f.Opens...), r.last(f.Closes...)
	open := opened > closed
	switch want {
	case "open":
		return open
	case "closed":
		return !open && closed != 0
	case "never":
		return opened == 0 && closed == 0
	case "assigned":
		return open && slices.Contains(r.q.Assigned, f.Name)
	}
	return false
}

// inPlaces: the set names the place or the country it lies in.
func inPlaces(s Set, place string) bool {
	return slices.ContainsFunc(s.Names, func(n string) bool { return inPlace(place, n) }) != s.Not
}

// inPlace: US-CA lies in US-CA and in US.
func inPlace(place, in string) bool { return place == in || strings.HasPrefix(place, in+"-") }

func country(place string) string {
	c, _, _ := strings.Cut(place, "-")
	return c
}

func itoa(n int) string { return strconv.Itoa(n) }
