package subject

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// ErrOtherEvent is returned for a caller's key under which another event is recorded.
var ErrOtherEvent = errors.New("another event is recorded under this id")

// before finds out whether the caller's key was used, and gives w its hash. The same event again is the
// one that is there; another is an error, since one of the two would be lost.
func (p *People) before(ctx context.Context, site *Site, r *Report, e *Event, w *write) (*Recorded, error) {
	for i, h := range p.keys.Hashes(vault.ForIdempotency, site.Name, r.Caller, r.Key) {
		if i == 0 {
			w.key = h.Sum[:]
		}
		s, whose, err := p.recordedUnder(ctx, site, h.Sum[:])
		if errors.Is(err, store.ErrNone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look the event's id up: %w", err)
		}
		if err := p.sameEvent(ctx, site, r, e, s, whose); err != nil {
			return nil, err
		}
		return &Recorded{Index: s.At, ID: ledger.EntryID(s.ID), Again: true}, nil
	}
	return nil, nil
}

// recordedUnder is the entry that was recorded under a key, and whose it is, since mergers too.
func (p *People) recordedUnder(ctx context.Context, site *Site, hash []byte) (_ *store.Stored, whose int64, err error) {
	s := &store.Stored{}
	var id []byte
	var ring int64
	err = p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT e.subject, coalesce(s.merged, s.no), e.idx, e.ring, e.id, e.record FROM idempotency k JOIN entry e ON e.site = k.site AND e.subject = k.subject AND e.id = k.id JOIN subject s ON s.no = e.subject WHERE k.site = $1 AND k.hash = $2`,
			[]any{site.No, hash}, &s.Subject, &whose, &s.At, &ring, &id, &s.Record)
	})
	if err != nil {
		return nil, 0, err
	}
	if len(id) != len(s.ID) {
		return nil, 0, fmt.Errorf("entry %d has no proper id", s.At)
	}
	s.Site, s.ID, s.Ring = site.No, [16]byte(id), uint8(ring)
	return s, whose, nil
}

// sameEvent compares the event with what was recorded. A time that was left out is that of the first.
func (p *People) sameEvent(ctx context.Context, site *Site, r *Report, e *Event, s *store.Stored, whose int64) error {
	x, err := p.person(ctx, site, s.Subject)
	if err != nil {
		return err
	}
	plain, err := x.open(s)
	if err != nil {
		return err
	}
	old, err := ledger.ParseRecord(plain)
	if err != nil {
		return err
	}
	was, err := readEvent(&old)
	if err != nil {
		return err
	}
	is := *e
	if is.Kind.ring() == vault.Evidence {
		is.Scope = p.scopes.of(site.Model, &is.Scope, is.Kind == Granted || is.Kind == Renewed).Scope
	}
	was.By, is.By = "", "" // a caller's new key tells the same event
	same := was.Kind == is.Kind && bytes.Equal(was.appendBody(nil), is.appendBody(nil)) && (r.Event.At == 0 || was.At == is.At)
	if told, err := p.find(ctx, site, r.Person); err != nil || told.no != whose {
		same = false
	}
	if !same {
		return ErrOtherEvent
	}
	return nil
}
