package server

import (
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
)

// A problem is an error of /api/v1, after RFC 9457. Its detail never repeats what was sent.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// problems are the types, by the last part of their address.
var problemTitles = map[string]string{
	"bad-request":  "The request cannot be read",
	"unauthorized": "Who asks is not known",
	"forbidden":    "The key does not allow this",
	"not-found":    "There is no such thing",
	"conflict":     "It contradicts what is there",
	"too-large":    "The request is too large",
	"too-many":     "Too many requests",
	"sealed":       "The server cannot answer now",

	"permit-unknown":    "There is no such permit",
	"permit-expired":    "The permit was over",
	"permit-of-another": "The permit is another's",
	"permit-confirmed":  "The permit is confirmed already",
	"beyond-permit":     "It is more than was permitted",
	"internal":          "The server failed",
}

// fail answers an error of /api/v1.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problemOf(err)
	if p.Status >= http.StatusInternalServerError && p.Status != http.StatusServiceUnavailable {
		s.house.Logger.Error("a request failed", "route", r.Pattern, "err", err)
		p.Detail = "nothing was changed; the server's log says why"
	}
	writeProblem(w, &p)
}

func writeProblem(w http.ResponseWriter, p *problem) {
	text, _ := json.Marshal(p)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(append(text, '\n'))
}

func (s *Server) problemOf(err error) problem {
	kind, status := "internal", http.StatusInternalServerError
	var r refusal
	switch {
	case errors.As(err, &r):
		status = r.status
		kind = map[int]string{
			http.StatusBadRequest: "bad-request", http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "forbidden",
			http.StatusNotFound: "not-found", http.StatusConflict: "conflict", http.StatusRequestEntityTooLarge: "too-large",
			http.StatusTooManyRequests: "too-many", http.StatusServiceUnavailable: "sealed",
		}[status]
	case errors.Is(err, subject.ErrUnknown), errors.Is(err, subject.ErrNoEntry), errors.Is(err, store.ErrNone):
		kind, status = "not-found", http.StatusNotFound
	case errors.Is(err, subject.ErrTaken), errors.Is(err, subject.ErrMerge), errors.Is(err, subject.ErrHeld), errors.Is(err, subject.ErrOtherEvent):
		kind, status = "conflict", http.StatusConflict
	case errors.Is(err, subject.ErrEvent), errors.Is(err, subject.ErrIdentity), errors.Is(err, subject.ErrDisclosure):
		kind, status = "bad-request", http.StatusBadRequest
	case errors.Is(err, subject.ErrNoPermit):
		kind, status = "permit-unknown", http.StatusNotFound
	case errors.Is(err, subject.ErrExpired):
		kind, status = "permit-expired", http.StatusConflict
	case errors.Is(err, subject.ErrNotYours):
		kind, status = "permit-of-another", http.StatusForbidden
	case errors.Is(err, subject.ErrConfirmed):
		kind, status = "permit-confirmed", http.StatusConflict
	case errors.Is(err, subject.ErrBeyond):
		kind, status = "beyond-permit", http.StatusConflict
	}
	return problem{"urn:avow:problem:" + kind, problemTitles[kind], status, err.Error()}
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(text, '\n'))
}
