package policy

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A plan finds quickly what one version says of a cell and a recipient: its rules and bans as bits, by
// what they can speak of.
type plan struct {
	c *comparer
	f *formula

	allows, changed bits // of rules
	gone            bits // are as if they were not there
	verbs           map[kindVerb]*wordAt
	purposes        []*wordAt
	objects         [decision.CookieObject + 1][]*wordAt // by kind
	combined        []*wordAt                            // categories, of a combination
	to              []*recipientAt
	recipients      map[string]int // number of what is read of a recipient
}

type kindVerb struct {
	kind decision.ObjectKind
	verb string
}

// bits is a set of small numbers.
type bits []uint64

func bitsOf(n int, in func(i int) bool) bits {
	b := make(bits, (n+63)/64)
	for i := range n {
		if in(i) {
			b[i>>6] |= 1 << (i & 63)
		}
	}
	return b
}

// meets reports whether all the sets have a member in common.
func meets(a, b, c, d bits) bool {
	for i := range a {
		if a[i]&b[i]&c[i]&d[i] != 0 {
			return true
		}
	}
	return false
}

func (b bits) and(c bits) bits {
	out := make(bits, len(b))
	for i := range b {
		out[i] = b[i] & c[i]
	}
	return out
}

func (b bits) or(c bits) bits {
	out := make(bits, len(b))
	for i := range b {
		out[i] = b[i] | c[i]
	}
	return out
}

func (b bits) less(c bits) bits {
	out := make(bits, len(b))
	for i := range b {
		out[i] = b[i] &^ c[i]
	}
	return out
}

func (b bits) list() []int {
	var out []int
	for i := range 64 * len(b) {
		if b[i>>6]>>(i&63)&1 == 1 {
			out = append(out, i)
		}
	}
	return out
}

// A wordAt is one verb, purpose or object: the rules and bans that can be about it, and what else is
// read of it.
type wordAt struct {
	known                      bool
	rules, bans                bits
	text                       string // of all that is read of it
	serving                    string // purpose: the keeps that serve it
	special, marketing, serves bool
}

type recipientAt struct {
	*receiver
	known bool
	rules bits
	text  string
}

func newPlan(c *comparer, i int) *plan {
	p := &plan{
		c: c, f: c.formulas[i], verbs: map[kindVerb]*wordAt{}, recipients: map[string]int{},
	}
	m := p.f.m
	p.allows = p.rules(func(r *decision.Rule) bool { return !r.Deny })
	p.gone = make(bits, len(p.allows))
	p.changed = bitsOf(len(m.Rules), func(j int) bool { return c.changed[i][j] })
	for kind := decision.DataObject; kind <= decision.CookieObject; kind++ {
		for _, verb := range kind.Verbs() {
			p.verbs[kindVerb{kind, verb}] = &wordAt{
				rules: p.rules(func(r *decision.Rule) bool { return m.TakesVerb(r, kind, verb) }),
				bans:  p.bans(func(b *decision.Ban) bool { return slices.Contains(b.Verbs, verb) }),
			}
		}
		for _, name := range c.words.objects[kind] {
			p.objects[kind] = append(p.objects[kind], p.object(kind, "", name))
		}
	}
	for _, name := range c.words.objects[decision.DataObject] {
		p.combined = append(p.combined, p.object(decision.DataObject, decision.VerbCombine, name))
	}
	for _, name := range c.words.purposes {
		p.purposes = append(p.purposes, p.purpose(name))
	}
	for _, name := range c.words.recipients {
		p.to = append(p.to, p.recipient(name))
	}
	return p
}

func (p *plan) rules(takes func(*decision.Rule) bool) bits {
	return bitsOf(len(p.f.m.Rules), func(i int) bool { return takes(&p.f.m.Rules[i]) })
}

// drop leaves rules out; changed are those by which it differs from the other side.
func (p *plan) drop(gone, changed bits) {
	p.gone, p.changed = gone, changed
}

func (p *plan) bans(takes func(*decision.Ban) bool) bits {
	return bitsOf(len(p.f.bans), func(i int) bool { return takes(p.f.bans[i].ban) })
}

