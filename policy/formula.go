package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A formula is one version written as regions: what decision.Program.Decide asks of a question, in the
// same order, for all classes of questions at once. docs/spec/semantics.md is what both follow, and
// TestCompareIsExact holds them together.
type formula struct {
	*space
	r    *regions
	side *side
	m    *decision.Model

	allows, denies map[int]region // by rule
	keeping        map[int]truth  // by keep
	laws           []lawRegions
	bans           []banRegion
	any, explicit  consentRegions
	forbids        map[string]region
	cells          map[string]region
	retained       map[string]retainedRegions
}

func newFormula(s *space, r *regions, at *side) *formula {
	f := &formula{
		space: s, r: r, side: at, m: at.m, allows: map[int]region{}, denies: map[int]region{}, keeping: map[int]truth{},
		forbids: map[string]region{}, cells: map[string]region{}, retained: map[string]retainedRegions{},
	}
	f.bind()
	f.consents()
	return f
}

// where is the region in which a dimension's way holds.
func (f *formula) where(name string, holds func(w way) bool) region {
	if dim, ok := f.level[name]; ok {
		return f.r.ways(dim, func(i int) bool { return holds(f.dims[dim].ways[i]) })
	}
	return regionOf(holds(f.only[name]))
}

func regionOf(b bool) region {
	if b {
		return everywhere
	}
	return nowhere
}

// A truth is where a condition is surely met, and where it may be.
type truth struct{ yes, maybe region }

// whole is the truth of all tests together.
func (f *formula) whole(tests []decision.Test) truth {
	out := truth{everywhere, everywhere}
	for _, t := range tests {
		x := f.test(t)
		out = truth{f.r.both(out.yes, x.yes), f.r.both(out.maybe, x.maybe)}
	}
	return out
}

func (f *formula) test(t decision.Test) truth {
	sure := func(x region) truth { return truth{x, x} }
	switch {
	case t.Fact == decision.ResidenceFact:
		return f.known(dimResidence, func(w way) (bool, bool) { return t.In.HasPlace(w.word), w.states() })
	case t.Fact == decision.AgeFact:
		return f.known(dimAge, func(w way) (bool, bool) { return inRange(t, w.number), w.states() })
	case t.Fact == decision.ConsentFact:
		valid, none := regionOf(t.In.Covers("valid")), regionOf(t.In.Covers("none"))
		return sure(f.r.either(f.r.both(f.any.valid, valid), f.r.minus(none, f.any.valid)))
	case t.Event != "":
		return sure(f.where("event "+t.Fact, func(w way) bool { return f.happened(t, w.opened) }))
	case t.State != "":
		return sure(f.state(t.Fact, t.State))
	}
	fact := f.side.facts[t.Fact]
	return f.known("fact "+t.Fact, func(w way) (bool, bool) {
		word, number, known := valueIn(fact, w)
		if fact.Type == decision.NumberFact {
			return inRange(t, number), known
		}
		return t.In.Covers(word), known
	})
}

// known is the truth of a condition on something that may be unknown.
func (f *formula) known(dim string, holds func(w way) (holds, known bool)) truth {
	return truth{
		f.where(dim, func(w way) bool { met, known := holds(w); return met && known }),
		f.where(dim, func(w way) bool { met, known := holds(w); return met || !known }),
	}
}

// valueIn is what a version reads where the way is taken: the value if it has a word for it, else the
// one that the vocabulary takes when nothing is known.
func valueIn(fact decision.Fact, w way) (word string, number int32, known bool) {
	if w.states() && takes(fact, decision.Stated{Value: w.word, Number: w.number}) {
		return w.word, w.number, true
	}
	n, _ := strconv.Atoi(fact.Unknown)
	return fact.Unknown, int32(n), fact.Unknown != ""
}

// takes reports whether the value is of the fact's type.
func takes(fact decision.Fact, x decision.Stated) bool {
	if fact.Type == decision.NumberFact {
		return x.Value == ""
	}
	return slices.Contains(valuesOf(fact), x.Value)
}

