package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// maxClasses bounds the work on one cell; a notice whose one sentence has that many cases is not one
// that people can read either.
const maxClasses = 4_000_000

// A dimension is something a question or a person can differ in, and one way for every class of it.
type dimension struct {
	name  string
	ways  []way
	about aboutWhat
}

type aboutWhat int

const (
	aboutPerson aboutWhat = iota
	aboutRequest
)

// A way puts one class of a dimension into a question; without put it states nothing. Out tells which
// rules can no longer have a say then.
type way struct {
	put func(q *decision.Request, who *decision.Person)
	out func(r *decision.Rule) bool
}

// partition decides one question of every class of the cell under both versions.
func (c *comparer) partition(x cell, to string, out *Comparison) ([]found, error) {
	views := [2]view{c.sides[0].view(x, to), c.sides[1].view(x, to)}
	dims := c.dimensions(x, to, views)
	own := c.own(views)
	w := walk{c: c, dims: dims, changes: map[bool]*found{}}
	w.arrange(own, c.sameLaw && c.sameButRules(views))
	q := x.about(decision.Request{At: c.at}, to)
	if err := w.step(0, q, decision.Person{}, 0, w.all); err != nil {
		return nil, err
	}
	out.Classes += w.classes
	var changes []found
	for _, allowed := range []bool{true, false} {
		if f := w.changes[allowed]; f != nil {
			changes = append(changes, *f)
		}
	}
	return changes, nil
}

// own are the rules that only one version has.
func (c *comparer) own(views [2]view) []*decision.Rule {
	texts := [2]map[string]bool{{}, {}}
	text := func(r decision.Rule) string {
		r.ID, r.Clause, r.Obliges = "", "", nil
		return fmt.Sprintf("%+v", r)
	}
	for i := range views {
		for _, r := range views[i].rules {
			texts[i][text(r)] = true
		}
	}
	var out []*decision.Rule
	for i := range views {
		for j := range views[i].rules {
			if r := &views[i].rules[j]; !texts[1-i][text(*r)] {
				out = append(out, r)
			}
		}
	}
	return out
}

// A walk visits every combination of ways. Once none of the rules that only one version has can have a
// say any more, both versions answer alike whatever else is asked, and the walk turns back.
type walk struct {
	c       *comparer
	dims    []dimension
	outs    [][]uint64 // by dimension and way: rules of one version that fall out
	all     uint64     // rules of one version; 0: something else differs, and nothing may be skipped
	people  int        // dims from here on leave the person as they are
	facts   [2]decision.Facts
	changes map[bool]*found
	classes int
}

// arrange puts first what lets rules of one version fall out.
func (w *walk) arrange(own []*decision.Rule, prune bool) {
	outs := map[string][]uint64{}
	sharp := map[string]int{}
	for _, d := range w.dims {
		for _, x := range d.ways {
			var mask uint64
			for i, r := range own {
				if i < 64 && x.out != nil && x.out(r) {
					mask |= 1 << i
				}
			}
			outs[d.name] = append(outs[d.name], mask)
			if mask != 0 {
				sharp[d.name] = 1
			}
		}
	}
	rank := func(d dimension) int {
		switch {
		case d.about == aboutRequest && sharp[d.name] == 1:
			return 1
		case d.about == aboutPerson:
			return 3 - sharp[d.name]
		}
		return 4
	}
	slices.SortStableFunc(w.dims, func(a, b dimension) int { return rank(a) - rank(b) })
	w.people = len(w.dims)
	for i := len(w.dims); i > 0 && w.dims[i-1].about == aboutRequest; i-- {
		w.people = i - 1
	}
	for _, d := range w.dims {
		w.outs = append(w.outs, outs[d.name])
	}
	if prune && len(own) < 64 {
		w.all = 1<<len(own) - 1
	}
}

func (w *walk) step(i int, q decision.Request, who decision.Person, stated int, alive uint64) error {
	if i == w.people {
		for s := range w.c.sides {
			var err error
			if w.facts[s], err = w.c.sides[s].facts(who); err != nil {
				return err
			}
		}
	}
	if i == len(w.dims) {
		return w.decide(q, who, stated)
	}
	for j, x := range w.dims[i].ways {
		left := alive &^ w.outs[i][j]
		if w.all != 0 && left == 0 {
			continue
		}
		q2, who2, n := q, who, stated
		if x.put != nil {
			q2.Stated, q2.Ended, q2.Assigned = slices.Clip(q.Stated), slices.Clip(q.Ended), slices.Clip(q.Assigned)
			who2.Facts, who2.Events, who2.Choices = slices.Clip(who.Facts), slices.Clip(who.Events), slices.Clip(who.Choices)
			x.put(&q2, &who2)
			n++
		}
		if err := w.step(i+1, q2, who2, n, left); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) decide(q decision.Request, who decision.Person, stated int) error {
	if w.classes++; w.classes > maxClasses {
		return fmt.Errorf("%s for %s has more than %d classes of questions", q.Action, q.For, maxClasses)
	}
	var allowed [2]bool
	for s := range w.c.sides {
		x := &w.c.sides[s]
		asked := x.words(q)
		allowed[s] = x.p.Decide(&asked, &w.facts[s], &x.d) == decision.Allow
	}
	if allowed[0] == allowed[1] {
		return nil
	}
	f := w.changes[allowed[1]]
	if f == nil {
		f = &found{change: Change{Allowed: allowed[1], Witness: Witness{stated: 1 << 30}}}
		w.changes[allowed[1]] = f
	}
	f.classes++
	if stated < f.change.Witness.stated {
		f.change.Witness = Witness{Request: q, Person: who, stated: stated}
	}
	return nil
}

// sameButRules: what the rules lean on is the same in both versions.
func (c *comparer) sameButRules(views [2]view) bool {
	v := [2]*decision.Vocabulary{&c.sides[0].m.Vocabulary, &c.sides[1].m.Vocabulary}
	facts := union(views[0].facts(), views[1].facts())
	defined := func(i int) string {
		var s strings.Builder
		fmt.Fprintf(&s, "%+v %+v %+v", views[i].context, v[i].Locations, v[i].Facets)
		for _, f := range v[i].Facts {
			if slices.Contains(facts, f.Name) {
				fmt.Fprintf(&s, "%+v", f)
			}
		}
		return s.String()
	}
	return defined(0) == defined(1)
}

// facts compiles the person, without what this version has no word for.
func (s *side) facts(who decision.Person) (decision.Facts, error) {
	who.Facts = slices.DeleteFunc(slices.Clone(who.Facts), func(f decision.Stated) bool { return !s.known["fact "+f.Name] })
	who.Events = slices.DeleteFunc(slices.Clone(who.Events), func(e decision.Event) bool { return !s.known["event "+e.Name] })
	return s.p.Facts(who)
}

// words leaves out the facts and facets that this version has no word for: a caller that lives with it
// does not state them.
func (s *side) words(q decision.Request) decision.Request {
	unknown := func(f decision.Stated) bool { return !s.known["fact "+f.Name] }
	if slices.ContainsFunc(q.Stated, unknown) {
		q.Stated = slices.DeleteFunc(slices.Clone(q.Stated), unknown)
	}
	return q
}

func (s *side) answer(q decision.Request, who decision.Person) decision.Answer {
	f, err := s.facts(who)
	if err != nil {
		return decision.Answer{Outcome: decision.Indeterminate}
	}
	asked := s.words(q)
	s.p.Decide(&asked, &f, &s.d)
	return s.d.Answer()
}
