package ledger

import (
	"errors"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A value is JSON read with any white space, order and escapes that RFC 8259 allows: what is left of canonical
// bytes once people and their tools had them in hand. What records do not allow is refused here too: repeated
// members, numbers that are not whole, halves of surrogate pairs, depth.
type value struct {
	kind    byte // '{', '[', '"', or 'l' for numbers, true, false and null
	text    string
	items   []value  // of an array, or the members' values
	members []string // their names, in the order of the file
}

var (
	errJSON     = errors.New("not JSON")
	errRepeated = errors.New("a member is repeated")
	errHalf     = errors.New("half a surrogate pair")
	errMany     = errors.New("more values than a record can have")
)

// maxValues keeps a small hostile file from becoming a large tree: a record cannot have more.
const maxValues = MaxRecord / 2

// parseJSON reads one value. Errors name a place, no content.
func parseJSON(b []byte) (value, error) {
	if !utf8.Valid(b) {
		return value{}, errUTF8
	}
	r := reader{strict: strict{b: b}}
	v, err := r.value()
	if err != nil {
		return value{}, r.at(err)
	}
	if r.space(); r.i != len(b) {
		return value{}, r.at(errJSON)
	}
	return v, nil
}

// member finds a member of an object.
func (v *value) member(name string) (value, bool) {
	if i := slices.Index(v.members, name); i >= 0 {
		return v.items[i], true
	}
	return value{}, false
}

// appendCanonical writes the value after RFC 8785.
func (v *value) appendCanonical(b []byte) []byte {
	switch v.kind {
	case '"':
		return AppendJSONString(b, v.text)
	case '[':
		b = append(b, '[')
		for i := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = v.items[i].appendCanonical(b)
		}
		return append(b, ']')
	case '{':
		b = append(b, '{')
		for n, i := range v.order() {
			if n > 0 {
				b = append(b, ',')
			}
			b = append(AppendJSONString(b, v.members[i]), ':')
			b = v.items[i].appendCanonical(b)
		}
		return append(b, '}')
	default:
		return append(b, v.text...)
	}
}

// order is the places of the members, sorted by the UTF-16 code units of their names.
func (v *value) order() []int {
	units := make([][]uint16, len(v.members))
	order := make([]int, len(v.members))
	for i, name := range v.members {
		units[i], order[i] = utf16.Encode([]rune(name)), i
	}
	slices.SortFunc(order, func(i, j int) int { return slices.Compare(units[i], units[j]) })
	return order
}

// A reader is the scanner's lenient brother.
type reader struct {
	strict
	values int
}

func (r *reader) space() {
	for r.i < len(r.b) && (r.b[r.i] == ' ' || r.b[r.i] == '\n' || r.b[r.i] == '\r' || r.b[r.i] == '\t') {
		r.i++
	}
}

func (r *reader) value() (value, error) {
	if r.values++; r.values > maxValues {
		return value{}, errMany
	}
	r.space()
	if r.i == len(r.b) {
		return value{}, errJSON
	}
	start := r.i
	switch r.b[r.i] {
	case '{':
		return r.object()
	case '[':
		return r.array()
	case '"':
		text, err := r.string()
		return value{kind: '"', text: text}, err
	}
	if err := r.strict.value(); err != nil {
		return value{}, err
	}
	return value{kind: 'l', text: string(r.b[start:r.i])}, nil
}

func (r *reader) object() (value, error) {
	v := value{kind: '{'}
	seen := map[string]bool{}
	err := r.list('}', func() error {
		r.space()
		name, err := r.string()
		if err != nil {
			return err
		}
		if seen[name] {
			return errRepeated
		}
		seen[name] = true
		if r.space(); !r.take(':') {
			return errJSON
		}
		item, err := r.value()
		v.members, v.items = append(v.members, name), append(v.items, item)
		return err
	})
	return v, err
}

func (r *reader) array() (value, error) {
	v := value{kind: '['}
	err := r.list(']', func() error {
		item, err := r.value()
		v.items = append(v.items, item)
		return err
	})
	return v, err
}

// list steps over a bracket and reads items up to its counterpart.
func (r *reader) list(end byte, item func() error) error {
	r.i++
	if r.depth++; r.depth > maxDepth+1 { // the record stands one deeper in a receipt
		return errDepth
	}
	defer func() { r.depth-- }()
	if r.space(); r.take(end) {
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if r.space(); r.take(end) {
			return nil
		}
		if !r.take(',') {
			return errJSON
		}
	}
}

// string reads a string with any escapes.
func (r *reader) string() (string, error) {
	if !r.take('"') {
		return "", errJSON
	}
	var b []byte
	for r.i < len(r.b) {
		c := r.b[r.i]
		switch {
		case c == '"':
			r.i++
			return string(b), nil
		case c < ' ':
			return "", errJSON
		case c == '\\':
			text, err := r.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, text)
		default:
			b = append(b, c)
			r.i++
		}
	}
	return "", errJSON
}

func (r *reader) escape() (rune, error) {
	if r.i++; r.i == len(r.b) {
		return 0, errJSON
	}
	c := r.b[r.i]
	if c == 'u' {
		return r.unicode()
	}
	r.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 't':
		return '\t', nil
	case 'n':
		return '\n', nil
	case 'f':
		return '\f', nil
	case 'r':
		return '\r', nil
	default:
		r.i--
		return 0, errJSON
	}
}

// unicode reads uXXXX, or two of them where they are a surrogate pair.
func (r *reader) unicode() (rune, error) {
	unit, err := r.unit()
	if err != nil || !utf16.IsSurrogate(unit) {
		return unit, err
	}
	if !r.take('\\') {
		return 0, errHalf
	}
	low, err := r.unit()
	if err != nil {
		return 0, err
	}
	pair := utf16.DecodeRune(unit, low)
	if pair == utf8.RuneError {
		return 0, errHalf
	}
	return pair, nil
}

func (r *reader) unit() (rune, error) {
	if !r.take('u') || len(r.b)-r.i < 4 {
		return 0, errJSON
	}
	digits := string(r.b[r.i : r.i+4])
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return 0, errJSON
	}
	r.i += 4
	return rune(n), nil
}
