package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A dimension is something a question or a person can differ in, as far as either version looks, and
// one way for every class of it. In most, the first way states nothing.
type dimension struct {
	name string
	ways []way
}

// A way is one class of a dimension: how it is put into a question, and what conditions read of it.
type way struct {
	put func(q *decision.Request, who *decision.Person) // nil: states nothing

	word           string // name, place, value or style
	number         int32  // age, number, size of a group
	opened, closed decision.Instant
	guardian       bool
	earlier        bool // an explicit consent stands from before any restriction
}

func (w way) states() bool { return w.put != nil }

// The names of dimensions that are not those of a fact, an event or a facet.
const (
	dimResidence   = "residence"
	dimAge         = "age"
	dimConsent     = "consent"
	dimObjection   = "objection"
	dimRestriction = "restriction"
	dimAgreement   = "agreement"
	dimForm        = "as"
	dimWith        = "with"
	dimIn          = "in"
	dimGround      = "ground"
)

// A space is all that questions can differ in beside verb, purpose, object and recipient, for two
// versions: dimensions in their order.
type space struct {
	sides *[2]side
	at    decision.Instant
	dims  []dimension
	level map[string]int // by name, of those with more than one way
	only  map[string]way // of the others, by name

	rules  []decision.Rule // of both versions
	keeps  []decision.Keep
	tests  []decision.Test
	laws   []decision.Law
	clocks clocks
}

// spaceOf finds the dimensions. Their order keeps together what laws look at, then what rules do.
func spaceOf(sides *[2]side, at decision.Instant) *space {
	s := &space{sides: sides, at: at, level: map[string]int{}, only: map[string]way{}}
	for i := range sides {
		m := sides[i].m
		s.rules, s.keeps, s.laws = append(s.rules, m.Rules...), append(s.keeps, m.Keeps...), append(s.laws, m.Laws...)
	}
	for i := range s.rules {
		s.tests = append(s.tests, s.rules[i].When...)
		for _, g := range s.rules[i].Unless {
			s.tests = append(s.tests, g...)
		}
	}
	for i := range s.keeps {
		s.tests = append(s.tests, s.keeps[i].While...)
	}
	for _, add := range []func(){s.residence, s.age, s.consent, s.objection, s.restriction, s.agreement, s.form, s.sets, s.with, s.facets, s.states, s.events, s.values} {
		add()
	}
	return s
}

// add appends a dimension, if it has more than one class.
func (s *space) add(name string, ways ...way) {
	if len(ways) == 1 {
		s.only[name] = ways[0]
	}
	if len(ways) > 1 {
		s.level[name] = len(s.dims)
		s.dims = append(s.dims, dimension{name, ways})
	}
}

// stating are the ways with one before them that states nothing.
func stating(ways []way) []way { return append([]way{{}}, ways...) }

func (s *space) rests(kinds ...decision.BasisKind) bool {
	return slices.ContainsFunc(s.rules, func(r decision.Rule) bool {
		return slices.ContainsFunc(r.Basis, func(b decision.Basis) bool { return slices.Contains(kinds, b.Kind) })
	})
}

// each gathers a list from both vocabularies.
func (s *space) each(list func(v *decision.Vocabulary) []string) []string {
	return union(list(&s.sides[0].m.Vocabulary), list(&s.sides[1].m.Vocabulary))
}

// classes keeps one word of every class: words that all signs treat alike.
func classes(words []string, sign func(string) string) []string {
	var out []string
	seen := map[string]bool{}
	for _, w := range words {
		if s := sign(w); !seen[s] {
			seen[s] = true
			out = append(out, w)
		}
	}
	return out
}

// A setDim is a dimension that rules constrain by sets of names.
type setDim struct {
	name  string
	words func(v *decision.Vocabulary) []string
	of    func(r *decision.Rule) decision.Set
	put   func(q *decision.Request, w string)
}

