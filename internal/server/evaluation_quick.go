package server

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quick reads an evaluation as clients usually send it, several times as fast as decode. It reports false
// for all that is unusual or wrong: escaped letters, a member that it does not know, a name that repeats,
// a value of another type, an object among the properties. Then decode has the word, also on what is
// wrong. What quick reads it reads as decode would.
func (e *evaluation) quick(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	*e = evaluation{}
	q := quickReader{s: string(body)}
	q.want('{')
	for first := true; q.more('}', first); first = false {
		switch name := q.name(); {
		case name == "subject" && e.Subject == nil:
			e.Subject = q.entity()
		case name == "action" && e.Action == nil:
			e.Action = q.action()
		case name == "resource" && e.Resource == nil:
			e.Resource = q.entity()
		case name == "context" && e.Context == nil:
			e.Context = q.members()
		default:
			q.fail()
		}
	}
	q.space()
	return !q.failed && q.i == len(q.s)
}

// A quickReader goes through a text once. Where it cannot go on it has failed, and yields nothing more.
type quickReader struct {
	s      string
	i      int
	failed bool
}

func (q *quickReader) fail() { q.failed, q.i = true, len(q.s) }

func (q *quickReader) space() {
	for q.i < len(q.s) && (q.s[q.i] == ' ' || q.s[q.i] == '\n' || q.s[q.i] == '\t' || q.s[q.i] == '\r') {
		q.i++
	}
}

// is takes the sign if it comes next.
func (q *quickReader) is(c byte) bool {
	q.space()
	if q.i < len(q.s) && q.s[q.i] == c {
		q.i++
		return true
	}
	return false
}

func (q *quickReader) want(c byte) {
	if !q.is(c) {
		q.fail()
	}
}

// more reports whether another element follows before the end of a list or object.
func (q *quickReader) more(end byte, first bool) bool {
	switch {
	case q.failed:
		return false
	case first:
		return !q.is(end)
	case q.is(','):
		return true
	}
	q.want(end)
	return false
}

// text is a string without escapes.
func (q *quickReader) text() string {
	q.want('"')
	begin := q.i
	for ; q.i < len(q.s); q.i++ {
		switch c := q.s[q.i]; {
		case c == '"':
			q.i++
			return q.s[begin : q.i-1]
		case c == '\\' || c < ' ':
			q.fail()
		}
	}
	q.fail()
	return ""
}

// filled is a text that is not empty, so that an empty one says that there was none yet.
func (q *quickReader) filled() string {
	s := q.text()
	if s == "" {
		q.fail()
	}
	return s
}

func (q *quickReader) name() string {
	s := q.text()
	q.want(':')
	return s
}

func (q *quickReader) entity() *entity {
	e := &entity{}
	q.want('{')
	for first := true; q.more('}', first); first = false {
		switch name := q.name(); {
		case name == "type" && e.Type == "":
			e.Type = q.filled()
		case name == "id" && e.ID == "":
			e.ID = q.filled()
		case name == "properties" && e.Properties == nil:
			e.Properties = q.members()
		default:
			q.fail()
		}
	}
	return e
}

func (q *quickReader) action() *action {
	a := &action{}
	q.want('{')
	for first := true; q.more('}', first); first = false {
		switch name := q.name(); {
		case name == "name" && a.Name == "":
			a.Name = q.filled()
		case name == "properties" && a.Properties == nil:
			a.Properties = q.members()
		default:
			q.fail()
		}
	}
	return a
}

func (q *quickReader) members() members {
	m := make(members, 0, 4)
	q.want('{')
	for first := true; q.more('}', first); first = false {
		name := q.name()
		if _, twice := m.find(name); twice {
			q.fail()
		}
		m = append(m, member{name, q.value(true)})
	}
	return m
}

// value is a text, number or truth, or a list of these.
func (q *quickReader) value(lists bool) any {
	q.space()
	rest := q.s[q.i:]
	switch {
	case rest == "":
	case rest[0] == '"':
		return q.text()
	case rest[0] == '[' && lists:
		q.i++
		list := []any{}
		for first := true; q.more(']', first); first = false {
			list = append(list, q.value(false))
		}
		return list
	case strings.HasPrefix(rest, "true"):
		q.i += len("true")
		return true
	case strings.HasPrefix(rest, "false"):
		q.i += len("false")
		return false
	case rest[0] >= '0' && rest[0] <= '9':
		return q.number()
	}
	q.fail()
	return nil
}

// number is a whole one that is not negative, of fifteen digits at most.
func (q *quickReader) number() any {
	begin := q.i
	for q.i < len(q.s) && q.s[q.i] >= '0' && q.s[q.i] <= '9' {
		q.i++
	}
	digits := q.s[begin:q.i]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) > 15 || len(digits) > 1 && digits[0] == '0' || q.i < len(q.s) && strings.IndexByte(".eE", q.s[q.i]) >= 0 {
		q.fail()
	}
	return float64(n)
}
