package decision

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// An Entry is what arrives at a collection point.
type Entry struct {
	Point  string            `json:"point"`
	Fields map[string]string `json:"fields"`
	Stated []Stated          `json:"stated,omitempty"`
	At     Instant           `json:"at"`
}

// Refusal is why an entry is refused whole.
type Refusal string

// The refusals, in the order they are looked for.
const (
	RefusedPoint      Refusal = "point"      // no such point
	RefusedUndeclared Refusal = "undeclared" // fields the point does not declare
	RefusedRequired   Refusal = "required"   // required fields are missing
	RefusedForm       Refusal = "form"       // values of the wrong form
	RefusedCondition  Refusal = "condition"  // the point is not open to this person now
	RefusedDenied     Refusal = "denied"     // the decision to collect is a denial
)

// An Admission answers an entry: accepted whole, or refused whole. Values never appear in it.
type Admission struct {
	Refused  Refusal  `json:"refused,omitempty"`
	Fields   []string `json:"fields"` // accepted, or the ones refused for; sorted
	Say      string   `json:"say,omitempty"`
	Promises []string `json:"promises"` // that determined it
	Met      []string `json:"met,omitempty"`
	Answer   *Answer  `json:"answer,omitempty"` // the denial
	Missing  []string `json:"missing,omitempty"`
}

type point struct {
	src    *Point
	fields map[string]*Field
	forms  map[string]*regexp.Regexp
	when   span
	groups []span
}

func (c *compiler) points() {
	c.p.points = map[string]*point{}
	for i := range c.m.Points {
		src := &c.m.Points[i]
		pt := &point{src: src, fields: map[string]*Field{}, forms: map[string]*regexp.Regexp{}, when: c.tests(src.When)}
		for _, g := range src.Unless {
			pt.groups = append(pt.groups, c.tests(g))
		}
		for j := range src.Fields {
			f := &src.Fields[j]
			c.need(&c.p.data, f.Data, "category")
			pt.fields[f.Name] = f
			if f.Pattern == "" {
				continue
			}
			re, err := regexp.Compile(f.Pattern)
			if err != nil {
				c.fail("point %s: field %s: %w", src.Name, f.Name, err)
			}
			pt.forms[f.Name] = re
		}
		c.p.points[src.Name] = pt
	}
}

// Admit decides whether an entry may be taken: declared fields only, all required ones, of the right
// form, at a point that is open to the person, for purposes on which collecting is allowed. A
// question that is answered by sending the form counts as answered.
func (p *Program) Admit(e Entry, who Person) (Admission, error) {
	pt, ok := p.points[e.Point]
	if !ok {
		return Admission{Refused: RefusedPoint}, nil
	}
	names := slices.Sorted(maps.Keys(e.Fields))
	refuse := func(why Refusal, fields []string) Admission {
		return Admission{Refused: why, Fields: fields, Promises: []string{pt.src.Rule}}
	}
	if bad := filter(names, func(n string) bool { return pt.fields[n] == nil }); bad != nil {
		return refuse(RefusedUndeclared, bad), nil
	}
	var lacking []string
	for _, f := range pt.src.Fields {
		if f.Required && e.Fields[f.Name] == "" {
			lacking = append(lacking, f.Name)
		}
	}
	if lacking != nil {
		slices.Sort(lacking)
		return refuse(RefusedRequired, lacking), nil
	}
	if bad := filter(names, func(n string) bool { re := pt.forms[n]; return re != nil && !re.MatchString(e.Fields[n]) }); bad != nil {
		a := refuse(RefusedForm, bad)
		a.Say = pt.fields[bad[0]].Say
		return a, nil
	}
	return p.collect(pt, names, e, who)
}

func filter(l []string, keep func(string) bool) []string {
	var out []string
	for _, x := range l {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}

// collect asks whether the fields may be collected for each of the point's purposes.
func (p *Program) collect(pt *point, names []string, e Entry, who Person) (Admission, error) {
	who.Choices = slices.Clone(who.Choices)
	for _, a := range pt.src.Asks {
		if a.How == Submit {
			who.Choices = append(who.Choices, Choice{
				Kind: Granted, Style: Submit, At: e.At,
				Scope: Scope{For: []string{a.For}, Data: a.Data, To: a.To},
			})
		}
	}
	facts, err := p.Facts(who)
	if err != nil {
		return Admission{}, fmt.Errorf("admit at %s: %w", e.Point, err)
	}
	var d Decision
	d.reset(p)
	q := &d.q
	q.at = e.At
	r := Request{Action: VerbCollect, Stated: e.Stated, At: e.At, From: pt.from(p), Of: pt.src.Of, As: pt.src.As}
	if !p.readLists(&r, q) {
		return Admission{Refused: RefusedCondition, Fields: names, Promises: []string{pt.src.Rule}}, nil
	}
	if missing := p.closedTo(&facts, q, pt); missing != nil {
		return Admission{Refused: RefusedCondition, Fields: names, Missing: missing, Promises: []string{pt.src.Rule}}, nil
	}
	for _, n := range names {
		if c := pt.fields[n].Data; !slices.Contains(r.Data, c) {
			r.Data = append(r.Data, c)
		}
	}
	out := Admission{Fields: names, Promises: []string{pt.src.Rule}, Met: pt.src.Shows}
	if len(r.Data) == 0 {
		return out, nil
	}
	for _, r.For = range pt.src.For {
		if p.Decide(&r, &facts, &d) != Allow {
			a := d.Answer()
			return Admission{Refused: RefusedDenied, Fields: names, Promises: a.Promises, Answer: &a}, nil
		}
		out.Promises = append(out.Promises, d.Answer().Promises...)
	}
	slices.Sort(out.Promises)
	out.Promises = slices.Compact(out.Promises)
	return out, nil
}

// from is the point's source where the vocabulary knows it.
func (pt *point) from(p *Program) string {
	if _, ok := p.sources.ids[pt.src.From]; ok {
		return pt.src.From
	}
	return ""
}

// closedTo lists the conditions of the point that the person does not meet.
func (p *Program) closedTo(f *Facts, q *question, pt *point) []string {
	var out []string
	for i := pt.when.from; i < pt.when.to; i++ {
		if t := &p.tests[i]; p.test(f, q, t) != yes {
			out = append(out, t.name)
		}
	}
	for _, g := range pt.groups {
		if p.whole(f, q, g) != no {
			out = append(out, p.tests[g.from].name)
		}
	}
	return out
}
