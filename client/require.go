package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

type answerKey struct{}

// AnswerOf is the answer under which a handler behind [Client.Require] runs: its Obligations are the handler's to fulfil.
func AnswerOf(ctx context.Context) (Answer, bool) {
	a, ok := ctx.Value(answerKey{}).(Answer)
	return a, ok
}

// Require lets a request through to the handler only if the answer to its question allows it. The answer goes with
// the request, see [AnswerOf].
//
// What ask returns as an error is answered with, and no question is asked: as it stands if it is a *Problem, else
// as a bad request. A denial is answered with 403 and reasons for people; 503 says that no decision could be had, 500 that
// the question could not be asked or the server refused this client. Config.Refuse can say it otherwise.
func (c *Client) Require(ask func(*http.Request) (Question, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q, err := ask(r)
			if err != nil {
				c.refuse(w, r, unavailable(), asProblem(err))
				return
			}
			a, err := c.Decide(r.Context(), q)
			if !a.Allowed {
				c.refuse(w, r, a, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), answerKey{}, a)))
		})
	}
}

// unasked is a request of which no question could be made.
type unasked struct{ problem Problem }

func (u unasked) Error() string { return u.problem.Error() }
func (u unasked) Unwrap() error { return &u.problem }

func asProblem(err error) error {
	if p, ok := errors.AsType[*Problem](err); ok {
		return unasked{*p}
	}
	return unasked{Problem{Status: http.StatusBadRequest}} // the text may repeat what was sent
}

// A refusal is what is answered instead of the handler.
type refusal struct {
	Problem
	Kind    string   `json:"kind,omitempty"`
	Clauses []string `json:"clauses,omitempty"`
	Missing []string `json:"missing,omitempty"`
}

func (c *Client) refuseWithProblem(w http.ResponseWriter, _ *http.Request, a Answer, err error) {
	out := refusal{Problem: Problem{Status: http.StatusForbidden, Detail: a.ReasonUser}, Kind: a.Kind, Clauses: a.Clauses, Missing: a.Missing}
	if u, ok := errors.AsType[unasked](err); ok {
		out = refusal{Problem: u.problem}
	} else if errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled) {
		out.Status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(int(max(1, (c.breaker.wait(c.now())+time.Second-1)/time.Second))))
	} else if err != nil {
		out = refusal{Problem: Problem{Status: http.StatusInternalServerError, Detail: a.ReasonUser}}
	}
	if out.Title == "" {
		out.Title = http.StatusText(out.Status)
	}
	text, err := json.Marshal(out)
	if err != nil {
		http.Error(w, out.Title, out.Status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(out.Status)
	w.Write(append(text, '\n'))
}
