package decision

import (
	"slices"
	"strconv"
)

// facts numbers facts and whatever a question may state.
func (c *compiler) facts() {
	p := c.p
	all := c.m.facts()
	p.facts = number(namesOf(all, func(f Fact) string { return f.Name }))
	p.stated = map[string]statedRef{}
	for i, f := range all {
		spec := factSpec{name: f.Name, kind: f.Type, question: f.Question, known: f.Unknown != ""}
		for _, e := range append(slices.Clone(f.Opens), f.Closes...) {
			c.need(&p.events, e, "event")
		}
		spec.opens = p.pool.put(p.events.len(), func(i int) bool { return slices.Contains(f.Opens, p.events.list[i]) })
		spec.closes = p.pool.put(p.events.len(), func(i int) bool { return slices.Contains(f.Closes, p.events.list[i]) })
		ref := statedRef{id: uint16(i), values: f.numbered(), number: f.Type == NumberFact}
		if f.Unknown != "" {
			if n, err := strconv.Atoi(f.Unknown); f.Type == NumberFact && err == nil {
				spec.value = int32(n)
			} else if n, ok := ref.values[f.Unknown]; ok {
				spec.value = n
			} else {
				c.fail("fact %s: %q is not a value of it", f.Name, f.Unknown)
			}
		}
		p.factSpecs = append(p.factSpecs, spec)
		p.values = append(p.values, ref.values)
		if f.Question {
			p.stated[f.Name] = ref
		}
	}
	for i, f := range p.facets {
		values := map[string]int32{}
		for j, v := range f.values {
			values[v] = int32(f.first) + int32(j)
		}
		p.stated[f.name] = statedRef{facet: true, id: uint16(i), values: values}
	}
}

// numbered are the fact's values with the numbers facts hold.
func (f Fact) numbered() map[string]int32 {
	switch f.Type {
	case FlagFact:
		return map[string]int32{"no": 0, "yes": 1}
	case EnumFact:
		m := map[string]int32{}
		for i, v := range f.Values {
			m[v] = int32(i)
		}
		return m
	}
	return nil
}

type testOp uint8

const (
	testPlace testOp = iota
	testAge
	testConsent
	testHappened
	testNever
	testWithin
	testOver
	testOpen
	testClosed
	testNeverOpen
	testAssigned
	testNumber
	testValue
)

type test struct {
	op       testOp
	fact     uint16
	question bool
	set      setAt // of places, or values
	want     bool  // consent
	min, max int32
	span     Duration
	name     string
}

// tests compiles a conjunction.
func (c *compiler) tests(list []Test) span {
	from := uint32(len(c.p.tests))
	for _, t := range list {
		c.p.tests = append(c.p.tests, c.test(t))
	}
	return span{from, uint32(len(c.p.tests))}
}

func (c *compiler) test(t Test) test {
	p := c.p
	out := test{min: t.Min, max: t.Max, span: t.Span, name: t.Fact}
	switch t.Fact {
	case ResidenceFact:
		out.op = testPlace
		out.set = p.pool.put(p.places.len(), func(i int) bool { return inPlaces(t.In, p.places.list[i]) })
		return out
	case AgeFact:
		out.op = testAge
		return out
	case ConsentFact:
		out.op, out.want = testConsent, t.In.covers("valid")
		return out
	}
	if t.Event != "" {
		ops := map[string]testOp{"happened": testHappened, "never": testNever, "within": testWithin, "over": testOver}
		out.op, out.fact = ops[t.Event], c.need(&p.events, t.Fact, "event")-1
		return out
	}
	id := c.need(&p.facts, t.Fact, "fact")
	if c.err != nil {
		return out
	}
	out.fact = id - 1
	spec := p.factSpecs[out.fact]
	out.question = spec.question
	switch spec.kind {
	case StateFact:
		ops := map[string]testOp{"open": testOpen, "closed": testClosed, "never": testNeverOpen, "assigned": testAssigned}
		out.op = ops[t.State]
	case NumberFact:
		out.op = testNumber
	default:
		out.op = testValue
		values := []string{"no", "yes"}
		if spec.kind == EnumFact {
			values = c.m.facts()[out.fact].Values
		}
		out.set = p.pool.put(len(values), func(i int) bool { return t.In.covers(values[i]) })
	}
	return out
}

type keep struct {
	promise  uint16
	while    span
	until    bool
	span     Duration
	event    setAt // what the clock counts from; for a state, its openings or closings
	state    bool
	opens    bool
	fact     uint16
	purposes bits // by purpose + 1; nil: all
	demanded bool // by law
	interest bool
	src      *Keep
}

func (c *compiler) keeps() {
	v, p := &c.m.Vocabulary, c.p
	for i, k := range c.m.Keeps {
		p.keeps = append(p.keeps, c.keep(k, uint16(len(c.m.Rules)+i)))
	}
	for i, d := range v.Data {
		var of, hit, for_ []uint16
		for j, k := range c.m.Keeps {
			set := Set{Names: k.Data}
			if set.covers(d.Name) {
				of = append(of, uint16(j))
			}
			if set.hits(d.Name) {
				hit = append(hit, uint16(j))
			}
		}
		for j, e := range v.Data {
			limited := func(k Keep) bool { return len(k.For) > 0 && (Set{Names: k.Data}).covers(e.Name) }
			if under(e.Name, v.Data[i].Name) && slices.ContainsFunc(c.m.Keeps, limited) {
				for_ = append(for_, uint16(j))
			}
		}
		p.keepsOf, p.keepsHit, p.forOthers = append(p.keepsOf, of), append(p.keepsHit, hit), append(p.forOthers, for_)
	}
}

func (c *compiler) keep(k Keep, promise uint16) keep {
	p := c.p
	for _, t := range k.While {
		if t.Fact == ConsentFact && (len(k.For) > 0 || t.In.Not || !slices.Equal(t.In.Names, []string{"valid"})) {
			c.fail("%s: a withdrawal would permit; only a keep for all purposes may stand while consent is valid", k.ID)
		}
	}
	for _, d := range k.Data {
		c.need(&p.data, d, "category")
	}
	out := keep{
		promise: promise, src: &c.m.Keeps[int(promise)-len(c.m.Rules)], while: c.tests(k.While),
		demanded: k.Basis.Kind == LegalObligation || k.Basis.Kind == PublicTask, interest: k.Basis.Kind == LegitimateInterest,
	}
	if len(k.For) > 0 {
		set := Set{Names: k.For}
		out.purposes = bitsOf(p.purposes.len()+1, func(i int) bool { return i > 0 && set.covers(p.purposes.list[i-1]) })
	}
	if k.Until == nil {
		return out
	}
	out.until, out.span, out.opens = true, k.Until.Span, k.Until.Opens
	if k.Until.Event != "" {
		id := c.need(&p.events, k.Until.Event, "event")
		out.event = p.pool.put(p.events.len(), func(i int) bool { return i == int(id)-1 })
		return out
	}
	out.state, out.fact = true, c.need(&p.facts, k.Until.State, "state")-1
	return out
}
