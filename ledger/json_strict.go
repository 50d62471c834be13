package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// What JSON in a record may be beyond RFC 8785: numbers are whole and exact in a double, so that no two
// languages write them differently, and nesting ends somewhere.
const (
	maxInteger = 1<<53 - 1
	maxDepth   = 64
)

var (
	errCanonical = errors.New("not canonical JSON")
	errNumber    = errors.New("a number that is not whole, or beyond ±(2^53−1): write it as a string")
	errOrder     = errors.New("members out of order or repeated")
	errDepth     = fmt.Errorf("nested deeper than %d", maxDepth)
	errUTF8      = errors.New("not UTF-8")
)

// A strict scanner walks over canonical JSON and stops at the first byte that is not. It allocates nothing
// but for keys that are not ASCII.
type strict struct {
	b     []byte
	i     int
	depth int
}

// checkBody reports what keeps b from being one canonical JSON object within a record. Errors name a place,
// no content.
func checkBody(b []byte) error {
	if !utf8.Valid(b) {
		return errUTF8
	}
	s := strict{b: b, depth: 1}
	if err := s.object(); err != nil {
		return s.at(err)
	}
	if s.i != len(b) {
		return s.at(errCanonical)
	}
	return nil
}

func (s *strict) at(err error) error { return fmt.Errorf("byte %d: %w", s.i, err) }

// take steps over one byte, if it is c.
func (s *strict) take(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// literal steps over text, which stands there or makes an error.
func (s *strict) literal(text string) error {
	if len(s.b)-s.i < len(text) || string(s.b[s.i:s.i+len(text)]) != text {
		return errCanonical
	}
	s.i += len(text)
	return nil
}

func (s *strict) value() error {
	if s.i == len(s.b) {
		return errCanonical
	}
	switch c := s.b[s.i]; c {
	case '{':
		return s.object()
	case '[':
		return s.array()
	case '"':
		_, _, err := s.string()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		_, err := s.integer()
		return err
	}
}

func (s *strict) object() error {
	if !s.take('{') {
		return errCanonical
	}
	if s.depth++; s.depth > maxDepth {
		return errDepth
	}
	defer func() { s.depth-- }()
	if s.take('}') {
		return nil
	}
	var last []byte
	for first, lastPlain := true, true; ; first = false {
		key, isPlain, err := s.string()
		if err != nil {
			return err
		}
		if !first && !before(last, key, lastPlain && isPlain) {
			return errOrder
		}
		last, lastPlain = key, isPlain
		if !s.take(':') {
			return errCanonical
		}
		if err := s.value(); err != nil {
			return err
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return errCanonical
		}
	}
}

func (s *strict) array() error {
	s.i++
	if s.depth++; s.depth > maxDepth {
		return errDepth
	}
	defer func() { s.depth-- }()
	if s.take(']') {
		return nil
	}
	for {
		if err := s.value(); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return errCanonical
		}
	}
}

// string steps over a string and returns what stands between its quotes; plain, if that is ASCII without escapes.
func (s *strict) string() (raw []byte, isPlain bool, err error) {
	if !s.take('"') {
		return nil, false, errCanonical
	}
	start, i, b := s.i, s.i, s.b
	for isPlain = true; i < len(b); i++ {
		c := b[i]
		if plain(c) {
			continue
		}
		if c == '"' {
			s.i = i + 1
			return b[start:i], isPlain, nil
		}
		isPlain = false
		if c >= utf8.RuneSelf {
			continue // the whole is known to be UTF-8
		}
		n := escapeLength(b[i:])
		if n == 0 {
			break
		}
		i += n - 1
	}
	s.i = i
	return nil, false, errCanonical
}

// escapeLength is the length of the canonical escape at the beginning of b, or 0.
func escapeLength(b []byte) int {
	if len(b) < 2 || b[0] != '\\' {
		return 0
	}
	if b[1] != 'u' {
		if bytes.IndexByte([]byte(`"\btnfr`), b[1]) < 0 {
			return 0
		}
		return 2
	}
	if len(b) < 6 || b[2] != '0' || b[3] != '0' || b[4] > '1' {
		return 0
	}
	c, err := strconv.ParseUint(string(b[4:6]), 16, 8)
	if err != nil || c >= ' ' || shortEscape(byte(c)) != 0 || b[5] >= 'A' && b[5] <= 'F' {
		return 0
	}
	return 6
}

// integer steps over a whole number.
func (s *strict) integer() (int64, error) {
	start := s.i
	negative := s.take('-')
	digits := s.i
	var n int64
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 && s.i-digits < 17 {
		n = n*10 + int64(s.b[s.i]-'0')
		s.i++
	}
	switch {
	case s.i == digits:
		s.i = start
		return 0, errCanonical
	case s.i < len(s.b) && (s.b[s.i] == '.' || s.b[s.i] == 'e' || s.b[s.i] == 'E'), n > maxInteger:
		s.i = start
		return 0, errNumber
	case s.b[digits] == '0' && (s.i-digits > 1 || negative):
		s.i = start
		return 0, errCanonical
	}
	if negative {
		n = -n
	}
	return n, nil
}

// before compares two raw keys by their UTF-16 code units, as RFC 8785 orders them.
func before(a, b []byte, plain bool) bool {
	if plain {
		return bytes.Compare(a, b) < 0
	}
	return slices.Compare(utf16.Encode([]rune(unescape(a))), utf16.Encode([]rune(unescape(b)))) < 0
}

// unescape returns what a canonical raw string means.
func unescape(raw []byte) string {
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return string(raw)
	}
	b := append(make([]byte, 0, len(raw)), raw[:i]...)
	for i < len(raw) {
		if raw[i] != '\\' {
			b = append(b, raw[i])
			i++
			continue
		}
		n := escapeLength(raw[i:])
		b = append(b, meaning(raw[i:i+n]))
		i += n
	}
	return string(b)
}

// meaning is the control character, quote or backslash that a canonical escape stands for.
func meaning(escape []byte) byte {
	for _, c := range []byte("\"\\\b\t\n\f\r") {
		if shortEscape(c) == escape[1] {
			return c
		}
	}
	c, _ := strconv.ParseUint(string(escape[4:6]), 16, 8) // of an escape that escapeLength has measured
	return byte(c)
}
