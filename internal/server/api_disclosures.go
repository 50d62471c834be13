package server

import (
	"net/http"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/subject"
)

// disclosuresMax is how many disclosures one request may bring.
const disclosuresMax = 1000

// A disclosureBody is one disclosure as a caller tells it: the confirmation of a permit, or one that nobody
// asked about.
type disclosureBody struct {
	Permit  string   `json:"permit"`
	Unasked bool     `json:"unasked"`
	At      string   `json:"at"`
	Count   int64    `json:"count"`
	Person  string   `json:"person"`
	Data    []string `json:"data"`
	For     string   `json:"for"`
	To      string   `json:"to"`

	// Of an unasked one.
	ID        string `json:"id"`
	Action    string `json:"action"`
	Ground    string `json:"ground"`
	DecidedBy string `json:"decided_by"`
	Source    string `json:"source"`
}

// check finds what is wrong before anything is looked up.
func (b *disclosureBody) check() error {
	why := ""
	switch {
	case b.Unasked && b.Permit != "":
		why = "a disclosure confirms a permit or is unasked, not both"
	case !b.Unasked && b.Permit == "":
		why = "permit is missing; a disclosure that nobody asked about is marked unasked"
	case !b.Unasked && (b.ID != "" || b.Action != "" || b.Ground != "" || b.DecidedBy != "" || b.Source != ""):
		why = "id, action, ground, decided_by and source are those of an unasked disclosure; a permit has its own"
	case len(b.ID) > claimMax || len(b.Source) > claimMax || len(b.DecidedBy) > claimMax:
		why = "id, source and decided_by have at most 200 bytes"
	case b.Unasked && (b.Person == "" || b.At == "" || len(b.Data) == 0 || b.For == "" || b.To == "" || b.Source == ""):
		why = "an unasked disclosure says person, at, data, for, to and source; one of them is missing"
	default:
		return nil
	}
	return refusal{http.StatusBadRequest, why}
}

func (b *disclosureBody) confirmation(p *auth.Principal) (c subject.Confirmation, err error) {
	c = subject.Confirmation{
		Count: b.Count, Data: b.Data, For: b.For, To: b.To, By: p.Handle(), Principal: p.Name, Any: p.Has(auth.AnySubject),
		May: func(action, purpose, recipient string) error { return forbid(p.May(action, purpose, recipient)) },
	}
	if c.Permit, err = subject.ParsePermit(b.Permit); err != nil {
		return c, err
	}
	if c.At, err = atOf(b.At); err != nil || b.Person == "" {
		return c, err
	}
	c.Person, err = subject.ParseIdentity(b.Person)
	return c, err
}

func (b *disclosureBody) unasked(p *auth.Principal) (u subject.Unasked, err error) {
	u = subject.Unasked{
		Source: b.Source, Count: b.Count, By: p.Handle(), Principal: p.Name, Key: b.ID, Caller: p.Name,
		Disclosure: subject.Disclosure{Action: b.Action, Data: b.Data, For: b.For, To: b.To, Ground: b.Ground, DecidedBy: b.DecidedBy},
	}
	if u.Action == "" {
		u.Action = decision.VerbDisclose
	}
	if u.At, err = atOf(b.At); err != nil {
		return u, err
	}
	if u.Person, err = subject.ParseIdentity(b.Person); err != nil {
		return u, err
	}
	return u, forbid(p.May(u.Action, u.For, u.To))
}

// forbid is the answer to a key that is not for it.
func forbid(err error) error {
	if err == nil {
		return nil
	}
	return refusal{http.StatusForbidden, err.Error()}
}

func atOf(text string) (decision.Instant, error) {
	at, err := instantOf(text)
	if err != nil {
		return 0, refusal{http.StatusBadRequest, "at is an instant of RFC 3339, as 2026-02-28T12:00:00Z"}
	}
	return at, nil
}

// A disclosureAnswer is where a disclosure is in the log, or why it is not.
type disclosureAnswer struct {
	Permit string   `json:"permit,omitempty"`
	ID     string   `json:"id,omitempty"`
	Index  *int64   `json:"index,omitempty"`
	Entry  string   `json:"entry,omitempty"`
	Again  bool     `json:"again,omitempty"` // it was there before
	Error  *problem `json:"error,omitempty"`
}

// disclosures records what was disclosed, each for itself: one that cannot be recorded says why, and the
// others are. A single one that cannot be is the request's own problem.
func (s *Server) disclosures(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	var b struct {
		Disclosures []disclosureBody `json:"disclosures"`
	}
	if err := read(w, r, &b); err != nil {
		return err
	}
	if len(b.Disclosures) == 0 || len(b.Disclosures) > disclosuresMax {
		return refusal{http.StatusBadRequest, "disclosures is a list of 1 to 1000"}
	}
	recorded, errs := s.recordDisclosures(r, x, p, b.Disclosures)
	out := make([]disclosureAnswer, len(errs))
	var seq int64
	status := http.StatusOK
	for i, err := range errs {
		a := disclosureAnswer{ID: b.Disclosures[i].ID}
		if err != nil {
			if a.Error = s.badDisclosure(err); a.Error.Status >= 500 {
				status = a.Error.Status
			}
		} else {
			a.Index, a.Entry, a.Again = &recorded[i].Index, recorded[i].ID.String(), recorded[i].Again
			a.Permit, seq = b.Disclosures[i].Permit, max(seq, recorded[i].Index+1)
		}
		out[i] = a
	}
	if bad := out[0].Error; bad != nil && len(out) == 1 {
		writeProblem(w, bad)
		return nil
	}
	answer(w, status, map[string]any{"disclosures": out, "seq": seq})
	return nil
}

// recordDisclosures sorts them into confirmations and reports, and records both.
func (s *Server) recordDisclosures(r *http.Request, x *site, p *auth.Principal, l []disclosureBody) ([]subject.Recorded, []error) {
	out, errs := make([]subject.Recorded, len(l)), make([]error, len(l))
	var confirmations []subject.Confirmation
	var unasked []subject.Unasked
	var which, whichUnasked []int
	for i := range l {
		b := &l[i]
		if errs[i] = b.check(); errs[i] != nil {
			continue
		}
		if b.Unasked {
			var u subject.Unasked
			if u, errs[i] = b.unasked(p); errs[i] == nil {
				unasked, whichUnasked = append(unasked, u), append(whichUnasked, i)
			}
			continue
		}
		var c subject.Confirmation
		if c, errs[i] = b.confirmation(p); errs[i] == nil {
			confirmations, which = append(confirmations, c), append(which, i)
		}
	}
	done, why := s.house.People.Confirm(r.Context(), x.place, confirmations)
	reported, whyNot := s.house.People.ReportUnasked(r.Context(), x.place, unasked)
	done, why = append(done, reported...), append(why, whyNot...)
	for n, i := range slices.Concat(which, whichUnasked) {
		out[i], errs[i] = done[n], why[n]
	}
	return out, errs
}

func (s *Server) badDisclosure(err error) *problem {
	p := s.problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.house.Logger.Error("a disclosure was not recorded", "err", err)
		p.Detail = "the disclosure was not recorded; send it again"
	}
	return &p
}
