package client

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// ErrQuestion is a question or an event that cannot be sent: something required is missing, or a value has no form.
var ErrQuestion = errors.New("the question cannot be asked")

// A Question asks whether something may be done with one person's data. Words are those of the notice and its
// vocabulary. What is left out is not stated; docs/spec/semantics.md says what that means.
type Question struct {
	// Person is an identifier by its kind, as "customer:4711". Required. Name a person in questions and events in
	// the same way: snapshots are found, and dropped, by this text.
	Person string
	Action string // the verb: use, read, disclose, …; required

	// What is acted on; one of the three. Order and doubles are of no meaning.
	Data    []string
	Service string
	Cookie  string

	For    string   // the purpose
	To     string   // the recipient; none is us
	In     string   // the location
	Source string   // where the data came from
	As     string   // the form: identified, pseudonymous, …
	Of     string   // the kind of person
	Role   string   // in which the caller acts
	Ground string   // a stated reason
	With   []string // of combine: the other data
	Group  int      // people in the smallest group of an aggregate

	// Stated are facets and facts of the question: text, bool or whole number.
	Stated map[string]any
	// Attributes are typed attributes that the vocabulary declares, by the place it takes them from, as
	// "action.properties.channel" or "subject.properties.team".
	Attributes map[string]any
}

// check finds what keeps the question from being asked. It repeats no value.
func (q *Question) check() error {
	switch {
	case q.Person == "":
		return fmt.Errorf("%w: Person is missing", ErrQuestion)
	case q.Action == "":
		return fmt.Errorf("%w: Action is missing", ErrQuestion)
	case q.Group < 0 || q.Group > 1<<30:
		return fmt.Errorf("%w: Group is no number of people", ErrQuestion)
	}
	texts := []string{q.Person, q.Action, q.Service, q.Cookie, q.For, q.To, q.In, q.Source, q.As, q.Of, q.Role, q.Ground}
	for list := range slices.Values([][]string{q.Data, q.With, sortedKeys(q.Stated), sortedKeys(q.Attributes)}) {
		texts = append(texts, list...)
	}
	if slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) }) {
		return fmt.Errorf("%w: a text is not UTF-8", ErrQuestion)
	}
	for name := range maps.Keys(q.Stated) {
		if slices.Contains(contextWords, name) {
			return fmt.Errorf("%w: %s has a field of its own, it is not Stated", ErrQuestion, name)
		}
	}
	for path := range maps.Keys(q.Attributes) {
		if _, _, ok := attributePlace(path); !ok {
			return fmt.Errorf("%w: an attribute comes from subject.properties, action.properties or resource.properties", ErrQuestion)
		}
	}
	return nil
}

// Canonical is the question in the one form that is hashed and signed (docs/spec/answers.md): JSON after RFC 8785,
// with the id of the API key that asks, without empty members. Two questions are the same if it is.
func (q *Question) Canonical(keyID string) ([]byte, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	o := object{b: make([]byte, 0, 256)}
	o.text("action", q.Action)
	o.text("as", q.As)
	o.values("attributes", q.Attributes)
	o.text("cookie", q.Cookie)
	o.set("data", q.Data)
	o.text("for", q.For)
	o.text("ground", q.Ground)
	o.whole("group", q.Group)
	o.text("in", q.In)
	o.text("key", keyID)
	o.text("of", q.Of)
	o.text("person", q.Person)
	o.text("role", q.Role)
	o.text("service", q.Service)
	o.text("source", q.Source)
	o.values("stated", q.Stated)
	o.text("to", q.To)
	o.set("with", q.With)
	return o.end()
}

// Hash is the SHA-256 of the canonical question. It is no secret and hides no person: who knows the rest of the
// question can guess the name. Keep it like the name itself.
func (q *Question) Hash(keyID string) ([32]byte, error) {
	b, err := q.Canonical(keyID)
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(b), nil
}
