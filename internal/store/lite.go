package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrInUse is returned where another process has the SQLite file open to write.
var ErrInUse = errors.New("another process has the database open")

// groupMax is how many updates become durable with one write at most.
const groupMax = 512

// busyWait is how long a connection waits for another's lock.
const busyWait = 10 * time.Second

// lite is SQLite: one connection that writes, a few that read. Whoever comes while a group is being
// written joins the next; the first of them leads it. No goroutine of its own.
type lite struct {
	lock  *os.File
	write *writer
	read  *sql.DB
	jobs  *sql.DB // River's, which wants a handle of its own
	tidy  *sql.DB // truncates the write-ahead log
	head  *Head   // after the last group; nil: it must be read. Only who leads touches it

	reads   sync.RWMutex
	readers map[string]*sql.Stmt // of read

	using  sync.Mutex // a group, or close
	closed bool

	mu      sync.Mutex
	waiting []*update
	leading bool
}

// An update waits for its group.
type update struct {
	fn   func(context.Context, *Tx) error
	ctx  context.Context
	tx   *Tx
	err  error
	done chan struct{} // its group is over
	lead chan struct{} // it leads the next group
}

func openLite(ctx context.Context, c Config) (*lite, error) {
	lock, err := lockFile(c.URL + ".lock")
	if err != nil {
		return nil, err
	}
	l := &lite{lock: lock, readers: map[string]*sql.Stmt{}}
	if err := l.open(ctx, c); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// lockFile takes the file for this process alone, until it is closed or the process ends.
func lockFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, ErrInUse
	}
	return f, nil
}

func (l *lite) open(ctx context.Context, c Config) error {
	f, err := os.OpenFile(c.URL, os.O_CREATE|os.O_RDWR, 0o600) // for our account only, whatever the umask
	if err != nil {
		return err
	}
	f.Close()
	dsn := func(wait time.Duration, pragmas ...string) string {
		q := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
			fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()), "journal_mode(WAL)",
			"synchronous(FULL)", "secure_delete(ON)", "foreign_keys(ON)",
		}, pragmas...)}
		return "file:" + (&url.URL{Path: c.URL}).EscapedPath() + "?" + q.Encode()
	}
	open := func(conns int, wait time.Duration, pragmas ...string) (*sql.DB, error) {
		db, err := sql.Open("sqlite", dsn(wait, pragmas...))
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return db, nil
	}
	if l.write, err = openWriter(ctx, dsn(busyWait, "cache_size(-6144)", "wal_autocheckpoint(4000)")); err != nil {
		return err
	}
	if l.jobs, err = open(1, busyWait, "cache_size(-512)"); err != nil {
		return err
	}
	// Who truncates keeps writers out while it waits for readers: it must not wait long.
	if l.tidy, err = open(1, 100*time.Millisecond, "cache_size(-64)"); err != nil {
		return err
	}
	l.read, err = open(c.Readers, busyWait, "cache_size(-1024)", "query_only(ON)")
	return err
}

// close ends what was prepared before the connections: SQLite empties the write-ahead log into the
// database when the last one is really closed.
func (l *lite) close() error {
	var errs []error
	for _, st := range l.readers {
		errs = append(errs, st.Close())
	}
	for _, db := range []*sql.DB{l.read, l.jobs, l.tidy} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	l.using.Lock()
	defer l.using.Unlock()
	if l.write != nil && !l.closed {
		errs = append(errs, l.write.close())
	}
	l.closed = true
	return errors.Join(append(errs, l.lock.Close())...)
}

// update joins a group, and leads it if nobody does.
func (l *lite) update(ctx context.Context, s *Store, fn func(context.Context, *Tx) error) error {
	for first := false; ; first = true {
		// A statement that is interrupted would take the whole group with it.
		u := &update{fn: fn, ctx: context.WithoutCancel(ctx), done: make(chan struct{}), lead: make(chan struct{})}
		l.await(s, u, first)
		if !errors.Is(u.err, errBehind) {
			return rethrow(u.err)
		}
	}
}

// errBehind is returned by an update that must be the first of its group, and is not.
var errBehind = errors.New("others are in the group before")

