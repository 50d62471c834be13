package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
)

// outages are the ways in which a server can fail to answer.
func outages() map[string]func(http.ResponseWriter, *http.Request) bool {
	text := func(kind, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, body)
			return true
		}
	}
	return map[string]func(http.ResponseWriter, *http.Request) bool{
		"500":          status(500),
		"503":          status(503),
		"429":          status(429),
		"hangs":        func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true },
		"breaks off":   func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
		"a login page": text("text/html", "<html>Sign in to the network"),
		"404 of a proxy": func(w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		},
		"no JSON":          text("application/json", "decision: true"),
		"half of it":       text("application/json", `{"decision": true, "context": {"kind": "all`),
		"nothing":          text("application/json", ""),
		"no decision":      text("application/json", `{"context": {"kind": "allow", "version": "v", "seq": 0}}`),
		"a text for a yes": text("application/json", `{"decision": "true", "context": {"kind": "allow", "seq": 0}}`),
		"a bare yes":       text("application/json", `{"decision": true}`),
		"a doubled yes":    text("application/json", `{"decision": false, "decision": true, "context": {"kind": "allow", "seq": 0}}`),
		"a disguised yes":  text("application/json", `{"decision": false, "Decision": true, "context": {"kind": "allow", "seq": 0}}`),
		"allows a gap":     text("application/json", `{"decision": true, "context": {"kind": "gap", "version": "v", "seq": 0}}`),
		"unknown mode":     text("application/json", `{"decision": true, "context": {"kind": "gap", "mode": "off", "seq": 0}}`),
		"something behind": text("application/json", `{"decision": true, "context": {"kind": "allow", "seq": 0}} {}`),
		"not UTF-8":        text("application/json", "{\"decision\": true, \"context\": {\"kind\": \"allow\", \"seq\": 0, \"version\": \"\xff\"}}"),
		"without an end": func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1<<16)); err != nil {
					break
				}
			}
			return true
		},
		"deep": text("application/json", strings.Repeat(`{"a":`, 100_000)),
	}
}

func TestOutages(t *testing.T) {
	for name, fault := range outages() {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.say("customer:1", "letter", true)
			c := h.start(t, func(c *client.Config) { c.Timeout = 300 * time.Millisecond })
			ask(t, c, letter("customer:1"))
			h.breakWith(fault)

			if a := ask(t, c, letter("customer:1")); !a.Allowed || !a.FromSnapshot || a.Age < 0 || a.Age > time.Minute || a.EvaluationID != "" {
				t.Errorf("with a snapshot: %+v", a)
			}
			for why, q := range map[string]client.Question{
				"another person": letter("customer:2"),
				"other data":     {Person: "customer:1", Action: "use", Data: []string{"name"}, For: "letter"},
				"no rule":        {Person: "customer:1", Action: "use", Data: []string{"contact.email"}, For: "offers"},
				"a strict part":  {Person: "customer:1", Action: "use", Data: []string{"contact.email"}, For: "letter.strict"},
			} {
				a, err := c.Decide(t.Context(), q)
				if a.Allowed || a.Kind != client.Unavailable || a.ReasonUser == "" || !errors.Is(err, client.ErrUnavailable) {
					t.Errorf("%s: %+v, %v", why, a, err)
				}
			}
		})
	}
}

func TestServerStops(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	s := httptest.NewServer(h)
	c := h.client(t, s.URL)
	ask(t, c, letter("customer:1"))
	ask(t, c, letter("customer:2")) // a denial is kept too
	s.Close()
	if a := ask(t, c, letter("customer:1")); !a.Allowed || !a.FromSnapshot {
		t.Errorf("%+v", a)
	}
	if a := ask(t, c, letter("customer:2")); a.Allowed || !a.FromSnapshot || a.Kind != client.Unmet || len(a.Missing) != 1 {
		t.Errorf("%+v", a)
	}
}

