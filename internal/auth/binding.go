package auth

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Binding is what a key opens. Scopes are given one by one; of the other lists an empty one means all.
type Binding struct {
	Scopes    []Scope  `json:"scopes"`
	Sites     []string `json:"sites,omitempty"`
	Purposes  []string `json:"purposes,omitempty"`  // and those below them, at dots
	Actions   []string `json:"actions,omitempty"`   // and those below them, at dots
	Recipient string   `json:"recipient,omitempty"` // the one it may speak for; empty: any
}

// Bounds of what a binding holds.
const (
	maxNames = 200 // names in one list
	maxName  = 200 // bytes of a name, as in the language
)

// tidy checks a binding and returns a copy of it, sorted and without repetitions.
func (b Binding) tidy() (Binding, error) {
	if len(b.Scopes) == 0 {
		return b, fmt.Errorf("%w: a key needs a scope", ErrInvalid)
	}
	for i, s := range b.Scopes {
		if !s.Known() {
			return b, fmt.Errorf("%w: scope %d of the key is none of %s", ErrInvalid, i+1, scopeNames())
		}
	}
	for _, l := range []struct {
		what  string
		names []string
	}{{"site", b.Sites}, {"purpose", b.Purposes}, {"action", b.Actions}} {
		if len(l.names) > maxNames {
			return b, fmt.Errorf("%w: more than %d names in one list", ErrInvalid, maxNames)
		}
		for i, n := range l.names {
			if !isName(n) {
				return b, fmt.Errorf("%w: %s %d of the key is no name: letters, digits, - and _, in parts joined by dots, at most %d bytes", ErrInvalid, l.what, i+1, maxName)
			}
		}
	}
	if b.Recipient != "" && !isName(b.Recipient) {
		return b, fmt.Errorf("%w: the recipient of the key is no name: letters, digits, - and _, in parts joined by dots, at most %d bytes", ErrInvalid, maxName)
	}
	b.Scopes, b.Sites, b.Purposes, b.Actions = set(b.Scopes), set(b.Sites), set(b.Purposes), set(b.Actions)
	return b, nil
}

func set[S ~string](names []S) []S {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

func scopeNames() string {
	var names []string
	for _, s := range Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// isName is the language's rule for names.
func isName(s string) bool {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '-' && r != '_' }) {
			return false
		}
	}
	return true
}

// covers reports whether everything that o opens b opens too: nobody hands out more than they hold.
func (b *Binding) covers(o *Binding) bool {
	for _, s := range o.Scopes {
		if !slices.Contains(b.Scopes, s) {
			return false
		}
	}
	return allIn(b.Sites, o.Sites, slices.Contains[[]string]) && allIn(b.Purposes, o.Purposes, below) && allIn(b.Actions, o.Actions, below) &&
		(b.Recipient == "" || b.Recipient == o.Recipient)
}

// allIn reports whether each of the names is in the bound ones; no names are all names.
func allIn(bound, names []string, in func([]string, string) bool) bool {
	if len(bound) == 0 {
		return true
	}
	return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return !in(bound, n) })
}

// below reports whether the name is one of the bound ones, or below one at a dot.
func below(bound []string, name string) bool {
	for _, b := range bound {
		if rest, ok := strings.CutPrefix(name, b); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}
