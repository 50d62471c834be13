package store

import (
	"context"
	"sync"
)

// A Gatherer joins what many callers bring at once, so that it is written together. Whoever finds it
// idle works; who comes meanwhile is in the next lot. It has no goroutine of its own.
type Gatherer[T any] struct {
	do   func(ctx context.Context, lot []T) error
	most int

	mu      sync.Mutex
	waiting []*gatherCall[T]
	busy    bool

	calls []*gatherCall[T] // of the lot under way; only who leads touches it and lot
	lot   []T
	pool  sync.Pool // of calls
}

type gatherCall[T any] struct {
	items []T
	err   error
	wake  chan bool // true: it leads the next lot; false: its lot is over
}

// NewGatherer writes lots of about most items with do, which does not keep the lot. An error fails the
// whole lot: items that may fail must carry their own errors.
func NewGatherer[T any](most int, do func(ctx context.Context, lot []T) error) *Gatherer[T] {
	return &Gatherer[T]{do: do, most: most, pool: sync.Pool{New: func() any { return &gatherCall[T]{wake: make(chan bool, 1)} }}}
}

// Add returns when the items are written.
func (g *Gatherer[T]) Add(ctx context.Context, items ...T) error {
	c := g.pool.Get().(*gatherCall[T])
	c.items = items
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	lead := !g.busy
	g.busy = true
	g.mu.Unlock()
	if lead || <-c.wake {
		g.run(context.WithoutCancel(ctx), c) // the lot is not only ours
	}
	err := c.err
	c.items, c.err = nil, nil
	g.pool.Put(c)
	return err
}

// run writes a lot, in which own is, and hands the lead on.
func (g *Gatherer[T]) run(ctx context.Context, own *gatherCall[T]) {
	g.mu.Lock()
	n := 0
	for n < len(g.waiting) && (n == 0 || len(g.lot)+len(g.waiting[n].items) <= g.most) {
		g.lot = append(g.lot, g.waiting[n].items...)
		n++
	}
	g.calls = append(g.calls, g.waiting[:n]...)
	g.waiting = g.waiting[:copy(g.waiting, g.waiting[n:])]
	g.mu.Unlock()
	err := g.do(ctx, g.lot)
	for _, c := range g.calls {
		if c.err = err; c != own {
			c.wake <- false
		}
	}
	clear(g.lot)
	g.lot, g.calls = g.lot[:0], g.calls[:0]
	g.mu.Lock()
	if g.busy = len(g.waiting) > 0; g.busy {
		g.waiting[0].wake <- true
	}
	g.mu.Unlock()
}