// A rule is one for what lies below, unless that has its own.
func TestRulesOfPurposes(t *testing.T) {
	h := newHouse(t)
	h.obliges = []string{"x"}
	c := h.start(t, func(c *client.Config) { c.Obligations = []string{"x"} })
	q := letter("customer:1")
	for purpose, want := range map[string]bool{"letter": true, "letter.monthly": true, "letter.monthly.short": true, "letter.strict": false, "letter.strict.very": false, "letters": false} {
		h.breakWith(nil)
		h.say("customer:1", purpose, true)
		q.For = purpose
		ask(t, c, q)
		h.breakWith(status(501)) // not repeated
		a, err := c.Decide(t.Context(), q)
		if a.Allowed != want || (err == nil) != want {
			t.Errorf("%s: %+v, %v", purpose, a, err)
		}
	}
}

// An outage does not cost every question a timeout, and is over soon after it is over.
func TestBreaker(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	var offset atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	c := h.start(t, func(c *client.Config) { c.Timeout, c.Clock = 200*time.Millisecond, clock })
	ask(t, c, letter("customer:1"))
	h.breakWith(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	h.with(func() { h.calls = 0 })
	began := time.Now()
	for range 200 {
		if a := ask(t, c, letter("customer:1")); !a.FromSnapshot {
			t.Fatalf("%+v", a)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("200 questions took %v", took)
	}
	if n := h.called(); n != 3 {
		t.Errorf("%d calls before the server was left alone", n)
	}

	offset.Store(int64(2 * time.Second)) // the pause is over: one of many tries
	h.with(func() { h.calls = 0 })
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { ask(t, c, letter("customer:1")) })
	}
	wait.Wait()
	if n := h.called(); n != 1 {
		t.Errorf("%d of 20 tried", n)
	}

	h.breakWith(nil)
	offset.Store(int64(3500 * time.Millisecond)) // the second pause is longer
	h.with(func() { h.calls = 0 })
	if a := ask(t, c, letter("customer:1")); !a.FromSnapshot || h.called() != 0 {
		t.Errorf("in the second pause: %+v after %d calls", a, h.called())
	}
	offset.Store(int64(6 * time.Second))
	for range 3 {
		if a := ask(t, c, letter("customer:1")); a.FromSnapshot {
			t.Errorf("after the outage: %+v", a)
		}
	}
}

// A caller in a hurry gets the purpose's answer, and says nothing about the server.
func TestDeadlineOfTheCaller(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	c := h.start(t)
	ask(t, c, letter("customer:1"))
	h.breakWith(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if a := ask1(ctx, t, c, letter("customer:1")); !a.Allowed || !a.FromSnapshot {
			t.Errorf("%+v", a)
		}
		if a, err := c.Decide(ctx, letter("customer:2")); a.Allowed || !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("%+v, %v", a, err)
		}
		cancel()
	}
	h.breakWith(nil)
	if a := ask(t, c, letter("customer:1")); a.FromSnapshot {
		t.Errorf("the server was never down: %+v", a)
	}
}

func ask1(ctx context.Context, t *testing.T, c *client.Client, q client.Question) client.Answer {
	t.Helper()
	a, err := c.Decide(ctx, q)
	if err != nil {
		t.Error(err)
	}
	return a
}

// A short failure is not an outage.
func TestQuestionsAreRepeated(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	c := h.start(t)
	n := 0
	h.breakWith(func(w http.ResponseWriter, _ *http.Request) bool {
		if n++; n == 1 {
			panic(http.ErrAbortHandler)
		}
		if n == 2 {
			w.WriteHeader(503)
		}
		return n == 2
	})
	if a := ask(t, c, letter("customer:1")); !a.Allowed || a.FromSnapshot || n != 3 {
		t.Errorf("%+v after %d attempts", a, n)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	h := newHouse(t)
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := h.client(t, s.URL)
	for range 50 {
		ask(t, c, letter("customer:1"))
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 50 questions", n)
	}
}
