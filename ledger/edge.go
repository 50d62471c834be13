package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// An Edge is the compact range of a log of Size entries: the roots of its complete subtrees, the largest
// and leftmost first, one for each bit that is set in Size. It is all that appending needs.
// The zero Edge is the empty log.
//
// A copy of the struct shares its Roots; use [Edge.Clone] to go two ways from one edge.
type Edge struct {
	Size  uint64
	Roots []Hash
}

// Append adds the leaf hash h. It costs one node hash on average.
func (e *Edge) Append(h Hash) { e.push(h, 0) }

// push adds the root of a complete subtree of 2^height leaves; Size must be a multiple of that.
func (e *Edge) push(h Hash, height int) {
	for carry := e.Size >> height; carry&1 == 1; carry >>= 1 {
		last := len(e.Roots) - 1
		h = NodeHash(e.Roots[last], h)
		e.Roots = e.Roots[:last]
	}
	e.Roots = append(e.Roots, h)
	e.Size += 1 << height
}

// Root is the root hash of the log; of the empty log, SHA-256 of nothing.
func (e *Edge) Root() Hash {
	if len(e.Roots) == 0 {
		return emptyRoot()
	}
	last := len(e.Roots) - 1
	root := e.Roots[last]
	for _, left := range slices.Backward(e.Roots[:last]) {
		root = NodeHash(left, root)
	}
	return root
}

// Clone returns an edge that shares nothing with e.
func (e *Edge) Clone() Edge { return Edge{Size: e.Size, Roots: slices.Clone(e.Roots)} }

// AppendBinary writes the size in 8 bytes, big-endian, and the roots in 32 each.
func (e *Edge) AppendBinary(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, e.Size)
	for i := range e.Roots {
		b = append(b, e.Roots[i][:]...)
	}
	return b
}

// ParseEdge reads what [Edge.AppendBinary] wrote.
func ParseEdge(b []byte) (Edge, error) {
	if len(b) < 8 {
		return Edge{}, errors.New("read edge: shorter than its size")
	}
	e := Edge{Size: binary.BigEndian.Uint64(b)}
	b = b[8:]
	if n := bits.OnesCount64(e.Size); len(b) != n*len(Hash{}) {
		return Edge{}, fmt.Errorf("read edge: a log of %d entries has %d roots, not %d bytes", e.Size, n, len(b))
	}
	for ; len(b) > 0; b = b[len(Hash{}):] {
		e.Roots = append(e.Roots, Hash(b[:len(Hash{})]))
	}
	return e, nil
}

// SubtreeRoot is the root hash over these hashes in their order. For the 256 of a full tile it is the hash
// that stands for them one level up.
func SubtreeRoot(hashes []Hash) Hash {
	var roots [bits.UintSize]Hash
	e := Edge{Roots: roots[:0]}
	for _, h := range hashes {
		e.Append(h)
	}
	return e.Root()
}
