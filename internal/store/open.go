package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/avowhq/avow/ledger"
)

// ErrNone is returned where one row was asked for and there is none.
var ErrNone = errors.New("no such row")

// ErrMoved is returned by a commit whose people were read before an erasure or a merge that another
// transaction has committed since: what was read may be gone. Read again, and do it again.
var ErrMoved = errors.New("people were erased or merged meanwhile")

// Config says where the state lies. Only URL and Signer are required.
type Config struct {
	// URL is the path of an SQLite file, or a postgres:// address.
	URL string
	// Signer signs the checkpoints of the log. Its origin must be the one the log began with.
	Signer *ledger.Signer
	// Clock Defaults to time.Now.
	Clock func() time.Time
	// Instance names this process among those that share a PostgreSQL: a job that was running under
	// this name when it ended is taken up again at the next start. Defaults to the host's name.
	Instance string
	// Logger Defaults to one that discards.
	Logger *slog.Logger
	// Readers is the number of connections that only read. Defaults to 4.
	Readers int
}

// A Store is an open database. It is safe for use by many goroutines.
type Store struct {
	lite   *lite // one of the two
	pg     *postgres
	signer *ledger.Signer
	clock  func() time.Time
	log    *slog.Logger
	last   atomic.Int64 // µs, the latest time given out: time does not run backwards here
	behind atomic.Int64 // µs that the clock was behind at the last look
	high   atomic.Int64 // size of the log after the latest commit of ours
	pruned atomic.Int64 // µs, when the feed was last cut
	tail   partial
	known  knownTiles
	news   notice
	watch  atomic.Pointer[func(*Head, []Entry)]
	jobs   jobs
}

// Open opens the database, brings its tables up to date and checks that the log is whole at its head:
// the checkpoint is ours, and says what the row says.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Signer == nil {
		return nil, errors.New("open store: no signer for the log")
	}
	s := &Store{signer: c.Signer, clock: c.Clock, log: c.Logger}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if c.Readers == 0 {
		c.Readers = 4
	}
	s.news.c = make(chan struct{})
	var err error
	if isPostgres(c.URL) {
		s.pg, err = openPostgres(ctx, c)
	} else {
		s.lite, err = openLite(ctx, c)
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	s.jobs.instance = instance(c.Instance)
	return s, nil
}

// begin makes the tables and the head of the log, or checks the head that is there.
func (s *Store) begin(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if errors.Is(err, ErrNone) {
		if err := s.found(ctx); err != nil {
			return err
		}
		head, err = s.Head(ctx) // another process may have been first
	}
	if err != nil {
		return err
	}
	s.reached(head.At)
	return s.checkHead(head)
}

// Postgres reports the engine.
func (s *Store) Postgres() bool { return s.pg != nil }

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string {
	if s.pg != nil {
		return "postgres"
	}
	return "sqlite"
}

// Close ends all connections. Transactions under way are rolled back.
func (s *Store) Close() error {
	if s.pg != nil {
		s.pg.close()
		return nil
	}
	return s.lite.close()
}

// now is the time of a transaction: the clock's, or the latest that was given out where the clock went
// backwards, in UTC microseconds.
func (s *Store) now() time.Time {
	t := s.clock().UnixMicro()
	for {
		last := s.last.Load()
		s.behind.Store(max(0, last-t))
		if t <= last {
			return time.UnixMicro(last).UTC()
		}
		if s.last.CompareAndSwap(last, t) {
			return time.UnixMicro(t).UTC()
		}
	}
}

// reached takes note of a time in the log: from here on ours is not before it.
func (s *Store) reached(t time.Time) { raise(&s.last, t.UnixMicro()) }

// raise sets n to v if that is more.
func raise(n *atomic.Int64, v int64) {
	for old := n.Load(); old < v && !n.CompareAndSwap(old, v); old = n.Load() {
	}
}

// Now is what the time of a transaction would be now.
func (s *Store) Now() time.Time { return s.now() }

// Stamp is a time that nobody was given before, for what is being recorded: the clock's, or a microsecond
// after the latest. So one event is later than the one before it also while the clock is behind.
func (s *Store) Stamp() time.Time {
	t := s.clock().UnixMicro()
	for {
		last := s.last.Load()
		s.behind.Store(max(0, last-t))
		next := max(t, last+1)
		if s.last.CompareAndSwap(last, next) {
			return time.UnixMicro(next).UTC()
		}
	}
}

// ClockBehind is by how much the machine's clock is behind the latest time in the log, 0 if it is not.
// Until it has caught up, what is recorded has times right after that latest one.
func (s *Store) ClockBehind() time.Duration {
	s.now()
	return time.Duration(s.behind.Load()) * time.Microsecond
}
