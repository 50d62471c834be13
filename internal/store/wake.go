package store

import (
	"context"
	"time"
)

// The channel on which processes that share a PostgreSQL wake each other.
const wakeChannel = "avow_log"

// wakeEvery is how often others are woken at most: what is committed in between goes with the next.
const wakeEvery = 20 * time.Millisecond

// wakeAgain is how long a lost listener waits before it tries again. Nothing depends on it: who follows
// the log looks by itself.
const wakeAgain = time.Second

// Woken receives when another process may have committed entries, until ctx ends. On SQLite there is no
// other, and nothing ever comes. A notification only wakes; it carries nothing, and may be lost.
func (s *Store) Woken(ctx context.Context) <-chan struct{} {
	c := make(chan struct{}, 1)
	if s.pg != nil {
		go s.listen(ctx, c)
		go s.wakeOthers(ctx)
	}
	return c
}

func (s *Store) listen(ctx context.Context, c chan<- struct{}) {
	for ctx.Err() == nil {
		s.listenOnce(ctx, c)
		select {
		case <-ctx.Done():
		case <-time.After(wakeAgain):
		}
	}
}

func (s *Store) listenOnce(ctx context.Context, c chan<- struct{}) {
	conn, err := s.pg.pool.Acquire(ctx)
	if err != nil {
		return
	}
	raw := conn.Hijack()                                         // a listener is nobody else's connection
	defer func() { _ = raw.Close(context.WithoutCancel(ctx)) }() // it has listened, and no more
	if _, err := raw.Exec(ctx, "LISTEN "+wakeChannel); err != nil {
		return
	}
	for {
		if _, err := raw.WaitForNotification(ctx); err != nil {
			return
		}
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// wakeOthers notifies after commits of this process.
func (s *Store) wakeOthers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Committed():
		}
		// A notification that fails is made up for by the others' own looking.
		_, _ = s.pg.pool.Exec(ctx, "NOTIFY "+wakeChannel)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wakeEvery):
		}
	}
}
