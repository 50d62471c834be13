package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
)

// Scratch makes an empty schema of its own in a PostgreSQL, for a trial that must neither see nor leave
// anything. It returns the address under which a Store finds it, and what drops it with all that is in it.
func Scratch(ctx context.Context, address string) (scratch string, drop func(context.Context) error, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, errors.New("the PostgreSQL address cannot be read") // the cause repeats the password
	}
	b := make([]byte, 8)
	rand.Read(b)
	name := "avow_trial_" + hex.EncodeToString(b)
	do := func(ctx context.Context, statement string) error {
		c, err := pgx.Connect(ctx, address)
		if err != nil {
			return fmt.Errorf("connect: %w", quiet(err))
		}
		_, err = c.Exec(ctx, statement)
		return errors.Join(quiet(err), c.Close(ctx))
	}
	if err := do(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", nil, fmt.Errorf("make a schema for the trial: %w", err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), func(ctx context.Context) error {
		if err := do(ctx, "DROP SCHEMA "+name+" CASCADE"); err != nil {
			return fmt.Errorf("drop the schema of the trial: %w", err)
		}
		return nil
	}, nil
}
