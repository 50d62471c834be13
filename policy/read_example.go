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
		r.later = append(r.later, func() { r.checkGiven(e.Given); r.checkAsk(e.Ask); r.checkWant(e) })
	}
}

// choiceWords are the entries of given that are choices of the person.
func choiceWords() []string {
	return []string{"consented", "refused", "withdrew", "objected", "asked", "restricted", "held"}
}

func (r *reader) checkGiven(v Value) {
	for _, e := range v.Map {
		name := e.Key.Text
		switch {
		case slices.Contains(choiceWords(), name):
			r.checkChoice(e.Value)
		case name == "residence":
			r.country(Name{e.Value.Pos, e.Value.Text})
		case name == "role":
			r.need(askerNames, Name{e.Value.Pos, e.Value.Text})
		case name == "from":
			r.need(sourceNames, Name{e.Value.Pos, e.Value.Text})
		case name == "date":
			if _, err := dateIn(e.Value.Text, r.p.Front.Zone.Text); err != nil {
				r.add("E05", e.Value.Pos, err.Error(), "")
			}
		case name == "agreement":
			for _, a := range e.Value.Map {
				r.need(agreementNames, a.Key)
			}
		case name == "measure":
			r.need(measureNames, Name{e.Value.Pos, e.Value.Text})
		case name == "evidence":
			for _, m := range e.Value.Map {
				r.need(measureNames, m.Key)
			}
		case slices.Contains([]string{"age", "guardian", "disclosed", "requested", "published", "used"}, name):
		default:
			r.checkKnown(e)
		}
	}
}

// checkKnown: a fact with a value of its type, an event with a time, a facet with one of its values.
func (r *reader) checkKnown(e Entry) {
	name, v := e.Key, e.Value
	if r.words.has(eventNames, name.Text) {
		if v.Text == "happened" || v.Text == "never" || v.Text == "yes" {
			return
		}
		span, past := strings.CutSuffix(v.Text, " ago")
		if !past {
			span = strings.TrimPrefix(v.Text, "in ")
		}
		_, err := durationIn(span)
		if _, bad := dateIn(v.Text, r.p.Front.Zone.Text); err != nil && bad != nil {
			r.add("E05", v.Pos, fmt.Sprintf("%q is no time of an event", v.Text), "write happened, 31 days ago, in 2 days, or a date")
		}
		return
	}
	if r.words.has(facetNames, name.Text) {
		r.facetValue(name.Text, v)
		return
	}
	for _, f := range r.p.Vocabulary.Facts {
		if f.Name.Text == name.Text && f.Type == decision.NumberFact {
			return
		}
	}
	for _, a := range r.p.Vocabulary.Attributes {
		if a.Name.Text == name.Text && a.Type == decision.NumberFact {
			return
		}
	}
	r.test(e)
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
	switch v.Kind {
	case List:
		for _, x := range v.List {
			r.checkChoice(x)
		}
	case Scalar:
		if v.Text != "yes" {
			r.need(purposeNames, Name{v.Pos, v.Text})
		}
	case Mapping:
		var s Set
		var how, by, when Name
		styles := []string{}
		for _, x := range decision.Styles() {
			styles = append(styles, string(x))
		}
		r.fill("a choice", v, []field{
			{"for", formSet, "purposes", false, r.set(purposeNames, &s)},
			{"data", formSet, "categories", false, r.set(dataNames, &s)},
			{"to", formSet, "recipients", false, r.set(recipientNames, &s)},
			{"how", formWord, "style", false, r.enum(&how, styles...)},
			{"by", formWord, "guardian", false, r.enum(&by, "guardian", "person")},
			{"when", formText, "31 days ago, or a date", false, r.word(&when)},
		}, func(e Entry) bool {
			if !r.words.has(facetNames, e.Key.Text) {
				return false
			}
			r.facetValue(e.Key.Text, e.Value)
			return true
		})
	}
}

// askWords are the first keys of questions.
func askWords() []string {
	return []string{"action", "collect", "kept", "due", "right", "refuse", "law-check", "cookie", "status", "binds"}
}

