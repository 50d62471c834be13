package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// exampleBlock reads one example or a list of them.
func (r *reader) exampleBlock(c *Clause, v Value) {
	if v.Kind == Nothing {
		r.garbled = append(r.garbled, c) // and reported
		return
	}
	items := v.List
	if v.Kind != List {
		items = []Value{v}
	}
	for _, x := range items {
		e := &Example{Pos: x.Pos, Clause: c}
		r.fill("an example", x, []field{
			{"given", formMap, "facts, events and choices", false, func(v Value) { e.Given = v }},
			{"ask", formMap, "the question", true, func(v Value) { e.Ask = v }},
			{"want", formText, "the answer", true, func(v Value) { e.Want = v }},
		}, nil)
		c.Examples = append(c.Examples, e)
		r.later = append(r.later, func() { r.checkGiven(e.Given); r.checkAsk(e.Ask); r.checkPoint(e); r.checkWant(e) })
	}
}

// choiceWords are the entries of given that are choices of the person.
func choiceWords() []string {
	return []string{"consented", "refused", "withdrew", "objected", "asked", "restricted", "held"}
}

func (r *reader) checkGiven(v Value) {
	if v.Kind != Mapping && v.Kind != Nothing {
		r.form(v, "a mapping of facts, events and choices")
	}
	for _, e := range v.Map {
		if slices.Contains(choiceWords(), e.Key.Text) {
			r.checkChoice(e.Value)
			continue
		}
		fields := r.givenFields()
		if i := slices.IndexFunc(fields, func(f field) bool { return f.name == e.Key.Text }); i >= 0 {
			fields[i].read(e.Value)
			continue
		}
		r.checkKnown(e)
	}
}

// givenFields are the entries of given that nothing declares.
func (r *reader) givenFields() []field {
	var n, about Name
	var any int
	var yes bool
	return []field{
		{"residence", formWord, "country, or one with a region", false, r.countryField(&n)},
		{"age", formNumber, "whole years", false, r.number(&any)},
		{"guardian", formFlag, "a guardian speaks for the person", false, r.flag(&yes)},
		{"role", formWord, "of the one who asks", false, r.one(askerNames, &n)},
		{"from", formWord, "source of the datum", false, r.one(sourceNames, &n)},
		{"date", formDate, "the time of the example", false, r.day()},
		{"agreement", formMap, "agreements that ended: {name: ended}", false, r.keyed(agreementNames, r.enum(&n, "ended"))},
		{"measure", formWord, "the measure it is about", false, r.one(measureNames, &n)},
		{"evidence", formMap, "when each measure was last attested", false, r.keyed(measureNames, r.past())},
		{"used", formText, "when the service was last used", false, r.used()},
		{"disclosed", formMap, "a disclosure", false, r.happening([]field{
			{"to", formWord, "to whom", false, r.one(recipientNames, &n)},
			{"data", formWords, "what", false, r.set(dataNames, &Set{})},
			{"for", formWord, "why", false, r.one(purposeNames, &n)},
		})},
		{"requested", formMap, "a request", false, r.happening([]field{
			{"right", formWord, "which right", true, r.enum(&n, rightWords()...)},
			{"clause", formWord, "of which clause", false, r.clauseID()},
			{"data", formWords, "about what", false, r.set(dataNames, &Set{})},
		})},
		{"published", formMap, "a new version of the notice", false, r.happening([]field{
			{"adds", formWord, "kind of change", true, r.enum(&about, changeWords()...)},
		})},
	}
}

// keyed reads a mapping from declared names.
func (r *reader) keyed(ns namespace, read func(Value)) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			r.need(ns, n)
			read(v)
		})
	}
}

func (r *reader) day() func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a date")
		if !ok {
			return
		}
		if _, err := dateIn(n.Text, r.p.Front.Zone.Text); err != nil {
			r.add("E05", n.Pos, err.Error(), "")
		}
	}
}

