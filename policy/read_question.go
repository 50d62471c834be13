package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A query is one kind of question that examples ask: its first key, the keys of the question and of
// its answer, and the answers that are one word. An answer that is a mapping says exactly one of the
// verdicts, if there are any, so that none is right whatever comes.
type query struct {
	name     string
	asks     []field
	words    []string
	wants    []field
	verdicts []string
}

// queries lists them in the order of the manual.
func (r *reader) queries() []query {
	return []query{
		r.actionQuery(), r.collectQuery(), r.keptQuery(), r.cookieQuery(), r.rightQuery(), r.refuseQuery(),
		{
			name: "due", asks: []field{{"due", formText, "an act and what it is done to", true, r.actOn()}},
			words: []string{"waits", "due", "done", "overdue", "blocked"},
		},
		{
			name: "status", asks: []field{{"status", formWord, "a measure, or a right that was asked for", true, r.measureOrRight()}},
			words: []string{"met", "overdue", "missing"},
		},
		{
			name: "binds", asks: []field{{"binds", formWord, "notice: which version binds", true, r.enum(new(Name), "notice")}},
			words: []string{"current", "previous"},
		},
		{
			name: "law-check", asks: []field{{"law-check", formWord, "the clause that is held against the law", true, r.clauseID()}},
			wants: []field{{"warns", formWord, "what the law says", true, r.word(new(Name))}},
		},
	}
}

func (r *reader) actionQuery() query {
	n, names := new(Name), new([]Name)
	verbs := slices.Concat(decision.DataVerbs(), decision.ServiceVerbs(), decision.DestructiveVerbs())
	return query{
		name: "action",
		asks: []field{
			{"action", formWord, "the verb", true, r.enum(n, verbs...)},
			{"data", formWords, "categories", false, r.many(dataNames, names)},
			{"service", formWord, "a service", false, r.one(serviceNames, n)},
			{"for", formWord, "the purpose", false, r.one(purposeNames, n)},
			{"to", formWord, "the recipient", false, r.one(recipientNames, n)},
			{"by", formWord, "who asks", false, r.one(askerNames, n)},
			{"in", formWord, "the location", false, r.word(n)},
			{"from", formWord, "the source", false, r.word(n)},
			{"with", formWords, "the other data", false, r.many(dataNames, names)},
			{"as", formWord, "the form", false, r.enum(n, "identified", "unlinked", "aggregated")},
			{"group", formNumber, "people in the smallest group", false, r.number(new(int))},
			{"ground", formWord, "the ground stated", false, r.word(n)},
			{"of", formWord, "whose data", false, r.one(peopleNames, n)},
		},
		words: []string{"allow", "deny"},
		wants: []field{
			{"allow", formWord, "the basis", false, r.basisName()},
			{"deny", formWord, "the kind of denial", false, r.enum(n, "gap", "unmet", "violation", "law", "indeterminate")},
			{"obliges", formWords, "what the caller must do, among others", false, r.free(names)},
			{"missing", formWords, "what is missing, among others", false, r.free(names)},
			{"because", formWord, "the law, its article or its reason", false, r.word(n)},
		},
		verdicts: []string{"allow", "deny"},
	}
}

func (r *reader) collectQuery() query {
	n, names := new(Name), new([]Name)
	return query{
		name: "collect",
		asks: []field{
			{"collect", formWord, "the point", true, r.word(n)},
			{"fields", formMap, "what is entered: {field: value}", false, r.entered()},
		},
		words: []string{"accept"},
		wants: []field{
			{"accept", formWords, "all fields taken", false, r.free(names)},
			{"met", formWords, "linked policies that count as met", false, r.many(linkedNames, names)},
			{"store", formMap, "what is stored: {field: value}", false, r.entered()},
			{"refuse", formWord, "why it is refused", false, r.enum(n, "point", "undeclared", "required", "form", "condition", "denied")},
			{"fields", formWords, "all fields it is refused for", false, r.free(names)},
			{"missing", formWords, "what is missing, among others", false, r.free(names)},
			{"because", formWord, "the law, its article or its reason", false, r.word(n)},
		},
		verdicts: []string{"accept", "store", "refuse"},
	}
}

