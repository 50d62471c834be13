package store

import (
	"errors"
	"sync"
)

// errPresumed is why a transaction runs again: another process has moved the head.
var errPresumed = errors.New("the head is not what it was presumed to be")

// presumed is the head as this process knows it. A commit that presumes it right needs one journey to
// PostgreSQL: the statement that moves the head divides by zero where the head is another. One commit at
// a time presumes; one that comes meanwhile locks the head and reads it, so that nobody who holds a row
// that another waits for ever waits in this process.
type presumed struct {
	busy sync.Mutex // who has taken it

	mu    sync.Mutex
	head  *Head // nil: it must be read
	wrong int   // how often in a row it was wrong
	wait  int   // how many commits are to read it before it is presumed again
}

// take is the head, if it may be presumed for the transaction. Who takes it gives it back.
func (p *presumed) take(tx *Tx) *Head {
	if len(tx.jobs) > 0 || !p.busy.TryLock() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wait > 0 {
		p.wait--
	} else if p.head != nil && (tx.since < 0 || tx.since == p.head.Moved) {
		return p.head
	}
	p.busy.Unlock()
	return nil
}

// give ends a commit that presumed. Where others write too, being wrong becomes rare.
func (p *presumed) give(next *Head, err error) error {
	defer p.busy.Unlock()
	if err == nil {
		p.learn(next)
		p.mu.Lock()
		p.wrong = 0
		p.mu.Unlock()
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.head = nil // a commit whose answer was lost may have moved it, too
	var e *DatabaseError
	if !errors.As(err, &e) || e.Code != divisionByZero {
		return err // errPresumed among them, where it was found out before
	}
	p.wrong = min(p.wrong+1, 6)
	p.wait = 1<<p.wrong - 1
	return errPresumed
}

const divisionByZero = "22012"

// learn takes note of the head after a commit, nil for one that left it alone.
func (p *presumed) learn(h *Head) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h != nil && (p.head == nil || h.Size > p.head.Size) {
		p.head = h
	}
}
