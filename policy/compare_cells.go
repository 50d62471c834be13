package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A comparer goes through all cells of two versions.
type comparer struct {
	at       decision.Instant
	sides    [2]side
	space    *space
	r        *regions
	formulas [2]*formula
	plans    [2]*plan
	words    words

	same      bool              // what every cell leans on is the same: laws, establishments, locations, zone
	sameKeeps bool              // and all keeps are
	sameWords bool              // and all purposes, objects and recipients
	changed   [2][]bool         // by rule: the other version has none like it
	unread    [2]map[int]region // by dimension: where a version can read its words; everywhere is left out
	shown     map[shownAt]*shown
	classes   map[[2]region]int
}

// words are all that either version can be asked about.
type words struct {
	purposes   []string                            // the first is none
	objects    [decision.CookieObject + 1][]string // by kind
	recipients []string                            // the first is us
}

// A spot is one cell by the places of its words.
type spot struct {
	kind            decision.ObjectKind
	verb            string
	purpose, object int
}

func (c *comparer) cellAt(at spot) cell {
	return cell{at.kind, at.verb, c.words.purposes[at.purpose], c.words.objects[at.kind][at.object]}
}

// A pair is one cell and recipient, and where both versions allow.
type pair struct {
	cell
	c       *comparer
	to      string
	allowed [2]region
}

// differs is where the new version allows what the old one did not; or, if not allowed, denies.
func (x *pair) differs(allowed bool) region {
	if allowed {
		return x.c.r.minus(x.allowed[1], x.allowed[0])
	}
	return x.c.r.minus(x.allowed[0], x.allowed[1])
}

func comparing(old, new *decision.Model, at decision.Instant) (*comparer, error) {
	c := &comparer{at: at, shown: map[shownAt]*shown{}, classes: map[[2]region]int{}}
	for i, m := range []*decision.Model{old, new} {
		var err error
		if c.sides[i], err = newSide(m); err != nil {
			return nil, err
		}
	}
	c.space = spaceOf(&c.sides, at)
	c.words = wordsIn(c.space)
	var widths []int
	for _, d := range c.space.dims {
		widths = append(widths, len(d.ways))
	}
	c.r = newRegions(widths)
	for i := range c.sides {
		c.formulas[i] = newFormula(c.space, c.r, &c.sides[i])
		c.unread[i] = map[int]region{}
		for d, x := range c.space.dims {
			if at := c.formulas[i].readable(x); at != everywhere {
				c.unread[i][d] = at
			}
		}
	}
	c.alike()
	for i := range c.sides {
		c.plans[i] = newPlan(c, i)
	}
	c.sameWords = c.plans[0].meanings() == c.plans[1].meanings()
	return c, nil
}

// alike finds which rules of a version the other one has too, and whether all else that cells lean on
// is the same.
func (c *comparer) alike() {
	var texts [2][]string
	var all, keeps [2]string
	for i := range c.sides {
		m := c.sides[i].m
		for j := range m.Rules {
			texts[i] = append(texts[i], c.sides[i].ruleText(m.Rules[j]))
		}
		v := &m.Vocabulary
		all[i] = fmt.Sprintf("%+v %+v %+v %+v", m.Laws, v.Establishments, v.Locations, m.Zone)
		for _, k := range m.Keeps {
			keeps[i] += c.sides[i].keepText(k)
		}
	}
	c.same, c.sameKeeps = all[0] == all[1], keeps[0] == keeps[1]
	for i := range texts {
		other := map[string]bool{}
		for _, t := range texts[1-i] {
			other[t] = true
		}
		for _, t := range texts[i] {
			c.changed[i] = append(c.changed[i], !other[t])
		}
	}
}

// ruleText is all of a rule that deciding reads, with what the words of its conditions mean.
func (s *side) ruleText(r decision.Rule) string {
	r.ID, r.Clause, r.Obliges, r.Point = "", "", nil, flagWord(r.Point != "")
	var text strings.Builder
	fmt.Fprintf(&text, "%+v", r)
	tests := slices.Clone(r.When)
	for _, g := range r.Unless {
		tests = append(tests, g...)
	}
	for _, b := range r.Basis {
		tests = append(tests, decision.Test{Fact: b.On})
	}
	text.WriteString(s.factText(tests))
	for _, x := range r.Facets {
		fmt.Fprintf(&text, " %+v", s.facet(x.Facet))
	}
	return text.String()
}

