package law_test

import (
	"slices"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/dpv"
	"github.com/avowhq/avow/policy/law"
)

// The strict default takes away what any profile takes away, but for limits on the way out of an area:
// it has none.
func TestStrictIsTheStrictest(t *testing.T) {
	strict := find(t, law.Strict).Law()
	now := decision.InstantOf(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	for _, p := range every(t) {
		l := p.Law()
		for _, s := range l.Strikes {
			if !slices.ContainsFunc(strict.Strikes, func(x decision.Strike) bool { return x.Style == s.Style }) {
				t.Errorf("%s strikes %s, the strict default does not", p.ID, s.Style)
			}
		}
		for country, age := range l.ChildAges {
			if age > strict.ChildAge {
				t.Errorf("%s: %d in %s, strict %d", p.ID, age, country, strict.ChildAge)
			}
		}
		if l.ChildAge > strict.ChildAge {
			t.Errorf("%s: %d, strict %d", p.ID, l.ChildAge, strict.ChildAge)
		}
		for _, b := range l.Bans {
			if len(b.Outside) > 0 || b.Until != 0 && b.Until <= now {
				continue
			}
			for _, verb := range b.Verbs {
				if !slices.ContainsFunc(strict.Bans, func(s decision.Ban) bool { return slices.Contains(s.Verbs, verb) && wider(s, b) }) {
					t.Errorf("%s: %s of %s is banned by %s, but not by the strict default", p.ID, verb, b.Data, b.Row.Because)
				}
			}
		}
	}
}

// wider: whatever b bites on, s bites on too, and excepts no more.
func wider(s, b decision.Ban) bool {
	terms := func(s, b []string) bool { // every term of b stands below one of s
		return len(s) == 0 || len(b) > 0 && !slices.ContainsFunc(b, func(term string) bool {
			return !slices.ContainsFunc(s, func(above string) bool { return dpv.Under(term, above) })
		})
	}
	left := func(s, b []string) bool { // what s leaves out, b leaves out too
		return !slices.ContainsFunc(s, func(term string) bool { return !slices.Contains(b, term) })
	}
	return (!s.Identifies || b.Identifies) && (!s.Special || b.Special) && (!s.Marketing || b.Marketing) && (!s.Objected || b.Objected) &&
		(s.Under == 0 || b.Under > 0 && b.Under <= s.Under) && terms(s.Data, b.Data) && terms(s.For, b.For) && left(s.NotFor, b.NotFor) && s.From <= b.From && s.Until == 0 &&
		!slices.ContainsFunc(s.Except, func(k decision.BasisKind) bool { return !slices.Contains(b.Except, k) })
}

// Where laws fix a number for a right, the strict default's answer is due no later than any of theirs.
func TestStrictIsNoLater(t *testing.T) {
	strict := find(t, law.Strict)
	for _, p := range every(t) {
		for _, r := range p.Rights {
			if r.Within.N == 0 || !r.In(day(t, "2026-11-24")) {
				continue
			}
			s, ok := strict.Right(r.Right, r.Of, "", day(t, "2026-11-24"))
			if !ok {
				t.Errorf("%s fixes a time for %s %s, the strict default knows no such right", p.ID, r.Right, r.Of)
				continue
			}
			// February is the shortest month.
			c := law.Count{Received: time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)}
			theirs, _ := r.Due(c)
			ours, _ := s.Due(c)
			if ours.End.After(theirs.End) {
				t.Errorf("%s: %s %s within %s, strict within %s", p.ID, r.Right, r.Of, r.Within, s.Within)
			}
		}
	}
}
