package policy

import (
	"fmt"
	"slices"

	"github.com/avowhq/avow/decision"
)

// A Situation is what an example is about, in names: the time, a made-up person, and the question. Whoever
// runs examples somewhere else than in this process sets it up there.
type Situation struct {
	At     decision.Instant
	Kind   string // the first key of ask: action, cookie, kept, collect, …
	Person decision.Person
	// Put are the consents that were asked for by a message whose silence counts in time, answered or not.
	// The person has the deemed consent where the time is over.
	Put      []decision.Choice
	Request  decision.Request // of action and cookie
	Category string           // of kept
	Measure  string           // of status
}

// SituationOf sets an example of the policy up. The error is a value that its word does not take.
func SituationOf(p *Policy, m *decision.Model, e *Example) (Situation, error) {
	if len(e.Ask.Map) == 0 {
		return Situation{}, fmt.Errorf("the example asks nothing")
	}
	r := &run{p: p, m: m, e: e, now: startOf(p, e)}
	r.req.At = r.now
	for _, g := range e.Given.Map {
		r.given(g)
	}
	first := e.Ask.Map[0]
	s := Situation{At: r.now, Kind: first.Key.Text, Put: r.put}
	switch s.Kind {
	case "action":
		for _, a := range e.Ask.Map {
			r.asked(a)
		}
	case "cookie":
		r.cookieQuestion(first.Value.Text)
	case "kept":
		s.Category = first.Value.Text
	case "status":
		s.Measure = first.Value.Text
	}
	s.Person, s.Request = r.who, r.req
	return s, r.err
}

// Judge holds an answer that came from somewhere else against what an example of an action or a cookie
// wants, as RunExamples holds its own.
func Judge(p *Policy, m *decision.Model, e *Example, a decision.Answer) Result {
	r := &run{p: p, m: m, e: e}
	var res Result
	if first := e.Ask.Map[0]; first.Key.Text == "cookie" {
		res = r.judgeCookie(first.Value.Text, a)
	} else {
		res = r.judgeAction(a)
	}
	res.Example = e
	return res
}

// JudgeKept does so with what retention says, for an example of kept.
func JudgeKept(p *Policy, e *Example, k decision.Kept) Result {
	res := (&run{p: p, e: e}).judgeKept(k)
	res.Example = e
	return res
}

// JudgeStatus does so with the status of a measure.
func JudgeStatus(p *Policy, e *Example, status string) Result {
	r := &run{p: p, e: e}
	res := r.judgeStatus(status, e.Ask.Map[0].Value.Text)
	res.Example = e
	return res
}

// cookieQuestion asks whether a cookie may be set, for the purpose of its entry in the register.
func (r *run) cookieQuestion(name string) {
	r.req.Action, r.req.Cookie = decision.VerbSet, name
	for _, x := range r.m.Rules {
		if slices.Contains(x.Cookie.Names, name) && len(x.For.Names) > 0 {
			r.req.For = x.For.Names[0]
		}
	}
}
