package policy

import (
	"fmt"
	"slices"
	"sort"

	"github.com/avowhq/avow/decision"
)

// clocks are the events and states that conditions, contracts and keeps of either version look at.
type clocks struct {
	spans  map[string][]decision.Duration // by event
	states map[string][]decision.Duration // by state: since it opened or closed
	// group is, by event, those whose order tells how some state stands; every one of them is a
	// dimension. A state that no other shares an event with is one dimension itself.
	group map[string][]string
}

// states finds all clocks, and adds those that are states.
func (s *space) states() {
	s.clocks = clocks{map[string][]decision.Duration{}, map[string][]decision.Duration{}, map[string][]string{}}
	c := &s.clocks
	for _, t := range s.tests {
		if t.Event != "" {
			c.spans[t.Fact] = append(c.spans[t.Fact], t.Span)
		} else if t.State != "" {
			c.states[t.Fact] = append(c.states[t.Fact], decision.Duration{})
		}
	}
	for _, r := range s.rules {
		for _, b := range r.Basis {
			if b.Kind == decision.Contract {
				c.states[b.On] = append(c.states[b.On], decision.Duration{})
			}
		}
	}
	for _, k := range s.keeps {
		switch {
		case k.Until == nil:
		case k.Until.Event != "":
			c.spans[k.Until.Event] = append(c.spans[k.Until.Event], k.Until.Span)
		default:
			c.states[k.Until.State] = append(c.states[k.Until.State], k.Until.Span)
		}
	}
	used := map[string]int{} // by event: how many look at it
	for e := range c.spans {
		used[e]++
	}
	for name := range c.states {
		for _, e := range s.stateEvents(name) {
			used[e]++
		}
	}
	for _, name := range sorted(c.states) {
		events := s.stateEvents(name)
		if !s.sameFact(name) || slices.ContainsFunc(events, func(e string) bool { return used[e] > 1 }) {
			c.join(events)
		} else {
			s.plainState(name)
		}
		if slices.ContainsFunc(s.tests, func(t decision.Test) bool { return t.Fact == name && t.State == "assigned" }) {
			s.add("assigned "+name, way{}, way{word: name, put: func(q *decision.Request, _ *decision.Person) { q.Assigned = append(q.Assigned, name) }})
		}
	}
}

// join puts events into one group, and all that were grouped with one of them.
func (c *clocks) join(events []string) {
	for _, e := range slices.Clone(events) {
		events = union(events, c.group[e])
	}
	slices.Sort(events)
	for _, e := range events {
		c.group[e] = events
	}
}

// stateEvents are those that open or close the state in either version.
func (s *space) stateEvents(name string) []string {
	a, b := s.sides[0].facts[name], s.sides[1].facts[name]
	return union(a.Opens, a.Closes, b.Opens, b.Closes)
}

// sameFact: where both versions have the fact, it is the same.
func (s *space) sameFact(name string) bool {
	a, inOld := s.sides[0].facts[name]
	b, inNew := s.sides[1].facts[name]
	return !inOld || !inNew || fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

// plainState: never opened, or open or closed since every length of time that matters.
func (s *space) plainState(name string) {
	f, ok := s.sides[0].facts[name]
	if !ok {
		f = s.sides[1].facts[name]
	}
	happened := func(events []string, at decision.Instant) func(*decision.Person) {
		return func(who *decision.Person) { who.Events = append(who.Events, decision.Event{Name: events[0], At: at}) }
	}
	var ways []way
	for _, age := range s.ages(s.clocks.states[name], 1) {
		if len(f.Opens) > 0 {
			opens := happened(f.Opens, s.at-age)
			ways = append(ways, way{opened: s.at - age, put: func(_ *decision.Request, who *decision.Person) { opens(who) }})
		}
	}
	for _, age := range s.ages(s.clocks.states[name], 1) {
		if len(f.Closes) > 0 {
			closes := happened(f.Closes, s.at-age)
			ways = append(ways, way{closed: s.at - age, put: func(_ *decision.Request, who *decision.Person) { closes(who) }})
		}
	}
	s.add("state "+name, stating(ways)...)
}

// events: each as long ago as conditions and keeps can tell apart; those of one group in every order.
func (s *space) events() {
	spans := map[string][]decision.Duration{}
	for e, l := range s.clocks.spans {
		spans[e] = append(spans[e], l...)
	}
	for e, group := range s.clocks.group {
		for _, o := range group {
			spans[e] = append(spans[e], s.clocks.spans[o]...)
		}
		for name, l := range s.clocks.states {
			if slices.ContainsFunc(s.stateEvents(name), func(o string) bool { return slices.Contains(group, o) }) {
				spans[e] = append(spans[e], l...)
			}
		}
	}
	names := sorted(spans)
	slices.SortStableFunc(names, func(a, b string) int { // groups stand together
		return slices.Compare(s.clocks.group[a], s.clocks.group[b])
	})
	for _, e := range names {
		var ways []way
		for _, age := range s.ages(spans[e], max(1, len(s.clocks.group[e]))) {
			ways = append(ways, way{opened: s.at - age, put: func(_ *decision.Request, who *decision.Person) {
				who.Events = append(who.Events, decision.Event{Name: e, At: s.at - age})
			}})
		}
		s.add("event "+e, stating(ways)...)
	}
}

// ages gives some lengths of time inside every interval that the spans cut, the shortest first.
func (s *space) ages(spans []decision.Duration, each int) []decision.Instant {
	bounds := []decision.Instant{0}
	for _, d := range slices.Compact(slices.SortedFunc(slices.Values(spans), compareDurations)) {
		for i := range s.sides {
			if i == 1 && s.sides[0].zone.String() == s.sides[1].zone.String() {
				break
			}
			if age, ok := s.passes(d, i); ok {
				bounds = append(bounds, age)
			}
		}
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	var out []decision.Instant
	for i, from := range bounds {
		to := from + 240*microHour
		if i+1 < len(bounds) {
			to = bounds[i+1]
		}
		for n := range each {
			age := from + (to-from)*decision.Instant(n+1)/decision.Instant(each+1)
			if age < s.at { // what happened before 1970 cannot be told
				out = append(out, age)
			}
		}
	}
	return slices.Compact(out)
}

func compareDurations(a, b decision.Duration) int {
	return slices.Compare([]int64{int64(a.Months), int64(a.Days), a.Micros}, []int64{int64(b.Months), int64(b.Days), b.Micros})
}

// passes is how long ago an event must be at least for the span since it to be over, by the calendar of
// a version; not ok if it always is, or never.
func (s *space) passes(d decision.Duration, side int) (decision.Instant, bool) {
	const longest = 400 * 366 * 24 * microHour
	over := func(age int) bool { return s.at >= d.After(s.at-decision.Instant(age), s.sides[side].zone) }
	age := sort.Search(int(longest), over)
	return decision.Instant(age), age > 0 && age < int(longest)
}
