package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// A Table is what rows are inserted into, many at once.
type Table struct {
	Name    string
	Columns []string
	Types   []string // of PostgreSQL: bigint, bytea, text
	Else    string   // ON CONFLICT …

	once                   sync.Once
	values, single, unnest string
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
	t.write()
	if n > 1 {
		tx.queue(t.unnest, columns...)
		return nil
	}
	one := make([]any, len(columns))
	for i, c := range columns {
		one[i] = at(c, 0)
	}
	tx.queue(t.single, one...)
	return nil
}

// insertEach inserts row by row with one prepared statement, which on SQLite is the fast way.
func (tx *Tx) insertEach(t *Table, n int, columns []any) error {
	t.write()
	args := make([]any, len(columns))
	for i := range n {
		for j, c := range columns {
			args[j] = at(c, i)
		}
		if _, err := tx.lite.do(t.values, args...); err != nil {
			return err
		}
	}
	return nil
}

// write makes the statements of both engines, once.
func (t *Table) write() {
	t.once.Do(func() {
		into := fmt.Sprintf("INSERT INTO %s(%s) ", t.Name, strings.Join(t.Columns, ", "))
		values, arrays := make([]string, len(t.Types)), make([]string, len(t.Types))
		for i, kind := range t.Types {
			values[i] = fmt.Sprintf("$%d::%s", i+1, kind)
			arrays[i] = values[i] + "[]"
		}
		t.single = into + "VALUES(" + strings.Join(values, ", ") + ") " + t.Else
		t.unnest = into + "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") " + t.Else
		// Numbers in the place of question marks would be looked up by their names, at every row.
		t.values = into + "VALUES(?" + strings.Repeat(", ?", len(t.Columns)-1) + ") " + t.Else
	})
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
