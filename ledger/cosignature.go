package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"
)

// A Cosignature is a witness's word that, at that time, it had seen no larger head of this log and none that
// contradicts it.
type Cosignature struct {
	Witness string
	Time    time.Time // in seconds, by the witness's clock
}

// cosignatureType is the first byte of the key: Ed25519 cosignatures, after c2sp.org/tlog-cosignature.
const cosignatureType = 4

// A witness is the key of a cosigner. Its signature covers a time beside the checkpoint.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not <name>+<id>+<base64>")
	}
	key, err := decodeBase64(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureType {
		return nil, fmt.Errorf("not a key of type 0x%02x, an Ed25519 cosignature", cosignatureType)
	}
	if parts[0] == "" || strings.ContainsFunc(parts[0], unicode.IsSpace) {
		return nil, errors.New("a name is not empty and has no spaces")
	}
	sum := sha256.Sum256([]byte(parts[0] + "\n" + string(key)))
	hash := binary.BigEndian.Uint32(sum[:])
	if parts[1] != fmt.Sprintf("%08x", hash) {
		return nil, errors.New("the id is not that of name and key")
	}
	return &witness{parts[0], hash, key[1:]}, nil
}

// Name, KeyHash and Verify are what [note.Verifier] asks for.
func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	seconds := binary.BigEndian.Uint64(sig)
	if seconds > math.MaxInt64 {
		return false
	}
	message := append([]byte("cosignature/v1\ntime "+strconv.FormatUint(seconds, 10)+"\n"), text...)
	return ed25519.Verify(w.key, message, sig[8:])
}

// newCosignature reads the time of a signature that Verify has accepted.
func newCosignature(s note.Signature) Cosignature {
	raw, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(raw) < 12 {
		return Cosignature{Witness: s.Name}
	}
	return Cosignature{s.Name, time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC()}
}
