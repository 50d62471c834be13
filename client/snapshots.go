package client

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/avowhq/avow/ledger"
)

// future is how far ahead of this machine's clock the server's may be.
const future = 2 * time.Minute

// snapshots are the signed answers that may speak while the server is down.
type snapshots struct {
	site     string
	verifier *ledger.Verifier
	names    names
	guard    *guard
	shelf    shelf
	clock    func() time.Time
	log      *slog.Logger
	people   [64]sync.Mutex // by the first byte of a person's name: what is kept and what is dropped take turns
}

// A shelf keeps one answer a slot, and a bounded number of them. Callers hold the lock of the person.
type shelf interface {
	put(s slot, k kept) error
	look(s slot) (kept, bool, error)
	drop(person name, doomed func(slot, kept) bool) error // for good, also if the power fails
	clear() error
}

// kept is a signed answer and when it came.
type kept struct {
	received time.Time
	note     []byte
}

// A past is a signed answer that was opened again.
type past struct {
	Signed
	note []byte
}

func openSnapshots(c *Config, longest time.Duration, clock func() time.Time) (*snapshots, error) {
	most := c.MaxSnapshots
	if most == 0 {
		most = 10_000
	}
	x := &snapshots{site: c.Site, guard: newGuard(max(most, 1000)), clock: clock, log: c.Log}
	if x.log == nil {
		x.log = slog.Default()
	}
	var err error
	if x.verifier, err = c.verifier(); err != nil {
		return nil, err
	}
	if c.Folder == "" {
		secret := make([]byte, keySize)
		rand.Read(secret)
		x.shelf = newMemory(most)
		x.names, err = newNames(secret)
		return x, err
	}
	secret, err := openFolderKey(c.Folder)
	if err != nil {
		return nil, fmt.Errorf("open snapshots: %w", err)
	}
	if x.names, err = newNames(secret); err != nil {
		return nil, err
	}
	if x.shelf, err = openFolder(c.Folder, x.names, most, clock().Add(-longest)); err != nil {
		return nil, fmt.Errorf("open snapshots: %w", err)
	}
	return x, nil
}

func (x *snapshots) slot(person, purpose string, question [32]byte) slot {
	return slot{x.person(person), x.names.of("purpose", purpose), x.names.of("question", x.site, string(question[:]))}
}

func (x *snapshots) person(person string) name { return x.names.of("person", x.site, person) }

func (x *snapshots) ask() uint64 { return x.guard.ask() }

func (x *snapshots) lock(person name) (unlock func()) {
	m := &x.people[int(person[0])%len(x.people)]
	m.Lock()
	return m.Unlock
}

