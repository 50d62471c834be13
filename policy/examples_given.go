package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/avowhq/avow/decision"
)

// given puts one entry of an example's given where it belongs.
func (r *run) given(g Entry) {
	v := g.Value
	switch key := g.Key.Text; key {
	case "date":
	case "residence":
		r.who.Residence = v.Text
	case "age":
		n, err := strconv.Atoi(v.Text)
		r.check(err, "age")
		r.who.Age = int32(n)
	case "role":
		r.req.By = v.Text
	case "from":
		r.req.From = v.Text
	case "guardian":
	case "agreement":
		for _, a := range v.Map {
			if a.Value.Text == "ended" {
				r.req.Ended = append(r.req.Ended, a.Key.Text)
			}
		}
	case "consented", "refused", "withdrew", "objected", "asked", "restricted", "held":
		r.choices(key, v)
	case "evidence", "measure", "disclosed", "requested", "published", "used":
		if slices.Contains(r.m.Vocabulary.Events, key) && v.Text != "" && len(v.Map) == 0 {
			r.fact(g)
		}
	default:
		r.fact(g)
	}
}

// A valueError is a value that a declared word does not take. Its text repeats the value, for the author
// of an example; what answers a program says the word alone.
type valueError struct {
	word string
	err  error
}

func (e valueError) Error() string { return e.word + ": " + e.err.Error() }
func (e valueError) Unwrap() error { return e.err }

func (r *run) check(err error, word string) {
	if err != nil && r.err == nil {
		r.err = valueError{word, err}
	}
}

// fact takes a declared fact or event, of the person or of the question.
func (r *run) fact(g Entry) {
	name, text := g.Key.Text, g.Value.Text
	if slices.Contains(r.m.Vocabulary.Events, name) {
		if text == "never" {
			return
		}
		at, err := r.when(text)
		r.check(err, name)
		r.who.Events = append(r.who.Events, decision.Event{Name: name, At: at})
		return
	}
	for _, f := range r.m.Vocabulary.Facts {
		switch {
		case f.Name != name:
		case f.Type == decision.StateFact:
			r.state(f, text)
			return
		case !f.Question:
			r.who.Facts = append(r.who.Facts, r.value(f.Type, name, text))
			return
		}
	}
	r.req.Stated = append(r.req.Stated, r.stated(g))
}

// state makes the events that lead to it: opened a month ago, closed a day ago.
func (r *run) state(f decision.Fact, want string) {
	opened, closed := r.ago(decision.Duration{Months: 1}), r.ago(decision.Duration{Days: 1})
	add := func(names []string, at decision.Instant) {
		if len(names) > 0 {
			r.who.Events = append(r.who.Events, decision.Event{Name: names[0], At: at})
		}
	}
	switch want {
	case "open", "assigned":
		add(f.Opens, opened)
	case "closed":
		add(f.Opens, opened)
		add(f.Closes, closed)
	}
	if want == "assigned" {
		r.req.Assigned = append(r.req.Assigned, f.Name)
	}
}

func (r *run) value(kind decision.FactType, name, text string) decision.Stated {
	if kind != decision.NumberFact {
		return decision.Stated{Name: name, Value: text}
	}
	n, err := strconv.Atoi(text)
	r.check(err, name)
	return decision.Stated{Name: name, Number: int32(n)}
}

// stated is a facet or a fact of the question.
func (r *run) stated(g Entry) decision.Stated {
	for _, f := range r.m.Vocabulary.Facts {
		if f.Name == g.Key.Text {
			return r.value(f.Type, f.Name, g.Value.Text)
		}
	}
	return decision.Stated{Name: g.Key.Text, Value: g.Value.Text}
}

// choices takes consented: and its kin: a purpose, a mapping, or a list of them.
func (r *run) choices(key string, v Value) {
	if len(v.List) > 0 {
		for _, x := range v.List {
			r.choices(key, x)
		}
		return
	}
	kinds := map[string]decision.ChoiceKind{
		"consented": decision.Granted, "refused": decision.Refused, "withdrew": decision.Withdrawn,
		"objected": decision.Objected, "restricted": decision.Restricted, "held": decision.Held,
	}
	c := decision.Choice{Kind: kinds[key], At: r.now - 3600e6}
	if key == "consented" {
		c.Style, c.At = decision.OptIn, c.At-3600e6
	}
	if v.Text != "" && v.Text != "yes" {
		c.Scope.For = []string{v.Text}
	}
	for _, x := range v.Map {
		r.choiceKey(&c, x)
	}
	if key == "asked" {
		r.silence(c)
		return
	}
	r.who.Choices = append(r.who.Choices, c)
}

func (r *run) choiceKey(c *decision.Choice, x Entry) {
	switch x.Key.Text {
	case "for":
		c.Scope.For = x.Value.texts()
	case "data":
		c.Scope.Data = x.Value.texts()
	case "to":
		c.Scope.To = x.Value.texts()
	case "how":
		c.Style = decision.Style(x.Value.Text)
	case "by":
		c.Guardian = x.Value.Text == "guardian"
	case "when":
		at, err := r.when(x.Value.Text)
		r.check(err, "when")
		c.At = at
	default:
		c.Scope.Facets = append(c.Scope.Facets, decision.FacetValues{Facet: x.Key.Text, Values: x.Value.texts()})
	}
}

// silence is a consent once the time that a question states has gone by without an answer.
func (r *run) silence(asked decision.Choice) {
	r.put = append(r.put, asked)
	for _, pt := range r.m.Points {
		for _, a := range pt.Asks {
			if a.Silence.IsZero() || !slices.Contains(asked.Scope.For, a.For) {
				continue
			}
			if deemed := a.Silence.After(asked.At, r.p.Front.Location); deemed <= r.now {
				asked.Kind, asked.Style, asked.At = decision.Granted, decision.Deemed, deemed
				r.who.Choices = append(r.who.Choices, asked)
				return
			}
		}
	}
}

// when reads a time: "31 days ago", "happened" (an hour ago), "in 2 days", a date.
func (r *run) when(text string) (decision.Instant, error) {
	if text == "happened" || text == "yes" {
		return r.now - 3600e6, nil
	}
	if span, ok := strings.CutSuffix(text, " ago"); ok {
		d, err := durationIn(span)
		return r.ago(d), err
	}
	if span, ok := strings.CutPrefix(text, "in "); ok {
		d, err := durationIn(span)
		return r.ago(d.Neg()), err
	}
	return dateIn(text, r.m.Zone)
}

func (r *run) ago(d decision.Duration) decision.Instant {
	return d.Neg().After(r.now, r.p.Front.Location)
}

// asked puts one entry of the question where it belongs.
func (r *run) asked(a Entry) {
	q, v := &r.req, a.Value
	switch a.Key.Text {
	case "action":
		q.Action = v.Text
	case "data":
		q.Data = v.texts()
	case "service":
		q.Service = v.Text
	case "for":
		q.For = v.Text
	case "to":
		q.To = v.Text
	case "by":
		q.By = v.Text
	case "in":
		q.In = v.Text
	case "from":
		q.From = v.Text
	case "with":
		q.With = v.texts()
	case "as":
		q.As = decision.Form(v.Text)
	case "group":
		n, err := strconv.Atoi(v.Text)
		r.check(err, "group")
		q.Group = n
	case "ground":
		q.Ground = v.Text
	case "of":
		q.Of = v.Text
	default:
		q.Stated = append(q.Stated, r.stated(a))
	}
}