func setDims() []setDim {
	return []setDim{
		{"by", func(v *decision.Vocabulary) []string {
			return slices.Concat(v.Roles, []string{decision.Us}, wordsOf(v.Recipients, func(r decision.Recipient) string { return r.Name }))
		}, func(r *decision.Rule) decision.Set { return r.By }, func(q *decision.Request, w string) { q.By = w }},
		{"from", func(v *decision.Vocabulary) []string { return v.Sources }, func(r *decision.Rule) decision.Set { return r.From }, func(q *decision.Request, w string) { q.From = w }},
		{"of", func(v *decision.Vocabulary) []string { return v.People }, func(r *decision.Rule) decision.Set { return r.Of }, func(q *decision.Request, w string) { q.Of = w }},
		{dimIn, func(v *decision.Vocabulary) []string {
			return wordsOf(v.Locations, func(l decision.Location) string { return l.Name })
		}, func(r *decision.Rule) decision.Set { return r.In }, func(q *decision.Request, w string) { q.In = w }},
		{dimGround, func(v *decision.Vocabulary) []string {
			return wordsOf(v.Grounds, func(g decision.Ground) string { return g.Name })
		}, func(r *decision.Rule) decision.Set { return r.Ground }, func(q *decision.Request, w string) { q.Ground = w }},
	}
}

func (s *space) sets() {
	for _, d := range setDims() {
		var sets []decision.Set
		for i := range s.rules {
			if set := d.of(&s.rules[i]); set.Stated() {
				sets = append(sets, set)
			}
		}
		otherwise := d.name == dimIn && s.lawsAskWhere() || d.name == dimGround && s.rests(decision.VitalInterest)
		if len(sets) == 0 && !otherwise {
			continue
		}
		words := classes(s.each(d.words), func(w string) string {
			var b strings.Builder
			b.WriteString(s.whereabouts(d.name, w))
			for _, set := range sets {
				fmt.Fprint(&b, set.Covers(w), set.Hits(w))
			}
			for i := range s.sides {
				fmt.Fprint(&b, slices.Contains(d.words(&s.sides[i].m.Vocabulary), w))
			}
			return b.String()
		})
		var ways []way
		for _, w := range words {
			ways = append(ways, way{word: w, put: func(q *decision.Request, _ *decision.Person) { d.put(q, w) }})
		}
		s.add(d.name, stating(ways)...)
	}
}

// with: a combination always names the other data, of which all is looked at that is looked at of the
// first. Where nothing may be combined, all data is alike.
func (s *space) with() {
	combines := slices.ContainsFunc(s.rules, func(r decision.Rule) bool { return !r.Deny && slices.Contains(r.Verbs, decision.VerbCombine) })
	words := classes(s.each(categoryNames), func(w string) string {
		if combines {
			return w
		}
		return fmt.Sprint(s.sides[0].known["object "+w], s.sides[1].known["object "+w])
	})
	var ways []way
	for _, w := range words {
		ways = append(ways, way{word: w, put: func(q *decision.Request, _ *decision.Person) { q.With = []string{w} }})
	}
	s.add(dimWith, ways...)
}

func categoryNames(v *decision.Vocabulary) []string {
	return wordsOf(v.Data, func(d decision.Category) string { return d.Name })
}

// form: identified, which is what a question that says nothing means, unlinked, or aggregates of every
// size that is told apart.
func (s *space) form() {
	formed, sizes := false, []int{0}
	for _, r := range s.rules {
		formed = formed || r.As != ""
		sizes = append(sizes, r.Group)
	}
	for _, l := range s.laws {
		formed = formed || slices.ContainsFunc(l.Bans, func(x decision.Ban) bool { return x.Identifies })
	}
	if !formed {
		return
	}
	ways := []way{{word: string(decision.Unlinked), put: func(q *decision.Request, _ *decision.Person) { q.As = decision.Unlinked }}}
	slices.Sort(sizes)
	for _, n := range slices.Compact(sizes) {
		ways = append(ways, way{
			word: string(decision.Aggregated), number: int32(min(n, 1<<30)),
			put: func(q *decision.Request, _ *decision.Person) { q.As, q.Group = decision.Aggregated, n },
		})
	}
	s.add(dimForm, stating(ways)...)
}