// await returns when the update's group is over. first puts it before all who wait.
func (l *lite) await(s *Store, u *update, first bool) {
	l.mu.Lock()
	if first {
		l.waiting = append([]*update{u}, l.waiting...)
	} else {
		l.waiting = append(l.waiting, u)
	}
	idle := !l.leading
	l.leading = true
	l.mu.Unlock()
	if !idle {
		select {
		case <-u.done:
			return
		case <-u.lead:
		}
	}
	l.run(s)
	<-u.done
}

// run writes one group and hands the lead on.
func (l *lite) run(s *Store) {
	l.mu.Lock()
	n := min(len(l.waiting), groupMax)
	group := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	l.mu.Unlock()
	l.group(s, group)
	for _, u := range group {
		close(u.done)
	}
	l.mu.Lock()
	if l.leading = len(l.waiting) > 0; l.leading {
		close(l.waiting[0].lead)
	}
	l.mu.Unlock()
}

// group runs the updates in one transaction. An error of one undoes that one; an error of the database
// undoes all.
func (l *lite) group(s *Store, group []*update) {
	l.using.Lock()
	defer l.using.Unlock()
	err := l.try(s, group)
	if errors.Is(err, errPresumed) { // an update has written the row of the head itself
		err = l.try(s, group)
	}
	for _, u := range group {
		if u.err == nil {
			u.err = err
		}
	}
}

func (l *lite) try(s *Store, group []*update) error {
	if l.closed {
		return errClosed
	}
	if _, err := l.write.do("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", plain(err))
	}
	done := false
	defer func() {
		if !done {
			_, _ = l.write.do("ROLLBACK") // SQLite may have done so itself
			l.head = nil
		}
	}()
	ctx := context.Background()
	lt := &liteTx{writer: l.write, query1: l.write.query}
	head, err := l.known(ctx, s, lt)
	if err != nil {
		return err
	}
	g := gathered{}
	for _, u := range group {
		u.err = l.one(s, u, lt, head, len(group) > 1, &g)
		if lt.dead != nil {
			return fmt.Errorf("write: %w", lt.dead)
		}
	}
	if len(group) == 1 && group[0].err != nil {
		return nil
	}
	next, err := s.commitLog(ctx, &Tx{s: s, lite: lt, now: s.now()}, head, &g)
	if err == nil {
		_, err = l.write.do("COMMIT")
	}
	if err != nil {
		s.tail.drop()
		return fmt.Errorf("commit: %w", plain(err))
	}
	done = true
	if next != nil {
		l.head = next
	}
	s.committed(next, &g)
	return nil
}

// known is the head, which nobody else moves. It is nil before there is a log.
func (l *lite) known(ctx context.Context, s *Store, lt *liteTx) (*Head, error) {
	if l.head != nil {
		return l.head, nil
	}
	head, err := s.lockHead(ctx, &Tx{s: s, lite: lt})
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	return head, err
}

// one runs one update of a group, in a savepoint where it is not alone.
func (l *lite) one(s *Store, u *update, lt *liteTx, head *Head, shared bool, g *gathered) error {
	tx := s.newTx()
	tx.lite, u.tx = lt, tx
	tx.behind = len(g.entries) > 0
	if shared {
		if _, err := lt.exec("SAVEPOINT one", nil); err != nil {
			return err
		}
	}
	err := call(u.ctx, tx, u.fn)
	if err == nil && head != nil && tx.since >= 0 && (tx.since != head.Moved || g.moves) {
		err = ErrMoved
	}
	if err == nil {
		g.add(tx)
	}
	if !shared || lt.dead != nil {
		return err
	}
	if err != nil {
		if _, e := lt.exec("ROLLBACK TO one", nil); e != nil {
			return e
		}
	}
	if _, e := lt.exec("RELEASE one", nil); e != nil {
		return e
	}
	return err
}

