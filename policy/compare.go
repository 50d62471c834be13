package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/avowhq/avow/decision"
)

// A Change is one kind of question that two versions answer differently: everything about one verb,
// one object, one purpose and one recipient in one direction.
type Change struct {
	Allowed   bool   `json:"allowed"` // newly allowed; else newly denied
	Verb      string `json:"verb"`
	Object    string `json:"object"` // category, service or cookie
	Purpose   string `json:"purpose,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	// Classes counts the classes of questions that changed: questions that neither version can tell
	// apart are one class.
	Classes int     `json:"classes"`
	Witness Witness `json:"witness"`
}

// A Witness is the smallest question that shows a change: one that states least.
type Witness struct {
	Request decision.Request `json:"request"`
	Person  decision.Person  `json:"person"`
	Old     decision.Answer  `json:"old"`
	New     decision.Answer  `json:"new"`
}

// A Comparison is every difference between two versions, and nothing else.
type Comparison struct {
	Changes []Change `json:"changes"`
	// Classes of questions that the versions might have told apart, for verbs, objects, purposes and
	// recipients on which they differ in what they say. It stops at 2⁶².
	Classes int `json:"classes"`
}

// ErrTooMany tells that two versions have more cases than are compared.
var ErrTooMany = errors.New("the versions have too many cases to compare")

// Compare computes exactly what the new version allows or denies that the old one did not, as of an
// instant: what agreements and laws say then. It does not sample. Every dimension of a question falls
// into classes that neither version can tell apart; for every verb, object, purpose and recipient the
// versions are written as sets of such classes, and the sets are subtracted. Every difference it tells
// was decided by both versions. The error is ErrTooMany, or that a version does not compile.
func Compare(old, new *decision.Model, at decision.Instant) (*Comparison, error) {
	c, err := comparing(old, new, at)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	out := &Comparison{Changes: []Change{}}
	err = c.cells(func(x *pair) (bool, error) {
		out.Classes = min(out.Classes+c.count(x), 1<<62)
		for _, allowed := range []bool{true, false} {
			if d := x.differs(allowed); d != nowhere {
				change, err := c.change(x, allowed, d)
				if err != nil {
					return false, err
				}
				out.Changes = append(out.Changes, change)
			}
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return out, nil
}

// A side is one of the two versions.
type side struct {
	m     *decision.Model
	p     *decision.Program
	d     decision.Decision
	zone  *time.Location
	known map[string]bool
	facts map[string]decision.Fact
}

func newSide(m *decision.Model) (side, error) {
	p, err := decision.Compile(m)
	if err != nil {
		return side{}, err
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		return side{}, fmt.Errorf("zone: %w", err)
	}
	s := side{m: m, p: p, zone: zone, known: knownTo(m), facts: map[string]decision.Fact{}}
	for _, f := range m.AllFacts() {
		s.facts[f.Name] = f
	}
	return s, nil
}

// knownTo are the words a version knows, by kind.
func knownTo(m *decision.Model) map[string]bool {
	v, out := &m.Vocabulary, map[string]bool{}
	add := func(kind string, names []string) {
		for _, n := range names {
			out[kind+" "+n] = true
		}
	}
	add("object", slices.Concat(categoryNames(v), v.Services, v.Cookies))
	add("purpose", wordsOf(v.Purposes, func(p decision.Purpose) string { return p.Name }))
	add("recipient", wordsOf(v.Recipients, func(r decision.Recipient) string { return r.Name }))
	add("agreement", wordsOf(v.Agreements, func(a decision.Agreement) string { return a.Name }))
	add("event", v.Events)
	add("facet", wordsOf(v.Facets, func(f decision.Facet) string { return f.Name }))
	return out
}

// person leaves out what this version has no word for.
func (s *side) person(who decision.Person) decision.Person {
	who.Facts = slices.DeleteFunc(slices.Clone(who.Facts), func(x decision.Stated) bool {
		f, ok := s.facts[x.Name]
		return !ok || f.Question || !takes(f, x)
	})
	who.Events = slices.DeleteFunc(slices.Clone(who.Events), func(e decision.Event) bool { return !s.known["event "+e.Name] })
	return who
}

// request leaves out the facts and facets that this version has no word for: a caller that lives with
// it does not state them.
func (s *side) request(q decision.Request) decision.Request {
	q.Stated = slices.DeleteFunc(slices.Clone(q.Stated), func(x decision.Stated) bool {
		return !s.known["facet "+x.Name] && !s.facts[x.Name].Question
	})
	return q
}

// answer decides one question.
func (s *side) answer(q decision.Request, f *decision.Facts) decision.Answer {
	asked := s.request(q)
	s.p.Decide(&asked, f, &s.d)
	return s.d.Answer()
}

func union(lists ...[]string) []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range lists {
		for _, s := range l {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

func wordsOf[T any](l []T, name func(T) string) []string {
	var out []string
	for _, x := range l {
		out = append(out, name(x))
	}
	return out
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
