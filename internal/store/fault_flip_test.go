package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

// open entries are those of nobody, with records and leaves that are true.
func openEntries(t testing.TB, n int) []store.Entry {
	t.Helper()
	out := make([]store.Entry, n)
	for i := range out {
		r := ledger.Record{V: ledger.RecordVersion, Site: "starter", Kind: "published", At: ledger.Instant(i + 1), Recorded: ledger.Instant(i + 1)}
		plain, err := r.AppendCanonical(nil)
		if err != nil {
			t.Fatal(err)
		}
		key := [32]byte{1, byte(i), byte(i >> 8)}
		out[i] = store.Entry{Site: 1, Record: plain, Key: key[:], Leaf: ledger.NewLeaf(key, plain)}
	}
	return out
}

func appendAll(t testing.TB, s *store.Store, entries ...store.Entry) {
	t.Helper()
	if err := s.Update(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.Append(entries...); return nil }); err != nil {
		t.Fatal(err)
	}
}

// A cell is one value of a database.
type cell struct {
	table, where, column string
	path                 string // of an SQLite file
}

func (c cell) String() string { return c.table + "." + c.column + " where " + c.where }

// flip turns one bit over and returns what turns it back. A bit that would make a key stand twice the
// database does not let through: then another.
func (c cell) flip(t *testing.T, s *store.Store) (back func()) {
	t.Helper()
	value := c.read(t, s)
	for range 50 {
		to := flipped(value)
		err := c.set(t, s, to)
		if refused, ok := errors.AsType[*store.DatabaseError](err); ok && refused.Unique() {
			continue
		}
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		moved := c
		moved.where = strings.Replace(c.where, fmt.Sprintf("%s = %v", c.column, value), fmt.Sprintf("%s = %v", c.column, to), 1)
		return func() {
			t.Helper()
			if err := moved.set(t, s, value); err != nil {
				t.Fatalf("%v: %v", moved, err)
			}
		}
	}
	t.Fatalf("%v: no bit can be flipped", c)
	return nil
}

func flipped(value any) any {
	switch v := value.(type) {
	case int64:
		return v ^ 1<<rand.IntN(40)
	case string:
		b := []byte(v)
		b[rand.IntN(len(b))] ^= 1 << rand.IntN(3)
		return string(b)
	case []byte:
		b := slices.Clone(v)
		b[rand.IntN(len(b))] ^= 1 << rand.IntN(8)
		return b
	}
	panic("no such value")
}

// set goes past the store where that would refuse to write over a false head.
func (c cell) set(t *testing.T, s *store.Store, to any) error {
	if !s.Postgres() {
		db, err := sql.Open("sqlite", "file:"+c.path+"?_pragma=busy_timeout(5000)")
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		_, err = db.ExecContext(t.Context(), fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s`, c.table, c.column, c.where), to)
		if err != nil && strings.Contains(err.Error(), "UNIQUE") {
			err = &store.DatabaseError{Code: "2067"}
		}
		return err
	}
	return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s`, c.table, c.column, c.where), to)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d rows", n)
		}
		return err
	})
}

func (c cell) read(t *testing.T, s *store.Store) (value any) {
	t.Helper()
	err := s.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		text := fmt.Sprintf(`SELECT %s FROM %s WHERE %s`, c.column, c.table, c.where)
		var n int64
		var b []byte
		var w string
		switch {
		case slices.Contains([]string{"edge", "checkpoint", "leaves", "touched", "root", "data", "id", "record", "key"}, c.column):
			err := tx.Row(ctx, text, nil, &b)
			value = b
			return err
		case c.column == "origin" || c.column == "name":
			err := tx.Row(ctx, text, nil, &w)
			value = w
			return err
		}
		err := tx.Row(ctx, text, nil, &n)
		value = n
		return err
	})
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	return value
}

// found wants the check to find the flipped cell, by name.
func (c cell) found(t *testing.T, s *store.Store, check store.Check) {
	t.Helper()
	_, err := s.Check(t.Context(), check)
	d, ok := errors.AsType[*store.Defect](err)
	if !ok {
		t.Errorf("%v: not found (%v)", c, err)
		return
	}
	if !strings.Contains(d.Table, c.table) || d.Column != "" && !strings.Contains(d.Column, c.column) {
		t.Errorf("%v: found as %v", c, d)
	}
}

