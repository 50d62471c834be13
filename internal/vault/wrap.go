package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"time"
)

// The labels of wrapping: ringLabel begins what is authenticated, wrapLabel derives the key.
const (
	ringLabel = "avow/ring/v1"
	wrapLabel = "avow/wrap/v1"
)

// A Wrapped is a ring's key as the database keeps it: sealed under the key of an epoch.
type Wrapped struct {
	Epoch int64
	Blob  []byte // 60 bytes: nonce 12, key 32, tag 16
}

// A wrapKey is an epoch's key, ready to wrap.
type wrapKey struct {
	epoch int64
	aead  cipher.AEAD
}

func newWrapKey(epoch int64, key []byte) (*wrapKey, error) {
	derived := derive(key, wrapLabel)
	a, err := newAEAD(&derived)
	if err != nil {
		return nil, err
	}
	return &wrapKey{epoch, a}, nil
}

// newAEAD is AES-256-GCM with random nonces.
func newAEAD(key *[keySize]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// NewRing makes a ring for a person (owner: the subject's random id) and wraps it under the current epoch.
func (k *Keys) NewRing(kind RingKind, owner [16]byte) (*Ring, Wrapped, error) {
	r := randomRing(kind)
	return r, k.current().wrap(kind, owner, r.keys.own[:]), nil
}

// Unwrap opens a ring of a person. ErrNoEpoch: the epoch is unknown or destroyed, also after the key file
// was read again. ErrNotOpened: the blob belongs to another person, kind or epoch, or was changed.
func (k *Keys) Unwrap(kind RingKind, owner [16]byte, w Wrapped) (*Ring, error) {
	key, err := k.unwrap(kind, owner, w)
	if err != nil {
		return nil, fmt.Errorf("unwrap %s ring: %w", kind, err)
	}
	return newRing(kind, key), nil
}

// Rewrap moves a ring under the current epoch. It reports false for a ring that is there already.
func (k *Keys) Rewrap(kind RingKind, owner [16]byte, w Wrapped) (Wrapped, bool, error) {
	m := k.current()
	if w.Epoch == m.epoch() {
		return w, false, nil
	}
	key, err := k.unwrap(kind, owner, w)
	if err != nil {
		return Wrapped{}, false, fmt.Errorf("re-wrap %s ring: %w", kind, err)
	}
	m = k.held.Load()
	if w.Epoch == m.epoch() { // learned meanwhile
		return w, false, nil
	}
	return m.wrap(kind, owner, key[:]), true, nil
}

func (k *Keys) unwrap(kind RingKind, owner [16]byte, w Wrapped) (*[keySize]byte, error) {
	wrap, err := k.wrapKey(w.Epoch)
	if err != nil {
		return nil, err
	}
	var aad [ringAAD]byte
	key := new([keySize]byte)
	opened, err := wrap.aead.Open(key[:0], nil, w.Blob, bindRing(&aad, kind, owner))
	if err != nil || len(opened) != keySize {
		return nil, fmt.Errorf("under epoch %d: %w", w.Epoch, ErrNotOpened)
	}
	return key, nil
}

// wrapKey finds the key of an epoch. It believes what is held only for the current epoch: one that is
// retired may have been destroyed by another process, and one that is unknown may have been made by it.
func (k *Keys) wrapKey(epoch int64) (*wrapKey, error) {
	m := k.current()
	if epoch != m.epoch() {
		if err := k.Refresh(); err != nil {
			return nil, err
		}
		m = k.held.Load()
	}
	if w := m.wraps[epoch]; w != nil {
		return w, nil
	}
	if epoch > 0 && epoch <= m.epoch() {
		return nil, fmt.Errorf("epoch %d was destroyed on %s: %w", epoch, m.document.Epochs[epoch-1].Destroyed.Format(time.DateOnly), ErrNoEpoch)
	}
	return nil, fmt.Errorf("epoch %d: %w: the key file ends with epoch %d; is it older than the database?", epoch, ErrNoEpoch, m.epoch())
}

// epoch is the current one.
func (m *material) epoch() int64 { return int64(len(m.document.Epochs)) }

func (m *material) wrap(kind RingKind, owner [16]byte, key []byte) Wrapped {
	var aad [ringAAD]byte
	w := m.wraps[m.epoch()]
	return Wrapped{Epoch: w.epoch, Blob: w.aead.Seal(make([]byte, 0, keySize+SealOverhead), nil, key, bindRing(&aad, kind, owner))}
}

const ringAAD = len(ringLabel) + 1 + 16

// bindRing writes what ties a wrapped key to its owner and kind: label ‖ kind ‖ owner.
func bindRing(b *[ringAAD]byte, kind RingKind, owner [16]byte) []byte {
	n := copy(b[:], ringLabel)
	b[n] = byte(kind)
	copy(b[n+1:], owner[:])
	return b[:]
}
