package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/avowhq/avow/internal/store"
)

// A Listed is a principal with its keys, the oldest first. Zero times: not, or never.
type Listed struct {
	No             int64
	Name           string
	Kind           Kind
	Roles          []string
	Created, Ended time.Time
	Keys           []ListedKey
}

// A ListedKey is all that is known of a key.
type ListedKey struct {
	ID                        string
	Binding                   Binding
	Created, Expires, Revoked time.Time
	Used                      time.Time // the hour of the latest use; up to a second of calls behind
	Successor                 string    // the key it was rotated to
}

// List is all principals that ever were, in the order of their numbers. Who may see it, the caller knows.
func (a *Auth) List(ctx context.Context) ([]Listed, error) {
	var all []Listed
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if all, err = listPrincipals(ctx, tx); err != nil {
			return err
		}
		return listKeys(ctx, tx, all)
	})
	if err != nil {
		return nil, fmt.Errorf("list principals: %w", err)
	}
	return all, nil
}

func listPrincipals(ctx context.Context, tx *store.Tx) (all []Listed, err error) {
	err = tx.Each(ctx, `SELECT no, name, kind, roles, created, ended FROM principal ORDER BY no`, nil, func(scan func(...any) error) error {
		var p Listed
		var kind, roles string
		var created int64
		var ended *int64
		if err := scan(&p.No, &p.Name, &kind, &roles, &created, &ended); err != nil {
			return err
		}
		p.Kind, p.Created, p.Ended = Kind(kind), timeOf(&created), timeOf(ended)
		if json.Unmarshal([]byte(roles), &p.Roles) != nil {
			return fmt.Errorf("the row of principal %d is damaged", p.No)
		}
		all = append(all, p)
		return nil
	})
	return all, err
}

// listKeys adds the keys to their principals.
func listKeys(ctx context.Context, tx *store.Tx, all []Listed) error {
	i := 0
	const text = `SELECT principal, id, binding, created, expires, revoked, used, successor FROM api_key ORDER BY principal, created, id`
	return tx.Each(ctx, text, nil, func(scan func(...any) error) error {
		var k ListedKey
		var no, created int64
		var binding string
		var expires, revoked, used *int64
		var successor *string
		if err := scan(&no, &k.ID, &binding, &created, &expires, &revoked, &used, &successor); err != nil {
			return err
		}
		k.Created, k.Expires, k.Revoked, k.Used = timeOf(&created), timeOf(expires), timeOf(revoked), timeOf(used)
		if successor != nil {
			k.Successor = *successor
		}
		if json.Unmarshal([]byte(binding), &k.Binding) != nil {
			return fmt.Errorf("the row of key %s is damaged", k.ID)
		}
		for i < len(all)-1 && all[i].No < no {
			i++
		}
		all[i].Keys = append(all[i].Keys, k)
		return nil
	})
}
