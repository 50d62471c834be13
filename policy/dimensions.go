package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

// dimensions lists what the questions of a cell can differ in, as far as either version looks.
func (c *comparer) dimensions(x cell, to string, views [2]view) []dimension {
	b := &dimensioner{c: c, x: x, to: to, views: views, zone: time.UTC}
	if z, err := time.LoadLocation(c.sides[1].m.Zone); err == nil {
		b.zone = z
	}
	for _, add := range []func(){b.agreement, b.sets, b.form, b.facets, b.residence, b.age, b.clocks, b.values, b.consent, b.objection, b.restriction} {
		add()
	}
	return slices.DeleteFunc(b.dims, func(d dimension) bool { return len(d.ways) < 2 })
}

type dimensioner struct {
	c     *comparer
	x     cell
	to    string
	views [2]view
	zone  *time.Location
	dims  []dimension
}

func (b *dimensioner) add(name string, about aboutWhat, ways ...way) {
	b.dims = append(b.dims, dimension{name, append([]way{{}}, ways...), about})
}

// unknown: an allow that asks about the fact has no say while nothing is known.
func (b *dimensioner) unknown(fact string) {
	for i := range b.dims {
		if b.dims[i].name == fact {
			b.dims[i].ways[0].out = func(r *decision.Rule) bool {
				return !r.Deny && slices.ContainsFunc(r.When, func(t decision.Test) bool { return t.Fact == fact })
			}
		}
	}
}

// fails: a rule whose condition on the fact is surely unmet has no say.
func fails(fact string, holds func(decision.Test) bool) func(*decision.Rule) bool {
	return func(r *decision.Rule) bool {
		return slices.ContainsFunc(r.When, func(t decision.Test) bool { return t.Fact == fact && !holds(t) })
	}
}

func (b *dimensioner) rules() []decision.Rule {
	return slices.Concat(b.views[0].rules, b.views[1].rules)
}

func (b *dimensioner) tests() []decision.Test {
	return slices.Concat(b.views[0].tests(), b.views[1].tests())
}

func (b *dimensioner) keeps() []decision.Keep {
	return slices.Concat(b.views[0].keeps, b.views[1].keeps)
}

func (b *dimensioner) laws() []decision.Law {
	return slices.Concat(b.c.sides[0].m.Laws, b.c.sides[1].m.Laws)
}

func (b *dimensioner) rests(kinds ...decision.BasisKind) bool {
	return b.views[0].rests(kinds...) || b.views[1].rests(kinds...)
}

// classes keeps one word of every class: words that all the sets treat alike.
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

// sets are the dimensions that rules constrain by sets of names.
func (b *dimensioner) sets() {
	type dim struct {
		name  string
		words func(v *decision.Vocabulary) []string
		of    func(r *decision.Rule) decision.Set
		put   func(q *decision.Request, w string)
	}
	dims := []dim{
		{"by", func(v *decision.Vocabulary) []string {
			return append(slices.Clone(v.Roles), wordsOf(v.Recipients, func(r decision.Recipient) string { return r.Name })...)
		}, func(r *decision.Rule) decision.Set { return r.By }, func(q *decision.Request, w string) { q.By = w }},
		{"from", func(v *decision.Vocabulary) []string { return v.Sources }, func(r *decision.Rule) decision.Set { return r.From }, func(q *decision.Request, w string) { q.From = w }},
		{"of", func(v *decision.Vocabulary) []string { return v.People }, func(r *decision.Rule) decision.Set { return r.Of }, func(q *decision.Request, w string) { q.Of = w }},
		{"in", func(v *decision.Vocabulary) []string {
			return wordsOf(v.Locations, func(l decision.Location) string { return l.Name })
		}, func(r *decision.Rule) decision.Set { return r.In }, func(q *decision.Request, w string) { q.In = w }},
		{"ground", func(v *decision.Vocabulary) []string {
			return wordsOf(v.Grounds, func(g decision.Ground) string { return g.Name })
		}, func(r *decision.Rule) decision.Set { return r.Ground }, func(q *decision.Request, w string) { q.Ground = w }},
	}
	for _, d := range dims {
		var sets []decision.Set
		for _, r := range b.rules() {
			if s := d.of(&r); s.Stated() {
				sets = append(sets, s)
			}
		}
		outside := d.name == "in" && slices.ContainsFunc(b.bans(), func(x decision.Ban) bool { return len(x.Outside) > 0 })
		if len(sets) == 0 && !outside && !(d.name == "ground" && b.rests(decision.VitalInterest)) {
			continue
		}
		words := classes(b.c.each(d.words), func(w string) string {
			var s strings.Builder
			s.WriteString(b.whereabouts(d.name, w))
			for _, set := range sets {
				fmt.Fprint(&s, set.Covers(w), set.Hits(w))
			}
			for i := range b.c.sides {
				fmt.Fprint(&s, slices.Contains(d.words(&b.c.sides[i].m.Vocabulary), w))
			}
			return s.String()
		})
		var ways []way
		for _, w := range words {
			ways = append(ways, way{
				func(q *decision.Request, _ *decision.Person) { d.put(q, w) },
				func(r *decision.Rule) bool {
					s := d.of(r)
					return s.Stated() && !slices.Contains(s.Names, "residence") && !s.Covers(w) && !(r.Deny && s.Hits(w))
				},
			})
		}
		b.add(d.name, aboutRequest, ways...)
		b.dims[len(b.dims)-1].ways[0].out = func(r *decision.Rule) bool { return !r.Deny && d.of(r).Stated() }
	}
	if b.x.verb == decision.VerbCombine {
		b.with()
	}
}

