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

// MaxOverlap is how long an old secret may go on beside the new one.
const MaxOverlap = 30 * 24 * time.Hour

// FirstName is the name of the principal that FirstKey makes.
const FirstName = "first-admin"

var errNotFirst = errors.New("there are principals already")

// FirstKey makes a principal of staff and its key with every scope, if there is no principal at all, and
// returns the secret, which is nowhere else. With ok false there is one already, whether or not it has
// ended. Of several processes that start together one makes it.
func (a *Auth) FirstKey(ctx context.Context) (secret string, ok bool, err error) {
	count := func(ctx context.Context, tx *store.Tx) error {
		var n int64
		if err := tx.Row(ctx, `SELECT count(*) FROM principal`, nil, &n); err != nil {
			return err
		}
		if n > 0 {
			return errNotFirst
		}
		return nil
	}
	err = a.store.View(ctx, count)
	if err == nil {
		err = a.act(ctx, nil, func(ctx context.Context, x *act) error {
			if err := count(ctx, x.tx); err != nil {
				return err
			}
			no, err := insertPrincipal(ctx, x.tx, FirstName, Staff, nil)
			if err != nil {
				return err
			}
			b, err := Binding{Scopes: Scopes()}.tidy()
			if err != nil {
				return err
			}
			var id string
			if id, secret, err = a.insertKey(ctx, x.tx, no, b, nil); err != nil {
				return err
			}
			x.say(created(no, FirstName, Staff, nil))
			x.say(newRecord("key.issued").key(id, no).binding(&b))
			return nil
		})
	}
	if errors.Is(err, errNotFirst) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("make the first key: %w", err)
	}
	return secret, true, nil
}

// Issue makes a key of a principal and returns its id and its secret, which is nowhere else. It needs
// keys:admin, and a binding that covers the new one. Zero expires: never.
func (a *Auth) Issue(ctx context.Context, by *Principal, principal int64, b Binding, expires time.Time) (id, secret string, err error) {
	err = a.act(ctx, by, func(ctx context.Context, x *act) error {
		b, err := b.tidy()
		if err != nil {
			return err
		}
		ends, err := a.until(expires)
		if err != nil {
			return err
		}
		if err := x.over(&b); err != nil {
			return err
		}
		if err := alive(ctx, x.tx, principal); err != nil {
			return err
		}
		if id, secret, err = a.insertKey(ctx, x.tx, principal, b, ends); err != nil {
			return err
		}
		x.say(newRecord("key.issued").key(id, principal).binding(&b).time("expires", ends))
		return nil
	})
	if err != nil {
		return "", "", fmt.Errorf("issue key: %w", err)
	}
	return id, secret, nil
}

// Rotate makes a new secret with a new id that opens what the old one does, until the same end. The old
// one goes on for the overlap, at most MaxOverlap. A key may rotate itself; others need keys:admin and a
// binding that covers it.
func (a *Auth) Rotate(ctx context.Context, by *Principal, id string, overlap time.Duration) (newID, secret string, err error) {
	err = a.act(ctx, by, func(ctx context.Context, x *act) error {
		if overlap < 0 || overlap > MaxOverlap {
			return fmt.Errorf("%w: the old key may go on for 0 to %d days", ErrInvalid, MaxOverlap/(24*time.Hour))
		}
		r, err := a.living(ctx, x.tx, id)
		if err != nil {
			return err
		}
		if err := x.overKey(&r); err != nil {
			return err
		}
		if r.successor != nil {
			return ErrRotated
		}
		if newID, secret, err = a.insertKey(ctx, x.tx, r.no, r.binding, r.expires); err != nil {
			return err
		}
		ends := x.tx.Now().Add(overlap).UnixMicro()
		if r.expires != nil {
			ends = min(ends, *r.expires)
		}
		if _, err := x.tx.Exec(ctx, `UPDATE api_key SET successor = $1, expires = $2 WHERE id = $3`, newID, ends, id); err != nil {
			return err
		}
		x.say(newRecord("key.rotated").key(id, r.no).text("successor", newID).time("expires", &ends))
		return nil
	})
	if err != nil {
		return "", "", fmt.Errorf("rotate key: %w", err)
	}
	return newID, secret, nil
}

// Revoke ends a key at once. A key may revoke itself; others need keys:admin and a binding that covers
// it. It is no error, and no act, if the key was revoked before.
func (a *Auth) Revoke(ctx context.Context, by *Principal, id string) error {
	err := a.act(ctx, by, func(ctx context.Context, x *act) error {
		r, err := readRow(ctx, x.tx, id)
		if err != nil {
			return err
		}
		if err := x.overKey(&r); err != nil {
			return err
		}
		if r.over() != nil {
			return nil
		}
		if _, err := x.tx.Exec(ctx, `UPDATE api_key SET revoked = $1 WHERE id = $2`, x.tx.Now().UnixMicro(), id); err != nil {
			return err
		}
		x.say(newRecord("key.revoked").key(id, r.no))
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke key: %w", err)
	}
	return nil
}

func (a *Auth) hash(k parsed) vault.LookupHash {
	return a.keys.Hash(vault.ForAPIKey, "", k.id, k.chance)
}

func encode(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
