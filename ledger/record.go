package ledger

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// RecordVersion is the one form of records there is.
const RecordVersion = 1

// MaxRecord is the length of the longest record in its canonical bytes.
const MaxRecord = 1 << 20

// A Record says what happened. Its canonical bytes are what the log commits to.
type Record struct {
	V        int      // RecordVersion
	Site     string   // the site it concerns; empty for the installation as a whole
	Kind     string   // what happened, a name of the field's terms, as "consent.granted"; never empty
	At       Instant  // when it happened, as claimed by who told us
	Recorded Instant  // when we wrote it down
	Version  string   // version of the policy in force; empty where none is
	Clauses  []string // the clauses it rests on, in their order
	Body     []byte   // what else the kind says: one canonical JSON object; nil is {}
}

// AppendCanonical writes the record in its canonical bytes: JCS (RFC 8785), where in addition every number
// is whole and at most 2^53−1. It fails when a text is not UTF-8, the kind is empty, an instant is unset or
// beyond the year 9999, the body is not such an object, or the whole is longer than [MaxRecord].
func (r *Record) AppendCanonical(b []byte) ([]byte, error) {
	if err := r.check(); err != nil {
		return b, fmt.Errorf("write record: %w", err)
	}
	start := len(b)
	b = append(b, `{"at":"`...)
	b = r.At.append(b)
	b = append(b, `","body":`...)
	if r.Body == nil {
		b = append(b, "{}"...)
	} else {
		b = append(b, r.Body...)
	}
	b = append(b, `,"clauses":[`...)
	for i, c := range r.Clauses {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendJSONString(b, c)
	}
	b = append(b, `],"kind":`...)
	b = AppendJSONString(b, r.Kind)
	b = append(b, `,"recorded":"`...)
	b = r.Recorded.append(b)
	b = append(b, `","site":`...)
	b = AppendJSONString(b, r.Site)
	b = append(b, `,"v":1,"version":`...)
	b = AppendJSONString(b, r.Version)
	b = append(b, '}')
	if len(b)-start > MaxRecord {
		return b[:start], fmt.Errorf("write record: %w", errRecordSize)
	}
	return b, nil
}

var errRecordSize = fmt.Errorf("longer than %d bytes", MaxRecord)

func (r *Record) check() error {
	switch {
	case r.V != RecordVersion:
		return fmt.Errorf("version %d of the form, not %d", r.V, RecordVersion)
	case r.Kind == "":
		return errors.New("no kind")
	case !r.At.valid():
		return errors.New("at is unset or beyond the year 9999")
	case !r.Recorded.valid():
		return errors.New("recorded is unset or beyond the year 9999")
	case len(r.Body) > MaxRecord:
		return errRecordSize
	case !utf8.ValidString(r.Kind) || !utf8.ValidString(r.Site) || !utf8.ValidString(r.Version):
		return errUTF8
	}
	for _, c := range r.Clauses {
		if !utf8.ValidString(c) {
			return errUTF8
		}
	}
	if r.Body == nil {
		return nil
	}
	if err := checkBody(r.Body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

// ParseRecord reads a record from its canonical bytes and refuses all others. Body is a part of b.
func ParseRecord(b []byte) (Record, error) {
	if len(b) > MaxRecord {
		return Record{}, fmt.Errorf("read record: %w", errRecordSize)
	}
	if !utf8.Valid(b) {
		return Record{}, fmt.Errorf("read record: %w", errUTF8)
	}
	s := recordScanner{strict: strict{b: b, depth: 1}}
	r := s.record()
	if s.err != nil {
		return Record{}, fmt.Errorf("read record: %w", s.at(s.err))
	}
	if s.i != len(b) {
		return Record{}, fmt.Errorf("read record: %w", s.at(errCanonical))
	}
	return r, nil
}

// A recordScanner reads the members of a record, which have one order. After an error it does nothing.
type recordScanner struct {
	strict
	err error
}

func (s *recordScanner) record() (r Record) {
	r.At = s.instant(`{"at":`)
	r.Body = s.body(`,"body":`)
	r.Clauses = s.texts(`,"clauses":[`)
	if r.Kind = s.text(`,"kind":`); s.err == nil && r.Kind == "" {
		s.err = errors.New("no kind")
	}
	r.Recorded = s.instant(`,"recorded":`)
	r.Site = s.text(`,"site":`)
	s.literal(`,"v":1,"version":`)
	r.V = RecordVersion
	r.Version = s.text("")
	s.literal("}")
	return r
}

func (s *recordScanner) literal(text string) {
	if s.err == nil {
		s.err = s.strict.literal(text)
	}
}

// text reads a string after the literal.
func (s *recordScanner) text(before string) string {
	s.literal(before)
	if s.err != nil {
		return ""
	}
	raw, isPlain, err := s.string()
	if s.err = err; isPlain {
		return string(raw)
	}
	return unescape(raw)
}

func (s *recordScanner) instant(before string) Instant {
	text := s.text(before)
	if s.err != nil {
		return 0
	}
	i, err := ParseInstant(text)
	s.err = err
	return i
}

func (s *recordScanner) body(before string) []byte {
	s.literal(before)
	if s.err != nil {
		return nil
	}
	start := s.i
	s.err = s.object()
	return s.b[start:s.i:s.i]
}

// texts reads a list of strings after the literal, which includes its opening bracket.
func (s *recordScanner) texts(before string) (list []string) {
	s.literal(before)
	if s.err != nil || s.take(']') {
		return nil
	}
	for s.err == nil {
		list = append(list, s.text(""))
		if s.take(']') {
			break
		}
		s.literal(",")
	}
	return list
}
