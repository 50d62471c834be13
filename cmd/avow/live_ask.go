package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// tellMost is how many events go in one request.
const tellMost = 500

// tell sends the events of all cases, those of one site together.
func (s *liveServer) tell(ctx context.Context, cases []*liveCase, l *loaded, p *liveProgress) error {
	type sent struct {
		c *liveCase
		n int
	}
	p.begin(l.model.Site, "told", len(cases))
	bySite := map[string][]*liveCase{}
	for _, c := range cases {
		c.events = eventsOf(&c.situation, l)
		bySite[c.site] = append(bySite[c.site], c)
	}
	for _, site := range slices.Sorted(maps.Keys(bySite)) {
		var batch []eventFlags
		var of []sent
		flush := func() error {
			if len(batch) == 0 {
				return nil
			}
			var out toldAnswer
			if err := s.http.do(ctx, "POST", api(site, "events"), map[string]any{"events": batch}, &out); err != nil {
				return err
			}
			if len(out.Events) != len(batch) {
				return fmt.Errorf("the server answered for %d events of %d", len(out.Events), len(batch))
			}
			for i, e := range out.Events {
				of[i].c.told(of[i].n, &e, out.Seq)
			}
			batch, of = batch[:0], of[:0]
			return nil
		}
		for _, c := range bySite[site] {
			c.indexes = make([]int64, len(c.events))
			for n := range c.events {
				c.events[n].Person = c.person
				batch, of = append(batch, c.events[n]), append(of, sent{c, n})
			}
			p.one()
			if len(batch) >= tellMost {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

type toldAnswer struct {
	Events []toldEvent
	Seq    int64
}

type toldEvent struct {
	Index *int64
	Error *struct{ Detail string }
}

// told notes where an event is in the log. What the server does not take, it cannot be told: a happening before
// 1970, say.
func (c *liveCase) told(n int, e *toldEvent, seq int64) {
	c.seq = max(c.seq, seq)
	if e.Error != nil {
		c.fail("the server does not record a " + c.events[n].Kind + " event: " + e.Error.Detail)
		return
	}
	c.indexes[n] = *e.Index
}

// ask asks the example's question and holds the answer against what is wanted, and against what this process
// answers.
func (s *liveServer) ask(ctx context.Context, c *liveCase, l *loaded) error {
	if c.there.Verdict != "" {
		return nil // it could not be told
	}
	var err error
	switch c.situation.Kind {
	case "kept":
		err = s.askKept(ctx, c, l)
	case "status":
		err = s.askStatus(ctx, c, l)
	default:
		err = s.askDecision(ctx, c, l)
	}
	if err != nil {
		return err
	}
	if c.said != c.answer {
		c.fail(fmt.Sprintf("the server answered %s\n  and this process %s", c.said, c.answer))
	}
	return nil
}

// A decided is the answer to an evaluation, with all that examples may want of it.
type decided struct {
	Decision bool
	Context  struct {
		Kind, Mode  string
		Permit      string
		Promises    []string
		Basis       []string
		Missing     []string
		Law         []decision.Reason
		Obligations []struct{ ID string }
		ReasonAdmin struct{ En string } `json:"reason_admin"`
	}
}

func (s *liveServer) askDecision(ctx context.Context, c *liveCase, l *loaded) error {
	var out decided
	if err := s.http.do(ctx, "POST", sitePath(c.site, "/access/v1/evaluation"), questionOf(&c.situation, c.person, c.seq), &out); err != nil {
		return err
	}
	a, ok := out.answer()
	if !ok {
		c.said = "an answer of kind " + out.Context.Kind
		return nil
	}
	c.said = briefAnswer(&a)
	for _, l := range a.Laws {
		c.laws = append(c.laws, l.Law)
	}
	c.there = policy.Judge(l.policy, l.model, c.example, a)
	if slices.Contains(a.Obliges, decision.ObligeConfirm) {
		return s.letOut(ctx, c)
	}
	return nil
}

// letOut asks once more as of now what was allowed to leave the house: as of the example's time the question is
// dry. If it is allowed now too, the answer must have a permit, and the log its entry.
func (s *liveServer) letOut(ctx context.Context, c *liveCase) error {
	q := questionOf(&c.situation, c.person, c.seq)
	delete(q["context"].(map[string]any), "time")
	var out decided
	if err := s.http.do(ctx, "POST", sitePath(c.site, "/access/v1/evaluation"), q, &out); err != nil {
		return err
	}
	if out.Decision && out.Context.Mode == "" {
		if c.permit = out.Context.Permit; c.permit == "" {
			c.fail("the server let data out as of now and gave no permit for it")
		}
	}
	return nil
}

// answer puts it in the words of this process.
func (d *decided) answer() (decision.Answer, bool) {
	x := &d.Context
	a := decision.Answer{Promises: x.Promises, Bases: x.Basis, Laws: x.Law}
	for a.Outcome = decision.Allow; a.Outcome.String() != x.Kind; a.Outcome++ {
		if a.Outcome == decision.Indeterminate {
			return a, false
		}
	}
	for _, m := range x.Missing {
		what, name, _ := strings.Cut(m, " ")
		a.Missing = append(a.Missing, decision.Missing{What: what, Name: name})
	}
	for _, o := range x.Obligations {
		a.Obliges = append(a.Obliges, o.ID)
	}
	return a, true
}

// briefAnswer is an answer on one line, as it can be read over HTTP too.
func briefAnswer(a *decision.Answer) string {
	s := policy.Brief(*a)
	if len(a.Obliges) > 0 {
		s += "; obliges " + strings.Join(a.Obliges, ", ")
	}
	return s
}

// A keptAnswer is what a server says of a category that is kept or not.
type keptAnswer struct {
	Kept     bool
	Then     string
	Promises []string
	Purposes []string
	Bases    []string
}

func (s *liveServer) askKept(ctx context.Context, c *liveCase, l *loaded) error {
	q := url.Values{"data": {c.situation.Category}, "time": {c.situation.At.Time().UTC().Format(time.RFC3339Nano)}}
	var out keptAnswer
	if err := s.http.do(ctx, "GET", api(c.site, "people", c.person, "kept")+"?"+q.Encode(), nil, &out); err != nil {
		return err
	}
	k := decision.Kept{Promises: out.Promises, Purposes: out.Purposes, Then: out.Then}
	for _, b := range out.Bases {
		kind, on, _ := strings.Cut(b, " ")
		k.Bases = append(k.Bases, decision.Basis{Kind: decision.BasisKind(kind), On: on})
	}
	c.said = briefKept(&k)
	c.there = policy.JudgeKept(l.policy, c.example, k)
	return nil
}

func briefKept(k *decision.Kept) string {
	what := k.Then
	if what == "" {
		what = "kept"
	}
	var bases []string
	for _, b := range k.Bases {
		bases = append(bases, b.String())
	}
	return fmt.Sprintf("%s for [%s] on [%s] by [%s]", what, strings.Join(k.Purposes, ", "), strings.Join(bases, ", "), strings.Join(k.Promises, ", "))
}

func (s *liveServer) askStatus(ctx context.Context, c *liveCase, l *loaded) error {
	var out struct{ Measures []policy.MeasureStatus }
	if err := s.http.do(ctx, "GET", api(c.site, "measures"), nil, &out); err != nil {
		return err
	}
	c.said = statusOf(out.Measures, c.situation.Measure)
	c.there = policy.JudgeStatus(l.policy, c.example, c.said)
	return nil
}

func statusOf(all []policy.MeasureStatus, name string) string {
	for _, m := range all {
		if m.Name == name {
			return m.Status
		}
	}
	return "no such measure"
}