func (s *side) keepText(k decision.Keep) string {
	k.ID, k.Clause, k.Then, k.Basis = "", "", "", decision.Basis{}
	tests := slices.Clone(k.While)
	var until decision.Moment
	if k.Until != nil {
		until, k.Until = *k.Until, nil
		tests = append(tests, decision.Test{Fact: until.State})
	}
	return fmt.Sprintf("%+v %+v", k, until) + s.factText(tests) + "\n"
}

// factText is what the facts that conditions name mean.
func (s *side) factText(tests []decision.Test) string {
	var text strings.Builder
	for _, t := range tests {
		fmt.Fprintf(&text, " %+v", s.facts[t.Fact])
	}
	return text.String()
}

func (s *side) facet(name string) decision.Facet {
	for _, f := range s.m.Vocabulary.Facets {
		if f.Name == name {
			return f
		}
	}
	return decision.Facet{}
}

// cells visits every cell and recipient on which the versions differ, in order. Visit tells whether to
// go on.
func (c *comparer) cells(visit func(*pair) (bool, error)) error {
	for kind := decision.DataObject; kind <= decision.CookieObject; kind++ {
		for _, verb := range kind.Verbs() {
			for purpose := range c.words.purposes {
				for object := range c.words.objects[kind] {
					at := spot{kind, verb, purpose, object}
					if purpose == 0 && kind == decision.DataObject || c.still(at) || !c.plans[0].may(at) && !c.plans[1].may(at) {
						continue // silence permits nothing, in both
					}
					if on, err := c.cell(at, visit); err != nil || !on {
						return err
					}
				}
			}
		}
	}
	return nil
}

// still: nothing that any recipient's answer here leans on has changed.
func (c *comparer) still(at spot) bool {
	return c.same && c.sameKeeps && c.sameWords && !c.plans[0].moved(at) && !c.plans[1].moved(at)
}

// cell visits the recipients of one cell.
func (c *comparer) cell(at spot, visit func(*pair) (bool, error)) (bool, error) {
	old, new := c.plans[0].of(at), c.plans[1].of(at)
	for to := range c.words.recipients {
		old.tell(to)
		new.tell(to)
		if !old.allows() && !new.allows() || c.same && old.like(new) {
			continue
		}
		out := pair{cell: old.cell, c: c, to: c.words.recipients[to]}
		for i, s := range []*saying{old, new} {
			if s.allows() {
				out.allowed[i] = s.region()
			}
		}
		c.read(&out)
		if c.r.full {
			return false, fmt.Errorf("%w: %s %s for %s", ErrTooMany, out.verb, out.object, out.purpose)
		}
		if out.allowed[0] == out.allowed[1] {
			continue
		}
		if on, err := visit(&out); err != nil || !on {
			return false, err
		}
	}
	return true, nil
}

// read takes away questions that a version cannot read, in what either of them looks at.
func (c *comparer) read(x *pair) {
	if len(c.unread[0])+len(c.unread[1]) == 0 || x.allowed[0] == x.allowed[1] {
		return
	}
	looked := c.r.grouping(x.allowed[0], x.allowed[1])
	for i := range x.allowed {
		for d, at := range c.unread[i] {
			if looked.count[d] > 1 {
				x.allowed[i] = c.r.both(x.allowed[i], at)
			}
		}
	}
}

// ended are the agreements with the recipient that can be told to have ended, since both versions know
// them.
func (c *comparer) ended(to string) []string {
	names := c.space.each(func(v *decision.Vocabulary) []string {
		var out []string
		for _, r := range v.Recipients {
			if r.Name == to && r.Agreement != "" {
				out = append(out, r.Agreement)
			}
		}
		return out
	})
	return slices.DeleteFunc(names, func(n string) bool { return !c.sides[0].known["agreement "+n] || !c.sides[1].known["agreement "+n] })
}

// wordsIn gathers them from both versions.
func wordsIn(s *space) words {
	w := words{
		purposes: append([]string{""}, s.each(func(v *decision.Vocabulary) []string {
			return wordsOf(v.Purposes, func(p decision.Purpose) string { return p.Name })
		})...),
		recipients: append([]string{""}, s.each(func(v *decision.Vocabulary) []string {
			return wordsOf(v.Recipients, func(r decision.Recipient) string { return r.Name })
		})...),
	}
	w.objects[decision.DataObject] = s.each(categoryNames)
	w.objects[decision.ServiceObject] = s.each(func(v *decision.Vocabulary) []string { return v.Services })
	w.objects[decision.CookieObject] = s.each(func(v *decision.Vocabulary) []string { return v.Cookies })
	return w
}
