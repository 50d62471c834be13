package decision

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Facts is what is known of one person, ready to decide on: a view into flat arrays that hold no
// pointers, 16 bytes a choice, 16 an event, 8 a fact. Facts belong to the Program whose People made
// them. The zero Facts is a stranger.
type Facts struct {
	residence uint16 // place + 1
	age       int16  // 0: unknown
	born      Instant
	values    []value
	events    []event
	choices   []choice
	scopes    []scope // shared by all people
}

type value struct {
	fact uint16
	n    int32
}

type event struct {
	at Instant
	id uint16
}

// A choice is packed: what = scope<<9 | guardian<<8 | style<<4 | kind.
type choice struct {
	at    Instant
	lasts uint32 // seconds, 0: no end
	what  uint32
}

// touch reads a little of every list of the person. They lie apart in memory, and asked for together
// they arrive together, while the question is being read.
func (f *Facts) touch() uint32 {
	var n uint32
	if l := f.choices; len(l) > 0 {
		n = l[0].what + l[len(l)-1].what
	}
	if l := f.values; len(l) > 0 {
		n += uint32(l[0].n)
	}
	if l := f.events; len(l) > 0 {
		n += uint32(l[0].id)
	}
	return n
}

func (c *choice) kind() uint32   { return c.what & 15 }
func (c *choice) style() uint32  { return c.what >> 4 & 15 }
func (c *choice) guardian() bool { return c.what>>8&1 == 1 }
func (c *choice) scope() uint32  { return c.what >> 9 }

// Choice kinds by number, in the order of ChoiceKinds.
const (
	granted = iota
	refused
	withdrawn
	expired
	objected
	overridden
	unobjected
	restricted
	lifted
	held
	released
)

const explicitStyle = 1 // in Styles

// A scope is compiled for one program: what a choice covers whole, and what it has to do with.
type scope struct {
	anyData, closed          bool
	purposes                 bits // by purpose + 1, covered
	hitPurposes              bits
	data, hitData            bits
	recipients, hitRecipient bits
	locations                bits // covered, by location + 1; 0 is none
	facets                   uint64
	values                   bits // facet values taken in
}

// People holds the facts of many people in flat arrays. It is filled by one goroutine and then read
// by many.
type People struct {
	p      *Program
	rows   []row
	values []value
	events []event
	chosen []choice
	scopes []scope
	seen   map[string]uint32
}

type row struct {
	born                    Instant
	values, events, choices uint32 // where they end
	residence               uint16
	age                     int16
}

// NewPeople is an empty population for the program.
func (p *Program) NewPeople() *People { return &People{p: p, seen: map[string]uint32{}} }

// Facts compiles one person.
func (p *Program) Facts(who Person) (Facts, error) {
	people := p.NewPeople()
	i, err := people.Add(who)
	if err != nil {
		return Facts{}, err
	}
	return people.At(i), nil
}

// Len is the number of people.
func (x *People) Len() int { return len(x.rows) }

// At returns the facts of the i-th person added.
func (x *People) At(i int) Facts {
	r := &x.rows[i]
	var from row
	if i > 0 {
		from = x.rows[i-1]
	}
	return Facts{
		residence: r.residence, age: r.age, born: r.born, scopes: x.scopes,
		values:  x.values[from.values:r.values:r.values],
		events:  x.events[from.events:r.events:r.events],
		choices: x.chosen[from.choices:r.choices:r.choices],
	}
}

// Bytes is the memory the flat arrays take, without what the whole population shares.
func (x *People) Bytes() int {
	return 32*len(x.rows) + 8*len(x.values) + 16*len(x.events) + 16*len(x.chosen)
}

// Add compiles a person and returns their index. The error names what the vocabulary lacks; nothing
// is added then.
func (x *People) Add(who Person) (int, error) {
	nv, ne, nc := len(x.values), len(x.events), len(x.chosen)
	if err := x.add(who); err != nil {
		x.values, x.events, x.chosen = x.values[:nv], x.events[:ne], x.chosen[:nc]
		return 0, err
	}
	r := row{
		born: who.Born, age: int16(min(who.Age, 1000)),
		values: uint32(len(x.values)), events: uint32(len(x.events)), choices: uint32(len(x.chosen)),
	}
	if who.Residence != "" {
		r.residence = x.p.place(who.Residence) + 1
	}
	x.rows = append(x.rows, r)
	return len(x.rows) - 1, nil
}

func (x *People) add(who Person) error {
	p := x.p
	for _, f := range who.Facts {
		id, ok := p.facts.ids[f.Name]
		if !ok || p.factSpecs[id].question || p.factSpecs[id].kind == StateFact {
			return fmt.Errorf("%q is not a fact of a person", f.Name)
		}
		n, ok := f.Number, true
		if p.factSpecs[id].kind != NumberFact {
			n, ok = p.number(id, f.Value)
		}
		if !ok {
			return fmt.Errorf("fact %s: no such value", f.Name)
		}
		x.values = append(x.values, value{id, n})
	}
	for _, e := range who.Events {
		id, ok := p.events.ids[e.Name]
		if !ok {
			return fmt.Errorf("event %q is not declared", e.Name)
		}
		x.events = append(x.events, event{e.At, id})
	}
	for i := range who.Choices {
		c, err := x.choice(&who.Choices[i])
		if err != nil {
			return err
		}
		x.chosen = append(x.chosen, c)
	}
	return nil
}

