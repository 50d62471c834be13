package server

import (
	"net/http"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/policy"
)

// A keptView is what retention says of one category of a person's data.
type keptView struct {
	Data     string   `json:"data"`
	Kept     bool     `json:"kept"`
	Then     string   `json:"then,omitempty"`
	Promises []string `json:"promises,omitempty"`
	Purposes []string `json:"purposes,omitempty"`
	Bases    []string `json:"bases,omitempty"`
	Seq      int64    `json:"seq"`
}

// kept answers whether a category of a person's data is kept, why, and what became of it if not.
func (s *Server) kept(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	at := decision.InstantOf(s.house.Store.Now())
	if text := r.URL.Query().Get("time"); text != "" {
		if !p.Has(auth.AnyTime) {
			return refusal{http.StatusForbidden, "the key lacks the scope " + string(auth.AnyTime)}
		}
		if at, err = instantOf(text); err != nil {
			return refusal{http.StatusBadRequest, "time is an instant of RFC 3339, as 2026-02-28T12:00:00Z"}
		}
	}
	category := r.URL.Query().Get("data")
	if !x.declares(category) { // before anything is noted as looked at
		return refusal{http.StatusBadRequest, "data is a category that the notice declares"}
	}
	// An unknown person is so here too, not one of whom nothing is kept.
	if err := s.house.People.Accessed(r.Context(), x.place, ref, p.Handle(), "kept"); err != nil {
		return err
	}
	known, err := s.house.People.Facts(r.Context(), x.place, ref, 0)
	if err != nil {
		return err
	}
	k, _ := x.program.Kept(category, at, &known.Facts)
	v := keptView{Data: category, Kept: k.Then == "" && len(k.Promises) > 0, Then: k.Then, Promises: k.Promises, Purposes: k.Purposes, Seq: known.Seq}
	for _, b := range k.Bases {
		v.Bases = append(v.Bases, b.String())
	}
	answer(w, http.StatusOK, v)
	return nil
}

// declares: the notice in force has the category.
func (x *site) declares(category string) bool {
	return slices.ContainsFunc(x.model.Vocabulary.Data, func(c decision.Category) bool { return c.Name == category })
}

// measures answers how the notice's measures stand, as far as the notice alone tells.
func (s *Server) measures(w http.ResponseWriter, _ *http.Request, x *site, _ *auth.Principal) error {
	answer(w, http.StatusOK, map[string]any{"measures": policy.Measures(x.policy)})
	return nil
}
