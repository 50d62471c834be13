package policy

import "github.com/avowhq/avow/decision"

// Classes lets a test look at any class of questions that Compare tells apart.
type Classes struct {
	c     *comparer
	spots []spot // of which some allow speaks
}

// ClassesOf finds the classes of two versions.
func ClassesOf(old, new *decision.Model, at decision.Instant) (Classes, error) {
	c, err := comparing(old, new, at)
	if err != nil {
		return Classes{}, err
	}
	x := Classes{c: c}
	for kind := range c.words.objects {
		for _, verb := range decision.ObjectKind(kind).Verbs() {
			for purpose := range c.words.purposes {
				for object := range c.words.objects[kind] {
					at := spot{decision.ObjectKind(kind), verb, purpose, object}
					if (purpose > 0 || kind > 0) && (c.plans[0].may(at) || c.plans[1].may(at)) {
						x.spots = append(x.spots, at)
					}
				}
			}
		}
	}
	return x, nil
}

// Try picks a cell, a recipient and a way in every dimension, more often those that lead to an allow. It
// tells, for either version, what was computed for all questions of that class, and what is decided
// about one of them.
func (x Classes) Try(pick func(n int) int) (computed, decided [2]bool, q decision.Request, who decision.Person, err error) {
	c := x.c
	if len(x.spots) == 0 {
		return computed, decided, q, who, nil
	}
	at, to := x.spots[pick(len(x.spots))], pick(len(c.words.recipients))
	if pick(2) == 0 {
		to = 0
	}
	out := pair{cell: c.cellAt(at), c: c, to: c.words.recipients[to]}
	for i, p := range c.plans {
		s := p.of(at)
		if s.tell(to); s.allows() {
			out.allowed[i] = s.region()
		}
	}
	c.read(&out)
	s := shown{request: decision.Request{At: c.at}}
	ways := make([]int, len(c.space.dims))
	toward := out.allowed[pick(2)]
	for d, dim := range c.space.dims {
		ways[d] = pick(len(dim.ways))
		if pick(2) == 0 {
			ways[d] = 0
		}
		if int(c.r.nodes[toward].dim) == d {
			for range 8 {
				if pick(8) > 0 && c.r.of(toward)[ways[d]] == nowhere {
					ways[d] = pick(len(dim.ways))
				}
			}
			toward = c.r.of(toward)[ways[d]]
		}
		c.put(&s, &out, dim, dim.ways[ways[d]])
	}
	c.put(&s, &out, dimension{name: dimWith}, c.space.only[dimWith])
	q, who = c.about(&out, s.request, s.ended), s.who
	for i := range c.sides {
		computed[i] = c.r.has(out.allowed[i], ways)
		facts, err := c.sides[i].p.Facts(c.sides[i].person(who))
		if err != nil {
			return computed, decided, q, who, err
		}
		decided[i] = c.sides[i].answer(q, &facts).Allowed()
	}
	return computed, decided, q, who, nil
}

func (r *regions) has(x region, ways []int) bool {
	for x > everywhere {
		x = r.of(x)[ways[r.nodes[x].dim]]
	}
	return x == everywhere
}