func (r *reader) keptQuery() query {
	return query{
		name:  "kept",
		asks:  []field{{"kept", formWord, "the category", true, r.one(dataNames, new(Name))}},
		words: []string{"gone", "detached", "anonymised", "fingerprinted", "kept"},
		wants: []field{
			{"kept", formWord, "the purpose it is kept for, or yes", false, r.purposeOrYes()},
			{"basis", formWord, "what the keeping rests on", false, r.keptOn()},
		},
		verdicts: []string{"kept"},
	}
}

func (r *reader) cookieQuery() query {
	return query{
		name:  "cookie",
		asks:  []field{{"cookie", formWord, "the cookie", true, r.one(cookieNames, new(Name))}},
		words: []string{"set", "blocked"},
		wants: []field{
			{"blocked", formWord, "what is missing, or law", false, r.word(new(Name))},
			{"because", formWord, "the law, its article or its reason", false, r.word(new(Name))},
			{"loses", formWords, "all that is lost", false, r.free(new([]Name))},
		},
		verdicts: []string{"blocked"},
	}
}

func (r *reader) rightQuery() query {
	n, names := new(Name), new([]Name)
	return query{
		name: "right",
		asks: []field{
			{"right", formWord, "which right", true, r.enum(n, rightWords()...)},
			{"data", formWords, "about these categories", false, r.many(dataNames, names)},
			{"service", formWord, "about this service", false, r.one(serviceNames, n)},
			{"for", formWord, "about this purpose", false, r.one(purposeNames, n)},
			{"of", formWord, "whose", false, r.one(peopleNames, n)},
		},
		wants: []field{
			{"offered", formWords, "how", false, r.among(names, rightWays()...)},
			{"within", formDeadline, "the deadline", false, r.deadline(new(Deadline))},
			{"review", formWord, "human", false, r.enum(n, "human")},
			{"ends", formWord, "service that ends by it", false, r.one(serviceNames, n)},
			{"authority", formWord, "country of the authority that is told", false, r.countryField(n)},
			{"to", formWord, "recipient it is routed to", false, r.one(recipientNames, n)},
			{"refuse", formWord, "only-with: not alone", false, r.enum(n, "only-with")},
			{"service", formWord, "service it ends with", false, r.one(serviceNames, n)},
		},
	}
}

func (r *reader) refuseQuery() query {
	n := new(Name)
	return query{
		name: "refuse", words: []string{"allow"},
		asks: []field{
			{"refuse", formWord, "the right that is refused", true, r.enum(n, rightWords()...)},
			{"reason", formWord, "why", true, r.word(n)},
		},
		wants: []field{
			{"deny", formWord, "law", true, r.enum(n, "law")},
			{"because", formWord, "its reason", false, r.word(n)},
		},
	}
}

// checkAsk reads a question by its first key.
func (r *reader) checkAsk(v Value) {
	q, ok := r.queryOf(v)
	switch {
	case ok:
	case v.Kind == Nothing:
		return
	case len(v.Map) == 0:
		r.form(v, "a question: a mapping whose first key is its kind")
		return
	default:
		r.unknown("E03", "question", v.Map[0].Key, r.askWords())
		return
	}
	r.fill("a question", v, q.asks, func(e Entry) bool {
		known := r.words.has(facetNames, e.Key.Text) || r.words.has(factNames, e.Key.Text)
		if known {
			r.checkKnown(e)
		}
		return known
	})
}