// past reads when something happened.
func (r *reader) past() func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a time")
		if !ok || n.Text == "happened" || n.Text == "never" || n.Text == "yes" {
			return
		}
		span, ago := strings.CutSuffix(n.Text, " ago")
		if !ago {
			span = strings.TrimPrefix(n.Text, "in ")
		}
		_, err := durationIn(span)
		if !ago && span == n.Text {
			_, err = dateIn(n.Text, r.p.Front.Zone.Text)
		}
		if err != nil {
			r.add("E05", n.Pos, fmt.Sprintf("%q is no time of an event", n.Text), "write happened, 31 days ago, in 2 days, or a date")
		}
	}
}

// used reads when a service was used: a time, or before or after a publication.
func (r *reader) used() func(Value) {
	return func(v Value) {
		if v.Text != "after publication" && v.Text != "before publication" {
			r.past()(v)
		}
	}
}

// happening reads an event with its particulars, or only its time.
func (r *reader) happening(fields []field) func(Value) {
	return func(v Value) {
		if len(v.Map) == 0 {
			r.past()(v)
			return
		}
		r.fill("an event", v, append(fields, field{"when", formText, "31 days ago, or a date", false, r.past()}), nil)
	}
}

// clauseID reads the anchor of a clause of this notice.
func (r *reader) clauseID() func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "an anchor")
		if !ok {
			return
		}
		var known []string
		for _, c := range r.p.Clauses {
			known = append(known, c.ID)
		}
		if !slices.Contains(known, n.Text) {
			r.unknown("E04", "clause", n, known)
		}
	}
}

// checkKnown: a fact with a value of its type, an event with a time, a facet with one of its values.
func (r *reader) checkKnown(e Entry) {
	name, v := e.Key, e.Value
	switch {
	case r.words.has(eventNames, name.Text):
		r.past()(v)
	case r.words.has(facetNames, name.Text):
		r.facetValue(name.Text, v)
	case r.isNumber(name.Text):
		var any int
		r.number(&any)(v)
	case v.Kind == Scalar || v.Kind == Nothing || !r.words.has(factNames, name.Text):
		r.test(e)
	default:
		r.form(v, "one value of "+name.Text)
	}
}

func (r *reader) isNumber(fact string) bool {
	return slices.ContainsFunc(r.p.Vocabulary.Facts, func(f Fact) bool { return f.Name.Text == fact && f.Type == decision.NumberFact }) ||
		slices.ContainsFunc(r.p.Vocabulary.Attributes, func(a Attribute) bool { return a.Name.Text == fact && a.Type == decision.NumberFact })
}

func (r *reader) facetValue(facet string, v Value) {
	for _, f := range r.p.Vocabulary.Facets {
		if f.Name.Text != facet {
			continue
		}
		for _, n := range r.list(v, "values of a facet") {
			if !slices.Contains(texts(f.Values), n.Text) {
				r.unknown("E04", "value of "+facet, n, texts(f.Values))
			}
		}
	}
}

func (r *reader) checkChoice(v Value) {
	switch {
	case v.Kind == List && len(v.List) > 0:
		for _, x := range v.List {
			r.checkChoice(x)
		}
	case v.Kind == Scalar:
		r.purposeOrYes()(v)
	case v.Kind == Nothing:
	case len(v.Map) == 0:
		r.form(v, "a choice: write a purpose, yes, or {for: …}")
	default:
		r.fill("a choice", v, r.choiceFields(), func(e Entry) bool {
			if !r.words.has(facetNames, e.Key.Text) {
				return false
			}
			r.facetValue(e.Key.Text, e.Value)
			return true
		})
	}
}

// choiceFields are the keys of a choice of the person.
func (r *reader) choiceFields() []field {
	n, names := new(Name), new([]Name)
	var styles []string
	for _, x := range decision.Styles() {
		styles = append(styles, string(x))
	}
	return []field{
		{"for", formWords, "purposes", false, r.many(purposeNames, names)},
		{"data", formWords, "categories", false, r.many(dataNames, names)},
		{"to", formWords, "recipients", false, r.many(recipientNames, names)},
		{"how", formWord, "style", false, r.enum(n, styles...)},
		{"by", formWord, "guardian", false, r.enum(n, "guardian", "person")},
		{"when", formText, "31 days ago, or a date", false, r.past()},
	}
}
