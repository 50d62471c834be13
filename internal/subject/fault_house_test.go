package subject_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// A clock is set by hand.
type clock struct{ us atomic.Int64 }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.set(at)
	return c
}

func (c *clock) now() time.Time        { return time.UnixMicro(c.us.Load()).UTC() }
func (c *clock) set(t time.Time)       { c.us.Store(t.UnixMicro()) }
func (c *clock) step(by time.Duration) { c.us.Add(by.Microseconds()) }

// A setting says how a house is opened.
type setting struct {
	url, dir  string // of the database, of the keys
	clock     *clock
	noJournal bool
	log       *bytes.Buffer // what is logged
}

func (s setting) logger() *slog.Logger {
	if s.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// tryOpen opens a house and compares it with its journal, as a server does at its start. Without keys it
// makes some.
func tryOpen(t testing.TB, s setting) (*house, error) {
	t.Helper()
	h := &house{t: t, url: s.url, dir: s.dir}
	o := vault.Options{Origin: "avow.test/log"}
	c := store.Config{URL: s.url, Logger: s.logger()}
	if s.clock != nil {
		c.Clock, o.Clock = s.clock.now, s.clock.now
	}
	var err error
	if h.keys, err = vault.Open(s.dir, o); err != nil {
		h.keys, err = vault.Create(s.dir, o)
	}
	if err != nil {
		return nil, err
	}
	if !s.noJournal {
		if h.journal, err = vault.OpenJournal(filepath.Join(s.dir, vault.JournalName)); err != nil {
			return nil, err
		}
	}
	c.Signer = h.keys.Signer()
	if h.store, err = store.Open(context.Background(), c); err != nil {
		h.close()
		return nil, err
	}
	h.people, err = subject.New(context.Background(), subject.Config{Store: h.store, Keys: h.keys, Journal: h.journal, Logger: c.Logger})
	if err == nil {
		err = h.people.SettleErasures(context.Background())
	}
	if err == nil {
		err = h.people.Doubts(context.Background())
	}
	if err != nil {
		h.close()
		return nil, err
	}
	m, program := starter(t)
	if h.site, err = h.people.Site(context.Background(), m.Site, m, program, "2026-01-01"); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func openHouse(t testing.TB, s setting) *house {
	t.Helper()
	h, err := tryOpen(t, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

// close may be called again.
func (h *house) close() {
	if h.store != nil {
		_ = h.store.Close()
		h.store = nil
	}
	if h.journal != nil {
		_ = h.journal.Close()
		h.journal = nil
	}
}

func grant() subject.Event {
	return subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn}
}

func withdrawal() subject.Event { return subject.Event{Kind: subject.Withdrawn, Scope: letter} }

// mayAt asks whether the letter may be sent at an instant.
func (h *house) mayAt(who string, at decision.Instant) bool {
	h.t.Helper()
	k, err := h.people.Facts(context.Background(), h.site, ref(h.t, who), 0)
	if err != nil {
		h.t.Fatal(err)
	}
	return decideAt(h.site, &k.Facts, "letter", at) == decision.Allow
}

func decideAt(site *subject.Site, facts *decision.Facts, purpose string, at decision.Instant) decision.Outcome {
	var d decision.Decision
	q := decision.Request{Action: "use", Data: []string{"contact.email"}, For: purpose, At: at}
	return site.Program.Decide(&q, facts, &d)
}

// recordedOf is the time at which a record was written down. Its form orders as text.
func recordedOf(t testing.TB, record []byte) string {
	t.Helper()
	r, err := ledger.ParseRecord(record)
	if err != nil {
		t.Fatal(err)
	}
	return r.Recorded.String()
}