// Every column that the log commits to, in the tables that the log is made of: one flipped bit is found,
// and named.
func TestFlippedBitInTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO site(no, name) VALUES(1, 'starter')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, s, openEntries(t, 65536)...) // a full tile above the lowest level
		appendAll(t, s, openEntries(t, 300)...)
		appendAll(t, s, openEntries(t, 7)...)
		appendAll(t, s, openEntries(t, 1)...)
		report, err := s.Check(t.Context(), store.Check{Deep: true})
		if err != nil {
			t.Fatal(err)
		}
		if report.Size != 65844 || report.Entries != report.Size || report.Opened != report.Size || report.Bundles != 258 || report.Commits < 3 {
			t.Fatalf("%+v", report)
		}
		const head = "id = 1"
		cells := []cell{
			{"log_head", head, "size", url},
			{"log_head", head, "edge", url},
			{"log_head", head, "at", url},
			{"log_head", head, "checkpoint", url},
			{"log_head", head, "origin", url},
			{"log_bundle", "n = 0", "data", url},
			{"log_bundle", "n = 200", "data", url},
			{"log_bundle", "n = 200", "n", url},
			{"log_bundle", "n = 256", "data", url},
			{"log_tile", "level = 0 AND n = 3", "level", url},
			{"log_tile", "level = 0 AND n = 3", "n", url},
			{"log_tile", "level = 0 AND n = 3", "root", url},
			{"log_tile", "level = 0 AND n = 3", "data", url},
			{"log_tile", "level = 0 AND n = 256", "root", url},
			{"log_tile", "level = 0 AND n = 256", "data", url},
			{"log_tile", "level = 1 AND n = 0", "level", url},
			{"log_tile", "level = 1 AND n = 0", "n", url},
			{"log_tile", "level = 1 AND n = 0", "root", url},
			{"log_tile", "level = 1 AND n = 0", "data", url},
			{"log_commit", "first = 65536", "leaves", url},
			{"log_commit", "first = 65536", "first", url},
			{"log_commit", "first = 65536", "n", url},
			{"log_commit", "first = 65836", "leaves", url},
			{"log_commit", "first = 65836", "first", url},
			{"log_commit", "first = 65836", "n", url},
			{"log_commit", "first = 65843", "leaves", url},
			{"log_commit", "first = 65843", "first", url},
			{"log_commit", "first = 65843", "n", url},
			{"log_commit", "first = 65843", "at", url},
		}
		for _, c := range cells {
			for range storetest.Rounds(1, 20) {
				back := c.flip(t, s)
				c.found(t, s, store.Check{})
				if c.table == "log_head" && c.column != "at" {
					reopen(t, url, s)
				}
				back()
			}
		}
		if _, err := s.Check(t.Context(), store.Check{}); err != nil {
			t.Errorf("turned back: %v", err)
		}
	})
}

// reopen wants the database to be refused. On SQLite only one process may have it open.
func reopen(t *testing.T, url string, s *store.Store) {
	t.Helper()
	if !s.Postgres() {
		return
	}
	other, err := store.Open(t.Context(), store.Config{URL: url, Signer: signer()})
	if err == nil {
		_ = other.Close()
		t.Error("the database was opened")
	}
}

// The rows of entries: dense, in order, each what its leaf commits to.
func TestFlippedBitInAnEntry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO site(no, name) VALUES(1, 'starter'), (2, 'other')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, s, openEntries(t, 300)...)
		appendAll(t, s, openEntries(t, 5)...)
		for _, idx := range []int{0, 100, 299, 304} {
			for _, column := range []string{"idx", "site", "subject", "ring", "id", "record", "key"} {
				for range storetest.Rounds(2, 40) {
					c := cell{"entry", fmt.Sprintf("idx = %d", idx), column, url}
					back := c.flip(t, s)
					c.found(t, s, store.Check{Deep: true})
					back()
				}
			}
		}
		if _, err := s.Check(t.Context(), store.Check{Deep: true}); err != nil {
			t.Errorf("turned back: %v", err)
		}
		err = s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM entry WHERE idx = 17`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Check(t.Context(), store.Check{Deep: true}); err == nil || !strings.Contains(err.Error(), "1 entries have no row, and the erasures in the log tell of 0") {
			t.Errorf("a row that was taken: %v", err)
		}
	})
}

// A log whose head is gone does not begin anew over its own entries.
func TestHeadGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		appendAll(t, s, openEntries(t, 3)...)
		err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM log_head`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		_, err = store.Open(t.Context(), store.Config{URL: url, Signer: signer()})
		if _, ok := errors.AsType[store.Doubt](err); !ok {
			t.Errorf("want a doubt, got %v", err)
		}
	})
}
