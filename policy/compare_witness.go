package policy

import (
	"fmt"

	"github.com/avowhq/avow/decision"
)

// A shown is the smallest question of a region, without the words of its cell.
type shown struct {
	request decision.Request
	who     decision.Person
	ended   bool
	classes int
	facts   [2]decision.Facts
}

type shownAt struct {
	of      region
	allowed [2]region
	combine bool
}

// change tells a difference in the words of the cell; both versions decide its witness.
func (c *comparer) change(x *pair, allowed bool, of region) (Change, error) {
	s, err := c.show(x, of)
	if err != nil {
		return Change{}, err
	}
	q := c.about(x, s.request, s.ended)
	out := Change{Allowed: allowed, Verb: x.verb, Object: x.object, Purpose: x.purpose, Recipient: x.to, Classes: s.classes}
	out.Witness = Witness{Request: q, Person: s.who, Old: c.sides[0].answer(q, &s.facts[0]), New: c.sides[1].answer(q, &s.facts[1])}
	if w := &out.Witness; w.Old.Allowed() == allowed || w.New.Allowed() != allowed {
		return Change{}, fmt.Errorf("a difference is told that deciding does not bear out: %s was %s, is %s", Describe(q, s.who), Brief(w.Old), Brief(w.New))
	}
	return out, nil
}

// about puts a request in the words of the cell.
func (c *comparer) about(x *pair, q decision.Request, ended bool) decision.Request {
	q.Action, q.For, q.To = x.verb, x.purpose, x.to
	switch x.kind {
	case decision.DataObject:
		q.Data = []string{x.object}
	case decision.ServiceObject:
		q.Service = x.object
	case decision.CookieObject:
		q.Cookie = x.object
	}
	if ended {
		q.Ended = c.ended(x.to)
	}
	return q
}

// put states a way. Only a combination has other data.
func (c *comparer) put(s *shown, x *pair, dim dimension, w way) {
	switch {
	case !w.states() || dim.name == dimWith && x.verb != decision.VerbCombine:
	case dim.name == dimAgreement:
		s.ended = true
	default:
		w.put(&s.request, &s.who)
	}
}

// show finds the smallest question of the region.
func (c *comparer) show(x *pair, of region) (*shown, error) {
	at := shownAt{of, x.allowed, x.verb == decision.VerbCombine}
	if s := c.shown[at]; s != nil {
		return s, nil
	}
	s := &shown{request: decision.Request{At: c.at}, classes: c.r.grouping(x.allowed[0], x.allowed[1]).classes(of)}
	ways, _ := c.r.smallest(of, func(dim, way int) int {
		if c.space.dims[dim].name != dimWith && c.space.dims[dim].ways[way].states() {
			return 1
		}
		return 0
	})
	looked := c.r.grouping(of)
	for d, dim := range c.space.dims {
		switch {
		case looked.count[d] > 1:
			c.put(s, x, dim, dim.ways[ways[d]])
		case dim.name == dimWith:
			c.put(s, x, dim, c.anyOther(dim))
		}
	}
	c.put(s, x, dimension{name: dimWith}, c.space.only[dimWith])
	for i := range c.sides {
		var err error
		if s.facts[i], err = c.sides[i].p.Facts(c.sides[i].person(s.who)); err != nil {
			return nil, err
		}
	}
	c.shown[at] = s
	return s, nil
}

// count is the number of classes of questions that the versions could tell apart in a cell.
func (c *comparer) count(x *pair) int {
	n, ok := c.classes[x.allowed]
	if !ok {
		n = c.r.grouping(x.allowed[0], x.allowed[1]).classes(everywhere)
		c.classes[x.allowed] = n
	}
	return n
}

// anyOther is other data to combine with, whatever it is, of which both versions know.
func (c *comparer) anyOther(dim dimension) way {
	for _, w := range dim.ways {
		if c.sides[0].known["object "+w.word] && c.sides[1].known["object "+w.word] {
			return w
		}
	}
	return dim.ways[0]
}
