package policy

import (
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

const microHour = decision.Instant(3600e6)

// agreement: known to have ended, whatever its dates say.
func (b *dimensioner) agreement() {
	var names []string
	for i := range b.c.sides {
		for _, r := range b.c.sides[i].m.Vocabulary.Recipients {
			if r.Name == b.to && r.Agreement != "" {
				names = append(names, r.Agreement)
			}
		}
	}
	names = union(names)
	if len(names) == 0 {
		return
	}
	both := slices.DeleteFunc(names, func(n string) bool {
		return slices.ContainsFunc(b.c.sides[:], func(s side) bool {
			return !slices.ContainsFunc(s.m.Vocabulary.Agreements, func(a decision.Agreement) bool { return a.Name == n })
		})
	})
	if len(both) > 0 {
		b.add("agreement", aboutRequest, way{put: func(q *decision.Request, _ *decision.Person) { q.Ended = append(q.Ended, both...) }})
	}
}

// clocks: events and states, each as long ago as conditions and keeps can tell apart.
func (b *dimensioner) clocks() {
	spans := map[string][]decision.Duration{} // by event
	for _, t := range b.tests() {
		if t.Event != "" {
			spans[t.Fact] = append(spans[t.Fact], t.Span)
		}
	}
	closes, opens := map[string][]decision.Duration{}, map[string][]decision.Duration{} // by state
	for _, k := range b.keeps() {
		switch {
		case k.Until == nil:
		case k.Until.Event != "":
			spans[k.Until.Event] = append(spans[k.Until.Event], k.Until.Span)
		case k.Until.Opens:
			opens[k.Until.State] = append(opens[k.Until.State], k.Until.Span)
		default:
			closes[k.Until.State] = append(closes[k.Until.State], k.Until.Span)
		}
	}
	for _, name := range union(b.views[0].facts(), b.views[1].facts()) {
		b.state(name, spans, opens[name], closes[name])
	}
	for _, e := range sorted(spans) {
		var ways []way
		for _, age := range b.ages(spans[e]) {
			ways = append(ways, way{put: happened(e, age)})
		}
		b.add(e, aboutPerson, ways...)
	}
}

// state: open or closed, since every length of time that matters. Events that open or close it and
// that conditions look at themselves stay dimensions of their own, with slots for either order.
func (b *dimensioner) state(name string, spans map[string][]decision.Duration, opens, closes []decision.Duration) {
	var f decision.Fact
	for i := range b.c.sides {
		for _, x := range b.c.sides[i].m.Vocabulary.Facts {
			if x.Name == name && x.Type == decision.StateFact {
				f = x
			}
		}
	}
	if len(f.Opens) == 0 {
		return
	}
	if b.shared(f, spans) {
		for _, e := range f.Opens {
			spans[e] = append(spans[e], append(opens, decision.Duration{Days: 2}, decision.Duration{Days: 4})...)
		}
		for _, e := range f.Closes {
			spans[e] = append(spans[e], append(closes, decision.Duration{Days: 3}, decision.Duration{Days: 5})...)
		}
		b.assigned(f)
		return
	}
	var ways []way
	for _, age := range b.ages(opens) {
		ways = append(ways, way{happened(f.Opens[0], age), isState(f.Name, "open")})
	}
	if len(f.Closes) > 0 {
		for _, age := range b.ages(closes) {
			ways = append(ways, way{func(q *decision.Request, who *decision.Person) {
				happened(f.Opens[0], age+1000)(q, who)
				happened(f.Closes[0], age)(q, who)
			}, isState(f.Name, "closed")})
		}
	}
	b.add(name, aboutPerson, ways...)
	b.dims[len(b.dims)-1].ways[0].out = isState(f.Name, "never")
	b.assigned(f)
}

func (b *dimensioner) assigned(f decision.Fact) {
	if slices.ContainsFunc(b.tests(), func(t decision.Test) bool { return t.Fact == f.Name && t.State == "assigned" }) {
		b.add(f.Name+" assigned", aboutRequest, way{put: func(q *decision.Request, _ *decision.Person) { q.Assigned = append(q.Assigned, f.Name) }})
	}
}

// shared: an event of the state is looked at elsewhere too.
func (b *dimensioner) shared(f decision.Fact, spans map[string][]decision.Duration) bool {
	events := slices.Concat(f.Opens, f.Closes)
	if slices.ContainsFunc(events, func(e string) bool { return spans[e] != nil }) {
		return true
	}
	for i := range b.c.sides {
		for _, o := range b.c.sides[i].m.Vocabulary.Facts {
			used := o.Name != f.Name && (slices.Contains(b.views[0].facts(), o.Name) || slices.Contains(b.views[1].facts(), o.Name))
			if used && slices.ContainsFunc(events, func(e string) bool { return slices.Contains(o.Opens, e) || slices.Contains(o.Closes, e) }) {
				return true
			}
		}
	}
	return false
}

// ages gives one length of time inside every interval that the spans cut, the shortest first.
func (b *dimensioner) ages(spans []decision.Duration) []decision.Instant {
	bounds := []decision.Instant{0}
	for _, s := range spans {
		if age := b.c.at - s.Neg().After(b.c.at, b.zone); age > 0 {
			bounds = append(bounds, age)
		}
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	var out []decision.Instant
	for i, from := range bounds {
		if i+1 < len(bounds) {
			out = append(out, (from+bounds[i+1])/2)
		} else {
			out = append(out, from+240*microHour)
		}
	}
	return out
}

// isState: rules that test the state for another word have no say.
func isState(name, word string) func(*decision.Rule) bool {
	return fails(name, func(t decision.Test) bool { return t.State == word || t.State == "assigned" && word == "open" })
}

func happened(event string, age decision.Instant) func(*decision.Request, *decision.Person) {
	return func(q *decision.Request, who *decision.Person) {
		who.Events = append(who.Events, decision.Event{Name: event, At: q.At - age})
	}
}

// consent: none, or a grant of each style that laws or bases tell apart, by the person or a guardian.
func (b *dimensioner) consent() {
	tested := slices.ContainsFunc(b.tests(), func(t decision.Test) bool { return t.Fact == decision.ConsentFact })
	special := slices.ContainsFunc(b.rules(), func(r decision.Rule) bool { return r.Special == string(decision.ExplicitConsent) })
	if !tested && !special && !b.rests(decision.Consent, decision.ExplicitConsent) {
		return
	}
	var styles []string
	for _, s := range decision.Styles() {
		styles = append(styles, string(s))
	}
	var ways []way
	children := slices.ContainsFunc(b.laws(), func(l decision.Law) bool { return l.ChildAge > 0 || len(l.ChildAges) > 0 })
	for _, s := range classes(styles, b.styleSign) {
		for _, guardian := range []bool{false, true} {
			if guardian && !children {
				continue
			}
			ways = append(ways, way{put: func(q *decision.Request, who *decision.Person) {
				who.Choices = append(who.Choices, decision.Choice{Kind: decision.Granted, Style: decision.Style(s), Guardian: guardian, At: q.At - microHour})
			}})
		}
	}
	b.add("consent", aboutPerson, ways...)
}

func (b *dimensioner) styleSign(style string) string {
	var s strings.Builder
	s.WriteString(flagWord(style == string(decision.Explicit)))
	for _, l := range b.laws() {
		s.WriteString("/" + flagWord(slices.ContainsFunc(l.Strikes, func(x decision.Strike) bool { return string(x.Style) == style })))
	}
	return s.String()
}

// objection: none, raised before any consent, or raised and overridden.
func (b *dimensioner) objection() {
	if !b.rests(decision.LegitimateInterest) && !slices.ContainsFunc(b.bans(), func(x decision.Ban) bool { return x.Objected }) {
		return
	}
	raised := func(q *decision.Request, who *decision.Person) {
		who.Choices = append(who.Choices, decision.Choice{Kind: decision.Objected, At: q.At - 4*microHour})
	}
	b.add("objection", aboutPerson, way{put: raised}, way{put: func(q *decision.Request, who *decision.Person) {
		raised(q, who)
		who.Choices = append(who.Choices, decision.Choice{Kind: decision.Overridden, At: q.At - 3*microHour})
	}})
}

// restriction: none, or standing since before any consent. One placed after a consent denies what the
// law says whatever a notice allows, so both versions deny.
func (b *dimensioner) restriction() {
	serves := func(i int) bool {
		return slices.ContainsFunc(b.c.sides[i].m.Vocabulary.Purposes, func(p decision.Purpose) bool { return p.Name == b.x.purpose && p.Serves != "" })
	}
	if b.x.kind != decision.DataObject || b.x.verb == decision.VerbStore {
		return
	}
	if !b.rests(decision.Consent, decision.ExplicitConsent) && serves(0) == serves(1) {
		return
	}
	b.add("restriction", aboutPerson, way{put: func(q *decision.Request, who *decision.Person) {
		who.Choices = append(who.Choices, decision.Choice{Kind: decision.Restricted, At: q.At - 2*microHour})
	}})
}
