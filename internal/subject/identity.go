package subject

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Identity is one thing that tells a person from all others within a site: an address, a number.
type Identity struct {
	Kind  string // email, phone, customer, device …
	Value string // normalised
}

// The kinds whose values have one form. Values of other kinds count as they are, without outer space.
const (
	Email = "email"
	Phone = "phone"
)

// idKind marks a reference by the person's own id.
const idKind = "id"

// maxIdentity is how long a value may be, in bytes.
const maxIdentity = 320

// ErrIdentity is what is wrong with an identity. Its text never holds the value.
var ErrIdentity = errors.New("not an identity")

// ParseIdentity reads "kind:value". A reference without a kind is an id, as People.Create returned it.
func ParseIdentity(ref string) (Identity, error) {
	kind, value, ok := strings.Cut(ref, ":")
	if !ok {
		kind, value = idKind, ref
	}
	return NewIdentity(kind, value)
}

// NewIdentity normalises a value of a kind.
func NewIdentity(kind, value string) (Identity, error) {
	fail := func(why string) (Identity, error) { return Identity{}, fmt.Errorf("%w: %s", ErrIdentity, why) }
	if kind == "" || len(kind) > 40 || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fail("a kind is a word of small letters, digits and hyphens, as in email:ann@mail.example")
	}
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return fail("the value is empty")
	case len(value) > maxIdentity:
		return fail(fmt.Sprintf("the value is longer than %d bytes", maxIdentity))
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return fail("the value holds control characters, or is not UTF-8")
	}
	var ok bool
	switch kind {
	case Email:
		if value, ok = email(value); !ok {
			return fail("an e-mail address has one @ between a name and a domain")
		}
	case Phone:
		if value, ok = phone(value); !ok {
			return fail("a phone number begins with + and its country code, and has 8 to 15 digits")
		}
	case idKind:
		if _, err := ParseID(value); err != nil {
			return fail("an id has 32 hexadecimal digits; other references are kind:value, as in email:ann@mail.example")
		}
		value = strings.ToLower(value)
	}
	return Identity{kind, value}, nil
}

// String is "kind:value". It holds personal data.
func (i Identity) String() string { return i.Kind + ":" + i.Value }

// email is the address in small letters: providers that tell capitals apart are not known, people who mix
// them are.
func email(s string) (string, bool) {
	name, domain, ok := strings.Cut(s, "@")
	domain = strings.TrimSuffix(domain, ".")
	if !ok || name == "" || domain == "" || strings.ContainsAny(s, " \t<>,;\"()\\") || strings.Contains(domain, "@") || strings.Contains(domain, "..") || domain[0] == '.' {
		return "", false
	}
	return strings.ToLower(name + "@" + domain), true
}

// phone is the number as E.164 has it: + and digits.
func phone(s string) (string, bool) {
	var b strings.Builder
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	for i, r := range s {
		switch {
		case r == '+' && i == 0, r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(" -./()", r):
		default:
			return "", false
		}
	}
	n := b.String()
	return n, strings.HasPrefix(n, "+") && len(n) >= 9 && len(n) <= 16 && n[1] != '0'
}

// An ID is a person's random id within a site. It goes with the person.
type ID [16]byte

// String is 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String wrote.
func ParseID(s string) (ID, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(ID{}) {
		return ID{}, errors.New("an id has 32 hexadecimal digits")
	}
	return ID(b), nil
}
