package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Table is what rows are inserted into, many at once.
type Table struct {
	Name    string
	Columns []string
	Types   []string // of PostgreSQL: bigint, bytea, text
	Else    string   // ON CONFLICT …
}

// Insert adds rows, given as one slice a column, all of one length: []int64, [][]byte or []string. On
// PostgreSQL it is one statement that goes with the next or with the commit, which reports what it
// refuses.
func (tx *Tx) Insert(ctx context.Context, t *Table, columns ...any) error {
	n := length(columns[0])
	if n == 0 {
		return nil
	}
	if tx.pg == nil {
		return tx.insertEach(t, n, columns)
	}
	if tx.queued == nil {
		tx.queued = &pgx.Batch{}
	}
	tx.queued.Queue(t.unnest(), columns...)
	return nil
}

// insertEach inserts row by row with one prepared statement, which on SQLite is the fast way.
func (tx *Tx) insertEach(t *Table, n int, columns []any) error {
	text := t.values()
	args := make([]any, len(columns))
	for i := range n {
		for j, c := range columns {
			args[j] = at(c, i)
		}
		if _, err := tx.lite.exec(text, args); err != nil {
			return err
		}
	}
	return nil
}

// send gives PostgreSQL the inserts that wait, in one go.
func (tx *Tx) send(ctx context.Context) error {
	if tx.queued == nil {
		return nil
	}
	b := tx.queued
	tx.queued = nil
	return quiet(tx.pg.SendBatch(ctx, b).Close())
}

func (t *Table) unnest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s(%s) SELECT * FROM unnest(", t.Name, strings.Join(t.Columns, ", "))
	for i, kind := range t.Types {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d::%s[]", i+1, kind)
	}
	b.WriteString(") " + t.Else)
	return b.String()
}

func (t *Table) values() string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s(%s) VALUES(", t.Name, strings.Join(t.Columns, ", "))
	for i := range t.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteString(") " + t.Else)
	return b.String()
}

func length(column any) int {
	switch c := column.(type) {
	case []int64:
		return len(c)
	case [][]byte:
		return len(c)
	case []string:
		return len(c)
	}
	panic(fmt.Sprintf("store: a column of %T", column))
}

func at(column any, i int) any {
	switch c := column.(type) {
	case []int64:
		return c[i]
	case [][]byte:
		return c[i]
	case []string:
		return c[i]
	}
	panic(fmt.Sprintf("store: a column of %T", column))
}
