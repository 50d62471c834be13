package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
)

// about is a question on the same purpose about other data.
func about(person, data string) client.Question {
	q := letter(person)
	q.Data = []string{data}
	return q
}

// as answers the next question in another way than the house would, unsigned.
func (d *downs) as(t *testing.T, q client.Question, kind string, seq int64) {
	t.Helper()
	d.bend = func(a map[string]any) {
		c := a["context"].(map[string]any)
		a["decision"], c["kind"], c["seq"] = kind == client.Allow, kind, seq
		delete(c, "signed")
	}
	ask(t, d.client, q)
	d.bend = nil
}

// A denial takes away what it shows to be past, and no more.
func TestWhatADenialTakesAway(t *testing.T) {
	for name, c := range map[string]struct {
		kind  string
		later int64 // than the snapshot
		kept  bool
	}{
		"unmet, of a later state":     {client.Unmet, 1, false},
		"law, of a later state":       {client.AgainstLaw, 1, false},
		"violation, of a later state": {client.Violation, 1, false},
		"unmet, of the same state":    {client.Unmet, 0, true}, // then the question makes the difference
		"a gap":                       {client.Gap, 1, true},
		"one that cannot be read":     {client.Indeterminate, 1, true},
	} {
		d := newDowns(t)
		ask(t, d.client, letter("customer:1"))
		d.as(t, about("customer:1", "name"), c.kind, d.seq+c.later)
		if got := d.down(t, letter("customer:1")); got != c.kept {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// In one call, one question's denial does not keep another's answer from being kept.
func TestAnswersOfOneCall(t *testing.T) {
	d := newDowns(t)
	n := 0
	d.bend = func(a map[string]any) {
		if n++; n == 1 {
			a["decision"], a["context"] = false, map[string]any{"kind": "unmet", "seq": d.seq, "version": "1"}
		}
	}
	if answers, err := d.client.DecideAll(t.Context(), about("customer:1", "name"), letter("customer:1")); err != nil || answers[0].Allowed || !answers[1].Allowed {
		t.Fatalf("%+v, %v", answers, err)
	}
	d.bend = nil
	if !d.down(t, letter("customer:1")) {
		t.Error("it was not kept")
	}
}

// An answer from before a denial, by a server that lags behind, is given but not kept.
func TestLaggingServer(t *testing.T) {
	d := newDowns(t)
	d.seq = 10
	d.as(t, letter("customer:1"), client.Unmet, 12)
	ask(t, d.client, letter("customer:1"))
	if d.down(t, letter("customer:1")) {
		t.Error("it was kept, although a later denial was seen")
	}
	d.seq = 12
	ask(t, d.client, letter("customer:1"))
	if !d.down(t, letter("customer:1")) {
		t.Error("it was not kept, although it is of after the denial")
	}
}

// After a restore the numbers of the log begin again, lower.
func TestDenialBeforeRestore(t *testing.T) {
	d := newDowns(t)
	d.seq = 100
	if _, err := d.client.Record(t.Context(), client.Event{Person: "customer:2", Kind: client.Granted}); err != nil {
		t.Fatal(err)
	}
	d.as(t, letter("customer:1"), client.Unmet, 101)
	d.with(func() { d.seq = 2 })
	ask(t, d.client, letter("customer:1"))
	if !d.down(t, letter("customer:1")) {
		t.Error("it was not kept: the denial's number is of a log that is no more")
	}
}

// More is remembered of people than fits: the oldest is forgotten, and then more is refused, not less.
func TestForgottenMarks(t *testing.T) {
	d := newDowns(t)
	arrived, leave := make(chan struct{}), make(chan struct{})
	d.breakWith(func(http.ResponseWriter, *http.Request) bool {
		close(arrived)
		<-leave
		return false
	})
	done := make(chan error)
	go func() {
		_, err := d.client.Decide(t.Context(), letter("customer:1"))
		done <- err
	}()
	<-arrived
	for i := range 10_001 {
		must(t, d.client.Forget(fmt.Sprintf("customer:%d", i+1)))
	}
	close(leave)
	must(t, <-done)
	if d.down(t, letter("customer:1")) {
		t.Error("an answer from before the person was forgotten was kept")
	}
}

// Too many withdrawals that cannot be recorded: then no snapshot speaks for anybody.
func TestTooManyWait(t *testing.T) {
	d := newDowns(t)
	ask(t, d.client, letter("customer:1"))
	d.breakWith(status(501))
	withdraw := func(from, to int) {
		t.Helper()
		var events []client.Event
		for i := from; i < to; i++ {
			events = append(events, client.Event{Person: fmt.Sprintf("visitor:%d", i), Kind: client.Withdrawn})
		}
		if _, err := d.client.Record(t.Context(), events...); !errors.Is(err, client.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	withdraw(0, 10_000)
	if !d.down(t, letter("customer:1")) {
		t.Error("not used, although all who wait are known")
	}
	d.breakWith(status(501))
	withdraw(10_000, 10_001)
	if d.down(t, letter("customer:1")) {
		t.Error("used, although some who withdrew are not known any more")
	}
}

// Too many events of one person wait to be told apart: that person's snapshots end.
func TestTooManyEventsWait(t *testing.T) {
	d := newDowns(t)
	var events []client.Event
	for i := range 65 {
		events = append(events, client.Event{ID: fmt.Sprint(i), Person: "customer:1", Kind: client.Withdrawn, For: []string{"other"}})
	}
	d.cannotRecord(t, events...)
	d.breakWith(nil)
	if _, err := d.client.Record(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	ask(t, d.client, letter("customer:1"))
	if d.down(t, letter("customer:1")) {
		t.Error("used, although it is not known any more which were recorded")
	}
}

// What cannot be removed when the server was restored is not used, of anybody.
func TestRestoreWithABadDisk(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "snapshots")
	d := newDowns(t, func(c *client.Config) { c.Folder = folder })
	d.say("customer:2", "letter", true)
	ask(t, d.client, letter("customer:1"))
	ask(t, d.client, letter("customer:2"))
	for _, f := range filesIn(t, folder) {
		if filepath.Base(f) != "key" {
			must(t, os.MkdirAll(filepath.Join(filepath.Dir(f), "in", "the way"), 0o700))
		}
	}
	if _, err := d.client.Record(t.Context(), client.Event{Person: "customer:3", Kind: client.Granted}); err != nil {
		t.Fatal(err)
	}
	d.with(func() { d.seq = 0 })
	if a, err := d.client.Decide(t.Context(), letter("customer:1")); err == nil || a.Allowed {
		t.Errorf("%+v, %v", a, err)
	}
	for _, person := range []string{"customer:1", "customer:2"} {
		if d.down(t, letter(person)) {
			t.Errorf("%s: a snapshot of the log that is no more is used", person)
		}
	}
}

// A server that hangs longer than callers wait is left alone in the end.
func TestCallersLessPatientThanTheClient(t *testing.T) {
	h := newHouse(t)
	c := h.start(t, func(c *client.Config) { c.Timeout = 100 * time.Millisecond })
	h.breakWith(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
		if a, err := c.Decide(ctx, letter("customer:1")); a.Allowed || !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("%+v, %v", a, err)
		}
		cancel()
	}
	if n := h.called(); n != 3 {
		t.Errorf("%d calls", n)
	}
}

// A clock that is set back does not keep the client from asking again.
func TestClockSetBackInAnOutage(t *testing.T) {
	d := newDowns(t)
	d.breakWith(status(501))
	for range 5 {
		if _, err := d.client.Decide(t.Context(), letter("customer:1")); !errors.Is(err, client.ErrUnavailable) {
			t.Error(err)
		}
	}
	d.breakWith(nil)
	d.now = d.now.Add(-time.Hour)
	if a := ask(t, d.client, letter("customer:1")); !a.Allowed {
		t.Errorf("%+v", a)
	}
}

// What is kept stays bounded, however often it is kept anew.
func TestBoundsHold(t *testing.T) {
	d := newDowns(t, func(c *client.Config) { c.MaxSnapshots = 2 })
	for i := range 300 {
		person := fmt.Sprintf("customer:%d", i%2+1)
		d.say(person, "letter", true)
		ask(t, d.client, letter(person))
	}
	d.say("customer:3", "letter", true)
	ask(t, d.client, letter("customer:3"))
	for person, want := range map[string]bool{"customer:1": false, "customer:2": true, "customer:3": true} {
		if got := d.down(t, letter(person)); got != want {
			t.Errorf("%s: %v", person, got)
		}
	}
	// So many purposes are denied to one person that they are not told apart any more.
	for i := range 70 {
		ask(t, d.client, client.Question{Person: "customer:2", Action: "use", Data: []string{"x"}, For: fmt.Sprintf("letter.%d", i)})
	}
	ask(t, d.client, letter("customer:2"))
	if !d.down(t, letter("customer:2")) {
		t.Error("an answer from after all denials is not kept")
	}
}
