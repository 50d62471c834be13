package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// A Hash is a SHA-256 hash of the tree.
type Hash [sha256.Size]byte

// LeafHash is the hash of one entry: SHA-256(0x00 ‖ entry), after RFC 6962, section 2.1.
func LeafHash(entry []byte) Hash {
	// Entries are 33 bytes: the common case hashes from the stack.
	var b [64]byte
	if len(entry) < len(b) {
		return sha256.Sum256(append(b[:1], entry...))
	}
	h := sha256.New()
	h.Write(b[:1])
	h.Write(entry)
	return Hash(h.Sum(nil))
}

// NodeHash is the hash of two neighbours: SHA-256(0x01 ‖ left ‖ right), after RFC 6962, section 2.1.
func NodeHash(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// emptyRoot is the root of the tree without leaves: the hash of nothing.
func emptyRoot() Hash { return sha256.Sum256(nil) }

// String is the hash in base64, as checkpoints and proofs write it.
func (h Hash) String() string { return base64.StdEncoding.EncodeToString(h[:]) }

// ParseHash reads a hash as [Hash.String] writes it.
func ParseHash(s string) (Hash, error) {
	b, err := decodeBase64(s)
	if err != nil {
		return Hash{}, err
	}
	if len(b) != sha256.Size {
		return Hash{}, fmt.Errorf("a hash has %d bytes, not %d", sha256.Size, len(b))
	}
	return Hash(b), nil
}

var errBase64 = errors.New("not base64 in its one standard form")

// decodeBase64 refuses what Go's decoder tolerates: line breaks within, and loose bits at the end. Two
// texts never mean the same bytes.
func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(s) {
		return nil, errBase64
	}
	return b, nil
}
