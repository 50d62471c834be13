package ledger

import (
	"errors"
	"fmt"
	"math/bits"
)

// VerifyInclusion checks an audit path: that the entry of this leaf hash stands at index in the log of that
// size and root.
func VerifyInclusion(index, size uint64, leaf Hash, proof []Hash, root Hash) error {
	if index >= size {
		return fmt.Errorf("verify inclusion: entry %d in a log of %d", index, size)
	}
	// Up to where index and the last entry part, siblings stand on both sides; above, only on the left.
	inner := bits.Len64(index ^ (size - 1))
	border := bits.OnesCount64(index >> inner)
	if len(proof) != inner+border {
		return fmt.Errorf("verify inclusion: a proof for entry %d of %d has %d hashes, not %d", index, size, inner+border, len(proof))
	}
	h := climb(leaf, index, proof[:inner])
	for _, left := range proof[inner:] {
		h = NodeHash(left, h)
	}
	if h != root {
		return errors.New("verify inclusion: the path leads to another root")
	}
	return nil
}

// VerifyConsistency checks that the log of size and root begins with the log of old and oldRoot.
// The empty log has nothing to be consistent with: old must be at least 1.
func VerifyConsistency(old, size uint64, oldRoot, root Hash, proof []Hash) error {
	switch {
	case old == 0 || old > size:
		return fmt.Errorf("verify consistency: from %d entries to %d", old, size)
	case old == size && len(proof) > 0:
		return errors.New("verify consistency: a proof between equal sizes is empty")
	case old == size && oldRoot != root:
		return errors.New("verify consistency: two roots for one size")
	case old == size:
		return nil
	}
	// The old log's last complete subtree is the seam: of both trees from here on.
	inner := bits.Len64((old - 1) ^ (size - 1))
	border := bits.OnesCount64((old - 1) >> inner)
	shift := bits.TrailingZeros64(old)
	inner -= shift
	seam := oldRoot
	if old != 1<<shift {
		if len(proof) == 0 {
			return errors.New("verify consistency: an empty proof")
		}
		seam, proof = proof[0], proof[1:]
	}
	if len(proof) != inner+border {
		return fmt.Errorf("verify consistency: a proof from %d to %d has %d hashes above the seam, not %d", old, size, inner+border, len(proof))
	}
	index := (old - 1) >> shift
	was, is := climbLeft(seam, index, proof[:inner]), climb(seam, index, proof[:inner])
	for _, left := range proof[inner:] {
		was, is = NodeHash(left, was), NodeHash(left, is)
	}
	if was != oldRoot {
		return errors.New("verify consistency: the path leads to another old root")
	}
	if is != root {
		return errors.New("verify consistency: the path leads to another root")
	}
	return nil
}

// climb hashes upwards; a bit of index says on which side the sibling stands.
func climb(h Hash, index uint64, siblings []Hash) Hash {
	for i, s := range siblings {
		if index>>i&1 == 1 {
			h = NodeHash(s, h)
		} else {
			h = NodeHash(h, s)
		}
	}
	return h
}

// climbLeft hashes upwards in the old log, where nothing stood on the right.
func climbLeft(h Hash, index uint64, siblings []Hash) Hash {
	for i, s := range siblings {
		if index>>i&1 == 1 {
			h = NodeHash(s, h)
		}
	}
	return h
}