// facets: a question that leaves one out stands for every value, so the values are enough.
func (s *space) facets() {
	sets := map[string][]decision.Set{}
	for _, r := range s.rules {
		for _, f := range r.Facets {
			sets[f.Facet] = append(sets[f.Facet], f.Set)
		}
	}
	for _, name := range sorted(sets) {
		values := s.each(func(v *decision.Vocabulary) []string { return facetValues(v, name) })
		var ways []way
		for _, v := range classes(values, func(v string) string {
			var b strings.Builder
			for _, set := range sets[name] {
				fmt.Fprint(&b, set.Covers(v))
			}
			for i := range s.sides {
				fmt.Fprint(&b, slices.Contains(facetValues(&s.sides[i].m.Vocabulary, name), v))
			}
			return b.String()
		}) {
			ways = append(ways, way{word: v, put: stateInQuestion(decision.Stated{Name: name, Value: v})})
		}
		s.add("facet "+name, ways...)
	}
}

func facetValues(v *decision.Vocabulary, name string) []string {
	for _, f := range v.Facets {
		if f.Name == name {
			return f.Values
		}
	}
	return nil
}

func stateInQuestion(x decision.Stated) func(*decision.Request, *decision.Person) {
	return func(q *decision.Request, _ *decision.Person) { q.Stated = append(q.Stated, x) }
}

// agreement: known to have ended, whatever its dates say. Which one it is, the recipient says.
func (s *space) agreement() {
	if len(s.sides[0].m.Vocabulary.Agreements)+len(s.sides[1].m.Vocabulary.Agreements) > 0 {
		s.add(dimAgreement, way{}, way{word: "ended", put: func(*decision.Request, *decision.Person) {}})
	}
}

// values: flags, enums and numbers, of the person or of the question.
func (s *space) values() {
	tests := map[string][]decision.Test{}
	for _, t := range s.tests {
		if t.Event == "" && t.State == "" && !slices.Contains([]string{decision.ResidenceFact, decision.AgeFact, decision.ConsentFact}, t.Fact) {
			tests[t.Fact] = append(tests[t.Fact], t)
		}
	}
	for _, name := range sorted(tests) {
		var ways []way
		for _, v := range classes(s.valuesOf(name), func(v string) string {
			var b strings.Builder
			for _, t := range tests[name] {
				fmt.Fprint(&b, t.In.Covers(v))
			}
			for i := range s.sides {
				fmt.Fprint(&b, slices.Contains(valuesOf(s.sides[i].facts[name]), v))
			}
			return b.String()
		}) {
			ways = append(ways, way{word: v, put: s.state(decision.Stated{Name: name, Value: v})})
		}
		if s.sides[0].facts[name].Type == decision.NumberFact || s.sides[1].facts[name].Type == decision.NumberFact {
			var bounds []int32
			for _, t := range tests[name] {
				bounds = append(bounds, t.Min, t.Max)
			}
			for _, n := range steps(bounds, -1<<31) {
				ways = append(ways, way{number: n, put: s.state(decision.Stated{Name: name, Number: n})})
			}
		}
		s.add("fact "+name, stating(ways)...)
	}
}

// steps gives one number of every range that the bounds cut, from the lowest that there is.
func steps(bounds []int32, lowest int32) []int32 {
	var out []int32
	for _, n := range bounds {
		if n > lowest {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	below := max(lowest, 0)
	if len(out) > 0 && out[0] <= below {
		below = out[0] - 1
	}
	return append([]int32{below}, out...)
}

// valuesOf are the values of a flag or an enum in either version.
func (s *space) valuesOf(name string) []string {
	return union(valuesOf(s.sides[0].facts[name]), valuesOf(s.sides[1].facts[name]))
}

func valuesOf(f decision.Fact) []string {
	switch f.Type {
	case decision.FlagFact:
		return []string{"yes", "no"}
	case decision.EnumFact:
		return f.Values
	}
	return nil
}

// state puts a fact where the versions look for it: in the question, in the person, or in both where
// they differ.
func (s *space) state(x decision.Stated) func(*decision.Request, *decision.Person) {
	var asked, known bool
	for i := range s.sides {
		if f, ok := s.sides[i].facts[x.Name]; ok {
			asked, known = asked || f.Question, known || !f.Question
		}
	}
	return func(q *decision.Request, who *decision.Person) {
		if asked {
			q.Stated = append(q.Stated, x)
		}
		if known {
			who.Facts = append(who.Facts, x)
		}
	}
}
