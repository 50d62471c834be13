package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// A writer is SQLite's one connection that writes. What comes by the thousand goes to the driver's own
// statements; all else goes through database/sql, which is lent the same connection and whose
// transactions begin and end nothing. Only who leads a group touches it.
type writer struct {
	raw   liteConn
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // of conn
	quick map[string]liteStmt  // of raw
	args  []driver.NamedValue  // of one statement, used again
}

// A liteStmt is what it prepares.
type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
}

// A liteConn is what the driver of SQLite connects with.
type liteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

func openWriter(ctx context.Context, dsn string) (*writer, error) {
	probe, err := sql.Open("sqlite", dsn) // connects to nothing: it finds the driver
	if err != nil {
		return nil, err
	}
	d := probe.Driver()
	if err := probe.Close(); err != nil {
		return nil, err
	}
	c, err := d.Open(dsn)
	if err != nil {
		return nil, plain(err)
	}
	raw, ok := c.(liteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver of SQLite connects with a %T", c), c.Close())
	}
	w := &writer{raw: raw, stmts: map[string]*sql.Stmt{}, quick: map[string]liteStmt{}}
	w.db = sql.OpenDB(lent{raw, d})
	w.db.SetMaxOpenConns(1)
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return nil, errors.Join(plain(err), w.db.Close())
	}
	return w, nil
}

// lent is the connection as database/sql has it.
type lent struct {
	liteConn
	driver driver.Driver
}

// Connect returns the one connection.
func (l lent) Connect(context.Context) (driver.Conn, error) { return l, nil }

// Driver is SQLite's.
func (l lent) Driver() driver.Driver { return l.driver }

// BeginTx begins nothing: the group has begun.
func (l lent) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return begun{}, nil }

type begun struct{}

func (begun) Commit() error   { return nil }
func (begun) Rollback() error { return nil }

func (w *writer) close() error {
	var errs []error
	for _, st := range w.quick {
		errs = append(errs, st.Close())
	}
	for _, st := range w.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// do runs a statement with values that the driver takes as they are: int64, []byte, string, nil.
func (w *writer) do(text string, values ...any) (int64, error) {
	st := w.quick[text]
	if st == nil {
		made, err := w.raw.PrepareContext(context.Background(), text)
		if err != nil {
			return 0, err
		}
		st = made.(liteStmt)
		w.quick[text] = st
	}
	for i := len(w.args); i < len(values); i++ {
		w.args = append(w.args, driver.NamedValue{Ordinal: i + 1})
	}
	for i, v := range values {
		w.args[i].Value = v
	}
	res, err := st.ExecContext(context.Background(), w.args[:len(values)])
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (w *writer) stmt(text string) (*sql.Stmt, error) {
	if st := w.stmts[text]; st != nil {
		return st, nil
	}
	st, err := w.conn.PrepareContext(context.Background(), text)
	if err == nil {
		w.stmts[text] = st
	}
	return st, err
}

func (w *writer) exec(text string, args []any) (int64, error) {
	st, err := w.stmt(text)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (w *writer) query(text string, args []any) (*sql.Rows, error) {
	st, err := w.stmt(text)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}
