package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// Verdict is how an example came out.
type Verdict string

// The verdicts. Waiting examples ask what a later engine answers; they prove nothing yet.
const (
	Passed  Verdict = "passed"
	Failed  Verdict = "failed"
	Waiting Verdict = "waiting"
)

// A Result is one example that was run.
type Result struct {
	Example *Example
	Verdict Verdict
	Why     string // of a failure
	// Promises determined the answer.
	Promises []string
	// Law tells that the answer was a law's, against what the clause says.
	Law bool
	// Laws are the provisions that the answer names.
	Laws []decision.Reason
}

// RunExamples runs the policy's examples. One passes only if the answer is right and a promise of its own
// clause is among those that determined it; no promise determines a gap, so that one must be written
// out.
func RunExamples(p *Policy, program *decision.Program, m *decision.Model) []Result {
	var out []Result
	for _, c := range p.Clauses {
		for _, e := range c.Examples {
			out = append(out, runExample(p, program, m, e))
		}
	}
	return out
}

// A run is one example in the making: what is given turns into a person, a request and site facts.
type run struct {
	p       *Policy
	program *decision.Program
	m       *decision.Model
	e       *Example
	now     decision.Instant
	who     decision.Person
	req     decision.Request
	put     []decision.Choice // consents asked for whose silence counts in time
	err     error
}

func runExample(p *Policy, program *decision.Program, m *decision.Model, e *Example) Result {
	r := &run{p: p, program: program, m: m, e: e, now: startOf(p, e)}
	r.req.At = r.now
	for _, g := range e.Given.Map {
		r.given(g)
	}
	if r.err != nil {
		return Result{Example: e, Verdict: Failed, Why: r.err.Error()}
	}
	res := r.ask()
	res.Example = e
	return res
}

// startOf is the time of an example: its date, else the day the notice takes effect.
func startOf(p *Policy, e *Example) decision.Instant {
	for _, g := range e.Given.Map {
		if g.Key.Text == "date" {
			if at, err := dateIn(g.Value.Text, p.Front.Zone.Text); err == nil {
				return at
			}
		}
	}
	return p.Front.Effective
}

// ask runs what the first key of the question names.
func (r *run) ask() Result {
	if len(r.e.Ask.Map) == 0 {
		return Result{Verdict: Failed, Why: "the example asks nothing"}
	}
	switch first := r.e.Ask.Map[0]; first.Key.Text {
	case "action":
		return r.action()
	case "collect":
		return r.collect()
	case "kept":
		return r.kept(first.Value.Text)
	case "cookie":
		return r.cookie(first.Value.Text)
	case "status":
		return r.status(first.Value.Text)
	case "right":
		return r.right()
	case "refuse":
		return r.refused()
	case "law-check":
		return r.lawCheck(first.Value.Text)
	default:
		return Result{Verdict: Waiting}
	}
}

// judge turns an answer into a result: right, and determined by this clause.
func (r *run) judge(right bool, got string, promises []string, determined bool) Result {
	switch {
	case !right:
		return Result{Verdict: Failed, Why: got, Promises: promises}
	case !determined && !r.ours(promises):
		by := "no promise"
		if len(promises) > 0 {
			by = strings.Join(promises, ", ")
		}
		return Result{Verdict: Failed, Promises: promises, Why: fmt.Sprintf("right, but determined by %s, not by this clause", by)}
	}
	return Result{Verdict: Passed, Promises: promises}
}

// ours: a promise of the example's clause is among them.
func (r *run) ours(promises []string) bool {
	return slices.ContainsFunc(r.e.Clause.Promises, func(x *Promise) bool { return slices.Contains(promises, x.ID) })
}

func (r *run) action() Result {
	for _, a := range r.e.Ask.Map {
		r.asked(a)
	}
	if r.err != nil {
		return Result{Verdict: Failed, Why: r.err.Error()}
	}
	facts, err := r.program.Facts(r.who)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	var d decision.Decision
	r.program.Decide(&r.req, &facts, &d)
	return r.judgeAction(d.Answer())
}

