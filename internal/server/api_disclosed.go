package server

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/ledger"
)

// A recipientView is what went, may have gone and should not have gone to one recipient: the actual recipients
// that a person is told of (CJEU C-154/21).
type recipientView struct {
	To          string          `json:"to"`
	Name        string          `json:"name,omitempty"` // in the notice of now
	Kind        string          `json:"kind,omitempty"`
	Country     string          `json:"country,omitempty"`
	Confirmed   []disclosedView `json:"confirmed"`
	Unconfirmed []disclosedView `json:"unconfirmed"` // permitted, and nobody said whether it was done
	Unasked     []disclosedView `json:"unasked"`     // learned of afterwards; never permitted
}

type disclosedView struct {
	Action     string   `json:"action"`
	Data       []string `json:"data"`
	For        string   `json:"for"`
	In         string   `json:"in,omitempty"`
	As         string   `json:"as,omitempty"`
	Permitted  string   `json:"permitted,omitempty"`
	Until      string   `json:"until,omitempty"`
	At         string   `json:"at,omitempty"` // when it was made, as claimed
	AgeSeconds *int64   `json:"age_seconds,omitempty"`
	Over       bool     `json:"over,omitempty"` // the time in which it could be made is
	Count      int64    `json:"count,omitempty"`
	Source     string   `json:"source,omitempty"`

	Ground      string   `json:"ground,omitempty"`
	DecidedBy   string   `json:"decided_by,omitempty"`
	Bases       []string `json:"bases,omitempty"`
	Agreement   string   `json:"agreement,omitempty"`
	Mechanism   string   `json:"mechanism,omitempty"`
	Country     string   `json:"country,omitempty"`
	Clauses     []string `json:"clauses,omitempty"`
	Version     string   `json:"version"`
	Principal   string   `json:"principal"`
	ConfirmedBy string   `json:"confirmed_by,omitempty"`
	Entries     []int64  `json:"entries"` // indexes, for receipts
}

// disclosed lists where the data of a person went, by recipient.
func (s *Server) disclosed(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	if err := s.house.People.Accessed(r.Context(), x.place, ref, p.Handle(), "disclosures"); err != nil {
		return err
	}
	l, err := s.house.People.Disclosures(r.Context(), x.place, ref)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, map[string]any{"recipients": x.byRecipient(l, s.house.Store.Now()), "as_of": ledger.InstantOf(s.house.Store.Now()).String()})
	return nil
}

func (x *site) byRecipient(l []subject.DisclosureEntry, now time.Time) []recipientView {
	out := []recipientView{}
	for i := range l {
		e := &l[i]
		n := slices.IndexFunc(out, func(v recipientView) bool { return v.To == e.To })
		if n < 0 {
			n = len(out)
			out = append(out, x.recipientOf(e.To))
		}
		view, v := viewOfDisclosure(e, now), &out[n]
		switch {
		case e.Unasked:
			v.Unasked = append(v.Unasked, view)
		case e.Confirmed != 0:
			v.Confirmed = append(v.Confirmed, view)
		default:
			v.Unconfirmed = append(v.Unconfirmed, view)
		}
	}
	slices.SortFunc(out, func(a, b recipientView) int { return cmp.Compare(a.To, b.To) })
	return out
}

// recipientOf is the recipient as the notice of now has it; one that it has no more has its word only.
func (x *site) recipientOf(to string) recipientView {
	v := recipientView{To: to, Confirmed: []disclosedView{}, Unconfirmed: []disclosedView{}, Unasked: []disclosedView{}}
	for _, r := range x.model.Vocabulary.Recipients {
		if r.Name == to {
			v.Kind, v.Country, v.Name = r.Kind, r.Country, x.words.recipientNames[to]
		}
	}
	return v
}

func viewOfDisclosure(e *subject.DisclosureEntry, now time.Time) disclosedView {
	v := disclosedView{
		Action: e.Action, Data: e.Data, For: e.For, In: e.In, As: string(e.As), Permitted: instantText(e.Permitted), Until: instantText(e.Until), At: instantText(e.Confirmed),
		Count: e.Count, Source: e.Source, Ground: e.Ground, DecidedBy: e.DecidedBy, Bases: e.Bases, Agreement: e.Agreement, Mechanism: e.Mechanism, Country: e.Country,
		Clauses: e.Clauses, Version: e.Version, Principal: e.Principal, ConfirmedBy: e.ConfirmedBy, Entries: []int64{e.Index},
	}
	if v.DecidedBy == "" {
		v.DecidedBy = e.Principal
	}
	if e.Confirmation != 0 {
		v.Entries = append(v.Entries, e.Confirmation)
	}
	if e.Confirmed == 0 {
		age := int64(now.Sub(e.Permitted.Time()) / time.Second)
		v.AgeSeconds, v.Over = &age, decision.InstantOf(now) >= e.Until
	}
	return v
}
