package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/avowhq/avow/decision"
)

// A Question is a request and what is known of the person, in names.
type Question struct {
	Request decision.Request
	Person  decision.Person
}

// ParseQuestion reads a question in the words of examples: given and ask are YAML mappings without
// their braces or with them, as in "account: open, residence: DE". Words that the policy does not
// declare are problems. The time is that of given's date, else at.
func ParseQuestion(p *Policy, m *decision.Model, given, ask string, at decision.Instant) (Question, []Problem) {
	r := &reader{p: p, words: lexicon{}}
	r.builtIns()
	for _, f := range p.Files {
		if f.Name == VocabularyFile {
			known := &reader{p: &Policy{Laws: p.Laws}, words: r.words}
			known.declare(known.parseYAML(f.Name, f.Text, 1))
		}
	}
	for _, x := range p.promises() {
		switch {
		case x.Cookie != nil:
			r.words.add(cookieNames, texts(x.Cookie.Names)...)
		case x.Collect != nil:
			r.words.add(pointNames, x.Collect.Name.Text)
		case x.Measure != nil:
			r.words.add(measureNames, x.Measure.Name.Text)
		}
	}
	e := &Example{Given: r.parseYAML("given", braces(given), 1), Ask: r.parseYAML("ask", braces(ask), 1)}
	r.checkGiven(e.Given)
	r.checkAsk(e.Ask)
	r.checkPoint(e)
	if len(r.problems) > 0 {
		return Question{}, r.problems
	}
	q, err := questionOf(p, m, e, at)
	if err != nil {
		return Question{}, []Problem{{"E05", e.Given.Pos, err.Error(), ""}}
	}
	return q, nil
}

// Given reads facts as a program states them, JSON in the words of an example's given, into a person
// and the parts of a request they belong to. The error never repeats what was sent, word or value: it
// names declared words only.
func Given(p *Policy, m *decision.Model, facts map[string]any, at decision.Instant) (Question, error) {
	given := Value{Kind: Mapping}
	for _, name := range sorted(facts) {
		if !isGiven(m, name) {
			return Question{}, undeclared(m, name)
		}
		given.Map = append(given.Map, Entry{Name{Text: name}, valueOf(facts[name])})
	}
	q, err := questionOf(p, m, &Example{Given: given}, at)
	if value, ok := errors.AsType[valueError](err); ok {
		return Question{}, fmt.Errorf("fact %s has a value that it does not take", value.word)
	}
	return q, err
}

func undeclared(m *decision.Model, name string) error {
	v := &m.Vocabulary
	known := append(append(givenWords(), v.Events...), wordsOf(v.Facts, func(f decision.Fact) string { return f.Name })...)
	if near := nearest(name, known); near != "" {
		return fmt.Errorf("a fact is not declared; did you mean %s?", near)
	}
	return errors.New("a fact is not declared")
}

// givenWords are the facts that need no declaration.
func givenWords() []string {
	return append(choiceWords(), "residence", "age", "guardian", "agreement", "transport", "public")
}

func isGiven(m *decision.Model, name string) bool {
	v := &m.Vocabulary
	return slices.Contains(givenWords(), name) || slices.Contains(v.Events, name) ||
		slices.ContainsFunc(v.Facts, func(f decision.Fact) bool { return f.Name == name }) ||
		slices.ContainsFunc(v.Facets, func(f decision.Facet) bool { return f.Name == name })
}

// valueOf turns JSON into the tree that examples are read from. Numbers and truths become the words
// that stand for them.
func valueOf(x any) Value {
	switch x := x.(type) {
	case string:
		return Value{Kind: Scalar, Text: x}
	case bool:
		return Value{Kind: Scalar, Text: map[bool]string{true: "yes", false: "no"}[x]}
	case float64:
		text, _ := json.Marshal(x)
		return Value{Kind: Scalar, Text: string(text)}
	case []any:
		v := Value{Kind: List}
		for _, y := range x {
			v.List = append(v.List, valueOf(y))
		}
		return v
	case map[string]any:
		v := Value{Kind: Mapping}
		for _, k := range sorted(x) {
			v.Map = append(v.Map, Entry{Name{Text: k}, valueOf(x[k])})
		}
		return v
	}
	return Value{}
}

func questionOf(p *Policy, m *decision.Model, e *Example, at decision.Instant) (Question, error) {
	r := &run{p: p, m: m, e: e, now: at}
	for _, g := range e.Given.Map {
		if g.Key.Text == "date" {
			r.now = startOf(p, e)
		}
	}
	r.req.At = r.now
	for _, g := range e.Given.Map {
		r.given(g)
	}
	for _, a := range e.Ask.Map {
		r.asked(a)
	}
	return Question{r.req, r.who}, r.err
}

func braces(s string) []byte {
	if len(s) > 0 && s[0] == '{' {
		return []byte(s)
	}
	return []byte("{" + s + "}")
}