// with: a combination always names the other data.
func (b *dimensioner) with() {
	words := classes(b.c.objects(decision.DataObject), func(w string) string {
		var s strings.Builder
		for _, r := range b.rules() {
			fmt.Fprint(&s, r.Data.Covers(w), r.Data.Hits(w), r.With.Covers(w), r.With.Hits(w))
		}
		return s.String()
	})
	d := dimension{name: "with", about: aboutRequest}
	for _, w := range words {
		d.ways = append(d.ways, way{put: func(q *decision.Request, _ *decision.Person) { q.With = []string{w} }})
	}
	b.dims = append(b.dims, d)
}

func (b *dimensioner) form() {
	formed, bounds := false, []int{0}
	for _, r := range b.rules() {
		formed = formed || r.As != ""
		bounds = append(bounds, r.Group)
	}
	for _, l := range b.laws() {
		formed = formed || slices.ContainsFunc(l.Bans, func(x decision.Ban) bool { return x.Identifies && slices.Contains(x.Verbs, b.x.verb) })
	}
	if !formed {
		return
	}
	ways := []way{{put: func(q *decision.Request, _ *decision.Person) { q.As = decision.Unlinked }}}
	slices.Sort(bounds)
	for _, n := range slices.Compact(bounds) {
		ways = append(ways, way{put: func(q *decision.Request, _ *decision.Person) { q.As, q.Group = decision.Aggregated, n }})
	}
	b.add("as", aboutRequest, ways...)
}

// facets: a question that leaves one out stands for every value, so the values are enough.
func (b *dimensioner) facets() {
	sets := map[string][]decision.Set{}
	for _, r := range b.rules() {
		for _, f := range r.Facets {
			sets[f.Facet] = append(sets[f.Facet], f.Set)
		}
	}
	for _, name := range sorted(sets) {
		values := b.c.each(func(v *decision.Vocabulary) []string {
			for _, f := range v.Facets {
				if f.Name == name {
					return f.Values
				}
			}
			return nil
		})
		d := dimension{name: name, about: aboutRequest}
		for _, v := range classes(values, func(v string) string {
			var s strings.Builder
			for _, set := range sets[name] {
				fmt.Fprint(&s, set.Covers(v))
			}
			return s.String()
		}) {
			d.ways = append(d.ways, way{
				func(q *decision.Request, _ *decision.Person) {
					q.Stated = append(q.Stated, decision.Stated{Name: name, Value: v})
				},
				func(r *decision.Rule) bool {
					return slices.ContainsFunc(r.Facets, func(f decision.FacetSet) bool { return f.Facet == name && !f.Set.Covers(v) })
				},
			})
		}
		b.dims = append(b.dims, d)
	}
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// residence: places that conditions and laws treat alike are one; unknown is one of its own.
func (b *dimensioner) residence() {
	var tests []decision.Set
	for _, t := range b.tests() {
		if t.Fact == decision.ResidenceFact {
			tests = append(tests, t.In)
		}
	}
	home := slices.ContainsFunc(b.rules(), func(r decision.Rule) bool { return slices.Contains(r.In.Names, "residence") })
	if len(tests) == 0 && !home && len(b.laws()) == 0 {
		return
	}
	words := []string{"AQ"} // no notice speaks of it: any other place
	for _, t := range tests {
		words = append(words, t.Names...)
	}
	for _, l := range b.laws() {
		words = append(words, l.Territory...)
		words = append(words, sorted(l.ChildAges)...)
	}
	if home {
		for i := range b.c.sides {
			for _, l := range b.c.sides[i].m.Vocabulary.Locations {
				words = append(words, l.Country)
			}
		}
	}
	words = slices.DeleteFunc(union(words), func(w string) bool { return w == decision.StrictDefault })
	consent := b.rests(decision.Consent, decision.ExplicitConsent)
	var ways []way
	for _, w := range classes(words, func(w string) string { return b.placeSign(w, tests, home, consent) }) {
		ways = append(ways, way{
			func(_ *decision.Request, who *decision.Person) { who.Residence = w },
			fails(decision.ResidenceFact, func(t decision.Test) bool {
				in := slices.ContainsFunc(t.In.Names, func(n string) bool { return w == n || strings.HasPrefix(w, n+"-") })
				return in != t.In.Not
			}),
		})
	}
	b.add("residence", aboutPerson, ways...)
	b.unknown(decision.ResidenceFact)
}

func (b *dimensioner) placeSign(place string, tests []decision.Set, home, consent bool) string {
	in := func(names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return place == n || strings.HasPrefix(place, n+"-") })
	}
	var s strings.Builder
	for _, t := range tests {
		fmt.Fprint(&s, in(t.Names))
	}
	country, _, _ := strings.Cut(place, "-")
	for _, l := range b.laws() {
		fmt.Fprint(&s, in(l.Territory))
		if consent {
			age, ok := l.ChildAges[country]
			fmt.Fprint(&s, age, ok)
		}
	}
	if home {
		s.WriteString(country)
	}
	return s.String()
}