func inRange(t decision.Test, n int32) bool { return n >= t.Min && (t.Max == 0 || n < t.Max) }

func (f *formula) happened(t decision.Test, at decision.Instant) bool {
	switch t.Event {
	case "happened":
		return at != 0
	case "never":
		return at == 0
	case "within":
		return at != 0 && f.at < t.Span.After(at, f.side.zone)
	}
	return at != 0 && f.at >= t.Span.After(at, f.side.zone)
}

func (f *formula) state(name, word string) region {
	switch word {
	case "open":
		return f.stateWhere(name, func(opened, closed decision.Instant) bool { return opened > closed })
	case "closed":
		return f.stateWhere(name, func(opened, closed decision.Instant) bool { return opened <= closed && closed != 0 })
	case "never":
		return f.stateWhere(name, func(opened, closed decision.Instant) bool { return opened == 0 && closed == 0 })
	}
	return f.r.both(f.state(name, "open"), f.where("assigned "+name, way.states))
}

// stateWhere is the region in which the last opening and closing hold together.
func (f *formula) stateWhere(name string, holds func(opened, closed decision.Instant) bool) region {
	fact := f.side.facts[name]
	grouped := slices.ContainsFunc(slices.Concat(fact.Opens, fact.Closes), func(e string) bool { return f.clocks.group[e] != nil })
	if !grouped {
		return f.where("state "+name, func(w way) bool { return holds(w.opened, w.closed) })
	}
	var events []string
	for _, e := range union(fact.Opens, fact.Closes) {
		if _, ok := f.level["event "+e]; ok {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b string) int { return f.level["event "+a] - f.level["event "+b] })
	type place struct {
		i              int
		opened, closed decision.Instant
	}
	seen := map[place]region{}
	var visit func(p place) region
	visit = func(p place) region {
		if p.i == len(events) {
			return regionOf(holds(p.opened, p.closed))
		}
		if at, ok := seen[p]; ok {
			return at
		}
		e := events[p.i]
		dim := f.level["event "+e]
		start := len(f.r.stack)
		for _, w := range f.dims[dim].ways {
			next := place{p.i + 1, p.opened, p.closed}
			if slices.Contains(fact.Opens, e) {
				next.opened = max(next.opened, w.opened)
			}
			if slices.Contains(fact.Closes, e) {
				next.closed = max(next.closed, w.opened)
			}
			to := visit(next)
			f.r.stack = append(f.r.stack, to)
		}
		seen[p] = f.r.node(dim, start)
		return seen[p]
	}
	return visit(place{})
}

// allow is where an allow speaks of the question and lacks nothing but its basis and an agreement.
func (f *formula) allow(i int) region {
	if out, ok := f.allows[i]; ok {
		return out
	}
	x := &f.m.Rules[i]
	list := []region{f.formed(x), f.faceted(x), f.located(x, decision.Set.Covers, false)}
	for _, d := range setDims() {
		if s := d.of(x); s.Stated() && d.name != dimIn {
			list = append(list, f.where(d.name, func(w way) bool { return w.states() && s.Covers(w.word) }))
		}
	}
	list = append(list, f.whole(x.When).yes)
	for _, g := range x.Unless {
		list = append(list, f.r.not(f.whole(g).maybe))
	}
	f.allows[i] = f.r.both(list...)
	return f.allows[i]
}

// deny is where a deny speaks of the question and none of its conditions is surely unmet, whatever the
// agreement.
func (f *formula) deny(i int) region {
	if out, ok := f.denies[i]; ok {
		return out
	}
	x := &f.m.Rules[i]
	list := []region{f.formed(x), f.faceted(x), f.located(x, decision.Set.Hits, true)}
	for _, d := range setDims() {
		s := d.of(x)
		if !s.Stated() || d.name == dimIn {
			continue
		}
		fits, unstated := s.Covers, true
		switch d.name {
		case "from":
			fits = s.Hits
		case "by":
			unstated = s.Not
		}
		list = append(list, f.where(d.name, func(w way) bool { return !w.states() && unstated || w.states() && fits(w.word) }))
	}
	list = append(list, f.whole(x.When).maybe)
	for _, g := range x.Unless {
		list = append(list, f.r.not(f.whole(g).yes))
	}
	f.denies[i] = f.r.both(list...)
	return f.denies[i]
}

