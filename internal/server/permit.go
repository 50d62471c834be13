package server

import (
	"context"
	"errors"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/subject"
)

// permitTries is how often a question is decided again because other people were erased or merged meanwhile.
const permitTries = 100

// letsOut reports whether the answer lets data of a known person out, now, and is enforced: then it is recorded
// before it is given. Questions with facts or a time of their own are dry, and so are those that say so.
func (j *judged) letsOut() bool {
	if !j.answer.Allowed() || !slices.Contains(j.answer.Obliges, decision.ObligeConfirm) {
		return false
	}
	dry, _ := j.asked.Context.value("dry").(bool)
	return j.person.Known && j.mode == enforce && !dry && !j.inline && !j.stated
}

// permit records what the answers let out, set-wise, and gives each its permit. An answer that cannot be
// recorded is none: nothing may go out then.
func (s *Server) permit(ctx context.Context, all ...*judged) {
	for try := 0; len(all) > 0; try++ {
		var again []*judged
		for _, x := range s.sites {
			again = append(again, s.permitOf(ctx, x, all)...)
		}
		all = again[:0]
		for _, j := range again {
			if try == permitTries {
				j.undone("people were erased or merged each time that it was to be recorded; ask again")
				continue
			}
			next, err := s.judge(ctx, j.x, j.by, j.asked)
			if *j = next; err != nil {
				j.undone(err.Error())
			} else if j.letsOut() {
				all = append(all, j)
			}
		}
	}
}

// permitOf records those of one site, and returns those that have to be decided again.
func (s *Server) permitOf(ctx context.Context, x *site, all []*judged) (again []*judged) {
	var l []subject.Permission
	var which []*judged
	for _, j := range all {
		if j.x != x {
			continue
		}
		p, err := j.permission()
		if err != nil {
			j.undone(err.Error())
			continue
		}
		l, which = append(l, p), append(which, j)
	}
	if len(l) == 0 {
		return nil
	}
	permits, errs := s.house.People.Permit(ctx, x.place, l)
	for i, j := range which {
		switch err := errs[i]; {
		case err == nil:
			j.permit = permits[i].String()
		case errors.Is(err, subject.ErrStale), errors.Is(err, subject.ErrUnknown):
			again = append(again, j)
		case errors.Is(err, subject.ErrOtherEvent):
			j.undone("context.evaluation_id was used for another question")
		default:
			s.house.Logger.Error("a permitted disclosure was not recorded, and so is denied", "err", err)
			j.undone("the disclosure cannot be recorded, and so must not be made")
		}
	}
	return again
}

// undone takes the answer back.
func (j *judged) undone(why string) {
	j.answer, j.clauses, j.permit, j.trouble = decision.Answer{Outcome: decision.Indeterminate}, nil, "", why
}

// claimMax is how long a text that is recorded as claimed may be, in bytes.
const claimMax = 200

// permission is the record of the answer.
func (j *judged) permission() (subject.Permission, error) {
	q, c := &j.request, j.asked.Context
	p := subject.Permission{
		Person: j.person, At: q.At, Clauses: j.clauses, By: j.by.Handle(), Principal: asker(j.by, j.asked.Subject.ID), Caller: j.by.Name,
		Disclosure: subject.Disclosure{Action: q.Action, Data: slices.Compact(slices.Sorted(slices.Values(slices.Concat(q.Data, q.With)))), For: q.For, To: q.To, In: q.In, As: q.As, Ground: q.Ground, Bases: j.answer.Bases},
	}
	for name, at := range map[string]*string{"evaluation_id": &p.Key, "decided_by": &p.DecidedBy} {
		v, sent := c.find(name)
		text, ok := v.(string)
		if sent && (!ok || len(text) > claimMax) {
			return p, errors.New("context." + name + " is a text of at most 200 bytes")
		}
		*at = text
	}
	if len(p.Principal) > claimMax {
		return p, errors.New("subject.id is longer than 200 bytes")
	}
	j.x.underWhich(&p.Disclosure, q)
	return p, nil
}

// asker is the name of the principal who asks: the key's own, or whom it asks for.
func asker(p *auth.Principal, id string) string {
	if id == p.Key {
		return p.Name
	}
	return id
}

// underWhich finds what the disclosure stood on beside the person's facts: the agreement with the recipient in
// force then, the country, and the mechanism of a transfer there.
func (x *site) underWhich(d *subject.Disclosure, q *decision.Request) {
	v := &x.model.Vocabulary
	i := slices.IndexFunc(v.Recipients, func(r decision.Recipient) bool { return r.Name == q.To })
	if i < 0 {
		return
	}
	r := &v.Recipients[i]
	d.Country = r.Country
	for _, a := range v.Agreements {
		if a.Name == r.Agreement && a.From <= q.At && (a.Until == 0 || q.At < a.Until) && !slices.Contains(q.Ended, a.Name) {
			d.Agreement, d.Mechanism = a.Name, a.Transfer
		}
	}
	for _, l := range v.Locations {
		if l.Name == q.In && d.Mechanism == "" {
			d.Mechanism = l.Transfer
		}
	}
}
