package server

import (
	"net/http"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/ledger"
)

// eventsMax is how many events one request may bring.
const eventsMax = 1000

// An eventBody is one event as a caller sends it.
type eventBody struct {
	ID        string              `json:"id"` // the caller's own key: sent again, it is recorded once
	Person    string              `json:"person"`
	Kind      string              `json:"kind"`
	At        string              `json:"at"`
	Source    string              `json:"source"`
	For       []string            `json:"for"`
	Data      []string            `json:"data"`
	To        []string            `json:"to"`
	Facets    map[string][]string `json:"facets"`
	Style     string              `json:"style"`
	Guardian  bool                `json:"guardian"`
	Until     string              `json:"until"`
	Name      string              `json:"name"`
	Facts     map[string]any      `json:"facts"`
	Residence string              `json:"residence"`
	Born      string              `json:"born"`
	Grounds   string              `json:"grounds"`
}

func (b *eventBody) report(p *auth.Principal) (subject.Report, error) {
	ref, err := subject.ParseIdentity(b.Person)
	if err != nil {
		return subject.Report{}, err
	}
	e := subject.Event{
		Kind: subject.Kind(b.Kind), Source: b.Source, Style: decision.Style(b.Style), Guardian: b.Guardian, Name: b.Name,
		Residence: b.Residence, Born: b.Born, Grounds: b.Grounds, Scope: decision.Scope{For: b.For, Data: b.Data, To: b.To},
	}
	for _, t := range []struct {
		name, text string
		at         *decision.Instant
	}{{"at", b.At, &e.At}, {"until", b.Until, &e.Until}} {
		if *t.at, err = instantOf(t.text); err != nil {
			return subject.Report{}, refusal{http.StatusBadRequest, t.name + " is an instant of RFC 3339, as 2026-02-28T12:00:00Z"}
		}
	}
	for _, name := range sortedKeys(b.Facets) {
		e.Scope.Facets = append(e.Scope.Facets, decision.FacetValues{Facet: name, Values: b.Facets[name]})
	}
	for _, name := range sortedKeys(b.Facts) {
		f, err := factOf(name, b.Facts[name])
		if err != nil {
			return subject.Report{}, err
		}
		e.Facts = append(e.Facts, f)
	}
	if len(b.ID) > 200 || len(b.Source) > 200 || len(b.Grounds) > 200 {
		return subject.Report{}, refusal{http.StatusBadRequest, "id, source and grounds have at most 200 bytes"}
	}
	return subject.Report{Person: ref, Event: e, Key: b.ID, Caller: p.Name, By: p.Handle(), Create: true}, nil
}

func factOf(name string, v any) (decision.Stated, error) {
	switch v := v.(type) {
	case string:
		return decision.Stated{Name: name, Value: v}, nil
	case bool:
		return decision.Stated{Name: name, Value: map[bool]string{true: "yes", false: "no"}[v]}, nil
	case float64:
		if v == float64(int32(v)) {
			return decision.Stated{Name: name, Number: int32(v)}, nil
		}
	}
	return decision.Stated{}, refusal{http.StatusBadRequest, "a fact is a word, a truth or a whole number of 32 bits"}
}

func instantOf(text string) (decision.Instant, error) {
	if text == "" {
		return 0, nil
	}
	t, err := parseTime(text)
	if err != nil {
		return 0, err
	}
	return decision.InstantOf(t), nil
}

// An eventAnswer is where an event is in the log, or why it is not.
type eventAnswer struct {
	ID    string   `json:"id,omitempty"`
	Index *int64   `json:"index,omitempty"`
	Entry string   `json:"entry,omitempty"`
	Again bool     `json:"again,omitempty"` // it was there before, under the same id
	Error *problem `json:"error,omitempty"`
}

type eventsAnswer struct {
	Events []eventAnswer `json:"events"`
	Seq    int64         `json:"seq"` // ask with at_least: seq, and the answer knows of these events
}

// events records events, each for itself: one that cannot be recorded says why, and the others are. A
// single one that cannot be is the request's own problem.
func (s *Server) events(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	var b struct {
		Events []eventBody `json:"events"`
	}
	if err := read(w, r, &b); err != nil {
		return err
	}
	if len(b.Events) == 0 || len(b.Events) > eventsMax {
		return refusal{http.StatusBadRequest, "events is a list of 1 to 1000"}
	}
	out := eventsAnswer{Events: make([]eventAnswer, len(b.Events))}
	var reports []subject.Report
	var which []int
	for i := range b.Events {
		report, err := b.Events[i].report(p)
		if err != nil {
			out.Events[i] = s.badEvent(b.Events[i].ID, err)
			continue
		}
		reports, which = append(reports, report), append(which, i)
	}
	recorded, errs := s.house.People.Append(r.Context(), x.place, reports)
	for n, i := range which {
		if errs[n] != nil {
			out.Events[i] = s.badEvent(b.Events[i].ID, errs[n])
			continue
		}
		out.Events[i] = eventAnswer{ID: b.Events[i].ID, Index: &recorded[n].Index, Entry: recorded[n].ID.String(), Again: recorded[n].Again}
		out.Seq = max(out.Seq, recorded[n].Index+1)
	}
	if p := out.Events[0].Error; p != nil && len(out.Events) == 1 {
		writeProblem(w, p)
		return nil
	}
	status := http.StatusOK
	if i := slices.IndexFunc(out.Events, func(e eventAnswer) bool { return e.Error != nil && e.Error.Status >= 500 }); i >= 0 {
		status = out.Events[i].Error.Status
	}
	answer(w, status, out)
	return nil
}

func (s *Server) badEvent(id string, err error) eventAnswer {
	p := s.problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.house.Logger.Error("an event was not recorded", "err", err)
		p.Detail = "the event was not recorded; send it again with the same id"
	}
	return eventAnswer{ID: id, Error: &p}
}

// ledgerHead tells where the log stands and whose key signs it.
func (s *Server) ledgerHead(w http.ResponseWriter, r *http.Request) {
	h, err := s.house.Store.Head(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"origin": h.Origin, "size": h.Size, "root": h.Edge.Root().String(), "key": s.house.Keys.Signer().Key(), "at": ledger.InstantOf(h.At).String()})
}