// checkWant reads the answer that an example wants.
func (r *reader) checkWant(e *Example) {
	q, ok := r.queryOf(e.Ask)
	if !ok || e.Want.Kind == Nothing {
		return // no question, and reported
	}
	if e.Want.Kind == Scalar {
		if !slices.Contains(q.words, e.Want.Text) {
			r.unknown("E05", "answer", Name{e.Want.Pos, e.Want.Text}, q.words)
		}
		return
	}
	if len(e.Want.Map) == 0 {
		r.form(e.Want, "an answer: it would be right whatever comes")
		return
	}
	before := len(r.problems)
	if r.fill("an answer", e.Want, q.wants, nil); len(r.problems) > before {
		return
	}
	said := 0
	for _, w := range q.verdicts {
		if e.Want.has(w) {
			said++
		}
	}
	if len(q.verdicts) > 0 && said != 1 {
		r.add("E05", e.Want.Pos, "an answer says exactly one of "+strings.Join(q.verdicts, ", "), "write the one that is wanted")
	}
}

// checkPoint: a question names a declared point, unless the answer wanted is that there is none.
func (r *reader) checkPoint(e *Example) {
	if len(e.Ask.Map) == 0 || e.Ask.Map[0].Key.Text != "collect" {
		return
	}
	v := e.Ask.Map[0].Value
	switch none := e.Want.at("refuse").Text == string(decision.RefusedPoint); {
	case !none:
		r.need(pointNames, Name{v.Pos, v.Text})
	case r.words.has(pointNames, v.Text):
		r.add("E05", v.Pos, "the point "+v.Text+" is declared, so it is not refused for want of one", "name one that is not, or say what else refuses it")
	}
}

func (r *reader) queryOf(ask Value) (query, bool) {
	if len(ask.Map) == 0 {
		return query{}, false
	}
	all := r.queries()
	i := slices.IndexFunc(all, func(q query) bool { return q.name == ask.Map[0].Key.Text })
	if i < 0 {
		return query{}, false
	}
	return all[i], true
}

func (r *reader) askWords() []string {
	var out []string
	for _, q := range r.queries() {
		out = append(out, q.name)
	}
	return out
}

// basisName reads a basis, with or without what it rests on.
func (r *reader) basisName() func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a basis")
		switch {
		case !ok:
		case strings.Contains(n.Text, " "):
			r.basis(n)
		case !slices.Contains(basisWords(), n.Text):
			r.unknown("E05", "basis", n, basisWords())
		}
	}
}

// keptOn reads a basis, or the ground or state alone that it rests on.
func (r *reader) keptOn() func(Value) {
	return func(v Value) {
		if r.words.has(groundNames, v.Text) || r.words.has(stateNames, v.Text) {
			return
		}
		r.basisName()(v)
	}
}

func (r *reader) purposeOrYes() func(Value) {
	return func(v Value) {
		if v.Text != "yes" {
			r.one(purposeNames, new(Name))(v)
		}
	}
}

func (r *reader) measureOrRight() func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a measure or a right")
		if known := slices.Concat(r.words.all(measureNames), rightWords()); ok && !slices.Contains(known, n.Text) {
			r.unknown("E04", "measure", n, known)
		}
	}
}

// entered reads what is put into fields; a field may be named that the point does not declare, or be
// left empty, to see it refused.
func (r *reader) entered() func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			if v.Kind != Scalar && v.Kind != Nothing {
				r.form(v, "what is entered into "+n.Text+": one text")
			}
		})
	}
}

// actOn reads "end conferencing": an act, and what a step does it to.
func (r *reader) actOn() func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "an act and what it is done to")
		if !ok {
			return
		}
		act, on, _ := strings.Cut(n.Text, " ")
		ns, known := acts()[act]
		switch {
		case !known || on == "":
			r.add("E05", n.Pos, fmt.Sprintf("%q is no act and its object", n.Text), "write one such as tell person")
		case act == "tell" || act == "remind":
			r.told(new(Set))(Value{Pos: n.Pos, Kind: Scalar, Text: on})
		case ns != "":
			r.need(ns, Name{n.Pos, on})
		}
	}
}