func (r *run) judgeAction(a decision.Answer) Result {
	right, explicit := r.answers(a)
	res := r.judge(right, "got "+Brief(a), a.Promises, explicit)
	res.Law, res.Laws = a.Outcome == decision.AgainstLaw, a.Laws
	return res
}

// answers reports whether the answer is the one wanted, and whether a want that no promise can
// determine was written out.
func (r *run) answers(a decision.Answer) (right, explicit bool) {
	want := r.e.Want
	if want.Text != "" {
		return (want.Text == "allow") == a.Allowed(), false
	}
	right = true
	for _, w := range want.Map {
		v := w.Value
		switch w.Key.Text {
		case "allow":
			right = right && a.Allowed() && (v.Text == "" || slices.ContainsFunc(a.Bases, func(b string) bool { return b == v.Text || strings.HasPrefix(b, v.Text+" ") }))
		case "deny":
			right = right && a.Outcome.String() == v.Text
			explicit = v.Text == "gap" || v.Text == "indeterminate"
		case "obliges":
			for _, o := range v.texts() {
				right = right && slices.Contains(a.Obliges, o)
			}
		case "missing":
			for _, m := range v.texts() {
				right = right && misses(a, m)
			}
		case "because":
			right = right && said(a, v.Text)
		}
	}
	return right, explicit && right
}

// said reports whether a law, an article or a reason is among those that denied it.
func said(a decision.Answer, what string) bool {
	return slices.ContainsFunc(a.Laws, func(l decision.Reason) bool { return l.Because == what || l.Law == what || l.Article == what })
}

func misses(a decision.Answer, what string) bool {
	return slices.ContainsFunc(a.Missing, func(m decision.Missing) bool { return m.What == what || m.Name == what }) ||
		slices.ContainsFunc(a.Laws, func(l decision.Reason) bool { return l.Name == what })
}

func (r *run) collect() Result {
	entry := decision.Entry{Fields: map[string]string{}, At: r.now, Stated: r.req.Stated}
	for _, a := range r.e.Ask.Map {
		switch a.Key.Text {
		case "collect":
			entry.Point = a.Value.Text
		case "fields":
			for _, f := range a.Value.Map {
				entry.Fields[f.Key.Text] = f.Value.Text
			}
		default:
			entry.Stated = append(entry.Stated, r.stated(a))
		}
	}
	for _, w := range r.e.Want.Map {
		if w.Key.Text == "store" {
			return Result{Verdict: Waiting}
		}
	}
	got, err := r.program.Admit(entry, r.who)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	// That no point takes it is no promise's doing, and so must have been written out.
	res := r.judge(r.admits(got), "got "+briefAdmission(got), got.Promises, got.Refused == decision.RefusedPoint)
	res.Law = got.Answer != nil && got.Answer.Outcome == decision.AgainstLaw
	return res
}

func (r *run) admits(got decision.Admission) bool {
	if r.e.Want.Text == "accept" {
		return got.Refused == ""
	}
	right := true
	for _, w := range r.e.Want.Map {
		texts := slices.Sorted(slices.Values(w.Value.texts()))
		switch w.Key.Text {
		case "accept":
			right = right && got.Refused == "" && slices.Equal(texts, got.Fields)
		case "met":
			for _, m := range texts {
				right = right && slices.Contains(got.Met, m)
			}
		case "refuse":
			right = right && string(got.Refused) == w.Value.Text
		case "fields":
			right = right && slices.Equal(texts, got.Fields)
		case "because":
			right = right && got.Answer != nil && slices.ContainsFunc(got.Answer.Laws, func(l decision.Reason) bool {
				return l.Because == w.Value.Text || l.Law == w.Value.Text || l.Article == w.Value.Text
			})
		case "missing":
			for _, m := range texts {
				right = right && (slices.Contains(got.Missing, m) || got.Answer != nil && misses(*got.Answer, m))
			}
		}
	}
	return right
}

