package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/avowhq/avow/client"
)

func TestAnswerSaysWhy(t *testing.T) {
	h := newHouse(t)
	c := h.start(t)
	got := ask(t, c, letter("customer:1"))
	note := got.Signed
	got.Signed = nil
	want := client.Answer{
		Kind: client.Unmet, Clauses: []string{"letter"}, Missing: []string{"consent letter"},
		ReasonUser: "Because.", Version: "2026-01-01", EvaluationID: "e-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(string(note), "avow/answer/v1\nshop\n") {
		t.Errorf("signed: %s", note)
	}
	h.say("customer:1", "letter", true)
	if a := ask(t, c, letter("customer:1")); !a.Allowed || a.Kind != client.Allow || a.Seq != 1 || a.FromSnapshot {
		t.Errorf("with a consent: %+v", a)
	}
}

// Every part of a question travels to the place that AuthZEN and the vocabulary give it.
func TestQuestionTravels(t *testing.T) {
	h := newHouse(t)
	c := h.start(t, func(c *client.Config) { c.Name = "mailer" })
	ask(t, c, client.Question{
		Person: "customer:1", Action: "combine", Data: []string{"b", "a", "b"}, For: "letter", To: "us", In: "dublin", Source: "person", As: "pseudonymous",
		Of: "member", Role: "treasurer", Ground: "tax-law", With: []string{"orders"}, Group: 5,
		Stated:     map[string]any{"channel": "mail", "public": true, "weight": 3},
		Attributes: map[string]any{"subject.properties.team": "crm", "action.properties.urgent": false, "resource.properties.level": 2},
	})
	want := `{
		"subject": {"type": "service", "id": "mailer", "properties": {"role": "treasurer", "team": "crm"}},
		"action": {"name": "combine", "properties": {"urgent": false}},
		"resource": {"type": "person", "id": "customer:1", "properties": {"data": ["b", "a", "b"], "of": "member", "level": 2}},
		"context": {"for": "letter", "to": "us", "in": "dublin", "source": "person", "as": "pseudonymous", "ground": "tax-law",
			"with": ["orders"], "group": 5, "channel": "mail", "public": true, "weight": 3, "snapshot": true}}`
	var w map[string]any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, h.asked[0]); diff != "" {
		t.Error(diff)
	}
}

func TestDecideAll(t *testing.T) {
	h := newHouse(t)
	c := h.start(t)
	var questions []client.Question
	for i := range 250 {
		person := fmt.Sprintf("customer:%d", i)
		questions = append(questions, letter(person))
		h.say(person, "letter", i%3 == 0)
	}
	questions[7].Action = ""
	answers, err := c.DecideAll(t.Context(), questions...)
	if !errors.Is(err, client.ErrQuestion) || !strings.Contains(err.Error(), "question 7:") {
		t.Errorf("error %v", err)
	}
	if len(answers) != 250 || h.calls != 3 {
		t.Fatalf("%d answers in %d calls", len(answers), h.calls)
	}
	for i, a := range answers {
		if a.Allowed != (i%3 == 0) {
			t.Errorf("answer %d: %+v", i, a)
		}
	}
	if answers, err := c.DecideAll(t.Context()); len(answers) != 0 || err != nil {
		t.Errorf("no question: %v, %v", answers, err)
	}
}

// One wrong question of several is that one's trouble.
func TestOneOfSeveralIsRefused(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	c := h.start(t)
	n := 0
	h.bend = func(a map[string]any) {
		if n++; n == 2 {
			a["decision"], a["context"] = false, map[string]any{"error": map[string]any{"status": 400, "message": "member action is missing"}}
		}
	}
	answers, err := c.DecideAll(t.Context(), letter("customer:1"), letter("customer:1"), letter("customer:1"))
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 400 || answers[1].Allowed || !answers[0].Allowed || !answers[2].Allowed {
		t.Errorf("%+v, %v", answers, err)
	}
}

// An obligation that the caller does not know turns an answer into a denial.
func TestUnknownObligation(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	h.obliges = []string{"record-disclosure", "tell-person"}
	knows := func(known ...string) *client.Client {
		return h.start(t, func(c *client.Config) { c.Obligations = known })
	}
	if a := ask(t, knows("tell-person", "record-disclosure", "more"), letter("customer:1")); !a.Allowed || len(a.Obligations) != 2 {
		t.Errorf("all known: %+v", a)
	}
	a := ask(t, knows("record-disclosure"), letter("customer:1"))
	if a.Allowed || a.Kind != client.Unfulfilled || !cmp.Equal(a.Unknown, []string{"tell-person"}) || a.ReasonUser == "" {
		t.Errorf("one unknown: %+v", a)
	}
	h.mode = client.Observe
	if a := ask(t, knows(), letter("customer:1")); !a.Allowed || !a.WouldDeny || len(a.Unknown) != 2 {
		t.Errorf("while only observed: %+v", a)
	}
}

func TestShadowMode(t *testing.T) {
	h := newHouse(t)
	c := h.start(t)
	for _, mode := range []string{client.Observe, client.Warn} {
		h.mode = mode
		if a := ask(t, c, letter("customer:1")); !a.Allowed || !a.WouldDeny || a.Mode != mode || a.Kind != client.Unmet {
			t.Errorf("%s: %+v", mode, a)
		}
	}
	h.say("customer:1", "letter", true)
	if a := ask(t, c, letter("customer:1")); !a.Allowed || a.WouldDeny {
		t.Errorf("what the notice allows: %+v", a)
	}
	h.mode = ""
	if a := ask(t, c, letter("customer:2")); a.Allowed || a.WouldDeny {
		t.Errorf("enforced: %+v", a)
	}
}

