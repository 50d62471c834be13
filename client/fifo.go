package client

// A fifo remembers the order in which things were last added, and names the oldest when there are too many.
type fifo[K comparable] struct {
	max   int
	turn  uint64
	turns map[K]uint64
	queue []turn[K] // holds stale turns too; the valid one of a thing is in turns
}

type turn[K comparable] struct {
	thing K
	at    uint64
}

func newFifo[K comparable](most int) fifo[K] { return fifo[K]{max: most, turns: map[K]uint64{}} }

// add puts a thing at the end and removes the oldest if there are too many.
func (f *fifo[K]) add(thing K) (removed K, full bool) {
	f.turn++
	f.turns[thing] = f.turn
	f.queue = append(f.queue, turn[K]{thing, f.turn})
	if len(f.queue) > 2*f.max+16 {
		f.compact()
	}
	if len(f.turns) <= f.max {
		return removed, false
	}
	for {
		oldest := f.queue[0]
		f.queue = f.queue[1:]
		if f.turns[oldest.thing] == oldest.at {
			delete(f.turns, oldest.thing)
			return oldest.thing, true
		}
	}
}

func (f *fifo[K]) remove(thing K) { delete(f.turns, thing) }

// compact drops the stale turns.
func (f *fifo[K]) compact() {
	valid := make([]turn[K], 0, len(f.turns)+1)
	for _, t := range f.queue {
		if f.turns[t.thing] == t.at {
			valid = append(valid, t)
		}
	}
	f.queue = valid
}