func (b *dimensioner) age() {
	var bounds []int32
	for _, t := range b.tests() {
		if t.Fact == decision.AgeFact {
			bounds = append(bounds, t.Min, t.Max)
		}
	}
	if b.rests(decision.Consent, decision.ExplicitConsent) {
		for _, l := range b.laws() {
			bounds = append(bounds, l.ChildAge)
			for _, n := range l.ChildAges {
				bounds = append(bounds, n)
			}
		}
	}
	for _, x := range b.bans() {
		bounds = append(bounds, x.Under)
	}
	var ways []way
	for _, n := range around(bounds) {
		if n >= 0 && n < 200 {
			// By birth date, since a child of no whole year has a known age too.
			born := decision.Duration{Months: -12 * n, Days: -1}.After(b.c.at, b.zone)
			ways = append(ways, way{
				func(_ *decision.Request, who *decision.Person) { who.Born = born },
				fails(decision.AgeFact, func(t decision.Test) bool { return n >= t.Min && (t.Max == 0 || n < t.Max) }),
			})
		}
	}
	b.add("age", aboutPerson, ways...)
	b.unknown(decision.AgeFact)
}

// around gives one number of every range that the bounds cut.
func around(bounds []int32) []int32 {
	var out []int32
	for _, n := range bounds {
		if n > 0 {
			out = append(out, n-1, n)
		} else if n > -1<<31 {
			out = append(out, n-1, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// values: flags, enums and numbers, of the person or of the question.
func (b *dimensioner) values() {
	sets, ranges := map[string][]decision.Set{}, map[string][]int32{}
	for _, t := range b.tests() {
		if t.Event != "" || t.State != "" || slices.Contains([]string{decision.ResidenceFact, decision.AgeFact, decision.ConsentFact}, t.Fact) {
			continue
		}
		if t.In.Stated() {
			sets[t.Fact] = append(sets[t.Fact], t.In)
		} else {
			ranges[t.Fact] = append(ranges[t.Fact], t.Min, t.Max)
		}
	}
	for _, name := range sorted(sets) {
		values, question := b.fact(name)
		var ways []way
		for _, v := range classes(values, func(v string) string {
			var s strings.Builder
			for _, set := range sets[name] {
				fmt.Fprint(&s, set.Covers(v))
			}
			return s.String()
		}) {
			ways = append(ways, way{
				state(question, decision.Stated{Name: name, Value: v}),
				fails(name, func(t decision.Test) bool { return t.In.Covers(v) }),
			})
		}
		b.add(name, aboutOf(question), ways...)
	}
	for _, name := range sorted(ranges) {
		_, question := b.fact(name)
		var ways []way
		for _, n := range around(ranges[name]) {
			ways = append(ways, way{
				state(question, decision.Stated{Name: name, Number: n}),
				fails(name, func(t decision.Test) bool { return n >= t.Min && (t.Max == 0 || n < t.Max) }),
			})
		}
		b.add(name, aboutOf(question), ways...)
	}
}

func aboutOf(question bool) aboutWhat {
	if question {
		return aboutRequest
	}
	return aboutPerson
}

func state(question bool, s decision.Stated) func(*decision.Request, *decision.Person) {
	return func(q *decision.Request, who *decision.Person) {
		if question {
			q.Stated = append(q.Stated, s)
		} else {
			who.Facts = append(who.Facts, s)
		}
	}
}

// fact finds the values of a fact in either version, and whether a question states it.
func (b *dimensioner) fact(name string) ([]string, bool) {
	switch name {
	case decision.TransportFact:
		return []string{"encrypted", "plain"}, true
	case decision.PublicFact:
		return []string{"yes", "no"}, true
	}
	var values []string
	question := false
	for i := range b.c.sides {
		for _, f := range b.c.sides[i].m.Vocabulary.Facts {
			if f.Name != name {
				continue
			}
			question = f.Question
			values = union(values, f.Values)
			if f.Type == decision.FlagFact {
				values = []string{"yes", "no"}
			}
		}
	}
	return values, question
}
