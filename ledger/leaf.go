package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// An EntryID names an entry within the database that keeps it: 16 random bytes. It is never published.
type EntryID [16]byte

// String is the id in hexadecimal.
func (id EntryID) String() string { return hex.EncodeToString(id[:]) }

// entryLabel begins the info of HKDF for keys of entries.
const entryLabel = "avow/entry/v1"

// EntryKeys derives the keys of entries from one key ring: HKDF-SHA256 (RFC 5869) without salt, with the
// info "avow/entry/v1" ‖ id and 32 bytes of output. Extraction is done once a ring, so a key costs one HMAC.
// It is safe for concurrent use.
type EntryKeys struct{ extracted [32]byte }

// NewEntryKeys extracts from the key of a ring.
func NewEntryKeys(ringKey [32]byte) EntryKeys {
	var salt [32]byte
	return EntryKeys{mac(&salt, ringKey[:])}
}

// Key is k_entry, the key that opens the leaf of one entry.
func (k *EntryKeys) Key(id EntryID) [32]byte {
	var info [len(entryLabel) + len(id) + 1]byte
	copy(info[:], entryLabel)
	copy(info[len(entryLabel):], id[:])
	info[len(info)-1] = 1 // the first and only block of HKDF-Expand
	return mac(&k.extracted, info[:])
}

// leafForm is the first byte of every leaf: the form of what follows.
const leafForm = 1

// A Leaf is an entry of the log: 0x01 ‖ HMAC-SHA256(k_entry, canonical record). Without the key it says
// nothing; without the record it opens nothing.
type Leaf [1 + sha256.Size]byte

// NewLeaf commits to a record in its canonical bytes under the key of its entry.
func NewLeaf(key [32]byte, record []byte) Leaf {
	var l Leaf
	l[0] = leafForm
	sum := mac(&key, record)
	copy(l[1:], sum[:])
	return l
}

// Hash is the hash of the leaf in the tree.
func (l Leaf) Hash() Hash { return LeafHash(l[:]) }

// ParseLeaf reads an entry of the log.
func ParseLeaf(entry []byte) (Leaf, error) {
	if len(entry) != len(Leaf{}) || entry[0] != leafForm {
		return Leaf{}, fmt.Errorf("read leaf: %d bytes that are not 0x01 and 32 more", len(entry))
	}
	return Leaf(entry), nil
}

// mac is HMAC-SHA256 (RFC 2104). It is written out because crypto/hmac allocates five times a key, and here
// each key is used once: a test holds it against crypto/hmac and crypto/hkdf.
func mac(key *[32]byte, message []byte) [32]byte {
	var inner [1024]byte
	for i := range sha256.BlockSize {
		inner[i] = 0x36
	}
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range sha256.BlockSize {
		outer[i] = 0x5c
	}
	for i, k := range key {
		inner[i] ^= k
		outer[i] ^= k
	}
	if len(message) <= len(inner)-sha256.BlockSize {
		sum := sha256.Sum256(inner[:sha256.BlockSize+copy(inner[sha256.BlockSize:], message)])
		copy(outer[sha256.BlockSize:], sum[:])
	} else {
		h := sha256.New()
		h.Write(inner[:sha256.BlockSize])
		h.Write(message)
		h.Sum(outer[:sha256.BlockSize])
	}
	return sha256.Sum256(outer[:])
}