// formed: an allow covers its form and weaker ones, of large enough groups; a deny its own and stronger.
func (f *formula) formed(x *decision.Rule) region {
	rank := x.As.Rank()
	return f.where(dimForm, func(w way) bool {
		asked := decision.Form(w.word)
		if x.Deny {
			return x.As == "" || rank >= asked.Rank()
		}
		return rank <= asked.Rank() && (asked != decision.Aggregated || int64(x.Group) <= int64(w.number))
	})
}

func (f *formula) faceted(x *decision.Rule) region {
	out := everywhere
	for _, s := range x.Facets {
		out = f.r.both(out, f.where("facet "+s.Facet, func(w way) bool { return s.Set.Covers(w.word) }))
	}
	return out
}

// located: the location is in the set, of which the word residence is the country the person lives in.
// For what is left out, and for a residence that is unknown, a deny takes the question in.
func (f *formula) located(x *decision.Rule, takes func(decision.Set, string) bool, unknown bool) region {
	s := x.In
	if !s.Stated() {
		return everywhere
	}
	out := f.where(dimIn, func(w way) bool { return !w.states() && unknown })
	if !slices.Contains(s.Names, "residence") {
		return f.r.either(out, f.where(dimIn, func(w way) bool { return w.states() && takes(s, w.word) }))
	}
	plain := decision.Set{Names: slices.DeleteFunc(slices.Clone(s.Names), func(n string) bool { return n == "residence" })}
	for _, l := range f.m.Vocabulary.Locations {
		// Of locations that nothing tells apart, one is asked about.
		here := f.where(dimIn, func(w way) bool { return w.word == l.Name })
		home := f.where(dimResidence, func(w way) bool {
			if !w.states() {
				return unknown
			}
			at := countryOf(w.word) == countryOf(l.Country)
			return (at || plain.Stated() && takes(plain, l.Name)) != s.Not
		})
		out = f.r.either(out, f.r.both(here, home))
	}
	return out
}

// combined is where a combination, which is symmetric, is one that the rule speaks of.
func (f *formula) combined(x *decision.Rule, object string) region {
	takes := decision.Set.Covers
	if x.Deny {
		takes = decision.Set.Hits
	}
	return f.where(dimWith, func(w way) bool {
		return takes(x.Data, object) && takes(x.With, w.word) || takes(x.Data, w.word) && takes(x.With, object)
	})
}

// readable is where every word that the question states in the dimensions is one that the version has;
// facts that it does not have are not stated to it.
func (f *formula) readable(dim dimension) region {
	v := &f.m.Vocabulary
	for _, d := range setDims() {
		if d.name == dim.name {
			words := d.words(v)
			return f.where(dim.name, func(w way) bool { return !w.states() || slices.Contains(words, w.word) })
		}
	}
	kind, name, _ := strings.Cut(dim.name, " ")
	switch kind {
	case dimWith:
		return f.where(dim.name, func(w way) bool { return f.side.known["object "+w.word] })
	case "facet":
		values := facetValues(v, name)
		return f.where(dim.name, func(w way) bool { return values == nil || slices.Contains(values, w.word) })
	case "assigned":
		_, ok := f.side.facts[name]
		return f.where(dim.name, func(w way) bool { return !w.states() || ok })
	case "fact":
		if fact, ok := f.side.facts[name]; ok && fact.Question {
			return f.where(dim.name, func(w way) bool {
				return !w.states() || takes(fact, decision.Stated{Value: w.word, Number: w.number})
			})
		}
	}
	return everywhere
}
