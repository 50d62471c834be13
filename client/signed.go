package client

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/avowhq/avow/ledger"
)

// signedHead is the first line of the text of a signed answer. Another form gets another line.
const signedHead = "avow/answer/v1"

// What an answer's mode can be. No mode at all: what the notice says holds.
const (
	Observe = "observe" // denials are recorded, and answered with yes
	Warn    = "warn"    // the same, and the caller should say so
)

// A Signed is what the server signs of one answer: enough to act on it later, and nothing that tells who the person is.
// The server makes its [Signed.Text] and signs that with the key of its log; a client reads it with [ParseSigned].
// Neither knows keys: that is package ledger's.
type Signed struct {
	Site     string
	Question [32]byte // [Question.Hash]
	Allow    bool
	Version  string    // of the notice
	Seq      int64     // of the log, as of which was decided
	At       time.Time // when; whole microseconds

	Kind        string // allow, gap, unmet, violation, law, indeterminate
	Clauses     []string
	Missing     []string
	Obligations []string // ids
	Mode        string   // "", Observe or Warn
}

var errSigned = errors.New("not the text of a signed answer")

// check wants an answer that makes sense, in lines that cannot be mistaken for others.
func (s *Signed) check() error {
	for _, line := range []string{s.Site, s.Version} {
		if line == "" || len(line) > 200 || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%w: site or version is no line of 1 to 200 bytes", errSigned)
		}
	}
	if s.Seq < 0 {
		return fmt.Errorf("%w: seq is negative", errSigned)
	}
	return coherent(s.Allow, s.Kind, s.Mode)
}

// coherent refuses an answer that contradicts itself.
func coherent(allow bool, kind, mode string) error {
	switch {
	case mode != "" && mode != Observe && mode != Warn:
		return errors.New("its mode is not known")
	case kind == "":
		return errors.New("it has no kind")
	case allow && kind != Allow && mode == "":
		return errors.New("it allows what it says is to be denied")
	case !allow && kind == Allow:
		return errors.New("it denies what it says is to be allowed")
	}
	return nil
}

// Text is the text to be signed: eight lines, each ended by a newline (docs/spec/answers.md).
func (s *Signed) Text() (string, error) {
	if err := s.check(); err != nil {
		return "", fmt.Errorf("write signed answer: %w", err)
	}
	at := ledger.InstantOf(s.At).String()
	if _, err := ledger.ParseInstant(at); err != nil {
		return "", fmt.Errorf("write signed answer: %w", err)
	}
	o := object{}
	o.list("clauses", s.Clauses)
	o.text("kind", s.Kind)
	o.list("missing", s.Missing)
	o.text("mode", s.Mode)
	o.list("obligations", s.Obligations)
	rest, _ := o.end()
	verdict := "deny"
	if s.Allow {
		verdict = "allow"
	}
	return strings.Join([]string{
		signedHead, s.Site, base64.StdEncoding.EncodeToString(s.Question[:]), verdict, s.Version,
		strconv.FormatInt(s.Seq, 10), at, string(rest), "",
	}, "\n"), nil
}

// ParseSigned reads what [Signed.Text] writes, and nothing else. The signature is checked before, see
// [ledger.Verifier.OpenText].
func ParseSigned(text string) (Signed, error) {
	s, err := parseSigned(text)
	if err != nil {
		return Signed{}, fmt.Errorf("read signed answer: %w", err)
	}
	// One text for one meaning: what would be written differently is refused.
	if again, err := s.Text(); err != nil || again != text {
		return Signed{}, fmt.Errorf("read signed answer: %w: it is not in canonical form", errSigned)
	}
	return s, nil
}

func parseSigned(text string) (s Signed, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 9 || lines[0] != signedHead || lines[8] != "" {
		return s, errSigned
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(hash) != len(s.Question) {
		return s, fmt.Errorf("%w: the hash of the question", errSigned)
	}
	s.Site, s.Question, s.Version = lines[1], [32]byte(hash), lines[4]
	if s.Allow = lines[3] == "allow"; !s.Allow && lines[3] != "deny" {
		return s, fmt.Errorf("%w: neither allow nor deny", errSigned)
	}
	if s.Seq, err = strconv.ParseInt(lines[5], 10, 64); err != nil {
		return s, fmt.Errorf("%w: seq", errSigned)
	}
	at, err := ledger.ParseInstant(lines[6])
	if err != nil {
		return s, fmt.Errorf("%w: %w", errSigned, err)
	}
	s.At = at.Time()
	var rest struct {
		Clauses     []string `json:"clauses"`
		Kind        string   `json:"kind"`
		Missing     []string `json:"missing"`
		Mode        string   `json:"mode"`
		Obligations []string `json:"obligations"`
	}
	d := json.NewDecoder(bytes.NewReader([]byte(lines[7])))
	d.DisallowUnknownFields()
	if err := d.Decode(&rest); err != nil {
		return s, fmt.Errorf("%w: the last line is no JSON of an answer", errSigned) // the cause could repeat it
	}
	s.Clauses, s.Kind, s.Missing, s.Mode, s.Obligations = rest.Clauses, rest.Kind, rest.Missing, rest.Mode, rest.Obligations
	return s, nil
}
