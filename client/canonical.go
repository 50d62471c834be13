package client

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/avowhq/avow/ledger"
)

// maxWhole is the largest number that every reader of JSON reads alike.
const maxWhole = 1<<53 - 1

// An object is written member by member in the order of RFC 8785 (JCS); empty members are left out.
type object struct {
	b   []byte
	err error
}

func (o *object) name(name string) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(ledger.AppendJSONString(o.b, name), ':')
}

func (o *object) text(name, s string) {
	if s == "" {
		return
	}
	o.name(name)
	o.b = ledger.AppendJSONString(o.b, s)
}

func (o *object) whole(name string, n int) {
	if n == 0 {
		return
	}
	o.name(name)
	o.b = strconv.AppendInt(o.b, int64(n), 10)
}

// list writes the words as they stand.
func (o *object) list(name string, words []string) {
	if len(words) == 0 {
		return
	}
	o.name(name)
	for i, s := range words {
		o.b = append(o.b, "[,"[min(i, 1)])
		o.b = ledger.AppendJSONString(o.b, s)
	}
	o.b = append(o.b, ']')
}

// set writes the words sorted and once each.
func (o *object) set(name string, words []string) {
	words = slices.Clone(words)
	slices.SortFunc(words, byUTF16)
	o.list(name, slices.Compact(words))
}

func (o *object) values(name string, values map[string]any) {
	if len(values) == 0 {
		return
	}
	inner := object{}
	for _, k := range sortedKeys(values) {
		v, err := scalar(values[k])
		if err != nil {
			o.err = fmt.Errorf("%s: %w", name, err)
			return
		}
		inner.name(k)
		switch v := v.(type) {
		case string:
			inner.b = ledger.AppendJSONString(inner.b, v)
		case bool:
			inner.b = strconv.AppendBool(inner.b, v)
		case int64:
			inner.b = strconv.AppendInt(inner.b, v, 10)
		}
	}
	o.name(name)
	o.b = append(append(o.b, inner.b...), '}')
}

func (o *object) end() ([]byte, error) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	}
	return append(o.b, '}'), o.err
}

// scalar is a value as questions and events may state one: a string, a bool or a whole number, as int64.
func scalar(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("%w: a text is not UTF-8", ErrQuestion)
		}
		return v, nil
	case bool:
		return v, nil
	case int:
		return inRange(int64(v))
	case int32:
		return int64(v), nil
	case int64:
		return inRange(v)
	case float64: // as readers of JSON give it
		if v != float64(int64(v)) {
			return nil, errNumber
		}
		return inRange(int64(v))
	}
	return nil, fmt.Errorf("%w: a value is neither text, yes or no, nor a whole number", ErrQuestion)
}

var errNumber = fmt.Errorf("%w: a number is not whole, or beyond ±(2^53−1)", ErrQuestion)

func inRange(n int64) (any, error) {
	if n > maxWhole || n < -maxWhole {
		return nil, errNumber
	}
	return n, nil
}

// sortedKeys are the names of the members in the order of RFC 8785: by UTF-16 code units.
func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, byUTF16)
	return keys
}

func byUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}
