package client

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A name stands for a person, a purpose or a question: a hash under a key that only this client, or its folder, has.
type name [16]byte

// A slot is the place of one question's snapshot.
type slot struct{ person, purpose, question name }

// names hides what snapshots are about, and seals them.
type names struct {
	key  [32]byte
	seal cipher.AEAD // with a random nonce in front
}

const keySize = 32

func newNames(secret []byte) (names, error) {
	derive := func(what string) ([]byte, error) {
		return hkdf.Key(sha256.New, secret, nil, "avow/client/"+what, keySize)
	}
	n := names{}
	key, err := derive("names")
	if err != nil {
		return n, fmt.Errorf("derive key: %w", err)
	}
	sealKey, err := derive("seal")
	if err != nil {
		return n, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return n, fmt.Errorf("derive key: %w", err)
	}
	n.key = [keySize]byte(key)
	if n.seal, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return n, fmt.Errorf("derive key: %w", err)
	}
	return n, nil
}

// of names a thing that has these parts.
func (n *names) of(parts ...string) name {
	h := hmac.New(sha256.New, n.key[:])
	for _, p := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}
	return name(h.Sum(nil)[:len(name{})])
}
