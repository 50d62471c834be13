package subject

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/vault"
)

// A Kind says what an event is.
type Kind string

// The kinds of events. All but the last three are about a scope: purposes, data, recipients, facets.
const (
	Asked      Kind = "asked"
	Deferred   Kind = "deferred" // the question was put off
	Granted    Kind = "granted"
	Renewed    Kind = "renewed" // granted once more, unchanged
	Refused    Kind = "refused"
	Withdrawn  Kind = "withdrawn" // by the person
	Revoked    Kind = "revoked"   // by someone else
	Expired    Kind = "expired"
	Objected   Kind = "objected"
	Upheld     Kind = "upheld"     // the objection was found right
	Overridden Kind = "overridden" // compelling grounds outweigh it
	Unobjected Kind = "unobjected" // taken back
	Restricted Kind = "restricted" // GDPR art. 18
	Lifted     Kind = "lifted"
	Held       Kind = "held" // legal hold
	Released   Kind = "released"
	Happened   Kind = "happened"  // an event of the vocabulary: what opens and closes states
	Stated     Kind = "stated"    // facts of the vocabulary, and roles
	Described  Kind = "described" // residence, birth
)

// choices are the kinds that facts know as choices, and as which.
func (k Kind) choice() (decision.ChoiceKind, bool) {
	switch k {
	case Granted, Renewed:
		return decision.Granted, true
	case Refused:
		return decision.Refused, true
	case Withdrawn:
		return decision.Withdrawn, true
	case Revoked, Expired:
		return decision.Expired, true
	case Objected, Upheld:
		return decision.Objected, true
	case Overridden:
		return decision.Overridden, true
	case Unobjected:
		return decision.Unobjected, true
	case Restricted:
		return decision.Restricted, true
	case Lifted:
		return decision.Lifted, true
	case Held:
		return decision.Held, true
	case Released:
		return decision.Released, true
	}
	return "", false
}

// Against reports whether the event counts against the use, and so from the instant it claims; what is
// for the use counts from when it was recorded (docs/spec/time.md).
func (k Kind) Against() bool {
	switch k {
	case Refused, Withdrawn, Revoked, Expired, Objected, Upheld, Restricted, Held:
		return true
	}
	return false
}

// ring is under which the event is sealed: what proves a consent or a request outlives the rest.
func (k Kind) ring() vault.RingKind {
	switch k {
	case Happened, Stated, Described:
		return vault.Profile
	}
	return vault.Evidence
}

// journal is the kind under which the event is also written beside the keys, "" if it is not.
func (k Kind) journal() vault.Kind {
	switch k {
	case Withdrawn, Refused, Revoked:
		return vault.Withdrawn
	case Objected, Upheld:
		return vault.Objected
	case Restricted:
		return vault.Restricted
	case Held:
		return vault.Held
	case Released:
		return vault.Released
	}
	return ""
}

// An Event is something that happened with one person.
type Event struct {
	Kind   Kind
	At     decision.Instant // claimed; 0 is now, and not allowed for what is imported
	Source string           // where it was imported from; "" is recorded as it happened
	By     string           // handle of the principal who told us; not compared, not part of facts

	Scope    decision.Scope
	Style    decision.Style
	Guardian bool
	Until    decision.Instant // ends a grant; 0: no end

	Name      string            // Happened
	Facts     []decision.Stated // Stated
	Residence string            // Described
	Born      string            // Described: a day, 2001-02-28
	Grounds   string            // Overridden, Held, Lifted: why, in a word of the vocabulary or of the house
}

// ErrEvent is what is wrong with an event. Its text holds declared words only.
var ErrEvent = errors.New("the event cannot be recorded")

// skew is how far ahead of our clock an event may claim to be.
const skew = 2 * 60 * 1_000_000

// lastInstant is the last that a record can hold.
const lastInstant = 253402300799999999 // 9999-12-31T23:59:59.999999Z

// check finds what is wrong with the event, at the time of recording.
func (e *Event) check(m *decision.Model, recorded decision.Instant) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrEvent, fmt.Sprintf(format, args...))
	}
	_, isChoice := e.Kind.choice()
	scoped := isChoice || e.Kind == Asked || e.Kind == Deferred
	switch {
	case !scoped && e.Kind != Happened && e.Kind != Stated && e.Kind != Described:
		return fail("its kind is not known; kinds are %s", kindList)
	case e.At == 0:
		return fail("an imported event says when it happened: at is missing")
	case e.At > recorded+skew:
		return fail("at is more than two minutes ahead of this server's clock")
	case e.At < 0:
		return fail("at is before 1970")
	case e.Until != 0 && e.Kind != Granted && e.Kind != Renewed:
		return fail("until ends a grant; a %s event has no end", e.Kind)
	case e.Until != 0 && e.Until <= e.At:
		return fail("until is not after at")
	case e.Until > lastInstant:
		return fail("until is beyond the year 9999")
	case e.Style != "" && !slices.Contains(decision.Styles(), e.Style):
		return fail("its style is not known")
	}
	if scoped {
		return e.checkScope(m, fail)
	}
	return e.checkFacts(m, recorded, fail)
}

