package decision

import (
	mathbits "math/bits"
	"slices"
)

// names numbers a list of words from 0 in order.
type names struct {
	list []string
	ids  map[string]uint16
}

func number(list []string) names {
	n := names{list: list, ids: make(map[string]uint16, len(list))}
	for i, s := range list {
		n.ids[s] = uint16(i)
	}
	return n
}

// id is the word's number plus one, so that 0 can stand for a word left out.
func (n *names) id(word string) (uint16, bool) {
	if word == "" {
		return 0, true
	}
	i, ok := n.ids[word]
	return i + 1, ok
}

// read is id into a place, and reports whether there is one.
func (n *names) read(word string, at *uint16) bool {
	if *at = 0; word == "" {
		return true
	}
	i, ok := n.ids[word]
	*at = i + 1
	return ok
}

func (n *names) len() int { return len(n.list) }

// A pool holds many small sets in one run of memory; a set is an offset into it. Sets of one size
// need no length.
type pool struct {
	words []uint64
	known map[string]setAt
}

// setAt is a set's place in the pool.
type setAt uint32

// put stores the set of all i below n for which in holds; equal sets share a place.
func (p *pool) put(n int, in func(i int) bool) setAt {
	words := make([]uint64, max(1, (n+63)/64))
	for i := range n {
		if in(i) {
			words[i>>6] |= 1 << (i & 63)
		}
	}
	key := make([]byte, 0, 8*len(words))
	for _, w := range words {
		for s := 0; s < 64; s += 8 {
			key = append(key, byte(w>>s))
		}
	}
	if at, ok := p.known[string(key)]; ok {
		return at
	}
	at := setAt(len(p.words))
	p.words = append(p.words, words...)
	p.known[string(key)] = at
	return at
}

// has reports whether i is in the set at s.
func (p *pool) has(s setAt, i uint16) bool {
	return p.words[int(s)+int(i>>6)]>>(i&63)&1 == 1
}

// bits is a set that stands alone.
type bits []uint64

func bitsOf(n int, in func(i int) bool) bits {
	b := make(bits, max(1, (n+63)/64))
	for i := range n {
		if in(i) {
			b[i>>6] |= 1 << (i & 63)
		}
	}
	return b
}

func (b bits) has(i uint16) bool { return b[i>>6]>>(i&63)&1 == 1 }
func (b bits) set(i uint16)      { b[i>>6] |= 1 << (i & 63) }

// all goes through the members in order.
func (b bits) all(yield func(i uint16) bool) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			if !yield(uint16(w<<6 + mathbits.TrailingZeros64(word))) {
				return
			}
		}
	}
}

func (b bits) count() int {
	n := 0
	for _, word := range b {
		n += mathbits.OnesCount64(word)
	}
	return n
}

func uniq(lists ...[]string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range slices.Concat(lists...) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
