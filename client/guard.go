package client

import "sync"

// A guard knows what happened to whom since an answer was asked for, so that an answer that was on its way when a person
// withdrew, or when a denial came, is not kept. It counts askings and changes instead of reading a clock. It holds no
// more than max people: those least lately changed are forgotten, which lets it refuse more, never less.
type guard struct {
	mu      sync.Mutex
	count   uint64
	since   uint64 // an answer asked for before this change is not kept, whoever it is about
	marks   map[name]*mark
	quiet   fifo[name] // marks that wait for nothing
	waiting int        // marks that wait
	max     int
	off     bool // too much waits: nothing is kept or used any more
}

// A mark is what is known of one person.
type mark struct {
	since   uint64              // of the last change
	waits   map[string]struct{} // ids of events against the use of which we do not know that they are recorded
	denials map[name]denial     // the last of each purpose
}

type denial struct {
	since uint64
	seq   int64
}

const (
	maxDenials = 64 // purposes remembered of one person
	maxWaits   = 64 // events

	stuck = "" // is the id of no event, so it is never confirmed
)

func newGuard(most int) *guard {
	return &guard{marks: map[name]*mark{}, quiet: newFifo[name](most), max: most}
}

// ask gives an asking its place among the changes.
func (g *guard) ask() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	return g.count
}

// keeps reports whether an answer that allows may be kept.
func (g *guard) keeps(s slot, seq int64, order uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.marks[s.person]
	switch {
	case g.off || order < g.since:
		return false
	case m == nil:
		return true
	case len(m.waits) > 0 || order < m.since:
		return false
	}
	d, ok := m.denials[s.purpose]
	return !ok || order > d.since && seq >= d.seq
}

// uses reports whether a kept answer may be used.
func (g *guard) uses(person name) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.marks[person]
	return !g.off && (m == nil || len(m.waits) == 0)
}

// expect bars the person until the event is confirmed.
func (g *guard) expect(person name, event string) {
	g.change(person, func(m *mark) {
		if m.waits == nil {
			m.waits = map[string]struct{}{}
		}
		if len(m.waits) >= maxWaits {
			event = stuck // too many to wait for each
		}
		m.waits[event] = struct{}{}
		m.since = g.count
	})
}

// confirm ends the wait for an event, which happened to the person at the latest now.
func (g *guard) confirm(person name, event string) {
	g.change(person, func(m *mark) {
		delete(m.waits, event)
		m.since = g.count
	})
}

// deny notes a denial.
func (g *guard) deny(s slot, seq int64) {
	g.change(s.person, func(m *mark) {
		if m.denials == nil {
			m.denials = map[name]denial{}
		}
		if len(m.denials) >= maxDenials {
			clear(m.denials)
			m.since = g.count
		}
		m.denials[s.purpose] = denial{g.count, max(seq, m.denials[s.purpose].seq)}
	})
}

// clear forgets everyone but those who wait.
func (g *guard) clear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	g.since = g.count
	for _, m := range g.marks {
		m.denials = nil // their seq is of a log that is no more
	}
}

// stop ends all keeping and using.
func (g *guard) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.off = true
}

func (g *guard) change(person name, how func(*mark)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	m := g.marks[person]
	if m == nil {
		m = &mark{}
		g.marks[person] = m
	}
	waited := len(m.waits) > 0
	how(m)
	switch waits := len(m.waits) > 0; {
	case waits && !waited:
		g.quiet.remove(person)
		g.waiting++
		g.off = g.off || g.waiting > g.max
	case waits:
	case waited:
		g.waiting--
		fallthrough
	default:
		if oldest, full := g.quiet.add(person); full {
			g.forget(oldest)
		}
	}
}

// forget drops a mark; what it would have refused is refused of everyone.
func (g *guard) forget(person name) {
	m := g.marks[person]
	g.since = max(g.since, m.since)
	for _, d := range m.denials {
		g.since = max(g.since, d.since)
	}
	delete(g.marks, person)
}