const kindList = "asked deferred granted renewed refused withdrawn revoked expired objected upheld overridden unobjected restricted lifted held released happened stated described"

func (e *Event) checkScope(m *decision.Model, fail func(string, ...any) error) error {
	v := &m.Vocabulary
	if e.Name != "" || e.Facts != nil || e.Residence != "" || e.Born != "" {
		return fail("a %s event is about purposes, data and recipients only", e.Kind)
	}
	if (e.Kind == Granted || e.Kind == Renewed) && e.Style == "" {
		return fail("a consent says how it was expressed, since laws strike some ways: style is missing")
	}
	if (e.Kind == Granted || e.Kind == Renewed) && len(e.Scope.For) == 0 {
		return fail("a consent is to purposes: for is missing")
	}
	for _, l := range []struct {
		what  string
		words []string
		known func(string) bool
	}{
		{"purpose", e.Scope.For, func(w string) bool {
			return slices.ContainsFunc(v.Purposes, func(p decision.Purpose) bool { return p.Name == w })
		}},
		{"category of data", e.Scope.Data, func(w string) bool {
			return slices.ContainsFunc(v.Data, func(c decision.Category) bool { return c.Name == w })
		}},
		{"recipient", e.Scope.To, func(w string) bool {
			return w == decision.Us || slices.ContainsFunc(v.Recipients, func(r decision.Recipient) bool { return r.Name == w })
		}},
	} {
		if i := slices.IndexFunc(l.words, func(w string) bool { return !l.known(w) }); i >= 0 {
			return fail("%s number %d is not declared", l.what, i+1)
		}
	}
	for _, f := range e.Scope.Facets {
		i := slices.IndexFunc(v.Facets, func(g decision.Facet) bool { return g.Name == f.Facet })
		if i < 0 {
			return fail("a facet is not declared")
		}
		if slices.ContainsFunc(f.Values, func(x string) bool { return !slices.Contains(v.Facets[i].Values, x) }) {
			return fail("facet %s has a value that is not declared", v.Facets[i].Name)
		}
	}
	return nil
}

func (e *Event) checkFacts(m *decision.Model, now decision.Instant, fail func(string, ...any) error) error {
	if len(e.Scope.For)+len(e.Scope.Data)+len(e.Scope.To)+len(e.Scope.Facets) > 0 || e.Style != "" || e.Guardian {
		return fail("a %s event has no purposes, data or recipients", e.Kind)
	}
	switch e.Kind {
	case Happened:
		if !slices.Contains(m.Vocabulary.Events, e.Name) {
			return fail("its name is not an event that the vocabulary declares")
		}
	case Stated:
		if len(e.Facts) == 0 {
			return fail("facts are missing")
		}
		for _, f := range e.Facts {
			if err := checkFact(m, f, fail); err != nil {
				return err
			}
		}
	case Described:
		if e.Residence == "" && e.Born == "" {
			return fail("residence or born is missing")
		}
		if e.Residence != "" && !place(e.Residence) {
			return fail("residence is a country's code, or a country's and a region's: IE, US-CA; the United Kingdom is GB")
		}
		if born, err := day(e.Born, nil); e.Born != "" && err != nil {
			return fail("born is a day: 2001-02-28")
		} else if born > now+aDay {
			return fail("born is a day to come")
		}
	}
	return nil
}

func checkFact(m *decision.Model, f decision.Stated, fail func(string, ...any) error) error {
	i := slices.IndexFunc(m.Vocabulary.Facts, func(d decision.Fact) bool { return d.Name == f.Name })
	if i < 0 {
		return fail("a fact is not declared")
	}
	d := &m.Vocabulary.Facts[i]
	switch {
	case d.Question:
		return fail("%s belongs to the question, not to the person", d.Name)
	case d.Type == decision.StateFact:
		return fail("%s is a state: record the events that open and close it", d.Name)
	case d.Type == decision.FlagFact && f.Value != "yes" && f.Value != "no":
		return fail("%s is yes or no", d.Name)
	case d.Type == decision.EnumFact && !slices.Contains(d.Values, f.Value):
		return fail("%s has a value that is not declared", d.Name)
	case d.Type == decision.NumberFact && f.Value != "":
		return fail("%s is a whole number", d.Name)
	}
	return nil
}

// aDay is how much earlier than in UTC a day begins somewhere, and more.
const aDay = 24 * 60 * 60 * 1_000_000

// place is a code of ISO 3166-1, or of 3166-2. EU and UK look like one, and no law's territory has them.
func place(s string) bool {
	upper := func(s string, digits bool) bool {
		return !slices.ContainsFunc([]byte(s), func(c byte) bool { return (c < 'A' || c > 'Z') && (!digits || c < '0' || c > '9') })
	}
	if strings.HasPrefix(s, "EU") || strings.HasPrefix(s, "UK") {
		return false
	}
	return len(s) == 2 && upper(s, false) ||
		len(s) >= 4 && len(s) <= 6 && s[2] == '-' && upper(s[:2], false) && upper(s[3:], true)
}
