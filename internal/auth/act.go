package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/avowhq/avow/internal/store"
)

// An act changes principals and keys in one transaction, with its entries of the log.
type act struct {
	tx   *store.Tx
	by   *Principal // nil: the start of an installation
	said []*record
}

// act runs fn alone among acts, for a principal whose key is good at that very time. What the process
// remembers from before is void when it returns.
func (a *Auth) act(ctx context.Context, by *Principal, fn func(ctx context.Context, x *act) error) error {
	at := a.elapsed()
	var place int64
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		place = -1
		if tx.Postgres() { // on SQLite there is only one writer
			if _, err := tx.Exec(ctx, `LOCK TABLE principal IN SHARE ROW EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		x := &act{tx: tx, by: by}
		if err := a.stillGood(ctx, tx, by); err != nil {
			return err
		}
		if err := fn(ctx, x); err != nil {
			return err
		}
		for _, r := range x.said {
			e, err := r.entry(tx.Now(), by)
			if err != nil {
				return err
			}
			e.Index = &place // the last one's in the end
			tx.Append(e)
		}
		return nil
	})
	if err == nil {
		a.as.learn(place, at)
		return nil
	}
	if !refusal(err) {
		a.as.doubt()
	}
	return err
}

// refusal reports an error of ours: the transaction changed nothing.
func refusal(err error) bool {
	for _, e := range []error{ErrForbidden, ErrInvalid, ErrTaken, ErrNone, ErrRotated, ErrExpired, ErrRevoked, ErrEnded, errNotFirst} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// stillGood reads the key again that the principal came with.
func (a *Auth) stillGood(ctx context.Context, tx *store.Tx, by *Principal) error {
	if by == nil || by.Kind == Local {
		return nil
	}
	r, err := readRow(ctx, tx, by.Key)
	if errors.Is(err, ErrNone) {
		return Forbidden{"scope"}
	}
	if err != nil {
		return err
	}
	if err := r.over(); err != nil {
		return err
	}
	return r.expired(a.clock())
}

func (r *row) expired(now time.Time) error {
	if r.expires != nil && now.UnixMicro() >= *r.expires {
		return ErrExpired
	}
	return nil
}

// say adds a record of what is done.
func (x *act) say(r *record) { x.said = append(x.said, r) }

// admin is nil for who administers keys.
func (x *act) admin() error {
	if x.by == nil || !x.by.Has(AdminKeys) {
		return Forbidden{"scope"}
	}
	return nil
}

// over is nil for who administers keys, where their own binding covers the other: nobody hands out, or
// takes away, more than they hold.
func (x *act) over(b *Binding) error {
	if err := x.admin(); err != nil {
		return err
	}
	if !x.by.Binding.covers(b) {
		return Forbidden{"binding"}
	}
	return nil
}

// overKey is nil for the key itself too.
func (x *act) overKey(r *row) error {
	if x.by != nil && x.by.Kind != Local && x.by.Key == r.id {
		return nil
	}
	return x.over(&r.binding)
}

// insertKey makes a key. It draws again where the id is taken, which chance alone will hardly ever do.
func (a *Auth) insertKey(ctx context.Context, tx *store.Tx, principal int64, b Binding, expires *int64) (id, secret string, err error) {
	binding, err := encode(b)
	if err != nil {
		return "", "", err
	}
	for range 10 {
		k, secret := newSecret()
		h := a.hash(k)
		n, err := tx.Exec(ctx, `INSERT INTO api_key(id, principal, hash, hash_key, binding, created, expires) VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			k.id, principal, h.Sum[:], h.KeyID, binding, tx.Now().UnixMicro(), expires)
		if err != nil {
			return "", "", err
		}
		if n == 1 {
			return k.id, secret, nil
		}
	}
	return "", "", errors.New("ten random ids of keys are taken")
}

// living reads a key that may still be changed.
func (a *Auth) living(ctx context.Context, tx *store.Tx, id string) (row, error) {
	r, err := readRow(ctx, tx, id)
	if err != nil {
		return r, err
	}
	if err := r.over(); err != nil {
		return r, err
	}
	return r, r.expired(a.clock())
}

// until is the column of an end; zero is none.
func (a *Auth) until(t time.Time) (*int64, error) {
	if t.IsZero() {
		return nil, nil
	}
	if !t.After(a.clock()) || t.Year() > 9999 {
		return nil, fmt.Errorf("%w: the key would end before it begins, or after the year 9999", ErrInvalid)
	}
	micros := t.UnixMicro()
	return &micros, nil
}
