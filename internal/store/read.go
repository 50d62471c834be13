package store

import (
	"context"
	"fmt"
	"time"
)

// Read calls fn for every row of one statement, which is a snapshot by itself: it costs one journey, where a
// View costs one more for each statement, and two. fn reads the row with scan.
func (s *Store) Read(ctx context.Context, text string, args []any, fn func(scan func(dest ...any) error) error) error {
	if s.pg != nil {
		rows, err := s.pg.pool.Query(ctx, text, args...)
		if err != nil {
			return quiet(err)
		}
		return eachPG(rows, fn)
	}
	return s.lite.readOnce(ctx, text, args, fn)
}

func (l *lite) readOnce(ctx context.Context, text string, args []any, fn func(scan func(...any) error) error) error {
	st, err := l.reader(ctx, text)
	if err != nil {
		return fmt.Errorf("prepare: %w", plain(err))
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	scan := func(dest ...any) error { return scanned(rows.Scan(dest...)) }
	for rows.Next() {
		if err := fn(scan); err != nil {
			return err
		}
	}
	return plain(rows.Err())
}

// Reached takes note of a time that was read of the log: from here on our time is not before it, so that what
// was read lies in the past here too.
func (s *Store) Reached(at time.Time) { s.reached(at) }
