package vault

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/avowhq/avow/ledger"
)

// A RingKind is what a ring is for, and so when it is shredded.
type RingKind uint8

// The kinds of ring. A person has at most one of each at a time.
const (
	Profile  RingKind = 1 // identities, answers, messages; shredded at erasure
	Case     RingKind = 2 // plans and packages of requests; shredded at erasure
	Evidence RingKind = 3 // what proves consent, request, disclosure; restricted at erasure, shredded at its own end
)

// String is the kind's name: profile, case, evidence.
func (k RingKind) String() string {
	switch k {
	case Profile:
		return "profile"
	case Case:
		return "case"
	case Evidence:
		return "evidence"
	}
	return fmt.Sprintf("ring kind %d", uint8(k))
}

// The labels under which a ring's key is used. That of entries is in package ledger.
const (
	sealLabel      = "avow/seal/v1"
	pseudonymLabel = "log"
)

// SealOverhead is what Seal adds to a plain text, in bytes: a nonce of 12 and a tag of 16.
const SealOverhead = 28

// A Ring is one opened key of one person: 32 random bytes, and what derives from them for sealing and for
// the leaves of the log. It is small, since many are kept: a cipher, which is ten times as large, is made
// for each use, which takes a fifth of a microsecond. It is safe for concurrent use.
type Ring struct {
	kind RingKind
	keys *ringKeys // a pointer, so that no print of a struct shows them
}

type ringKeys struct {
	own, sealing [keySize]byte
	entries      ledger.EntryKeys
}

func newRing(kind RingKind, key *[keySize]byte) *Ring {
	return &Ring{kind, &ringKeys{own: *key, sealing: derive(key[:], sealLabel), entries: ledger.NewEntryKeys(*key)}}
}

func randomRing(kind RingKind) *Ring {
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand ends the program instead
	return newRing(kind, &key)
}

// Kind is what the ring is for.
func (r *Ring) Kind() RingKind { return r.kind }

// Seal appends to dst what only this ring opens, and only as the entry id: 12 bytes nonce, the cipher
// text, 16 bytes tag. A ring may seal 2^32 times.
func (r *Ring) Seal(dst, plain []byte, id ledger.EntryID) []byte {
	return r.cipher().Seal(dst, nil, plain, id[:])
}

// Open undoes Seal. The error is ErrNotOpened: another ring, another entry, or changed.
func (r *Ring) Open(sealed []byte, id ledger.EntryID) ([]byte, error) {
	plain, err := r.cipher().Open(nil, nil, sealed, id[:])
	if err != nil {
		return nil, fmt.Errorf("open entry with the %s ring: %w", r.kind, ErrNotOpened)
	}
	return plain, nil
}

func (r *Ring) cipher() cipher.AEAD {
	a, err := newAEAD(&r.keys.sealing)
	if err != nil {
		panic(fmt.Sprintf("vault: AES with a key of %d bytes: %v", keySize, err)) // there is no such error
	}
	return a
}

// EntryKey is the key of one entry's leaf. Whoever has it can open this leaf and no other.
func (r *Ring) EntryKey(id ledger.EntryID) [32]byte { return r.keys.entries.Key(id) }

// Pseudonym names the person in logs and metrics for a month, "2026-11": the same within a month, not to
// be joined across months, and nobody's once the ring is shredded. It is that of the profile ring.
func (r *Ring) Pseudonym(month string) [16]byte {
	h := hmac.New(sha256.New, r.keys.own[:])
	h.Write([]byte(pseudonymLabel))
	h.Write([]byte(month))
	return [16]byte(h.Sum(nil)[:16])
}

// Format prints what kind of ring it is, never its key.
func (r *Ring) Format(f fmt.State, _ rune) { redact(f, r.kind.String()+" ring") }
