package subject

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
)

// A Site is one controller's lineage of notices, as events and facts need it.
type Site struct {
	No      int64 // in the database
	Name    string
	Model   *decision.Model
	Program *decision.Program
	Zone    *time.Location
	Version string // of the notice in force
}

// ErrUnknown is returned for a person whom nobody has told us of.
var ErrUnknown = errors.New("no such person")

// ErrTaken is returned for an identity that another person has.
var ErrTaken = errors.New("another person has this identity")

// Config is what People stand on.
type Config struct {
	Store   *store.Store
	Keys    *vault.Keys
	Journal *vault.Journal
	Logger  *slog.Logger // Defaults to one that discards.
	// Cached is about how many people are kept in memory, ready to decide on. Defaults to 8 000, half a
	// kilobyte each, and up to twice as many.
	Cached int
}

// People are all persons of all sites. Safe for use by many goroutines.
type People struct {
	store   *store.Store
	keys    *vault.Keys
	journal *vault.Journal
	log     *slog.Logger

	writes  *store.Gatherer[*write]
	scopes  scopes
	space   sync.Pool // of *[]byte, for a record that is being sealed
	numbers numbers
	owed    owed
	noting  sync.Mutex // one checkpoint at a time into the journal

	byHash  *cache[hashKey, int64] // identity → number
	known   *cache[int64, *person]
	moved   atomic.Int64 // erasures and merges that the caches know of
	seen    atomic.Int64 // size of the log up to which the caches know
	ahead   sync.Mutex
	aheadOf map[int64]int64 // commits of this process beyond it: where they begin and end
	looked  atomic.Int64    // when the head was confirmed, in nanoseconds after start
	start   time.Time
	untidy  atomic.Bool // an erasure could not empty the write-ahead log
	follow  sync.Mutex  // one look at the feed at a time
}

type hashKey struct {
	site int64
	sum  [32]byte
}

// New makes People. Follow must run beside it where other processes write to the same database.
func New(ctx context.Context, c Config) (*People, error) {
	if c.Cached == 0 {
		c.Cached = 8_000
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	p := &People{
		store: c.Store, keys: c.Keys, journal: c.Journal, log: c.Logger, start: time.Now(),
		byHash: newCache[hashKey, int64](c.Cached + c.Cached/2), known: newCache[int64, *person](c.Cached),
	}
	p.writes = store.NewGatherer(lotMax, p.write)
	p.space.New = func() any { b := make([]byte, 0, 2048); return &b }
	h, err := c.Store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	p.seen.Store(h.Size)
	p.moved.Store(h.Moved)
	p.confirm()
	c.Store.Watch(p.own)
	return p, nil
}

// Site finds or makes the site's number.
func (p *People) Site(ctx context.Context, name string, m *decision.Model, program *decision.Program, version string) (*Site, error) {
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, fmt.Errorf("site %s: %w", name, err)
	}
	s := &Site{Name: name, Model: m, Program: program, Zone: zone, Version: version}
	err = p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := tx.Row(ctx, `SELECT no FROM site WHERE name = $1`, []any{name}, &s.No)
		if !errors.Is(err, store.ErrNone) {
			return err
		}
		if err := tx.Row(ctx, `SELECT coalesce(max(no), 0) + 1 FROM site`, nil, &s.No); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO site(no, name) VALUES($1, $2)`, s.No, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("site %s: %w", name, err)
	}
	return s, nil
}

// numbers gives out people's numbers, a block a transaction.
type numbers struct {
	mu        sync.Mutex
	next, end int64
}

const numberBlock = 1024

func (n *numbers) take(ctx context.Context, s *store.Store) (int64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next == n.end {
		var end int64
		err := s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Row(ctx, `INSERT INTO counter(name, next) VALUES('subject', $1) ON CONFLICT (name) DO UPDATE SET next = counter.next + $1 RETURNING next`, []any{int64(numberBlock)}, &end)
		})
		if err != nil {
			return 0, fmt.Errorf("reserve numbers for people: %w", err)
		}
		n.next, n.end = end-numberBlock+1, end+1
	}
	n.next++
	return n.next - 1, nil
}
