package subject

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/avowhq/avow/decision"
)

// scopes remembers what the scopes of events stand for in a notice. There are few of them, and to read it
// off the notice's rules would cost more than all the rest of an event.
type scopes struct {
	mu    sync.RWMutex
	known map[*decision.Model]map[string]*scope
	count int
}

// A scope is what a scope of an event stands for. Nobody changes it.
type scope struct {
	decision.Scope
	clauses []string
}

// scopesMost is how many are remembered, of all notices together.
const scopesMost = 1024

// scopeLong is how long one is, written out, that is not remembered, in bytes.
const scopeLong = 1024

// of is the scope in a notice; shown says that a person was asked for it, which closes it.
func (s *scopes) of(m *decision.Model, given *decision.Scope, shown bool) *scope {
	var space [256]byte
	key := appendScope(space[:0], given, shown)
	s.mu.RLock()
	found := s.known[m][string(key)]
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	made := &scope{Scope: cloneScope(given)}
	if shown {
		made.Scope = m.Shown(made.Scope)
	}
	if len(made.For) > 0 {
		made.clauses = m.ClausesOn(made.For)
	}
	if len(key) > scopeLong {
		return made
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count >= scopesMost {
		s.known, s.count = nil, 0
	}
	if s.known == nil {
		s.known = map[*decision.Model]map[string]*scope{}
	}
	if s.known[m] == nil {
		s.known[m] = map[string]*scope{}
	}
	s.known[m][string(key)] = made
	s.count++
	return made
}

// cloneScope has nothing of the caller's.
func cloneScope(s *decision.Scope) decision.Scope {
	out := *s
	out.For, out.Data, out.To, out.Countries = cloneTexts(s.For), cloneTexts(s.Data), cloneTexts(s.To), cloneTexts(s.Countries)
	out.Facets = slices.Clone(s.Facets)
	for i := range out.Facets {
		out.Facets[i] = decision.FacetValues{Facet: strings.Clone(out.Facets[i].Facet), Values: cloneTexts(out.Facets[i].Values)}
	}
	out.Controller = strings.Clone(s.Controller)
	return out
}

func cloneTexts(l []string) []string {
	out := slices.Clone(l)
	for i := range out {
		out[i] = strings.Clone(out[i])
	}
	return out
}

// appendScope writes a scope so that no two are written alike.
func appendScope(b []byte, s *decision.Scope, shown bool) []byte {
	flags := byte(0)
	if shown {
		flags = 1
	}
	if s.Closed {
		flags |= 2
	}
	b = append(b, flags)
	b = appendText(b, s.Controller)
	for _, l := range [][]string{s.For, s.Data, s.To, s.Countries} {
		b = appendTexts(b, l)
	}
	for i := range s.Facets {
		b = appendText(b, s.Facets[i].Facet)
		b = appendTexts(b, s.Facets[i].Values)
	}
	return b
}

func appendTexts(b []byte, l []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(l)))
	for _, t := range l {
		b = appendText(b, t)
	}
	return b
}

func appendText(b []byte, t string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(t))), t...)
}
