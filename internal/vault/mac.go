package vault

import "crypto/sha256"

const blockSize = sha256.BlockSize

// mac is HMAC-SHA256 (RFC 2104) of what stands in b behind the room for one block. It is written out because
// crypto/hmac allocates seven times, and whoever looks for a person or opens a ring comes by here. The key
// is not longer than a block.
func mac(key, b []byte) [sha256.Size]byte {
	pad(b, key, 0x36)
	inner := sha256.Sum256(b)
	var outer [blockSize + sha256.Size]byte
	pad(outer[:], key, 0x5c)
	copy(outer[blockSize:], inner[:])
	return sha256.Sum256(outer[:])
}

// pad fills the first block of b with the key, changed by what makes it the inner or the outer one.
func pad(b, key []byte, by byte) {
	block := b[:blockSize]
	for i := range block {
		block[i] = by
	}
	for i, k := range key {
		block[i] ^= k
	}
}

// derive is HKDF-SHA256 (RFC 5869) without salt, for one key of 32 bytes. Labels are short.
func derive(key []byte, label string) [keySize]byte {
	var noSalt [sha256.Size]byte
	var space [2 * blockSize]byte
	extracted := mac(noSalt[:], append(space[:blockSize], key...))
	return mac(extracted[:], append(append(space[:blockSize], label...), 1))
}
