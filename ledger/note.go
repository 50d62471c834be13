package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// Keys are written as in c2sp.org/signed-note: a signing key ("skey") PRIVATE+KEY+<origin>+<id>+<base64>,
// which is secret, and a verifier key ("vkey") <origin>+<id>+<base64>, which is handed out.

// GenerateKey makes the Ed25519 key of a log. The origin is the log's name, as "privacy.example.org/log":
// without spaces and plus signs, never used for another log.
func GenerateKey(origin string) (skey, vkey string, err error) {
	skey, vkey, err = note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return "", "", fmt.Errorf("generate log key: %w", err)
	}
	if _, err := note.NewVerifier(vkey); err != nil {
		return "", "", errors.New("generate log key: the origin is empty, or has a space, a plus sign or bytes that are not UTF-8")
	}
	return skey, vkey, nil
}

// A Signer signs for one log. It is safe for concurrent use.
type Signer struct {
	signer note.Signer
	vkey   string
}

// NewSigner reads a signing key. Its errors do not repeat it.
func NewSigner(skey string) (*Signer, error) {
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	// PRIVATE+KEY+<origin>+<id>+<base64 of the algorithm, 1 for Ed25519, and the seed>
	raw, err := decodeBase64(strings.SplitN(skey, "+", 5)[4])
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	return &Signer{signer, vkey}, nil
}

// Origin is the name of the log.
func (s *Signer) Origin() string { return s.signer.Name() }

// Key is the verifier key.
func (s *Signer) Key() string { return s.vkey }

// Checkpoint signs the head of the log: a signed note after c2sp.org/tlog-checkpoint. Whoever calls it
// answers for never signing two heads that contradict each other.
func (s *Signer) Checkpoint(size uint64, root Hash) ([]byte, error) {
	signed, err := s.sign(Checkpoint{s.Origin(), size, root}.body())
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// Sign makes a signed note of another text, which must end in a newline. It refuses a text that begins with
// the origin's line: that could be read as a checkpoint. [Verifier.OpenText] opens it.
func (s *Signer) Sign(text string) ([]byte, error) {
	if firstLine(text) == s.Origin() {
		return nil, errors.New("sign text: it begins like a checkpoint of this log")
	}
	signed, err := s.sign(text)
	if err != nil {
		return nil, fmt.Errorf("sign text: %w", err)
	}
	return signed, nil
}

func (s *Signer) sign(text string) ([]byte, error) {
	if !noteText(text) {
		return nil, errors.New("a note is UTF-8 without control characters and ends in a newline")
	}
	return note.Sign(&note.Note{Text: text}, s.signer)
}

// noteText reports a text that a signed note can carry.
func noteText(text string) bool {
	return strings.HasSuffix(text, "\n") && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' })
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
