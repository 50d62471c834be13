package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// A Kind says what an event is.
type Kind string

// The kinds of events.
const (
	Asked      Kind = "asked"
	Deferred   Kind = "deferred" // the question was put off
	Granted    Kind = "granted"
	Renewed    Kind = "renewed"
	Refused    Kind = "refused"
	Withdrawn  Kind = "withdrawn" // by the person
	Revoked    Kind = "revoked"   // by someone else
	Expired    Kind = "expired"
	Objected   Kind = "objected"
	Upheld     Kind = "upheld"     // the objection was found right
	Overridden Kind = "overridden" // compelling grounds outweigh it
	Unobjected Kind = "unobjected" // taken back
	Restricted Kind = "restricted" // GDPR art. 18
	Lifted     Kind = "lifted"
	Held       Kind = "held" // legal hold
	Released   Kind = "released"
	Happened   Kind = "happened"  // an event of the vocabulary, by Name
	Stated     Kind = "stated"    // Facts of the vocabulary
	Described  Kind = "described" // Residence, Born
)

// harmless are the kinds that take nothing away: a snapshot from before may speak until they are recorded.
var harmless = [...]Kind{Asked, Deferred, Granted, Renewed, Overridden, Unobjected, Lifted, Released, Happened, Stated, Described}

// An Event is something that happened with one person.
type Event struct {
	// ID is the caller's own: an event is recorded once under it, however often it is sent. Defaults to a random
	// one; but then a failed Record cannot be repeated without the danger of a double.
	ID     string    `json:"id"`
	Person string    `json:"person"` // as in Question; required
	Kind   Kind      `json:"kind"`   // required
	At     time.Time `json:"at,omitzero"`

	// What a choice is about.
	For      []string            `json:"for,omitempty"`
	Data     []string            `json:"data,omitempty"`
	To       []string            `json:"to,omitempty"`
	Facets   map[string][]string `json:"facets,omitempty"`
	Style    string              `json:"style,omitempty"` // how a consent was given, as "opt-in"
	Until    time.Time           `json:"until,omitzero"`  // ends a grant
	Guardian bool                `json:"guardian,omitempty"`
	Grounds  string              `json:"grounds,omitempty"` // why, of an Overridden, Held or Lifted

	Name      string         `json:"name,omitempty"`      // of what Happened
	Facts     map[string]any `json:"facts,omitempty"`     // Stated: text, bool or whole number
	Residence string         `json:"residence,omitempty"` // Described: IE, US-CA
	Born      string         `json:"born,omitempty"`      // Described: a day, 2001-02-28
	Source    string         `json:"source,omitempty"`    // where it was imported from

	// Against says that what Happened or is Stated counts against the use, such as a closed account: the person's
	// snapshots are dropped at once, as they are for a withdrawal.
	Against bool `json:"-"`
}

// against reports an event that no snapshot may outlive, also if it cannot be recorded now. A kind that this package
// does not know is one.
func (e *Event) against() bool { return e.Against || !slices.Contains(harmless[:], e.Kind) }

func (e *Event) check() error {
	switch {
	case e.Person == "":
		return fmt.Errorf("%w: Person is missing", ErrQuestion)
	case e.Kind == "":
		return fmt.Errorf("%w: Kind is missing", ErrQuestion)
	case !utf8.ValidString(e.Person) || !utf8.ValidString(e.ID):
		return fmt.Errorf("%w: a text is not UTF-8", ErrQuestion)
	}
	for _, v := range e.Facts {
		if _, err := scalar(v); err != nil {
			return err
		}
	}
	return nil
}

// Recorded is where an event stands in the log.
type Recorded struct {
	ID    string `json:"id"`
	Index int64  `json:"index"`
	Entry string `json:"entry"` // the id of the entry
}

// Record records events. The questions that this client asks from then on are answered as of these events or later.
//
// An event against the use (a refusal, withdrawal, objection, restriction, …) drops all snapshots of its person before
// it is sent, and none is kept or used until it is known to be recorded: if Record fails, repeat it with the same ID.
//
// Events travel a hundred at a time. On an error those that are returned are recorded, of the others some may be.
func (c *Client) Record(ctx context.Context, events ...Event) ([]Recorded, error) {
	events = slices.Clone(events)
	for i := range events {
		e := &events[i]
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("record event %d: %w", i, err)
		}
		if e.ID == "" {
			e.ID = rand.Text()
		}
		if !e.At.IsZero() {
			e.At = e.At.UTC()
		}
		if !e.Until.IsZero() {
			e.Until = e.Until.UTC()
		}
	}
	var errs []error
	if c.snapshots != nil {
		// All of them before the first is sent: what cannot be sent any more has been seen all the same.
		errs = append(errs, c.snapshots.expect(events))
	}
	done := make([]Recorded, 0, len(events))
	for len(events) > 0 {
		n := min(lot, len(events))
		recorded, err := c.recordSome(ctx, events[:n])
		done, errs = append(done, recorded...), append(errs, err)
		if err != nil {
			break
		}
		events = events[n:]
	}
	if err := errors.Join(errs...); err != nil {
		return done, fmt.Errorf("record: %w", err)
	}
	return done, nil
}

// recordSome sends one lot.
func (c *Client) recordSome(ctx context.Context, events []Event) ([]Recorded, error) {
	body, err := json.Marshal(map[string]any{"events": events})
	if err != nil {
		return nil, fmt.Errorf("%w: write it", ErrQuestion)
	}
	if body, err = c.call(ctx, "api/v1/"+c.site+"/events", body); err != nil {
		return nil, err
	}
	var reply struct {
		Events []struct {
			Recorded
			Error *Problem `json:"error"`
		} `json:"events"`
		Seq *int64 `json:"seq"`
	}
	if err := decode(body, &reply); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(reply.Events) != len(events) || reply.Seq == nil || *reply.Seq < 0 {
		return nil, fmt.Errorf("%w: %w: seq is missing, or some of the events", ErrUnavailable, ErrAnswer)
	}
	c.raise(*reply.Seq)
	var done []Recorded
	var errs []error
	for i, r := range reply.Events {
		switch {
		case r.ID != events[i].ID:
			errs = append(errs, fmt.Errorf("%w: %w: event %d has another id", ErrUnavailable, ErrAnswer, i))
			continue
		case r.Error != nil:
			errs = append(errs, fmt.Errorf("event %d: %w", i, r.Error))
			continue
		}
		done = append(done, r.Recorded)
		if c.snapshots != nil {
			errs = append(errs, c.snapshots.confirm(&events[i]))
		}
	}
	return done, errors.Join(errs...)
}
