package subject_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/ledger"
)

// A world is what has been told to callers, by whom they asked.
type world struct {
	size   int64           // of the log
	said   map[string]bool // who may get the letter: true after a consent, false after a no
	erased map[string]bool
	joined map[string]string // merged into whom
}

func (w world) clone() world {
	return world{w.size, maps.Clone(w.said), maps.Clone(w.erased), maps.Clone(w.joined)}
}

// head is who speaks for somebody who was merged.
func (w world) head(who string) string {
	for w.joined[who] != "" {
		who = w.joined[who]
	}
	return who
}

// A backup is a copy of the database, and the world as of it.
type backup struct {
	copy *storetest.Copy
	world
}

// A machine is a house to which anything happens.
type machine struct {
	t        *testing.T
	s        setting
	h        *house
	now      world
	receipts []ledger.Receipt
	backups  []backup
	doubts   int // old copies that opened in doubt
}

const machinePeople = 6

func person(r *rapid.T) string {
	return fmt.Sprintf("customer:number-%d", rapid.IntRange(1, machinePeople).Draw(r, "person"))
}

// ref finds somebody by a name that outlives an erasure: who was erased comes back as somebody new.
func (m *machine) named(who string) string {
	for n := 0; ; n++ {
		if name := fmt.Sprintf("%s-%d", who, n); !m.now.erased[name] {
			return name
		}
	}
}

func (m *machine) record(r *rapid.T) {
	who := m.named(person(r))
	yes := rapid.Bool().Draw(r, "yes")
	e := withdrawal()
	if yes {
		e = grant()
	}
	got := m.h.record(who, e)
	m.now.said[m.now.head(who)] = yes
	m.now.size = got.Index + 1
	if rapid.Bool().Draw(r, "receipt") {
		receipt, err := m.h.people.Receipt(context.Background(), m.h.site, ref(m.t, m.now.head(who)), got.Index)
		if err != nil {
			r.Fatal(err)
		}
		m.receipts = append(m.receipts, receipt)
	}
}

