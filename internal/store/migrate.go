package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the tables up to date, ours and the jobs'. Several processes may do it at once.
func (s *Store) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations/"+s.Engine())
	if err != nil {
		return err
	}
	if s.pg == nil {
		if err := up(ctx, goose.DialectSQLite3, s.lite.migrator(), dir); err != nil {
			return err
		}
		m, err := rivermigrate.New(riversqlite.New(s.lite.jobs), nil)
		if err != nil {
			return fmt.Errorf("make the tables of jobs: %w", err)
		}
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return wrap("make the tables of jobs", err)
	}
	return s.pg.alone(ctx, func() error {
		db := stdlib.OpenDBFromPool(s.pg.pool)
		defer func() { _ = db.Close() }() // the pool behind it stays open
		if err := up(ctx, goose.DialectPostgres, db, dir); err != nil {
			return err
		}
		m, err := rivermigrate.New(riverpgxv5.New(s.pg.pool), nil)
		if err != nil {
			return fmt.Errorf("make the tables of jobs: %w", err)
		}
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return wrap("make the tables of jobs", err)
	})
}

func wrap(act string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", act, quiet(err))
}

// alone holds a lock of the database meanwhile: processes that start together migrate one by one.
func (p *postgres) alone(ctx context.Context, fn func() error) error {
	const number = 0x61766f77 // "avow"
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", quiet(err))
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(number)); err != nil {
		return fmt.Errorf("wait for other migrations: %w", quiet(err))
	}
	err = fn()
	if _, e := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(number)); e != nil {
		err = errors.Join(err, quiet(e))
	}
	return err
}

func up(ctx context.Context, dialect goose.Dialect, db *sql.DB, dir fs.FS) error {
	p, err := goose.NewProvider(dialect, db, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", quiet(err))
	}
	return nil
}
