package client

import (
	"math/rand/v2"
	"sync"
	"time"
)

const (
	failuresToOpen = 3 // in a row
	firstPause     = time.Second
	longestPause   = 30 * time.Second
)

// A breaker keeps questions from a server that does not answer. After some failures in a row it is open: nobody asks.
// After a pause one question may try, and what becomes of it decides; each pause in a row is twice as long as the last.
type breaker struct {
	mu       sync.Mutex
	failures int // in a row
	pause    time.Duration
	until    time.Time
	probing  bool
}

// A result is what became of a question that was let through.
type result int

const (
	answered result = iota
	failed
	abandoned // by the caller; it says nothing about the server
)

// admit reports whether a question may be sent now, and whether it is the one that tries. If it may, done must follow.
func (b *breaker) admit(now time.Time) (ok, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < failuresToOpen {
		return true, false
	}
	if b.probing || now.Before(b.until) && b.until.Sub(now) <= 2*longestPause { // a clock that was set back does not keep it open
		return false, false
	}
	b.probing = true
	return true, true
}

func (b *breaker) done(r result, probe bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	switch r {
	case answered:
		b.failures, b.pause = 0, 0
	case failed:
		if b.failures++; b.failures >= failuresToOpen {
			b.open(now)
		}
	case abandoned:
	}
}

// open starts a pause, a little longer or shorter by chance, so that many clients do not come back at once. Questions
// that were on their way when it began do not make it longer.
func (b *breaker) open(now time.Time) {
	if now.Before(b.until) {
		return
	}
	b.pause = min(max(firstPause, 2*b.pause), longestPause)
	b.until = now.Add(b.pause*4/5 + rand.N(b.pause*2/5))
}

// wait is how long it stays open, 0 if it is closed.
func (b *breaker) wait(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < failuresToOpen {
		return 0
	}
	return max(0, b.until.Sub(now))
}
