package auth

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/avowhq/avow/internal/store"
)

// How long what is remembered is taken for true without a look at the database, and from when on somebody
// looks while others go on.
const (
	confirmWithin = time.Second
	confirmFrom   = confirmWithin / 2
	confirmTime   = 5 * time.Second // for one look
)

// An entry is a key that was good when it was read.
type entry struct {
	principal *Principal
	place     int64         // of the log, as of which it was read
	until     time.Duration // is read again then, whatever happens: its hash may want another key
	used      atomic.Int64  // hours since 1970
}

const entryLife = 10 * time.Minute

// A moment is how far this process knows the acts on principals and keys: that the latest of them has a
// place in the log, and when that was so. Each act is an entry of the installation's own, and the order of
// entries is that of commits; so an entry that was read at the same place is as it was then.
type moment struct {
	p       atomic.Pointer[known]
	setBack atomic.Pointer[store.Doubt] // for good
}

type known struct {
	place int64
	at    time.Duration
}

func (m *moment) start() { m.p.Store(&known{place: -1, at: -time.Hour}) }

func (m *moment) now() known { return *m.p.Load() }

// learn takes in that the latest act had a place at a time.
func (m *moment) learn(place int64, at time.Duration) {
	for {
		old := m.p.Load()
		if place < old.place || place == old.place && at <= old.at {
			return
		}
		if m.p.CompareAndSwap(old, &known{place, max(at, old.at)}) {
			return
		}
	}
}

// seen takes in what a read found that began after the place before was known. Places only grow: a
// database where they do not is an older one, put in place of ours, and knows of no revocation since.
func (m *moment) seen(place int64, at time.Duration, before int64) error {
	if place < before {
		m.setBack.Store(&store.Doubt{What: fmt.Sprintf("an act on keys had place %d, and the latest has %d: the database was set back", before, place)})
	}
	if d := m.setBack.Load(); d != nil {
		return *d
	}
	m.learn(place, at)
	return nil
}

// doubt voids the confirmation: an act may have been committed, or not.
func (m *moment) doubt() {
	for {
		old := m.p.Load()
		if m.p.CompareAndSwap(old, &known{old.place, -time.Hour}) {
			return
		}
	}
}

// holds reports whether an entry is still as it is remembered.
func (a *Auth) holds(ctx context.Context, e *entry) (bool, error) {
	now, as := a.elapsed(), a.as.now()
	if e.place < as.place || now > e.until {
		return false, nil
	}
	if age := now - as.at; age > confirmWithin {
		if err := a.confirm(ctx).wait(ctx); err != nil {
			return false, err
		}
		as = a.as.now()
		return e.place >= as.place && a.elapsed()-as.at <= confirmWithin, nil
	} else if age > confirmFrom {
		a.confirm(ctx)
	}
	return true, nil
}

// A confirmation is one look at the place of the latest act, for all who need it.
type confirmation struct {
	done chan struct{}
	err  error
}

func (c *confirmation) wait(ctx context.Context) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// confirm begins to look, unless that is being done. Afterwards the last use of keys is written, which
// nobody waits for.
func (a *Auth) confirm(ctx context.Context) *confirmation {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.confirming == nil {
		a.confirming = &confirmation{done: make(chan struct{})}
		go a.look(context.WithoutCancel(ctx), a.confirming)
	}
	return a.confirming
}

func (a *Auth) look(ctx context.Context, c *confirmation) {
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	before, at := a.as.now().place, a.elapsed()
	var place int64
	c.err = a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, selectPlace, nil, &place)
	})
	if c.err == nil {
		c.err = a.as.seen(place, at, before)
	}
	a.mu.Lock()
	a.confirming = nil
	a.mu.Unlock()
	close(c.done)
	a.flushLazily(ctx)
}

// selectPlace is the place of the latest entry of the installation's own.
const selectPlace = `SELECT coalesce(max(idx), -1) FROM entry WHERE site = 0 AND subject = 0`
