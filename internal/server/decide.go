package server

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/policy"
)

// A judged question has everything that its answer, its log line and its signature are made of.
type judged struct {
	x       *site
	by      *auth.Principal
	asked   *evaluation
	request decision.Request
	person  subject.Known
	inline  bool // the facts came with the question
	stated  bool // so did the time
	answer  decision.Answer
	clauses []string // of the promises that determined it
	trouble string
	mode    mode
	permit  string // for a disclosure that is recorded as permitted
}

// judge decides one evaluation that has all its members. The error is for a caller who may not ask it.
func (s *Server) judge(ctx context.Context, x *site, p *auth.Principal, e *evaluation) (j judged, err error) {
	j = judged{x: x, by: p, asked: e, mode: enforce, answer: decision.Answer{Outcome: decision.Indeterminate}}
	at, stated := s.askedAt(p, e)
	j.stated = stated
	q, err := x.question(e, at)
	if err != nil {
		j.trouble = err.Error()
		s.enforced(ctx, &j)
		return j, nil
	}
	j.request = q.Request
	if by := q.Request.By; by != "" && !mayActAs(p, by) {
		return j, refusal{http.StatusForbidden, "the role is none of those that the key's principal has"}
	}
	to := q.Request.To
	if to == "" {
		to = decision.Us
	}
	if err := p.May(q.Request.Action, q.Request.For, to); err != nil {
		return j, refusal{http.StatusForbidden, err.Error()}
	}
	if err := s.facts(ctx, &j, p, e, q.Person); err != nil {
		return j, err
	}
	if !stated && !j.inline {
		// What is known may have been read after the question came: another server's withdrawal, say, by its
		// clock. The time of the answer is not before it.
		q.Request.At = decision.InstantOf(s.house.Store.Now())
		j.request.At = q.Request.At
	}
	if j.trouble == "" {
		d := x.scratch.Get().(*decision.Decision)
		if x.program.Decide(&q.Request, &j.person.Facts, d) == decision.Indeterminate {
			j.trouble = "the question cannot be read; look at " + x.program.Trouble(&q.Request)
		}
		j.answer = d.Answer()
		x.scratch.Put(d)
	}
	s.enforced(ctx, &j)
	return j, nil
}

// enforced finds the clauses of the answer, and how far it is enforced.
func (s *Server) enforced(ctx context.Context, j *judged) {
	for _, id := range j.answer.Promises {
		if clause := j.x.clauseOf[id]; len(j.clauses) == 0 || j.clauses[len(j.clauses)-1] != clause {
			j.clauses = append(j.clauses, clause)
		}
	}
	if err := j.x.shadow.refresh(ctx, s.house.Store, j.x.place.No); err != nil {
		s.house.Logger.Error("modes cannot be read; the last ones hold", "err", err)
	}
	j.mode = j.x.shadow.of(j.by.Key, j.clauses)
}

// mayActAs reports whether the principal acts in a role, or for a recipient.
func mayActAs(p *auth.Principal, role string) bool {
	return p.Has(auth.AnySubject) || slices.Contains(p.Roles, role) || p.Binding.Recipient == role
}

// askedAt is the time of the question: ours, unless the caller may set it and does.
func (s *Server) askedAt(p *auth.Principal, e *evaluation) (at decision.Instant, stated bool) {
	if stated := e.Context.text("time"); stated != "" && p.Has(auth.AnyTime) {
		if t, err := parseTime(stated); err == nil {
			return decision.InstantOf(t), true
		}
	}
	return decision.InstantOf(s.house.Store.Now()), false
}

// facts finds what is known of the person: what is stored, or what came with the question from a caller
// who may state it.
func (s *Server) facts(ctx context.Context, j *judged, p *auth.Principal, e *evaluation, inline decision.Person) error {
	var err error
	if _, j.inline = e.Resource.Properties.find("facts"); j.inline {
		if !p.Has(auth.AnyFacts) {
			return refusal{http.StatusForbidden, "resource.properties.facts needs the scope " + string(auth.AnyFacts)}
		}
		if j.person.Facts, err = j.x.program.Facts(inline); err != nil {
			// The cause would repeat what was sent.
			j.trouble = "the facts name something that the notice does not declare"
		}
		return nil
	}
	if _, alias := j.x.words.resources[e.Resource.Type]; alias {
		return nil // a resource of the vocabulary that is no person
	}
	ref, err := subject.ParseIdentity(e.Resource.ID)
	if err != nil {
		j.trouble = "resource.id does not name a person: it is an id of 32 hexadecimal digits, or kind:value, as customer:4711"
		return nil
	}
	stated, sent := e.Context.find("at_least")
	atLeast, ok := stated.(float64)
	if sent && (!ok || atLeast < 0 || atLeast > 1<<53) {
		j.trouble = "context.at_least is a size of the log, as seq in an answer"
		return nil
	}
	j.person, err = s.house.People.Facts(ctx, j.x.place, ref, int64(atLeast))
	switch {
	case errors.Is(err, subject.ErrBehind):
		// A caller that has seen more than there is must hear of it: the database was set back.
		return refusal{http.StatusConflict, "context.at_least is beyond the end of the log"}
	case err != nil:
		s.house.Logger.Error("what is known of a person cannot be read", "err", err)
		return refusal{http.StatusInternalServerError, "what is known of the person cannot be read"}
	}
	return nil
}

// verdict puts the answer in AuthZEN's form, logs it, and lets it pass where the mode says so.
func (s *Server) verdict(j *judged) verdict {
	x, a := j.x, &j.answer
	x.counters[a.Outcome].Inc()
	why := policy.Say(*a)
	if j.trouble != "" {
		why = j.trouble
	}
	v := verdict{Decision: a.Allowed(), Context: reasons{
		ReasonAdmin: why, ReasonUser: policy.SayToPerson(*a), Kind: a.Outcome.String(), Law: a.Laws,
		Promises: a.Promises, Basis: a.Bases, Obligations: a.Obliges, Version: x.version, Seq: j.person.Seq, Known: j.person.Known, Permit: j.permit, Clauses: j.clauses, EvaluationID: s.ids.next(),
	}}
	c := &v.Context
	for _, m := range a.Missing {
		what := m.What
		if m.Name != "" {
			what += " " + m.Name
		}
		c.Missing = append(c.Missing, what)
	}
	passed := mode("") // that let a denial pass
	if j.mode != enforce {
		if c.Mode = string(j.mode); !v.Decision {
			v.Decision, passed = true, j.mode
		}
	}
	x.log.add(decision.InstantOf(s.house.Store.Now()), &decisionLine{
		ID: c.EvaluationID, Key: j.by.Key, Who: pseudonym(j.person.Pseudonym(s.house.Store.Now())),
		Action: only(j.request.Action, x.words.actions), Data: known(j.request.Data, x.words.data), For: only(j.request.For, x.words.purposes), To: only(j.request.To, x.words.recipients), Kind: c.Kind, Clauses: c.Clauses, Missing: c.Missing,
		Shadow: string(passed), Version: c.Version, Seq: c.Seq,
	})
	if asked, ok := j.asked.Context.value("snapshot").(bool); ok && asked && j.trouble == "" {
		var err error
		if c.Signed, err = s.sign(j, &v); err != nil {
			s.house.Logger.Error("an answer cannot be signed", "err", err)
		}
	}
	return v
}

// only is the word if the notice declares it: a log holds nothing that a caller could smuggle in.
func only(word string, declared map[string]bool) string {
	if word == "" || declared[word] {
		return word
	}
	return "(undeclared)"
}

func known(words []string, declared map[string]bool) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = only(w, declared)
	}
	return out
}