func (l *lite) view(ctx context.Context, s *Store, fn func(context.Context, *Tx) error) error {
	dbtx, err := l.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin: %w", plain(err))
	}
	var fresh []string
	defer func() {
		_ = dbtx.Rollback() // there is nothing to undo
		for _, text := range fresh {
			_, _ = l.reader(ctx, text) // only so that the next one is faster
		}
	}()
	tx := s.newTx()
	tx.lite = &liteTx{
		query1: func(text string, args []any) (*sql.Rows, error) {
			if st := l.prepared(text); st != nil {
				return dbtx.StmtContext(ctx, st).QueryContext(ctx, args...)
			}
			// To prepare it for all takes a connection more than the one that is held here: as many views as
			// there are connections would wait for each other.
			fresh = append(fresh, text)
			return dbtx.QueryContext(ctx, text, args...)
		},
	}
	return fn(ctx, tx)
}

func (l *lite) prepared(text string) *sql.Stmt {
	l.reads.RLock()
	defer l.reads.RUnlock()
	return l.readers[text]
}

// reader is the statement, prepared once on every connection that reads. Whoever asks holds none.
func (l *lite) reader(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := l.prepared(text); st != nil {
		return st, nil
	}
	st, err := l.read.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	l.reads.Lock()
	defer l.reads.Unlock()
	if old := l.readers[text]; old != nil {
		_ = st.Close() // nothing ran on it
		return old, nil
	}
	l.readers[text] = st
	return st, nil
}

// Truncate empties the write-ahead log into the database, so that nothing of what was deleted is left
// in either file. On PostgreSQL it does nothing: what remains there ends with its epoch key.
func (s *Store) Truncate(ctx context.Context) error {
	if s.lite == nil {
		return nil
	}
	var busy, frames, done int
	if err := s.lite.tidy.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done); err != nil {
		return fmt.Errorf("truncate the write-ahead log: %w", plain(err))
	}
	if busy != 0 {
		return fmt.Errorf("truncate the write-ahead log: %w", ErrBusy)
	}
	return nil
}

// ErrBusy is returned where readers hold something up.
var ErrBusy = errors.New("the database is being read; try again")

// liteTx is SQLite's part of a Tx.
type liteTx struct {
	writer *writer // nil: it reads only
	query1 func(text string, args []any) (*sql.Rows, error)
	dead   error // SQLite has rolled back by itself
}

func (t *liteTx) exec(text string, args []any) (int64, error) {
	if t.writer == nil {
		return 0, errReads
	}
	n, err := t.writer.exec(text, args)
	return n, t.note(err)
}

// do is exec for values that the driver takes as they are.
func (t *liteTx) do(text string, values ...any) (int64, error) {
	if t.writer == nil {
		return 0, errReads
	}
	n, err := t.writer.do(text, values...)
	return n, t.note(err)
}

var errClosed = errors.New("the store is closed")

var errReads = errors.New("a view changes nothing")

// note remembers an error after which SQLite has rolled the whole transaction back.
func (t *liteTx) note(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT:
			t.dead = plain(err)
		}
	}
	return plain(err)
}

func (t *liteTx) queryRow(text string, args, dest []any) error {
	rows, err := t.query1(text, args)
	if err != nil {
		return t.note(err)
	}
	defer func() { _ = rows.Close() }() // again, where a row was read
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return t.note(err)
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(dest...); err != nil {
		return scanned(err)
	}
	return t.note(rows.Close()) // what returns a row may fail behind it
}

func (t *liteTx) each(text string, args []any, fn func(scan func(...any) error) error) error {
	rows, err := t.query1(text, args)
	if err != nil {
		return t.note(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	scan := func(dest ...any) error { return scanned(rows.Scan(dest...)) }
	for rows.Next() {
		if err := fn(scan); err != nil {
			return err
		}
	}
	return t.note(rows.Err())
}

var errScan = errors.New("a column holds something else than is read from it")

// scanned takes the value out of an error of scanning, which repeats it.
func scanned(err error) error {
	if err == nil {
		return nil
	}
	return errScan
}

// plain puts SQLite's errors in our form. They name columns, never values.
func plain(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return &DatabaseError{Code: strconv.Itoa(e.Code()), Message: e.Error()}
	}
	return err
}

// migrator is a handle for goose, which closes nothing of ours.
func (l *lite) migrator() *sql.DB { return l.jobs }
