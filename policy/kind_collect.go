package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

func collectKind() kind {
	return kind{
		name: "collect", doc: "a point where data enters", check: (*reader).checkCollect,
		fields: func(r *reader, x *Promise) []field {
			c := &Collect{From: Name{Text: "person"}}
			x.Collect = c
			return []field{
				{"collect", formWord, "the point's name", true, r.word(&c.Name)},
				{"required", formMap, "fields that must be there: {field: category}", false, r.fields(c, true)},
				{"optional", formMap, "fields that may be there", false, r.fields(c, false)},
				{"of", formSet, "whose data", false, r.set(peopleNames, &c.Of)},
				{"for", formSet, "purposes", true, r.set(purposeNames, &c.For)},
				{"basis", formBasis, "why; any one of them", true, r.bases(&c.Basis, nil)},
				{"from", formWord, "person (default), device, or a recipient", false, r.one(sourceNames, &c.From)},
				{"shows", formWords, "linked policies that count as met there", false, r.many(linkedNames, &c.Shows)},
				{"ends", formWord, "service a person loses by withholding a required field", false, r.one(serviceNames, &c.Ends)},
				{"form", formMap, "formats of fields: {field: format}", false, r.forms(c)},
				{"as", formWord, "unlinked: stored without a path to the person", false, r.enum(&c.As, "identified", "unlinked")},
				{"special", formWord, "why special categories may be collected: explicit-consent or a special ground", false, r.special(&c.Special)},
				{"asks", formList, "questions put to the person", false, r.asks(c)},
				{"when", formTests, "open only while these hold", false, r.tests(&c.When)},
				{"unless", formTests, "closed while these hold together", false, r.tests(&c.Unless)},
			}
		},
	}
}

// fields reads {field: category}.
func (r *reader) fields(c *Collect, required bool) func(Value) {
	return func(v Value) {
		if len(v.Map) == 0 {
			r.form(v, "a mapping of fields to categories")
			return
		}
		for _, e := range v.Map {
			f := Field{Name: e.Key, Required: required}
			r.one(dataNames, &f.Data)(e.Value)
			if slices.ContainsFunc(c.Fields, func(o Field) bool { return o.Name.Text == e.Key.Text }) {
				r.add("E18", e.Key.Pos, "field "+e.Key.Text+" stands twice", "keep one of them")
			}
			if f.Data.Text == "personal" {
				r.add("E05", f.Data.Pos, "a field takes one category, not all", "")
				f.Data = Name{}
			}
			c.Fields = append(c.Fields, f)
		}
	}
}

func (r *reader) forms(c *Collect) func(Value) {
	return func(v Value) {
		if len(v.Map) == 0 {
			r.form(v, "a mapping of fields to formats")
		}
		for _, e := range v.Map {
			i := slices.IndexFunc(c.Fields, func(f Field) bool { return f.Name.Text == e.Key.Text })
			if i < 0 {
				var known []string
				for _, f := range c.Fields {
					known = append(known, f.Name.Text)
				}
				r.unknown("E04", "field", e.Key, known)
				continue
			}
			r.one(formatNames, &c.Fields[i].Form)(e.Value)
		}
	}
}

func (r *reader) asks(c *Collect) func(Value) {
	return func(v Value) {
		for _, x := range r.items(v, "a question") {
			a := Ask{Pos: x.Pos}
			var silence Name
			r.fill("a question", x, askFields(r, &a, &silence), nil)
			if silence.Text != "" {
				r.silence(&a, silence)
			}
			c.Asks = append(c.Asks, a)
		}
	}
}

func askFields(r *reader, a *Ask, silence *Name) []field {
	return []field{
		{"for", formSet, "purpose", true, r.set(purposeNames, &a.For)},
		{"data", formSet, "category; default all fields", false, r.set(dataNames, &a.Data)},
		{"to", formSet, "recipient", false, r.set(recipientNames, &a.To)},
		{"by", formWord, "guardian: asked instead of the person", false, r.enum(&a.By, "guardian")},
		{"how", formWord, "how the answer is expressed", true, r.enum(&a.How, "opt-in", "explicit", "submit", "opt-out", "use", "reply")},
		{"when", formTests, "asked only while these hold", false, r.tests(&a.When)},
		{"lasts", formSpan, "how long a consent holds", false, r.span(&a.Lasts)},
		{"again", formSpan, "not asked again sooner", false, r.span(&a.Again)},
		{"silence", formText, "consent after a duration without answer", false, r.word(silence)},
	}
}

// silence reads "consent after 24 hours".
func (r *reader) silence(a *Ask, n Name) {
	const prefix = "consent after "
	if len(n.Text) < len(prefix) || n.Text[:len(prefix)] != prefix {
		r.add("E05", n.Pos, "silence means consent after a duration, or nothing", "write consent after 24 hours")
		return
	}
	d, err := durationIn(n.Text[len(prefix):])
	if err != nil {
		r.add("E05", n.Pos, err.Error(), "")
	}
	if a.How.Text != "reply" {
		r.add("E05", n.Pos, "silence answers only a question that waits for a reply", "write how: reply")
	}
	a.Silence = d
}

// checkCollect: a point's name is its own, and a special category is asked for in words.
func (r *reader) checkCollect(x *Promise, _ Value) {
	c := x.Collect
	if c.Name.Text != "" {
		if r.words.has(pointNames, c.Name.Text) {
			r.add("E18", c.Name.Pos, "collection point "+c.Name.Text+" stands twice", "give it a name of its own")
		}
		r.words.add(pointNames, c.Name.Text)
	}
	for _, s := range []Set{c.For, c.Of} {
		if s.Not {
			r.add("E06", s.Pos, "not at a collection point: a word added later would be permitted unseen", "name what is meant")
		}
	}
	for _, f := range c.Fields {
		if c.Special.Text != "" || f.Data.Text == "" || !r.specialCategory(f.Data.Text) {
			continue
		}
		if !slices.ContainsFunc(c.Basis, func(b Basis) bool { return b.Kind == decision.ExplicitConsent }) {
			r.add("E17", f.Data.Pos, f.Data.Text+" is a special category", "collect it on explicit-consent, or name the exception: special:")
		}
	}
}
