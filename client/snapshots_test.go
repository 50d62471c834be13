package client_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
	"github.com/avowhq/avow/ledger"
)

// downs is a house with one snapshot, and a switch.
type downs struct {
	*house
	now    time.Time
	client *client.Client
}

func newDowns(t *testing.T, change ...func(*client.Config)) *downs {
	d := &downs{house: newHouse(t), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	d.clock = func() time.Time { return d.now }
	d.say("customer:1", "letter", true)
	d.client = d.start(t, append([]func(*client.Config){func(c *client.Config) { c.Clock = d.clock }}, change...)...)
	return d
}

// down asks while the server is down, and reports whether a snapshot allowed it.
func (d *downs) down(t *testing.T, q client.Question) bool {
	t.Helper()
	d.breakWith(status(501))
	defer func() {
		d.breakWith(nil)
		d.now = d.now.Add(40 * time.Second) // the client tries again
	}()
	a, err := d.client.Decide(t.Context(), q)
	if (err == nil) != a.FromSnapshot || a.Allowed && !a.FromSnapshot {
		t.Errorf("%+v, %v", a, err)
	}
	return a.Allowed
}

// cannotRecord records in an outage.
func (d *downs) cannotRecord(t *testing.T, events ...client.Event) {
	t.Helper()
	d.breakWith(status(501))
	if _, err := d.client.Record(t.Context(), events...); !errors.Is(err, client.ErrUnavailable) {
		t.Fatal(err)
	}
}

func TestSnapshotGrowsOld(t *testing.T) {
	d := newDowns(t)
	ask(t, d.client, letter("customer:1"))
	d.now = d.now.Add(time.Hour - time.Minute)
	if !d.down(t, letter("customer:1")) {
		t.Error("refused within its age")
	}
	d.now = d.now.Add(30 * time.Second)
	if d.down(t, letter("customer:1")) {
		t.Error("allowed beyond its age")
	}
}

// The age is the greater of what the server's clock and ours say; with clocks too far apart none is kept.
func TestClocksDiffer(t *testing.T) {
	for name, c := range map[string]struct {
		server time.Duration // ahead of ours
		wait   time.Duration
		want   bool
	}{
		"a little ahead":         {time.Minute, 50 * time.Minute, true},
		"a little ahead, older":  {time.Minute, 61 * time.Minute, false},
		"too far ahead":          {3 * time.Minute, 0, false},
		"behind":                 {-30 * time.Minute, 20 * time.Minute, true},
		"behind, older":          {-30 * time.Minute, 40 * time.Minute, false},
		"so far behind":          {-2 * time.Hour, 0, false},
		"our clock was set back": {0, -time.Minute, false},
	} {
		d := newDowns(t)
		d.clock = func() time.Time { return d.now.Add(c.server) }
		ask(t, d.client, letter("customer:1"))
		d.now = d.now.Add(c.wait)
		if got := d.down(t, letter("customer:1")); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSeenDenialEndsSnapshots(t *testing.T) {
	d := newDowns(t)
	other := letter("customer:1")
	other.Action, other.To = "disclose", "mailer"
	silent := letter("customer:1")
	silent.For = "silent"
	ask(t, d.client, letter("customer:1"))
	ask(t, d.client, other)
	ask(t, d.client, silent) // a gap, of another purpose
	if !d.down(t, letter("customer:1")) || !d.down(t, other) {
		t.Fatal("no snapshots")
	}
	d.say("customer:1", "letter", false)
	ask(t, d.client, letter("customer:1"))
	if d.down(t, letter("customer:1")) {
		t.Error("it outlived the denial of the same question")
	}
	if d.down(t, other) {
		t.Error("it outlived a later denial of its purpose")
	}
	d.say("customer:1", "letter", true)
	ask(t, d.client, letter("customer:1"))
	if !d.down(t, letter("customer:1")) {
		t.Error("the answer after the denial is not used")
	}
}

// A denial ends snapshots even if its signature is missing or false.
func TestUnsignedDenial(t *testing.T) {
	for name, bend := range map[string]func(map[string]any){
		"unsigned":     func(c map[string]any) { delete(c, "signed") },
		"falsely":      func(c map[string]any) { c["signed"] = "x" },
		"without kind": func(c map[string]any) { delete(c, "kind") },
		"contradicted": func(c map[string]any) { c["kind"] = "allow" },
	} {
		d := newDowns(t)
		ask(t, d.client, letter("customer:1"))
		d.say("customer:1", "letter", false)
		d.bend = func(a map[string]any) { bend(a["context"].(map[string]any)) }
		if a := ask(t, d.client, letter("customer:1")); a.Allowed || a.FromSnapshot {
			t.Errorf("%s: %+v", name, a)
		}
		d.bend = nil
		if d.down(t, letter("customer:1")) {
			t.Errorf("%s: the snapshot outlived it", name)
		}
	}
}

func TestRecordedWithdrawalEndsSnapshots(t *testing.T) {
	for _, kind := range []client.Kind{client.Withdrawn, client.Refused, client.Objected, client.Restricted, client.Revoked, client.Expired, client.Upheld, client.Held, "unheard-of"} {
		d := newDowns(t)
		event := client.Event{ID: "e1", Person: "customer:1", Kind: kind, For: []string{"other"}}
		ask(t, d.client, letter("customer:1"))
		d.breakWith(status(501))
		if _, err := d.client.Record(t.Context(), event); !errors.Is(err, client.ErrUnavailable) {
			t.Fatalf("%s: %v", kind, err)
		}
		if d.down(t, letter("customer:1")) {
			t.Errorf("%s: it outlived an event that could not be recorded", kind)
		}
		ask(t, d.client, letter("customer:1")) // the server does not know yet
		if d.down(t, letter("customer:1")) {
			t.Errorf("%s: an answer from before the event is known was kept", kind)
		}
		if _, err := d.client.Record(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		if d.down(t, letter("customer:1")) {
			t.Errorf("%s: something is kept from before", kind)
		}
		ask(t, d.client, letter("customer:1"))
		if !d.down(t, letter("customer:1")) {
			t.Errorf("%s: the answer after the event is not used", kind)
		}
	}
}

// What takes nothing away leaves snapshots alone until it is recorded; then they are past.
func TestRecordedGrant(t *testing.T) {
	d := newDowns(t)
	ask(t, d.client, letter("customer:1"))
	event := client.Event{ID: "e1", Person: "customer:1", Kind: client.Happened, Name: "order-placed"}
	d.breakWith(status(501))
	d.cannotRecord(t, event)
	if !d.down(t, letter("customer:1")) {
		t.Error("an order that could not be recorded took the snapshot away")
	}
	if _, err := d.client.Record(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if d.down(t, letter("customer:1")) {
		t.Error("the snapshot is of before the event")
	}
	ask(t, d.client, letter("customer:1"))
	d.breakWith(status(501))
	d.cannotRecord(t, client.Event{ID: "e2", Person: "customer:1", Kind: client.Happened, Name: "account-closed", Against: true})
	if d.down(t, letter("customer:1")) {
		t.Error("it outlived what the caller says is against it")
	}
}

// An answer that was on its way when the person withdrew is given, but not kept.
func TestAnswerOnItsWay(t *testing.T) {
	for name, happens := range map[string]func(*downs) error{
		"withdrawal": func(d *downs) error {
			_, err := d.client.Record(t.Context(), client.Event{ID: "e", Person: "customer:1", Kind: client.Withdrawn})
			return err
		},
		"denial": func(d *downs) error {
			q := letter("customer:1")
			q.Data = []string{"name"}
			d.bend = func(a map[string]any) {
				a["decision"] = false
				delete(a["context"].(map[string]any), "signed")
				a["context"].(map[string]any)["kind"] = "unmet"
			}
			_, err := d.client.Decide(t.Context(), q)
			d.bend = nil
			return err
		},
		"forgetting": func(d *downs) error { return d.client.Forget("customer:9", "customer:1") },
	} {
		d := newDowns(t)
		arrived, leave := make(chan struct{}), make(chan struct{})
		first := true
		d.breakWith(func(w http.ResponseWriter, r *http.Request) bool {
			d.mu.Lock()
			hold := first
			first = false
			d.mu.Unlock()
			if !hold {
				return false
			}
			close(arrived)
			<-leave
			return false // and is answered as of now: nothing but the order of asking tells
		})
		done := make(chan client.Answer)
		go func() {
			a, err := d.client.Decide(t.Context(), letter("customer:1"))
			if err != nil {
				t.Error(err)
			}
			done <- a
		}()
		<-arrived
		if err := happens(d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		close(leave)
		if a := <-done; !a.Allowed {
			t.Errorf("%s: %+v", name, a)
		}
		if d.down(t, letter("customer:1")) {
			t.Errorf("%s: the answer was kept", name)
		}
	}
}

// Signatures: of another log, another question, another site, another answer.
func TestFalseSignatures(t *testing.T) {
	other := newHouse(t)
	for name, bend := range map[string]func(d *downs, c map[string]any){
		"no note": func(_ *downs, c map[string]any) { c["signed"] = "avow/answer/v1\n" },
		"of another log": func(d *downs, c map[string]any) {
			text, _, _ := strings.Cut(c["signed"].(string), "\n\n")
			note, _ := other.signer.Sign(text + "\n")
			c["signed"] = string(note)
		},
		"changed text": func(_ *downs, c map[string]any) {
			c["signed"] = strings.Replace(c["signed"].(string), "2026-01-01", "2026-01-02", 1)
		},
		"of another question": func(d *downs, c map[string]any) {
			e := d.asked[len(d.asked)-1]
			e["resource"].(map[string]any)["id"] = "customer:2"
			c["signed"] = d.sign(e, true, map[string]any{"kind": "allow", "clauses": []string{"letter"}})
		},
		"of another purpose's rule": func(d *downs, c map[string]any) {
			e := d.asked[len(d.asked)-1]
			e["context"].(map[string]any)["for"] = "letter.strict"
			c["signed"] = d.sign(e, true, map[string]any{"kind": "allow", "clauses": []string{"letter"}})
		},
		"of another site": func(d *downs, c map[string]any) {
			text, _, _ := strings.Cut(c["signed"].(string), "\n\n")
			note, _ := d.signer.Sign(strings.Replace(text, "\nshop\n", "\nshop2\n", 1) + "\n")
			c["signed"] = string(note)
		},
		"with fewer obligations": func(d *downs, c map[string]any) {
			c["signed"] = d.sign(d.asked[len(d.asked)-1], true, map[string]any{"kind": "allow"})
		},
		"a checkpoint": func(d *downs, c map[string]any) {
			note, _ := d.signer.Checkpoint(1, ledger.Hash{})
			c["signed"] = string(note)
		},
		"not canonical": func(d *downs, c map[string]any) {
			text, _, _ := strings.Cut(c["signed"].(string), "\n\n")
			note, _ := d.signer.Sign(strings.Replace(text, `"kind":`, `"kind": `, 1) + "\n")
			c["signed"] = string(note)
		},
		"of a denial": func(d *downs, c map[string]any) {
			c["signed"] = d.sign(d.asked[len(d.asked)-1], false, map[string]any{"kind": "unmet"})
		},
	} {
		d := newDowns(t)
		d.bend = func(a map[string]any) { bend(d, a["context"].(map[string]any)) }
		a, err := d.client.Decide(t.Context(), letter("customer:1"))
		if a.Allowed || !errors.Is(err, client.ErrAnswer) || !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
		d.bend = nil
		if d.down(t, letter("customer:1")) {
			t.Errorf("%s: it was kept", name)
		}
	}
}

// A server that does not sign is answered as ever; there is just nothing to fall back on.
func TestUnsignedAnswers(t *testing.T) {
	d := newDowns(t)
	d.unsigned = true
	if a := ask(t, d.client, letter("customer:1")); !a.Allowed || a.Signed != nil {
		t.Errorf("%+v", a)
	}
	if d.down(t, letter("customer:1")) {
		t.Error("an unsigned answer was kept")
	}
}

func TestFewSnapshotsAreKept(t *testing.T) {
	for _, folder := range []string{"", filepath.Join(t.TempDir(), "snapshots")} {
		d := newDowns(t, func(c *client.Config) { c.MaxSnapshots, c.Folder = 3, folder })
		for _, person := range []string{"1", "2", "3", "1", "4"} {
			d.say("customer:"+person, "letter", true)
			ask(t, d.client, letter("customer:"+person))
		}
		for person, want := range map[string]bool{"1": true, "2": false, "3": true, "4": true} {
			if got := d.down(t, letter("customer:"+person)); got != want {
				t.Errorf("folder %q, customer %s: %v", folder, person, got)
			}
		}
		if files := filesIn(t, folder); folder != "" && len(files) != 4 { // and the key
			t.Errorf("%d files: %v", len(files), files)
		}
	}
}

func TestForgetWithoutSnapshots(t *testing.T) {
	c, err := client.New(client.Config{URL: "http://localhost", Site: "shop"})
	must(t, err)
	must(t, c.Forget("customer:1"))
	if a, err := c.Decide(canceled(), letter("customer:1")); a.Allowed || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", a, err)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