func (m *machine) erase(r *rapid.T) {
	who := m.now.head(m.named(person(r)))
	got, err := m.h.people.Erase(context.Background(), m.h.site, ref(m.t, who))
	if errors.Is(err, subject.ErrUnknown) {
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	m.now.erased[who] = true
	delete(m.now.said, who)
	for other := range m.now.joined {
		if m.now.head(other) == who {
			m.now.erased[other] = true
		}
	}
	m.now.size = got.Index + 1
}

func (m *machine) merge(r *rapid.T) {
	into, other := m.now.head(m.named(person(r))), m.now.head(m.named(person(r)))
	err := m.h.people.Merge(context.Background(), m.h.site, "test", ref(m.t, into), ref(m.t, other))
	if errors.Is(err, subject.ErrUnknown) || errors.Is(err, subject.ErrMerge) {
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	m.now.joined[other] = into
	said, ok := m.now.said[other]
	delete(m.now.said, other)
	if _, both := m.now.said[into]; ok && both {
		// The later of the two counts, and this world keeps no times.
		m.now.said[into] = m.h.may(into) == decision.Allow
	} else if ok {
		m.now.said[into] = said
	}
	m.size()
}

func (m *machine) size() {
	head, err := m.h.store.Head(context.Background())
	if err != nil {
		m.t.Fatal(err)
	}
	m.now.size = head.Size
}

func (m *machine) checkpoint(r *rapid.T) {
	head, err := m.h.store.Head(context.Background())
	if err == nil {
		err = m.h.people.Checkpoint(head.Checkpoint)
	}
	if err != nil {
		r.Fatal(err)
	}
}

func (m *machine) rotate(r *rapid.T) {
	if _, err := m.h.keys.Rotate(m.s.clock.now()); err != nil {
		r.Fatal(err)
	}
}

func (m *machine) back(*rapid.T) {
	m.backups = append(m.backups, backup{storetest.Take(m.t, m.s.url), m.now.clone()})
}

// restart opens again what was closed properly, or what a crash left.
func (m *machine) restart(r *rapid.T) {
	var crashed *storetest.Copy
	if rapid.Bool().Draw(r, "crash") {
		crashed = storetest.Take(m.t, m.s.url)
	}
	m.h.close()
	if crashed != nil {
		crashed.Restore(m.t)
	}
	m.reopen(r)
}

func (m *machine) reopen(r *rapid.T) {
	h, err := tryOpen(m.t, m.s)
	if err != nil {
		r.Fatalf("a database that is whole does not open: %v", err)
	}
	m.h = h
}

// restore puts an old copy in the place of the database. Either the store opens in doubt, or nothing that
// must not be forgotten is forgotten.
func (m *machine) restore(r *rapid.T) {
	if len(m.backups) == 0 {
		return
	}
	old := m.backups[rapid.IntRange(0, len(m.backups)-1).Draw(r, "backup")]
	m.h.close()
	present := storetest.Take(m.t, m.s.url)
	old.copy.Restore(m.t)
	h, err := tryOpen(m.t, m.s)
	if err != nil {
		if _, ok := errors.AsType[store.Doubt](err); !ok {
			r.Fatalf("want a doubt, got %v", err)
		}
		if old.size == m.now.size {
			r.Fatalf("the copy is as new as the database, and in doubt: %v", err)
		}
		m.doubts++
		present.Restore(m.t)
		m.reopen(r)
		return
	}
	for who := range m.now.erased {
		if !old.erased[who] {
			r.Fatalf("%s was erased since, and the old copy is in no doubt", who)
		}
	}
	m.h = h
	for who, yes := range m.now.said {
		if !yes && h.may(who) == decision.Allow {
			r.Fatalf("%s has said no since, and the old copy is in no doubt", who)
		}
	}
	m.now = old.clone()
	// Later copies are of a history that never was.
	m.backups = slices.DeleteFunc(m.backups, func(b backup) bool { return b.size > old.size })
}

// check holds after every step.
func (m *machine) check(r *rapid.T) {
	for who, yes := range m.now.said {
		if got := m.h.may(who) == decision.Allow; got != yes {
			r.Fatalf("%s: the letter may be sent: %v, want %v", who, got, yes)
		}
	}
	for who := range m.now.erased {
		if _, err := m.h.people.Find(context.Background(), m.h.site, ref(m.t, who)); !errors.Is(err, subject.ErrUnknown) {
			r.Fatalf("%s was erased and is found: %v", who, err)
		}
	}
	for _, receipt := range m.receipts {
		_, cp, err := receipt.Verify(m.h.keys.Verifier())
		if err != nil {
			r.Fatal(err)
		}
		root, err := ledger.TreeRoot(context.Background(), m.h.store.Log(), cp.Size)
		if err != nil || root != cp.Root {
			r.Fatalf("the receipt for entry %d is not of this log (%v)", receipt.Proof.Index, err)
		}
	}
	if _, err := m.h.people.Check(context.Background(), nil); err != nil {
		r.Fatal(err)
	}
}

// Whatever happens to a house — events, receipts, checkpoints, crashes, restarts, old copies, erasures, new
// epochs, mergers — each receipt ever issued verifies, and nobody's no is forgotten, or the store opens in
// doubt.
func TestStateMachine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		left, failed, doubts, receipts := storetest.Rounds(6, 400), false, 0, 0
		if strings.HasPrefix(url, "postgres") {
			left = storetest.Rounds(2, 100) // copies take longer
		}
		rapid.Check(t, func(r *rapid.T) {
			if left--; left < 0 && !failed {
				return
			}
			failed = true // until it has gone well: then rapid looks for a shorter way
			m := newMachine(t, url)
			defer func() { m.h.close() }()
			r.Repeat(map[string]func(*rapid.T){
				"record": m.record, "record again": m.record, "and again": m.record, "erase": m.erase, "merge": m.merge,
				"checkpoint": m.checkpoint, "rotate": m.rotate, "back up": m.back, "restart": m.restart, "restore": m.restore,
				"": m.check,
			})
			failed = false
			doubts, receipts = doubts+m.doubts, receipts+len(m.receipts)
		})
		t.Logf("%d receipts, and %d old copies in doubt", receipts, doubts)
	})
}

// newMachine begins with an empty house. Making the tables takes longest, so they are made once.
func newMachine(t *testing.T, url string) *machine {
	t.Helper()
	m := &machine{t: t, now: world{said: map[string]bool{}, erased: map[string]bool{}, joined: map[string]string{}}}
	m.s = setting{url: url, dir: filepath.Join(t.TempDir(), "keys"), clock: newClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))}
	storetest.Empty(t, url)
	m.h = openHouse(t, m.s)
	m.size()
	return m
}