func (r *reader) checkAsk(v Value) {
	if len(v.Map) == 0 {
		return
	}
	first := v.Map[0]
	var n Name
	var names []Name
	var any int
	var fields []field
	add := func(name string, form form, read func(Value)) {
		fields = append(fields, field{name, form, "", false, read})
	}
	switch first.Key.Text {
	case "action":
		verbs := slices.Concat(decision.DataVerbs(), decision.ServiceVerbs(), decision.DestructiveVerbs())
		add("action", formWord, r.enum(&n, verbs...))
		add("data", formWords, r.many(dataNames, &names))
		add("service", formWord, r.one(serviceNames, &n))
		add("for", formWord, r.one(purposeNames, &n))
		add("to", formWord, r.one(recipientNames, &n))
		add("by", formWord, r.one(askerNames, &n))
		add("in", formWord, r.outside(locationNames))
		add("from", formWord, r.outside(sourceNames))
		add("with", formWords, r.many(dataNames, &names))
		add("as", formWord, r.enum(&n, "identified", "unlinked", "aggregated"))
		add("group", formNumber, r.number(&any))
		add("ground", formWord, r.outside(groundNames))
		add("of", formWord, r.one(peopleNames, &n))
	case "collect":
		add("collect", formWord, r.one(pointNames, &n))
		add("fields", formMap, func(Value) {})
	case "kept":
		add("kept", formWord, r.one(dataNames, &n))
	case "cookie":
		add("cookie", formWord, r.one(cookieNames, &n))
	case "status":
		add("status", formWord, func(Value) {})
	case "right":
		add("right", formWord, r.enum(&n, rightWords()...))
		add("data", formWord, r.many(dataNames, &names))
		add("service", formWord, r.one(serviceNames, &n))
		add("for", formWord, r.one(purposeNames, &n))
		add("of", formWord, r.one(peopleNames, &n))
	case "due", "refuse", "law-check", "binds":
		add(first.Key.Text, formText, func(Value) {})
		add("reason", formText, func(Value) {})
	default:
		r.unknown("E03", "question", first.Key, askWords())
		return
	}
	r.fill("a question", v, fields, func(e Entry) bool {
		known := r.words.has(facetNames, e.Key.Text) || r.words.has(factNames, e.Key.Text)
		if known {
			r.checkKnown(e)
		}
		return known
	})
}

// outside reads a word that need not be declared: a question may name what the notice does not, and
// the answer then is indeterminate.
func (r *reader) outside(namespace) func(Value) { return func(v Value) { r.text(v, "one word") } }

func (r *reader) checkWant(e *Example) {
	keys := map[string][]string{
		"action": {"allow", "deny", "obliges", "missing", "because", "basis"}, "collect": {"accept", "met", "store", "refuse", "fields", "missing"},
		"kept": {"kept", "basis"}, "right": {"offered", "within", "review", "ends", "authority", "to", "refuse", "service"},
		"refuse": {"deny", "because"}, "law-check": {"warns"}, "cookie": {"blocked", "loses"}, "due": {}, "status": {}, "binds": {},
	}
	words := map[string][]string{
		"action": {"allow", "deny"}, "collect": {"accept"}, "kept": {"gone", "detached", "anonymised", "fingerprinted", "kept"},
		"due": {"waits", "due", "done", "overdue", "blocked"}, "cookie": {"set", "blocked"}, "status": {"met", "overdue", "missing"}, "binds": {"current", "previous"},
	}
	if len(e.Ask.Map) == 0 {
		return
	}
	ask := e.Ask.Map[0].Key.Text
	if keys[ask] == nil {
		return // no question, and reported
	}
	if e.Want.Kind == Scalar {
		if !slices.Contains(words[ask], e.Want.Text) {
			r.unknown("E05", "answer", Name{e.Want.Pos, e.Want.Text}, words[ask])
		}
		return
	}
	for _, w := range e.Want.Map {
		if !slices.Contains(keys[ask], w.Key.Text) {
			r.unknown("E03", "key", w.Key, keys[ask])
		}
		if w.Key.Text == "deny" {
			kinds := []string{"gap", "unmet", "violation", "law", "indeterminate"}
			if !slices.Contains(kinds, w.Value.Text) {
				r.unknown("E05", "kind of denial", Name{w.Value.Pos, w.Value.Text}, kinds)
			}
		}
	}
}
