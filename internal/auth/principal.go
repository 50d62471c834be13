package auth

import (
	"slices"
	"strconv"
	"time"
)

// A Kind is what a principal is.
type Kind string

// The kinds. Only the first two are stored.
const (
	Staff   Kind = "staff"
	Machine Kind = "machine"
	Local   Kind = "local-admin" // whoever owns the process, by its socket
)

// A Principal is the authenticated caller. It is shared between calls and must not be changed.
type Principal struct {
	No      int64
	Name    string
	Kind    Kind
	Roles   []string // of the vocabulary
	Key     string   // id of the key it came with; empty over the socket
	Binding Binding
	Expires time.Time // of the key; zero: never
	uid     int
}

// LocalAdmin is who speaks over the unix socket, where the system vouches for the account. It has every
// scope.
func LocalAdmin(uid int) *Principal {
	return &Principal{Name: string(Local), Kind: Local, Binding: Binding{Scopes: Scopes()}, uid: uid}
}

// Has reports whether the key opens a class of calls.
func (p *Principal) Has(s Scope) bool { return slices.Contains(p.Binding.Scopes, s) }

// MaySite reports whether the key is for a site.
func (p *Principal) MaySite(site string) bool {
	return len(p.Binding.Sites) == 0 || slices.Contains(p.Binding.Sites, site)
}

// May is nil if the key may ask about an action, a purpose and a recipient, or a [Forbidden]. Where the
// binding names purposes or actions, those below them count, and a question without one is refused.
func (p *Principal) May(action, purpose, recipient string) error {
	b := &p.Binding
	switch {
	case len(b.Actions) > 0 && !below(b.Actions, action):
		return Forbidden{"action"}
	case len(b.Purposes) > 0 && !below(b.Purposes, purpose):
		return Forbidden{"purpose"}
	case b.Recipient != "" && b.Recipient != recipient:
		return Forbidden{"recipient"}
	}
	return nil
}

// Handle is how the log names who acted: the id of a key, the account at the socket, or, for nil, the
// start of the installation.
func (p *Principal) Handle() string {
	switch {
	case p == nil:
		return "start"
	case p.Kind == Local:
		return "local:" + strconv.Itoa(p.uid)
	}
	return p.Key
}
