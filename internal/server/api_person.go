package server

import (
	"net/http"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/ledger"
)

// A personView is what is known of a person: what their events come to, as decisions read it.
type personView struct {
	ID         string         `json:"id"`
	Identities []string       `json:"identities"`
	Residence  string         `json:"residence,omitempty"`
	Born       string         `json:"born,omitempty"`
	Facts      map[string]any `json:"facts"`
	Events     []happening    `json:"events"`
	Choices    []choiceView   `json:"choices"`
	Seq        int64          `json:"seq"`
}

type happening struct {
	Name string `json:"name"`
	At   string `json:"at"`
}

// A choiceView is one consent, refusal, objection, restriction or hold, with the instant from which it
// counts.
type choiceView struct {
	Kind     string              `json:"kind"`
	At       string              `json:"at"`
	Until    string              `json:"until,omitempty"`
	For      []string            `json:"for,omitempty"`
	Data     []string            `json:"data,omitempty"`
	To       []string            `json:"to,omitempty"`
	Facets   map[string][]string `json:"facets,omitempty"`
	Style    string              `json:"style,omitempty"`
	Guardian bool                `json:"guardian,omitempty"`
}

// showPerson answers with what is known of a person.
func (s *Server) showPerson(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	if err := s.house.People.Accessed(r.Context(), x.place, ref, p.Handle(), "person"); err != nil {
		return err
	}
	l, err := s.house.People.Identities(r.Context(), x.place, ref)
	if err != nil {
		return err
	}
	person, seq, err := s.house.People.Person(r.Context(), x.place, ref)
	if err != nil {
		return err
	}
	v := viewOf(&person, x.place.Zone)
	v.ID, v.Seq = ref.Value, seq
	for _, i := range l {
		v.Identities = append(v.Identities, i.String())
	}
	answer(w, http.StatusOK, v)
	return nil
}

func viewOf(p *decision.Person, zone *time.Location) personView {
	v := personView{Identities: []string{}, Residence: p.Residence, Facts: map[string]any{}, Events: []happening{}, Choices: []choiceView{}}
	if p.Born != 0 {
		v.Born = p.Born.Time().In(zone).Format(time.DateOnly)
	}
	for _, f := range p.Facts {
		if v.Facts[f.Name] = f.Value; f.Value == "" {
			v.Facts[f.Name] = f.Number
		}
	}
	for _, e := range p.Events {
		v.Events = append(v.Events, happening{e.Name, instantText(e.At)})
	}
	for i := range p.Choices {
		c := &p.Choices[i]
		view := choiceView{
			Kind: string(c.Kind), At: instantText(c.At), Until: instantText(c.Until), For: c.Scope.For, Data: c.Scope.Data, To: c.Scope.To,
			Style: string(c.Style), Guardian: c.Guardian,
		}
		for _, f := range c.Scope.Facets {
			if view.Facets == nil {
				view.Facets = map[string][]string{}
			}
			view.Facets[f.Facet] = f.Values
		}
		v.Choices = append(v.Choices, view)
	}
	return v
}

// instantText is empty for an instant that is not set.
func instantText(i decision.Instant) string {
	if i == 0 {
		return ""
	}
	return ledger.Instant(i).String()
}

// siteList names the sites that this server serves and the caller may speak of.
func (s *Server) siteList(w http.ResponseWriter, r *http.Request) {
	p, err := s.caller(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	type line struct {
		Site    string `json:"site"`
		Title   string `json:"title"`
		Version string `json:"version"`
	}
	out := []line{}
	for _, x := range s.sites {
		if p.MaySite(x.model.Site) {
			out = append(out, line{x.model.Site, x.policy.Front.Title.Text, x.version})
		}
	}
	answer(w, http.StatusOK, map[string]any{"sites": out})
}

// nowhere answers for addresses of the API that are none.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, refusal{http.StatusNotFound, "there is no such operation; GET /openapi.json lists them"})
}