// Who is refused hears why, and no snapshot speaks instead.
func TestRefusals(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	c := h.start(t)
	ask(t, c, letter("customer:1")) // there is a snapshot
	for _, code := range []int{400, 401, 403, 404, 413} {
		h.breakWith(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			w.Write([]byte(`"the key was revoked"`))
			return true
		})
		a, err := c.Decide(t.Context(), letter("customer:1"))
		var p *client.Problem
		if a.Allowed || a.Kind != client.Unavailable || !errors.As(err, &p) || p.Status != code || p.Detail != "the key was revoked" || errors.Is(err, client.ErrUnavailable) {
			t.Errorf("%d: %+v, %v", code, a, err)
		}
	}
	h.breakWith(nil)
	if a := ask(t, c, letter("customer:1")); !a.Allowed || a.FromSnapshot {
		t.Errorf("after refusals the server is not thought to be down: %+v", a)
	}
}

func TestQuestionsThatCannotBeAsked(t *testing.T) {
	h := newHouse(t)
	c := h.start(t)
	for name, change := range map[string]func(*client.Question){
		"no person":         func(q *client.Question) { q.Person = "" },
		"no action":         func(q *client.Question) { q.Action = "" },
		"not UTF-8":         func(q *client.Question) { q.Data = []string{"\xff"} },
		"a fraction":        func(q *client.Question) { q.Stated = map[string]any{"weight": 1.5} },
		"a huge number":     func(q *client.Question) { q.Stated = map[string]any{"weight": int64(1) << 60} },
		"a list":            func(q *client.Question) { q.Stated = map[string]any{"weight": []string{"x"}} },
		"a field as stated": func(q *client.Question) { q.Stated = map[string]any{"for": "other"} },
		"at_least":          func(q *client.Question) { q.Stated = map[string]any{"at_least": 0} },
		"no such place":     func(q *client.Question) { q.Attributes = map[string]any{"context.for": "other"} },
		"data as attribute": func(q *client.Question) { q.Attributes = map[string]any{"resource.properties.data": "x"} },
		"negative group":    func(q *client.Question) { q.Group = -1 },
	} {
		q := letter("ann.lee@planted.example")
		change(&q)
		a, err := c.Decide(t.Context(), q)
		if !errors.Is(err, client.ErrQuestion) || a.Allowed || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if h.calls != 0 {
		t.Errorf("%d calls", h.calls)
	}
}

func TestConfig(t *testing.T) {
	good := client.Config{URL: "https://avow.example/mounted/", Site: "shop", Key: "avow_k7_se_cret"}
	before := runtime.NumGoroutine()
	if _, err := client.New(good); err != nil {
		t.Error(err)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("New left %d goroutines", n-before)
	}
	snapshot := map[string]client.Down{"letter": client.Snapshot(time.Hour)}
	for name, change := range map[string]func(*client.Config){
		"no URL":               func(c *client.Config) { c.URL = "" },
		"no scheme":            func(c *client.Config) { c.URL = "avow.example" },
		"a password":           func(c *client.Config) { c.URL = "https://a:b@avow.example" },
		"no site":              func(c *client.Config) { c.Site = "" },
		"a path for a site":    func(c *client.Config) { c.Site = "../other" },
		"dots for a site":      func(c *client.Config) { c.Site = ".." },
		"a header in the key":  func(c *client.Config) { c.Key = "avow_k7_x\r\nX: y" },
		"snapshots, no log":    func(c *client.Config) { c.Purposes = snapshot },
		"snapshots, wrong log": func(c *client.Config) { c.Purposes, c.LogKeys = snapshot, []string{"x"} },
		"snapshots, no key id": func(c *client.Config) { c.Purposes, c.LogKeys, c.Key = snapshot, []string{"x"}, "other" },
		"negative timeout":     func(c *client.Config) { c.Timeout = -1 },
	} {
		config := good
		change(&config)
		if _, err := client.New(config); err == nil || strings.Contains(err.Error(), "se_cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cancelled caller is told so; nothing speaks for a server that was not asked.
func TestCancelled(t *testing.T) {
	h := newHouse(t)
	h.say("customer:1", "letter", true)
	c := h.start(t)
	ask(t, c, letter("customer:1"))
	ctx, cancel := context.WithCancel(t.Context())
	arrived := make(chan struct{})
	h.breakWith(func(_ http.ResponseWriter, r *http.Request) bool {
		close(arrived)
		<-r.Context().Done()
		return true
	})
	go func() {
		<-arrived
		cancel()
	}()
	for range 2 {
		if a, err := c.Decide(ctx, letter("customer:1")); a.Allowed || !errors.Is(err, context.Canceled) {
			t.Errorf("%+v, %v", a, err)
		}
	}
}

// A redirect would carry a question about a person to wherever it points.
func TestNoRedirectIsFollowed(t *testing.T) {
	h := newHouse(t)
	c := h.start(t)
	h.breakWith(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/elsewhere" {
			t.Error("the question went elsewhere")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		return true
	})
	if a, err := c.Decide(t.Context(), letter("customer:1")); a.Allowed || !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("%+v, %v", a, err)
	}
}
