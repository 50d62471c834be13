package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/avowhq/avow/internal/auth"
)

type principalView struct {
	No      int64     `json:"no"`
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Roles   []string  `json:"roles,omitempty"`
	Created string    `json:"created"`
	Ended   string    `json:"ended,omitempty"`
	Keys    []keyView `json:"keys"`
}

type keyView struct {
	ID        string       `json:"id"`
	State     string       `json:"state"` // valid, expired, revoked, rotated
	Binding   auth.Binding `json:"binding"`
	Created   string       `json:"created"`
	Expires   string       `json:"expires,omitempty"`
	Used      string       `json:"used,omitempty"` // the hour of the latest use
	Successor string       `json:"successor,omitempty"`
}

// principalList lists who may call, and with which keys; secrets are nowhere.
func (s *Server) principalList(w http.ResponseWriter, r *http.Request, _ *site, _ *auth.Principal) error {
	all, err := s.house.Auth.List(r.Context())
	if err != nil {
		return err
	}
	out := struct {
		Principals []principalView `json:"principals"`
	}{[]principalView{}}
	now := s.house.Store.Now()
	for _, p := range all {
		v := principalView{No: p.No, Name: p.Name, Kind: string(p.Kind), Roles: p.Roles, Created: stamp(p.Created), Ended: stamp(p.Ended), Keys: []keyView{}}
		for _, k := range p.Keys {
			v.Keys = append(v.Keys, keyView{k.ID, stateOf(&k, now), k.Binding, stamp(k.Created), stamp(k.Expires), stamp(k.Used), k.Successor})
		}
		out.Principals = append(out.Principals, v)
	}
	answer(w, http.StatusOK, out)
	return nil
}

func stateOf(k *auth.ListedKey, now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return "expired"
	case k.Successor != "":
		return "rotated"
	}
	return "valid"
}

// createPrincipal makes a principal without keys.
func (s *Server) createPrincipal(w http.ResponseWriter, r *http.Request, _ *site, p *auth.Principal) error {
	var b struct {
		Name  string   `json:"name"`
		Kind  string   `json:"kind"`
		Roles []string `json:"roles"`
	}
	if err := read(w, r, &b); err != nil {
		return err
	}
	no, err := s.house.Auth.Create(r.Context(), p, b.Name, auth.Kind(b.Kind), b.Roles)
	if err != nil {
		return keyError(err)
	}
	answer(w, http.StatusCreated, map[string]any{"no": no, "name": b.Name})
	return nil
}

// principalNo is the number of the principal of a name.
func (s *Server) principalNo(r *http.Request, name string) (int64, error) {
	all, err := s.house.Auth.List(r.Context())
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		if p.Name == name {
			return p.No, nil
		}
	}
	return 0, auth.ErrNone
}

func (s *Server) endPrincipal(w http.ResponseWriter, r *http.Request, _ *site, p *auth.Principal) error {
	no, err := s.principalNo(r, r.PathValue("name"))
	if err == nil {
		err = s.house.Auth.End(r.Context(), p, no)
	}
	if err != nil {
		return keyError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// issueKey issues a key to a principal, which is made as a machine if there is none of the name.
func (s *Server) issueKey(w http.ResponseWriter, r *http.Request, _ *site, p *auth.Principal) error {
	var b struct {
		Principal string       `json:"principal"`
		Binding   auth.Binding `json:"binding"`
		Expires   string       `json:"expires"`
	}
	if err := read(w, r, &b); err != nil {
		return err
	}
	var expires time.Time
	if at, err := instantOf(b.Expires); err != nil {
		return refusal{http.StatusBadRequest, "expires is an instant of RFC 3339, as 2027-02-28T12:00:00Z"}
	} else if at != 0 {
		expires = at.Time()
	}
	no, err := s.principalNo(r, b.Principal)
	if errors.Is(err, auth.ErrNone) {
		no, err = s.house.Auth.Create(r.Context(), p, b.Principal, auth.Machine, nil)
	}
	if err != nil {
		return keyError(err)
	}
	id, secret, err := s.house.Auth.Issue(r.Context(), p, no, b.Binding, expires)
	if err != nil {
		return keyError(err)
	}
	answer(w, http.StatusCreated, map[string]string{"id": id, "secret": secret})
	return nil
}

// rotateKey issues the successor of a key, which stays valid for the overlap.
func (s *Server) rotateKey(w http.ResponseWriter, r *http.Request, _ *site, p *auth.Principal) error {
	var b struct {
		Overlap int64 `json:"overlap_seconds"`
	}
	if err := read(w, r, &b); err != nil {
		return err
	}
	if b.Overlap < 0 || b.Overlap > int64(auth.MaxOverlap/time.Second) {
		return refusal{http.StatusBadRequest, "overlap_seconds is at most 30 days"}
	}
	id, secret, err := s.house.Auth.Rotate(r.Context(), p, r.PathValue("id"), time.Duration(b.Overlap)*time.Second)
	if err != nil {
		return keyError(err)
	}
	answer(w, http.StatusCreated, map[string]string{"id": id, "secret": secret})
	return nil
}

func (s *Server) revokeKey(w http.ResponseWriter, r *http.Request, _ *site, p *auth.Principal) error {
	if err := s.house.Auth.Revoke(r.Context(), p, r.PathValue("id")); err != nil {
		return keyError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// keyError puts an error of package auth in terms of HTTP.
func keyError(err error) error {
	for _, c := range []struct {
		is     error
		status int
	}{
		{auth.ErrForbidden, http.StatusForbidden},
		{auth.ErrInvalid, http.StatusBadRequest},
		{auth.ErrTaken, http.StatusConflict},
		{auth.ErrNone, http.StatusNotFound},
		{auth.ErrRotated, http.StatusConflict},
		{auth.ErrRevoked, http.StatusConflict},
		{auth.ErrEnded, http.StatusConflict},
		{auth.ErrExpired, http.StatusConflict},
	} {
		if errors.Is(err, c.is) {
			return refusal{c.status, err.Error()}
		}
	}
	return err
}
