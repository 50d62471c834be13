package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/avowhq/avow/client"
)

// A client reads what it wrote: its questions carry the seq of its own events.
func TestReadsOwnWrites(t *testing.T) {
	h := newHouse(t)
	h.seq = 41
	c := h.start(t)
	ask(t, c, letter("customer:1"))
	done, err := c.Record(t.Context(), client.Event{ID: "e1", Person: "customer:1", Kind: client.Granted, For: []string{"letter"}})
	if err != nil || !cmp.Equal(done, []client.Recorded{{ID: "e1", Index: 41, Entry: fmt.Sprintf("%032x", 42)}}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if a := ask(t, c, letter("customer:1")); !a.Allowed || a.Seq != 42 {
		t.Errorf("%+v", a)
	}
	if first, second := h.asked[0]["context"].(map[string]any), h.asked[1]["context"].(map[string]any); first["at_least"] != nil || second["at_least"] != 42.0 {
		t.Errorf("at_least %v, then %v", first["at_least"], second["at_least"])
	}

	h.with(func() { h.consent("customer:2", "letter", true); h.seq = 42 })
	h.bend = func(a map[string]any) {
		a["context"].(map[string]any)["seq"] = 41
		delete(a["context"].(map[string]any), "signed")
	}
	if a, err := c.Decide(t.Context(), letter("customer:2")); a.Allowed || !errors.Is(err, client.ErrAnswer) {
		t.Errorf("an answer from before what this client wrote: %+v, %v", a, err)
	}
}

// A server that was restored from a copy has a shorter log than the client remembers.
func TestRestoredServer(t *testing.T) {
	d := newDowns(t)
	ask(t, d.client, letter("customer:1"))
	if _, err := d.client.Record(t.Context(), client.Event{Person: "customer:2", Kind: client.Granted, For: []string{"letter"}}); err != nil {
		t.Fatal(err)
	}
	d.with(func() { d.seq = 0; d.consents = map[string]map[string]bool{} })
	if a := ask(t, d.client, letter("customer:2")); a.Allowed {
		t.Errorf("%+v", a)
	}
	if d.down(t, letter("customer:1")) {
		t.Error("a snapshot of a log that is no more is used")
	}
	d.say("customer:1", "letter", true)
	ask(t, d.client, letter("customer:1"))
	if !d.down(t, letter("customer:1")) {
		t.Error("no snapshot of the restored log")
	}
}

func TestEventsTravel(t *testing.T) {
	h := newHouse(t)
	var got []byte
	zone := time.FixedZone("CET", 3600)
	c := h.client(t, "http://house.example", func(c *client.Config) {
		c.HTTPClient = &http.Client{Transport: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v1/shop/events" || r.Header.Get("Authorization") != "Bearer "+houseKey {
				t.Errorf("%s %v", r.URL, r.Header)
			}
			got, _ = io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"events":[{"id":"e1","index":0,"entry":"00"},{"id":"e2","index":1,"entry":"01"}],"seq":2,"later":"members are ignored"}`)
		})}}
	})
	_, err := c.Record(t.Context(), client.Event{
		ID: "e1", Person: "customer:1", Kind: client.Granted, At: time.Date(2026, 11, 24, 10, 0, 0, 0, zone), Until: time.Date(2027, 1, 1, 0, 0, 0, 0, zone),
		For: []string{"letter"}, Data: []string{"contact.email"}, To: []string{"us"}, Facets: map[string][]string{"channel": {"mail"}}, Style: "opt-in", Source: "form",
	}, client.Event{ID: "e2", Person: "customer:1", Kind: client.Stated, Facts: map[string]any{"age": 20, "member": true}, Against: true})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"events":[{"id":"e1","person":"customer:1","kind":"granted","at":"2026-11-24T09:00:00Z","for":["letter"],"data":["contact.email"],"to":["us"],` +
		`"facets":{"channel":["mail"]},"style":"opt-in","until":"2026-12-31T23:00:00Z","source":"form"},{"id":"e2","person":"customer:1","kind":"stated","facts":{"age":20,"member":true}}]}`
	var w, g any
	if err := errors.Join(json.Unmarshal([]byte(want), &w), json.Unmarshal(got, &g)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Error(diff)
	}
}

// What did not come through is sent again under the same ids, and recorded once.
func TestRecordIsRepeated(t *testing.T) {
	h := newHouse(t)
	c := h.start(t)
	n := 0
	h.breakWith(func(w http.ResponseWriter, r *http.Request) bool {
		if n++; n == 1 {
			h.breakWith(nil)
			h.ServeHTTP(discard{}, r) // it is recorded, but the answer is lost
			panic(http.ErrAbortHandler)
		}
		return false
	})
	var events []client.Event
	for i := range 230 {
		events = append(events, client.Event{Person: fmt.Sprintf("customer:%d", i), Kind: client.Granted, For: []string{"letter"}})
	}
	done, err := c.Record(t.Context(), events...)
	if err != nil || len(done) != 230 || h.seq != 230 {
		t.Errorf("%d done, %d recorded, %v", len(done), h.seq, err)
	}
	if events[0].ID != "" || done[0].ID == "" || done[0].ID == done[1].ID {
		t.Errorf("ids: %+v", done[:2])
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func TestRecordErrors(t *testing.T) {
	h := newHouse(t)
	c := h.start(t)
	done, err := c.Record(t.Context(), client.Event{ID: "a", Person: "customer:1", Kind: client.Granted}, client.Event{ID: "b", Person: "customer:1", Kind: "wrong"})
	var p *client.Problem
	if len(done) != 1 || !errors.As(err, &p) || p.Status != 422 || !strings.Contains(err.Error(), "event 1") {
		t.Errorf("%+v, %v", done, err)
	}
	for name, e := range map[string]client.Event{
		"no person":  {Kind: client.Granted},
		"no kind":    {Person: "customer:1"},
		"not UTF-8":  {Person: "\xff", Kind: client.Granted},
		"a fraction": {Person: "customer:1", Kind: client.Stated, Facts: map[string]any{"age": 1.5}},
	} {
		if _, err := c.Record(t.Context(), e); !errors.Is(err, client.ErrQuestion) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := client.Event{ID: "e1", Person: "customer:1", Kind: client.Granted}
	for name, body := range map[string]string{
		"not JSON":      `{`,
		"no seq":        `{"events":[{"id":"e1","index":0,"entry":""}]}`,
		"none":          `{"events":[],"seq":1}`,
		"two":           `{"events":[{"id":"e1"},{"id":"e1"}],"seq":1}`,
		"another's":     `{"events":[{"id":"e2","index":0,"entry":""}],"seq":1}`,
		"negative seq":  `{"events":[{"id":"e1","index":0,"entry":""}],"seq":-1}`,
		"seq as a text": `{"events":[{"id":"e1","index":0,"entry":""}],"seq":"1"}`,
	} {
		h.breakWith(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, body)
			return true
		})
		if done, err := c.Record(t.Context(), one); len(done) != 0 || !errors.Is(err, client.ErrUnavailable) || !errors.Is(err, client.ErrAnswer) {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
	for name, fault := range outages() {
		if name == "hangs" || name == "without an end" {
			continue // takes as long as the timeout, see TestOutages
		}
		h.breakWith(fault)
		if done, err := c.Record(t.Context(), one); len(done) != 0 || !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
	if _, err := c.Record(canceled(), one); err == nil {
		t.Error("a cancelled call records")
	}
	if done, err := c.Record(t.Context()); len(done) != 0 || err != nil {
		t.Errorf("no event: %v, %v", done, err)
	}
}
