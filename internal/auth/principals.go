package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/avowhq/avow/internal/store"
)

// Create makes a principal and returns its number. The name is a handle of the operator's choice, with
// small letters, digits, dots, dashes and lines; it is written into the log, so it should be nobody's own
// name. Names are never given twice. Roles are those of the vocabulary. It needs keys:admin.
func (a *Auth) Create(ctx context.Context, by *Principal, name string, kind Kind, roles []string) (no int64, err error) {
	err = a.act(ctx, by, func(ctx context.Context, x *act) error {
		if err := x.admin(); err != nil {
			return err
		}
		if !isHandle(name) {
			return fmt.Errorf("%w: the name of a principal has 1 to %d small letters, digits, dots, dashes and underscores, and begins with a letter or digit", ErrInvalid, maxHandle)
		}
		if kind != Staff && kind != Machine {
			return fmt.Errorf("%w: a principal is %s or %s", ErrInvalid, Staff, Machine)
		}
		if len(roles) > maxNames {
			return fmt.Errorf("%w: more than %d roles", ErrInvalid, maxNames)
		}
		for i, r := range roles {
			if !isName(r) {
				return fmt.Errorf("%w: role %d is no name", ErrInvalid, i+1)
			}
		}
		roles := set(roles)
		var n int64
		if err := x.tx.Row(ctx, `SELECT count(*) FROM principal WHERE name = $1`, []any{name}, &n); err != nil {
			return err
		}
		if n > 0 || name == string(Local) {
			return ErrTaken
		}
		if no, err = insertPrincipal(ctx, x.tx, name, kind, roles); err != nil {
			return err
		}
		x.say(created(no, name, kind, roles))
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("create principal: %w", err)
	}
	return no, nil
}

// End ends a principal and all its keys at once, for ever. It needs keys:admin and a binding that covers
// each key that still lives. It is no error, and no act, if the principal ended before.
func (a *Auth) End(ctx context.Context, by *Principal, principal int64) error {
	err := a.act(ctx, by, func(ctx context.Context, x *act) error {
		if err := x.admin(); err != nil {
			return err
		}
		switch err := alive(ctx, x.tx, principal); {
		case errors.Is(err, ErrEnded):
			return nil
		case err != nil:
			return err
		}
		ids, err := unrevoked(ctx, x.tx, principal)
		if err != nil {
			return err
		}
		for _, id := range ids {
			r, err := readRow(ctx, x.tx, id)
			if err != nil {
				return err
			}
			if r.expired(a.clock()) != nil {
				continue
			}
			if err := x.over(&r.binding); err != nil {
				return err
			}
		}
		if _, err := x.tx.Exec(ctx, `UPDATE principal SET ended = $1 WHERE no = $2`, x.tx.Now().UnixMicro(), principal); err != nil {
			return err
		}
		x.say(newRecord("principal.ended").number("principal", principal).list("keys", ids))
		return nil
	})
	if err != nil {
		return fmt.Errorf("end principal: %w", err)
	}
	return nil
}

func unrevoked(ctx context.Context, tx *store.Tx, principal int64) (ids []string, err error) {
	err = tx.Each(ctx, `SELECT id FROM api_key WHERE principal = $1 AND revoked IS NULL ORDER BY id`, []any{principal}, func(scan func(...any) error) error {
		var id string
		if err := scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
		return nil
	})
	return ids, err
}

// alive is nil for a principal that has not ended.
func alive(ctx context.Context, tx *store.Tx, principal int64) error {
	var ended *int64
	err := tx.Row(ctx, `SELECT ended FROM principal WHERE no = $1`, []any{principal}, &ended)
	if errors.Is(err, store.ErrNone) {
		return ErrNone
	}
	if err == nil && ended != nil {
		return ErrEnded
	}
	return err
}

func insertPrincipal(ctx context.Context, tx *store.Tx, name string, kind Kind, roles []string) (no int64, err error) {
	if roles == nil {
		roles = []string{}
	}
	text, err := encode(roles)
	if err != nil {
		return 0, err
	}
	if err := tx.Row(ctx, `SELECT coalesce(max(no), 0) + 1 FROM principal`, nil, &no); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO principal(no, name, kind, roles, created) VALUES($1, $2, $3, $4, $5)`, no, name, string(kind), text, tx.Now().UnixMicro())
	return no, err
}

const maxHandle = 64 // bytes

// isHandle keeps addresses and most people's names out of the log.
func isHandle(s string) bool {
	const first = "abcdefghijklmnopqrstuvwxyz0123456789"
	return s != "" && len(s) <= maxHandle && strings.IndexByte(first, s[0]) >= 0 && strings.Trim(s, first+".-_") == ""
}