func briefAdmission(a decision.Admission) string {
	if a.Refused == "" {
		return "accept " + strings.Join(a.Fields, ", ")
	}
	s := fmt.Sprintf("refuse: %s, fields: [%s]", a.Refused, strings.Join(a.Fields, ", "))
	if a.Answer != nil {
		s += " (" + Brief(*a.Answer) + ")"
	}
	return s
}

func (r *run) kept(category string) Result {
	facts, err := r.program.Facts(r.who)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	k, ok := r.program.Kept(category, r.now, &facts)
	if !ok {
		return Result{Verdict: Failed, Why: fmt.Sprintf("category %q is not declared", category)}
	}
	return r.judgeKept(k)
}

func (r *run) judgeKept(k decision.Kept) Result {
	got := map[string]string{"erase": "gone", "anonymise": "anonymised", "detach": "detached", "fingerprint": "fingerprinted", "": "kept"}[k.Then]
	right := got == r.e.Want.Text
	if r.e.Want.Text == "" {
		right = k.Then == ""
		for _, w := range r.e.Want.Map {
			switch w.Key.Text {
			case "kept":
				right = right && (w.Value.Text == "yes" || slices.Contains(k.Purposes, w.Value.Text))
			case "basis":
				right = right && slices.ContainsFunc(k.Bases, func(b decision.Basis) bool {
					return b.String() == w.Value.Text || string(b.Kind) == w.Value.Text || b.On == w.Value.Text
				})
			}
		}
	}
	return r.judge(right, fmt.Sprintf("got %s by %s", got, strings.Join(k.Promises, ", ")), k.Promises, false)
}

func (r *run) cookie(name string) Result {
	r.cookieQuestion(name)
	facts, err := r.program.Facts(r.who)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	var d decision.Decision
	r.program.Decide(&r.req, &facts, &d)
	return r.judgeCookie(name, d.Answer())
}

func (r *run) judgeCookie(name string, a decision.Answer) Result {
	want := r.e.Want
	right := want.Text == "set" && a.Allowed() || want.Text == "blocked" && !a.Allowed()
	for _, w := range want.Map {
		switch v := w.Value; w.Key.Text {
		case "blocked":
			right = !a.Allowed() && (misses(a, v.Text) || v.Text == "law" && a.Outcome == decision.AgainstLaw)
		case "because":
			right = right && said(a, v.Text)
		case "loses":
			right = right && r.loses(name, v.texts())
		}
	}
	res := r.judge(right, "got "+Brief(a), a.Promises, false)
	res.Law, res.Laws = a.Outcome == decision.AgainstLaw, a.Laws
	return res
}

// loses: what is lost without the cookie is as the register says.
func (r *run) loses(cookie string, want []string) bool {
	for _, x := range r.p.promises() {
		if x.Cookie != nil && slices.Contains(texts(x.Cookie.Names), cookie) {
			return slices.Equal(texts(x.Cookie.Without), want)
		}
	}
	return false
}

// texts of a list, or of a single text.
func (v Value) texts() []string {
	if v.Text != "" {
		return []string{v.Text}
	}
	var out []string
	for _, x := range v.List {
		out = append(out, x.Text)
	}
	return out
}

// Brief is an answer on one line.
func Brief(a decision.Answer) string {
	s := "allow"
	if !a.Allowed() {
		s = "deny: " + a.Outcome.String()
	}
	if len(a.Bases) > 0 {
		s += " on " + strings.Join(a.Bases, ", ")
	}
	for _, m := range a.Missing {
		s += "; missing " + strings.TrimSpace(m.What+" "+m.Name)
	}
	for _, l := range a.Laws {
		s += "; " + l.Law + " " + l.Article + " " + strings.TrimSpace(l.Because+" "+l.Name)
	}
	if len(a.Promises) > 0 {
		s += " [" + strings.Join(a.Promises, ", ") + "]"
	}
	return s
}