func (p *plan) object(kind decision.ObjectKind, verb, name string) *wordAt {
	x := &wordAt{known: p.f.side.known["object "+name]}
	x.rules = p.rules(func(r *decision.Rule) bool { return r.TakesObject(kind, verb, name) })
	x.bans = p.bans(func(b *decision.Ban) bool { return p.f.aboutObject(b, kind, name) })
	var parts []decision.Category
	if kind == decision.DataObject {
		for _, d := range p.f.m.Vocabulary.Data {
			if under(d.Name, name) {
				parts = append(parts, d)
				x.special = x.special || d.Special
			}
		}
	}
	x.text = fmt.Sprint(x.known, parts)
	return x
}

func (p *plan) purpose(name string) *wordAt {
	x := &wordAt{known: name == "" || p.f.side.known["purpose "+name]}
	x.rules = p.rules(func(r *decision.Rule) bool { return r.TakesPurpose(name) })
	x.bans = p.bans(func(b *decision.Ban) bool { return p.f.aboutPurpose(b, name) })
	for i := range p.f.m.Keeps {
		x.serving += flagWord(serves(&p.f.m.Keeps[i], name)) + "/"
	}
	x.text = fmt.Sprint(x.known)
	for _, y := range p.f.m.Vocabulary.Purposes {
		if y.Name == name {
			x.marketing, x.serves = y.Marketing, y.Serves != ""
			x.text = fmt.Sprint(x.known, y.Marketing, x.serves, y.Terms)
		}
	}
	return x
}

// recipient is one as this version sees it; that its agreement ended can be told if both know it.
func (p *plan) recipient(name string) *recipientAt {
	x := &recipientAt{known: name == "" || p.f.side.known["recipient "+name]}
	x.receiver = p.f.receiver(name, len(p.c.ended(name)) > 0)
	x.rules = p.rules(func(r *decision.Rule) bool { return concerns(r, name) })
	x.text = fmt.Sprintf("%v %v %+v %v %v %v", x.known, name == "", x.spec.Kind, p.f.placesOf(name), x.spec.Certified, x.inForce)
	if x.agreement != nil {
		x.text += fmt.Sprintf("%+v", *x.agreement)
	}
	if _, ok := p.recipients[x.text]; !ok {
		p.recipients[x.text] = len(p.recipients)
	}
	return x
}

// concerns tells whether the rule has to do with the recipient.
func concerns(r *decision.Rule, to string) bool {
	if to == "" {
		to = decision.Us
	}
	switch {
	case r.Deny:
		return r.To.Hits(to)
	case r.To.Stated():
		return r.To.Covers(to)
	}
	return to == decision.Us
}

// moved: a rule that the other version does not have can speak here, whoever receives.
func (p *plan) moved(at spot) bool {
	purpose, object := p.purposes[at.purpose].rules, p.objectAt(at).rules
	return meets(p.changed, purpose, object, p.verbs[kindVerb{at.kind, at.verb}].rules) ||
		at.verb == decision.VerbDisclose && meets(p.changed, purpose, object, p.verbs[kindVerb{at.kind, decision.VerbSell}].rules)
}

// meanings is all that is read of purposes, objects and recipients beside the rules.
func (p *plan) meanings() string {
	var text strings.Builder
	for _, list := range [][]*wordAt{p.purposes, p.objects[0], p.objects[1], p.objects[2]} {
		for _, x := range list {
			text.WriteString(x.text + "\n")
		}
	}
	for _, x := range p.to {
		text.WriteString(x.text + "\n")
	}
	return text.String()
}

// A saying is what a version has to say of one cell and recipient.
type saying struct {
	p               *plan
	at              spot
	cell            cell
	toward          int // the recipient's number
	purpose, object *wordAt
	both            bits   // rules that can speak of these two
	said            string // the verb, or sell where a disclosure is one
	verb            *wordAt
	to              *recipientAt
}

func (p *plan) of(at spot) *saying {
	s := &saying{p: p, at: at, cell: p.c.cellAt(at), purpose: p.purposes[at.purpose], object: p.objectAt(at)}
	s.both = s.purpose.rules.and(s.object.rules).less(p.gone)
	return s
}

// tell turns it to a recipient.
func (s *saying) tell(to int) {
	s.toward, s.to, s.said = to, s.p.to[to], s.cell.verb
	if a := s.to.agreement; s.said == decision.VerbDisclose && a != nil && a.Paid {
		s.said = decision.VerbSell
	}
	s.verb = s.p.verbs[kindVerb{s.cell.kind, s.said}]
}

