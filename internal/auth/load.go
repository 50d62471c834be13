package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
)

// A flight is one look-up of a secret, for all who present it meanwhile.
type flight struct {
	done  chan struct{}
	at    time.Duration // when it began
	place int64         // as of which it answered
	entry *entry
	err   error
	final bool // err will not change
}

// load looks a secret up. It reads once for all who ask at the same time, and never again for what is no
// key: a secret that is unknown now is chance, and will not become known.
func (a *Auth) load(ctx context.Context, d digest, secret string, seen bool) (*Principal, error) {
	k, err := parseSecret(secret)
	if err != nil {
		return nil, err
	}
	since := a.as.now().place
	for {
		f, lead := a.board(d)
		if lead {
			a.fly(ctx, f, d, k, seen)
			return a.landed(f)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("look up API key: %w", ctx.Err())
		}
		// One that began before a revocation that we know of may not answer for us, and one that its
		// leader gave up cannot.
		fits := f.err == nil && f.place >= since && a.elapsed()-f.at <= confirmWithin
		if fits || f.final || f.err != nil && !gaveUp(f.err) {
			return a.landed(f)
		}
	}
}

func gaveUp(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (a *Auth) landed(f *flight) (*Principal, error) {
	if f.err != nil {
		return nil, f.err
	}
	return a.answer(f.entry)
}

func (a *Auth) board(d digest) (f *flight, lead bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.flights[d]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{}), at: a.elapsed()}
	a.flights[d] = f
	return f, true
}

func (a *Auth) fly(ctx context.Context, f *flight, d digest, k parsed, seen bool) {
	f.err = errors.New("look up API key: given up") // should what follows panic
	defer func() {
		a.mu.Lock()
		delete(a.flights, d)
		a.mu.Unlock()
		close(f.done)
	}()
	if !seen {
		select {
		case a.strangers <- struct{}{}:
			defer func() { <-a.strangers }()
		case <-ctx.Done():
			f.err = fmt.Errorf("look up API key: %w", ctx.Err())
			return
		}
	}
	before := a.as.now().place
	f.at = a.elapsed()
	r, err := a.find(ctx, k)
	if err == nil {
		err = a.as.seen(r.place, f.at, before)
	}
	switch {
	case err == nil:
		e := &entry{principal: r.principal(), place: r.place, until: f.at + entryLife}
		if r.used != nil {
			e.used.Store(*r.used / hourMicros)
		}
		f.entry, f.place, f.err = e, r.place, nil
		a.good.put(d, e)
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrRevoked), errors.Is(err, ErrEnded):
		f.err, f.final = err, true
		a.bad.put(d, err)
		a.good.drop(d)
	default:
		f.err = fmt.Errorf("look up API key: %w", err)
	}
}

// hourMicros is an hour as times in the database count.
const hourMicros = int64(time.Hour / time.Microsecond)

// find reads the row of a secret and compares the hash.
func (a *Auth) find(ctx context.Context, k parsed) (*row, error) {
	var r row
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		r, err = readRow(ctx, tx, k.id)
		return err
	})
	if errors.Is(err, ErrNone) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	h, err := a.keys.HashUnder(r.hash.KeyID, vault.ForAPIKey, "", k.id, k.chance)
	if errors.Is(err, vault.ErrNoLookupKey) {
		return nil, ErrUnknown // nobody can tell any more
	}
	if err != nil {
		return nil, err
	}
	if !h.Equal(r.hash) {
		return nil, ErrUnknown
	}
	if err := r.over(); err != nil {
		return nil, err
	}
	if newest := a.keys.Hash(vault.ForAPIKey, "", k.id, k.chance); newest.KeyID != r.hash.KeyID {
		a.uses.rehash(k.id, r.hash.KeyID, newest)
	}
	return &r, nil
}

// A row is a key with its principal, as stored. Times are microseconds.
type row struct {
	id                     string
	hash                   vault.LookupHash
	binding                Binding
	created                int64
	expires, revoked, used *int64
	successor              *string
	no                     int64
	name, kind             string
	roles                  []string
	ended                  *int64
	place                  int64
}

const selectKey = `SELECT k.hash, k.hash_key, k.binding, k.created, k.expires, k.revoked, k.used, k.successor, p.no, p.name, p.kind, p.roles, p.ended, (` + selectPlace + `)
	FROM api_key k JOIN principal p ON p.no = k.principal WHERE k.id = $1`

func readRow(ctx context.Context, tx *store.Tx, id string) (row, error) {
	r := row{id: id}
	var sum []byte
	var binding, roles string
	err := tx.Row(ctx, selectKey, []any{id}, &sum, &r.hash.KeyID, &binding, &r.created, &r.expires, &r.revoked, &r.used, &r.successor,
		&r.no, &r.name, &r.kind, &roles, &r.ended, &r.place)
	if errors.Is(err, store.ErrNone) {
		return r, ErrNone
	}
	if err != nil {
		return r, err
	}
	if len(sum) != len(r.hash.Sum) {
		return r, fmt.Errorf("the hash of key %s is damaged", id)
	}
	r.hash.Sum = [32]byte(sum)
	if json.Unmarshal([]byte(binding), &r.binding) != nil || json.Unmarshal([]byte(roles), &r.roles) != nil {
		return r, fmt.Errorf("the row of key %s is damaged", id)
	}
	return r, nil
}

// over says why the key is no longer good, but for its expiry. That answer is remembered, so a later end
// must not change it.
func (r *row) over() error {
	switch {
	case r.revoked != nil:
		return ErrRevoked
	case r.ended != nil:
		return ErrEnded
	}
	return nil
}

func (r *row) principal() *Principal {
	return &Principal{No: r.no, Name: r.name, Kind: Kind(r.kind), Roles: r.roles, Key: r.id, Binding: r.binding, Expires: timeOf(r.expires)}
}

// timeOf is the time of a column; zero where there is none.
func timeOf(micros *int64) time.Time {
	if micros == nil {
		return time.Time{}
	}
	return time.UnixMicro(*micros).UTC()
}
