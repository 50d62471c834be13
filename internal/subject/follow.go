package subject

import (
	"context"
	"time"

	"github.com/avowhq/avow/internal/store"
)

// Other processes' commits are looked for this often, and trusted to be known this long.
const (
	lookEvery = 200 * time.Millisecond
	trustFor  = time.Second
)

func (p *People) confirm() { p.looked.Store(int64(time.Since(p.start))) }

// confirmed reports whether what is remembered may be decided on. On SQLite nobody else writes. On
// PostgreSQL the head must have been confirmed within a second; else everything is read.
func (p *People) confirmed() bool {
	return !p.store.Postgres() || time.Since(p.start)-time.Duration(p.looked.Load()) < trustFor
}

// Follow looks for other processes' commits until ctx ends, at once when it is woken and else every 200
// ms; its own commits it knows without looking. An error is told once, until a look succeeds again;
// meanwhile decisions read through.
func (p *People) Follow(ctx context.Context, woken <-chan struct{}) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	quiet := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-woken:
		}
		err := p.look(ctx)
		if err != nil && !quiet && ctx.Err() == nil {
			p.log.Error("the log cannot be followed; decisions read through", "err", err)
		}
		quiet = err != nil
	}
}

// look reads what happened since the last look, and forgets what it voids.
func (p *People) look(ctx context.Context) error {
	p.follow.Lock()
	defer p.follow.Unlock()
	asked := time.Since(p.start)
	since := p.seen.Load()
	c, err := p.store.Changes(ctx, since)
	if err != nil {
		return err
	}
	switch {
	case c.Moved > p.moved.Load():
		p.forget()
		p.moved.Store(c.Moved)
		p.forget() // what was added in between
	case c.Void:
		p.forget()
	default:
		for _, no := range c.Subjects {
			p.touched(no)
		}
	}
	p.saw(0, c.Size)
	p.looked.Store(int64(asked))
	return nil
}

// own takes note of a commit of this process, before its callers go on. It is the whole news where
// nothing lies between it and what was known; else the next look reads what does.
func (p *People) own(h *store.Head, entries []store.Entry) {
	for i := range entries {
		p.touched(entries[i].Subject)
	}
	if h.Moved > p.moved.Load() {
		p.forget()
		p.moved.Store(h.Moved)
		p.forget() // what was added in between
	}
	p.saw(h.Size-int64(len(entries)), h.Size)
}

// saw moves seen on, as far as nothing is missing. Commits of this process may be told out of their order;
// those that are ahead wait for what lies between.
func (p *People) saw(from, to int64) {
	p.ahead.Lock()
	defer p.ahead.Unlock()
	seen := p.seen.Load()
	if from > seen {
		if p.aheadOf == nil {
			p.aheadOf = map[int64]int64{}
		}
		p.aheadOf[from] = to
		return
	}
	seen = max(seen, to)
	for end, ok := p.aheadOf[seen]; ok; end, ok = p.aheadOf[seen] {
		delete(p.aheadOf, seen)
		seen = end
	}
	for from := range p.aheadOf {
		if from < seen {
			delete(p.aheadOf, from)
		}
	}
	p.seen.Store(seen)
}

func (p *People) touched(no int64) {
	if x, ok := p.known.find(no); ok {
		x.touched.Add(1)
	}
}

// forget drops all that is remembered.
func (p *People) forget() {
	p.known.clear()
	p.byHash.clear()
}