// settle checks the signature of an answer that has one, and keeps it; a denial takes others away. An answer that
// allows what its signature does not bear out is an error. A denial is heeded whatever is signed.
func (x *snapshots) settle(a *asking) error {
	signed, err := x.signed(a)
	if err != nil && a.reply.Allowed {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err != nil {
		x.log.Warn("avow: a denial is not signed as it should be", "error", err)
	}
	defer x.lock(a.slot.person)()
	if !a.reply.Allowed {
		x.deny(a)
	}
	if signed == nil {
		return nil
	}
	now := x.clock()
	if age := now.Sub(signed.At); age > a.down.MaxAge() || age < -future {
		return nil // the clocks differ too much for an age to mean anything
	}
	if !x.guard.uses(a.slot.person) || a.reply.Allowed && !x.guard.keeps(a.slot, signed.Seq, a.order) {
		return nil
	}
	if err := x.shelf.put(a.slot, kept{now, signed.note}); err != nil {
		x.log.Warn("avow: a snapshot is not kept", "error", err)
	}
	return nil
}

// signed is what the server signed of the answer, nil if nothing.
func (x *snapshots) signed(a *asking) (*past, error) {
	if len(a.reply.Signed) == 0 {
		return nil, nil
	}
	p, err := x.open(a, a.reply.Signed)
	if err == nil && !p.says(a.reply) {
		err = errors.New("it says another thing than what is signed")
	}
	if err != nil {
		a.reply.Signed = nil
		return nil, err
	}
	return &p, nil
}

// deny takes away what the denial shows to be past: the answer to the same question, and what was answered on the same
// purpose as of an earlier state of the log, unless no clause speaks or the question could not be read, which says
// nothing about the person.
func (x *snapshots) deny(a *asking) {
	x.guard.deny(a.slot, a.reply.Seq)
	personal := a.reply.Kind != Gap && a.reply.Kind != Indeterminate
	err := x.shelf.drop(a.slot.person, func(s slot, k kept) bool {
		if s.question == a.slot.question {
			return true
		}
		if !personal || s.purpose != a.slot.purpose {
			return false
		}
		text, err := x.verifier.OpenText(k.note)
		if err != nil {
			return true
		}
		signed, err := ParseSigned(text)
		return err != nil || signed.Seq < a.reply.Seq
	})
	if err != nil {
		x.stuck(a.slot.person)
		x.log.Warn("avow: a snapshot is not removed; none of this person is used until the program starts again", "error", err)
	}
}

// stuck bars a person whose snapshots could not be removed.
func (x *snapshots) stuck(person name) { x.guard.expect(person, stuck) }

// open checks signature, site and question.
func (x *snapshots) open(a *asking, note []byte) (past, error) {
	text, err := x.verifier.OpenText(note)
	if err != nil {
		return past{}, err
	}
	s, err := ParseSigned(text)
	switch {
	case err != nil:
		return past{}, err
	case s.Site != x.site:
		return past{}, errors.New("it is signed for another site")
	case s.Question != a.hash:
		return past{}, errors.New("it is signed for another question")
	}
	return past{s, bytes.Clone(note)}, nil
}

// use finds the last signed answer, if it is young enough.
func (x *snapshots) use(a *asking) (past, time.Duration, bool) {
	defer x.lock(a.slot.person)()
	if !x.guard.uses(a.slot.person) {
		return past{}, 0, false
	}
	k, ok, err := x.shelf.look(a.slot)
	if err != nil {
		x.log.Warn("avow: a snapshot is not read", "error", err)
	}
	if !ok || err != nil {
		return past{}, 0, false
	}
	p, err := x.open(a, k.note)
	if err != nil {
		x.log.Warn("avow: a snapshot is not used", "error", err)
		return past{}, 0, false
	}
	now := x.clock()
	// Both clocks count: the server's, which signed, and ours, which does not depend on the server's being right.
	age, since := now.Sub(p.At), now.Sub(k.received)
	if age < -future || since < 0 {
		return past{}, 0, false
	}
	age = max(age, since)
	return p, age, age <= a.down.MaxAge()
}

// expect drops what is kept of the persons of these events, and bars them until the events are confirmed. The error
// tells of snapshots that could not be removed; they are not used.
func (x *snapshots) expect(events []Event) error {
	var errs []error
	for i := range events {
		if e := &events[i]; e.against() {
			p := x.person(e.Person)
			x.guard.expect(p, e.ID)
			errs = append(errs, x.drop(p))
		}
	}
	return errors.Join(errs...)
}

// confirm is called when an event is in the log: what was kept of the person is past.
func (x *snapshots) confirm(e *Event) error {
	p := x.person(e.Person)
	x.guard.confirm(p, e.ID) // from here on nothing that was asked before is kept
	return x.drop(p)
}

// changed is an event of which we know nothing but that it happened.
func (x *snapshots) changed(person string) error {
	p := x.person(person)
	x.guard.expect(p, "changed")
	err := x.drop(p)
	x.guard.confirm(p, "changed")
	return err
}

func (x *snapshots) drop(person name) error {
	defer x.lock(person)()
	if err := x.shelf.drop(person, func(slot, kept) bool { return true }); err != nil {
		x.stuck(person)
		return fmt.Errorf("remove snapshots: %w", err)
	}
	return nil
}

// clear forgets everything, of everyone.
func (x *snapshots) clear() error {
	for i := range x.people {
		x.people[i].Lock()
		defer x.people[i].Unlock()
	}
	x.guard.clear()
	if err := x.shelf.clear(); err != nil {
		x.guard.stop()
		return fmt.Errorf("remove snapshots: %w", err)
	}
	return nil
}