// number is a flag's or an enum's value as facts hold it.
func (p *Program) number(fact uint16, value string) (int32, bool) {
	n, ok := p.values[fact][value]
	return n, ok
}

func (x *People) choice(c *Choice) (choice, error) {
	kind, style := slices.Index(ChoiceKinds(), c.Kind), 0
	if c.Style != "" {
		style = slices.Index(Styles(), c.Style)
	}
	if kind < 0 || style < 0 {
		return choice{}, fmt.Errorf("choice %q of style %q is not known", c.Kind, c.Style)
	}
	id, err := x.scope(&c.Scope)
	if err != nil {
		return choice{}, err
	}
	out := choice{at: c.At, lasts: c.lasts(), what: id<<9 | uint32(style)<<4 | uint32(kind)}
	if c.Guardian {
		out.what |= 1 << 8
	}
	return out, nil
}

// scope interns what a choice is about.
func (x *People) scope(s *Scope) (uint32, error) {
	key, err := json.Marshal(s)
	if err != nil {
		return 0, fmt.Errorf("read scope: %w", err)
	}
	if id, ok := x.seen[string(key)]; ok {
		return id, nil
	}
	out, err := x.p.scope(s)
	if err != nil {
		return 0, err
	}
	if len(x.scopes) >= 1<<23 {
		return 0, fmt.Errorf("more than %d different scopes", 1<<23)
	}
	x.scopes = append(x.scopes, out)
	x.seen[string(key)] = uint32(len(x.scopes) - 1)
	return uint32(len(x.scopes) - 1), nil
}

func (p *Program) scope(s *Scope) (scope, error) {
	for _, l := range []struct {
		n     *names
		words []string
		what  string
	}{{&p.purposes, s.For, "purpose"}, {&p.data, s.Data, "category"}, {&p.recipients, s.To, "recipient"}} {
		for _, w := range l.words {
			if _, ok := l.n.ids[w]; !ok && !s.Closed { // a closed list may name what no longer exists
				return scope{}, fmt.Errorf("%s %q is not declared", l.what, w)
			}
		}
	}
	for _, f := range s.Facets {
		i := slices.IndexFunc(p.facets, func(g facetSpec) bool { return g.name == f.Facet })
		if i < 0 {
			return scope{}, fmt.Errorf("facet %q is not declared", f.Facet)
		}
	}
	purposes, data, to := Set{Names: s.For}, Set{Names: s.Data}, Set{Names: s.To}
	covers := func(set Set, n *names) func(i int) bool {
		if s.Closed {
			return func(i int) bool { return shown(set.Names, n.list[i], n.list) }
		}
		return func(i int) bool { return set.covers(n.list[i]) }
	}
	coversPurpose := covers(purposes, &p.purposes)
	out := scope{
		anyData: len(s.Data) == 0, closed: s.Closed,
		purposes:     bitsOf(p.purposes.len()+1, func(i int) bool { return i > 0 && coversPurpose(i-1) || i == 0 && (len(s.For) == 0 || s.Closed) }),
		hitPurposes:  bitsOf(p.purposes.len()+1, func(i int) bool { return i == 0 || purposes.covers(p.purposes.list[i-1]) }),
		data:         bitsOf(p.data.len(), covers(data, &p.data)),
		hitData:      bitsOf(p.data.len(), func(i int) bool { return data.hits(p.data.list[i]) }),
		recipients:   bitsOf(p.recipients.len(), covers(to, &p.recipients)),
		hitRecipient: bitsOf(p.recipients.len(), func(i int) bool { return to.hits(p.recipients.list[i]) }),
		locations:    bitsOf(p.locations.len()+1, func(int) bool { return true }),
	}
	if s.Closed {
		p.shut(s, &out)
	}
	for _, f := range s.Facets {
		i := slices.IndexFunc(p.facets, func(g facetSpec) bool { return g.name == f.Facet })
		out.facets |= 1 << i
	}
	out.values = bitsOf(p.facetValues(), func(i int) bool {
		name, v := p.facetValue(i)
		j := slices.IndexFunc(s.Facets, func(f FacetValues) bool { return f.Facet == name })
		return j < 0 || slices.Contains(s.Facets[j].Values, v)
	})
	return out, nil
}

// shut takes away what was not shown: another controller, countries of recipients and locations.
func (p *Program) shut(s *Scope, out *scope) {
	if s.Controller != p.site {
		out.purposes = bitsOf(p.purposes.len()+1, func(int) bool { return false })
	}
	known := func(place uint16) bool { return slices.Contains(s.Countries, p.places.list[place]) }
	covered := out.recipients
	out.recipients = bitsOf(p.recipients.len(), func(i int) bool {
		return covered.has(uint16(i)) && !slices.ContainsFunc(p.recipientSpecs[i].countries, func(c uint16) bool { return !known(c) })
	})
	out.locations = bitsOf(p.locations.len()+1, func(i int) bool { return i == 0 || known(p.locationSpecs[i-1].country) })
}