func (p *plan) objectAt(at spot) *wordAt {
	if at.verb == decision.VerbCombine {
		return p.combined[at.object]
	}
	return p.objects[at.kind][at.object]
}

// may: some rule could permit, whoever receives.
func (p *plan) may(at spot) bool {
	purpose, object := p.purposes[at.purpose].rules, p.objectAt(at).rules
	return meets(p.allows, purpose, object, p.verbs[kindVerb{at.kind, at.verb}].rules) ||
		at.verb == decision.VerbDisclose && meets(p.allows, purpose, object, p.verbs[kindVerb{at.kind, decision.VerbSell}].rules)
}

// allows: every word is known, and some rule could permit.
func (s *saying) allows() bool {
	return s.purpose.known && s.object.known && s.to.known && meets(s.p.allows, s.both, s.verb.rules, s.to.rules)
}

// like: both versions say the same, given that they lean on the same.
func (s *saying) like(o *saying) bool {
	return s.cell.verb != decision.VerbCombine && s.said == o.said && s.purpose.text == o.purpose.text && s.object.text == o.object.text && s.to.text == o.to.text &&
		!s.anyChanged() && !o.anyChanged() && (s.p.c.sameKeeps || s.kept() == o.kept())
}

// anyChanged: a rule that can speak here is not in the other version.
func (s *saying) anyChanged() bool { return meets(s.p.changed, s.both, s.verb.rules, s.to.rules) }

func (s *saying) kept() retainedRegions {
	if s.cell.kind != decision.DataObject {
		return retainedRegions{}
	}
	return s.p.f.retention(s.cell.object, s.cell.purpose, s.purpose.serving)
}

// region is where the version allows. A combination must pass from either side.
func (s *saying) region() region {
	one := s.oneSided()
	c := s.p.c
	dim, many := s.p.f.level[dimWith]
	if s.cell.verb != decision.VerbCombine || one == nowhere || !many {
		return one
	}
	objects := c.words.objects[decision.DataObject]
	here := slices.IndexFunc(c.space.dims[dim].ways, func(w way) bool { return w.word == s.cell.object })
	both := nowhere
	for i, w := range c.space.dims[dim].ways {
		there := c.r.both(one, c.r.ways(dim, func(way int) bool { return way == i }))
		if there == nowhere {
			continue
		}
		other := s.p.of(spot{decision.DataObject, s.cell.verb, s.at.purpose, slices.Index(objects, w.word)})
		if other.tell(s.toward); other.allows() {
			both = c.r.either(both, c.r.both(there, c.r.given(other.oneSided(), dim, here)))
		}
	}
	return both
}

// oneSided is where the version allows, as far as the object is looked at; cells and recipients of which
// it reads the same share one.
func (s *saying) oneSided() region {
	f, bans := s.p.f, s.verb.bans.and(s.purpose.bans).and(s.object.bans)
	rules := s.both.and(s.verb.rules).and(s.to.rules)
	x := reading{
		cell: s.cell, to: s.to.receiver, kept: s.kept(), special: s.object.special, marketing: s.purpose.marketing, serves: s.purpose.serves,
		covered: coveredBy(s.to.agreement, s.cell),
	}
	key := make([]byte, 0, 128)
	for _, w := range slices.Concat(rules, bans) {
		key = binary.LittleEndian.AppendUint64(key, w)
	}
	key = binary.LittleEndian.AppendUint32(key, uint32(x.kept.kept))
	key = binary.LittleEndian.AppendUint32(key, uint32(x.kept.forOthers))
	key = fmt.Append(key, s.cell.kind, s.cell.verb, s.said, x.special, x.marketing, x.serves, x.covered, s.p.recipients[s.to.text])
	if s.cell.verb == decision.VerbCombine {
		key = append(key, s.cell.object...)
	}
	if out, ok := f.cells[string(key)]; ok {
		return out
	}
	x.rules, x.bans = rules.list(), bans.list()
	out := f.allowed(&x)
	f.cells[string(key)] = out
	return out
}

// coveredBy: the agreement is about the purpose and the category.
func coveredBy(a *decision.Agreement, x cell) bool {
	return a != nil && decision.Set{Names: a.For}.Covers(x.purpose) && decision.Set{Names: a.Data}.Covers(x.object)
}
