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
}

type gatherCall[T any] struct {
	items []T
	err   error
	done  chan struct{}
	lead  chan struct{}
}

// NewGatherer writes lots of about most items with do. An error fails the whole lot: items that may fail
// must carry their own errors.
func NewGatherer[T any](most int, do func(ctx context.Context, lot []T) error) *Gatherer[T] {
	return &Gatherer[T]{do: do, most: most}
}

// Add returns when the items are written.
func (g *Gatherer[T]) Add(ctx context.Context, items ...T) error {
	c := &gatherCall[T]{items: items, done: make(chan struct{}), lead: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	first := !g.busy
	g.busy = true
	g.mu.Unlock()
	if !first {
		select {
		case <-c.done:
			return c.err
		case <-c.lead:
		}
	}
	g.run(context.WithoutCancel(ctx)) // the lot is not only ours
	return c.err
}

func (g *Gatherer[T]) run(ctx context.Context) {
	g.mu.Lock()
	var calls []*gatherCall[T]
	var lot []T
	for len(g.waiting) > 0 && (lot == nil || len(lot)+len(g.waiting[0].items) <= g.most) {
		calls = append(calls, g.waiting[0])
		lot = append(lot, g.waiting[0].items...)
		g.waiting = g.waiting[1:]
	}
	g.mu.Unlock()
	err := g.do(ctx, lot)
	for _, c := range calls {
		c.err = err
		close(c.done)
	}
	g.mu.Lock()
	if g.busy = len(g.waiting) > 0; g.busy {
		close(g.waiting[0].lead)
	}
	g.mu.Unlock()
}
