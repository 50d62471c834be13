package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Tx is one transaction: on PostgreSQL its own; on SQLite a savepoint in the writer's current group,
// so that many become durable at once. What is done outside it is not undone with it.
type Tx struct {
	s        *Store
	lite     *liteTx
	pg       pgx.Tx
	queued   []queued // what PostgreSQL has not been sent yet
	locked   bool     // it has the lock of the head, on PostgreSQL
	presumes *Head    // or presumes this one, and the row of the feed locks it
	now      time.Time
	entries  []Entry
	jobs     []job
	since    int64 // what the caller's knowledge of people is as of, -1: it has none
	moves    bool
	behind   bool  // others of its group have entries
	head     *Head // after the commit
}

// Now is the time of the transaction, in UTC microseconds. It never runs backwards.
func (tx *Tx) Now() time.Time { return tx.now }

// Postgres reports the engine, for the few statements that differ.
func (tx *Tx) Postgres() bool { return tx.s.pg != nil }

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if tx.pg != nil {
		if err := tx.send(ctx); err != nil {
			return 0, err
		}
		tag, err := tx.pg.Exec(ctx, text, args...)
		return tag.RowsAffected(), quiet(err)
	}
	return tx.lite.exec(text, args)
}

// Row reads one row into dest. It is ErrNone if there is none; of several, the first is read.
func (tx *Tx) Row(ctx context.Context, text string, args []any, dest ...any) error {
	if tx.pg != nil {
		if err := tx.send(ctx); err != nil {
			return err
		}
		err := tx.pg.QueryRow(ctx, text, args...).Scan(dest...)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNone
		}
		return quiet(err)
	}
	err := tx.lite.queryRow(text, args, dest)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNone
	}
	return err
}

// Each calls fn for every row, which reads it with scan. No other statement may run meanwhile.
func (tx *Tx) Each(ctx context.Context, text string, args []any, fn func(scan func(dest ...any) error) error) error {
	if tx.pg != nil {
		if err := tx.send(ctx); err != nil {
			return err
		}
		rows, err := tx.pg.Query(ctx, text, args...)
		if err != nil {
			return quiet(err)
		}
		return eachPG(rows, fn)
	}
	return tx.lite.each(text, args, fn)
}

func eachPG(rows pgx.Rows, fn func(scan func(dest ...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return quiet(rows.Err())
}

// An Entry is one record for the log. The commit gives it its index.
type Entry struct {
	Site    int64
	Subject int64 // 0: of the site, of nobody
	Ring    uint8 // under which the record is sealed; 0: it is plain, and Key opens its leaf
	ID      [16]byte
	Leaf    [33]byte
	Record  []byte // sealed, or plain if of nobody
	Key     []byte // of the leaf, for a plain record
	Index   *int64 // is set to the index, if not nil
}

// Append adds entries to the log when the transaction commits.
func (tx *Tx) Append(entries ...Entry) { tx.entries = append(tx.entries, entries...) }

// AsOf says what the caller knows of people is as of the erasure or merge of that number (Head.Moved).
// The commit is refused with ErrMoved if there was another since.
func (tx *Tx) AsOf(moved int64) { tx.since = moved }

// Alone waits until nobody else is committing to the log, and holds them off until the commit: what is read
// and deleted from here on is all there is. On SQLite fn may run again for it, as the first of a group:
// the entries of those before are not in their table yet.
func (tx *Tx) Alone(ctx context.Context) error {
	if tx.pg == nil {
		if tx.behind {
			return errBehind
		}
		return nil
	}
	var id int64
	return tx.Row(ctx, `SELECT id FROM log_head WHERE id = 1 FOR UPDATE`, nil, &id)
}

// Moves says that this transaction erases or merges people: what others know of them is void.
func (tx *Tx) Moves() { tx.moves = true }

// Enqueue adds a job when the transaction commits.
func (tx *Tx) Enqueue(j Job, after time.Time) { tx.jobs = append(tx.jobs, job{j, after}) }

// Head is the log's head that this transaction made, once it is committed; nil if it appended nothing.
func (tx *Tx) Head() *Head { return tx.head }

// Update runs fn in a transaction and commits it. fn may run again, and must have no effect outside tx;
// it makes no network call.
func (s *Store) Update(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.pg != nil {
		return s.updatePostgres(ctx, fn)
	}
	return s.lite.update(ctx, s, fn)
}

// View runs fn on one snapshot that it may not change.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if s.pg != nil {
		return s.viewPostgres(ctx, fn)
	}
	return s.lite.view(ctx, s, fn)
}

func (s *Store) newTx() *Tx { return &Tx{s: s, now: s.now(), since: -1} }

// A panicked is what fn threw, carried to the goroutine that called Update.
type panicked struct{ what any }

func (p panicked) Error() string { return "panic in a transaction" }

// call runs fn and turns a panic into an error, so that one caller's panic does not end others' work.
func call(ctx context.Context, tx *Tx, fn func(context.Context, *Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked{p}
		}
	}()
	return fn(ctx, tx)
}

// rethrow panics where fn did.
func rethrow(err error) error {
	if p, ok := errors.AsType[panicked](err); ok {
		panic(p.what)
	}
	return err
}

// quiet takes the values out of a PostgreSQL error: its detail repeats what was stored.
func quiet(err error) error {
	if e, ok := errors.AsType[*pgconnError](err); ok {
		return &DatabaseError{Code: e.Code, Constraint: e.ConstraintName, Message: e.Severity + " " + e.Code}
	}
	return err
}

// A DatabaseError is what a database refused, without the values.
type DatabaseError struct {
	Code       string // SQLSTATE, or SQLite's extended result code
	Constraint string
	Message    string
}

func (e *DatabaseError) Error() string {
	if e.Constraint != "" {
		return fmt.Sprintf("database: %s (%s)", e.Message, e.Constraint)
	}
	return "database: " + e.Message
}

// Refusal reports whether the database was well and would not have these values: nothing was written.
func (e *DatabaseError) Refusal() bool {
	if n, err := strconv.Atoi(e.Code); err == nil && len(e.Code) < 5 { // SQLite: a constraint, or too big
		return n&0xff == 19 || n&0xff == 18
	}
	return strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "23")
}

// Unique reports whether a row with the same key was there already.
func (e *DatabaseError) Unique() bool {
	return e.Code == "23505" || e.Code == "2067" || e.Code == "1555"
}
