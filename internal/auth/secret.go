package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// A secret is "avow_" + id + "_" + body. The id is 5 random bytes and public. The body is 32 random bytes
// and 3 bytes of checksum, the first of SHA-256("avow/api-key/v1" ‖ id ‖ the 32 bytes), with the id as it
// is written. Both in base32 (RFC 4648) in small letters; whole groups, so without padding and in one form.
const (
	secretPrefix = "avow_"
	idSize       = 8  // characters
	bodySize     = 56 // characters
	secretSize   = len(secretPrefix) + idSize + 1 + bodySize
	chanceSize   = 32 // bytes
	secretLabel  = "avow/api-key/v1"
)

// coding is base32 in small letters.
var coding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// A parsed is a secret that could be one of ours.
type parsed struct {
	id     string
	chance string // what is hashed
}

func newSecret() (parsed, string) {
	var id [5]byte
	var chance [chanceSize]byte
	rand.Read(id[:])
	rand.Read(chance[:])
	p := parsed{id: coding.EncodeToString(id[:]), chance: string(chance[:])}
	return p, p.text()
}

func (p *parsed) text() string {
	sum := p.checksum()
	return secretPrefix + p.id + "_" + coding.EncodeToString(append([]byte(p.chance), sum[:]...))
}

func (p *parsed) checksum() [3]byte {
	sum := sha256.Sum256([]byte(secretLabel + p.id + p.chance))
	return [3]byte(sum[:3])
}

// parseSecret tells what is no secret of ours from what is one mistyped.
func parseSecret(s string) (parsed, error) {
	rest, ok := strings.CutPrefix(s, secretPrefix)
	if !ok || len(s) != secretSize || rest[idSize] != '_' {
		return parsed{}, ErrMalformed
	}
	id, body := rest[:idSize], rest[idSize+1:]
	// The lengths refuse line breaks, which the decoder skips.
	if raw, err := coding.DecodeString(id); err != nil || len(raw) != 5 {
		return parsed{}, ErrMistyped
	}
	raw, err := coding.DecodeString(body)
	if err != nil || len(raw) != chanceSize+3 {
		return parsed{}, ErrMistyped
	}
	p := parsed{id: strings.Clone(id), chance: string(raw[:chanceSize])}
	if p.checksum() != [3]byte(raw[chanceSize:]) {
		return parsed{}, ErrMistyped
	}
	return p, nil
}
