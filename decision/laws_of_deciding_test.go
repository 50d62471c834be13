package decision_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/decision/worldtest"
)

// neverPermits checks that what was denied before is denied after.
func neverPermits(t *rapid.T, what string, before, after decision.Answer) {
	if !before.Allowed() && after.Allowed() {
		t.Fatalf("%s turned %s into an allow: %+v", what, before.Outcome, after)
	}
}

// Withdrawing, refusing, objecting and restricting never turn a deny into an allow, whatever they are
// about and whenever they happen.
func TestChoicesAgainstNeverPermit(t *testing.T) {
	against := []decision.ChoiceKind{decision.Withdrawn, decision.Refused, decision.Expired, decision.Objected, decision.Restricted, decision.Held}
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		q, who := worldtest.Aimed(t, m), worldtest.Person(t)
		if slices.Contains(decision.DestructiveVerbs(), q.Action) {
			return // ending data is in the person's favour
		}
		before := ask(t, m, q, who)
		c := worldtest.ChoiceOf(t, rapid.SampledFrom(against).Draw(t, "against"))
		who.Choices = append(slices.Clone(who.Choices), c)
		neverPermits(t, string(c.Kind), before, ask(t, m, q, who))
	})
}

// One more deny never permits a use, nor does one more law that binds. Ending data is apart: a law that
// voids a consent can end a keep, and so free an erasure.
func TestRulesAgainstNeverPermit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		q, who := worldtest.Aimed(t, m), worldtest.Person(t)
		if slices.Contains(decision.DestructiveVerbs(), q.Action) {
			return
		}
		before := ask(t, m, q, who)

		more := *m
		x := worldtest.Rule(t, "more")
		x.Deny, x.Basis, x.Point = true, nil, ""
		x.When, x.Unless = worldtest.Tests(t, "when", 3, "none"), nil
		more.Rules = append(slices.Clone(m.Rules), x)
		neverPermits(t, "a deny", before, ask(t, &more, q, who))

		more = *m
		l := worldtest.Law(t, "more")
		strict := func(l decision.Law) bool { return slices.Contains(l.Territory, decision.StrictDefault) }
		// A general law of a place stands in for the strict default there, which may have taken more.
		if l.Sectoral || strict(l) || !slices.ContainsFunc(m.Laws, strict) {
			more.Laws = append(slices.Clone(m.Laws), l)
			neverPermits(t, "a law", before, ask(t, &more, q, who))
		}
	})
}

// A request of several categories is the conjunction of the single ones.
func TestCategoriesAreAConjunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		q, who := worldtest.Aimed(t, m), worldtest.Person(t)
		if len(q.Data) == 0 {
			return
		}
		q.Data = append(slices.Clone(q.Data), worldtest.Some(t, "more", worldtest.DataWords)...)
		all := true
		for _, d := range q.Data {
			single := q
			single.Data = []string{d}
			all = all && ask(t, m, single, who).Allowed()
		}
		if got := ask(t, m, q, who).Allowed(); got != all {
			t.Fatalf("%v: allowed %v, one by one %v", q.Data, got, all)
		}
	})
}

// A combination is one whichever side is named first: the law, restrictions, objections and ends of the
// other data count as well.
func TestCombiningHasNoSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		q, who := worldtest.Aimed(t, m), worldtest.Person(t)
		if q.Action != "combine" {
			q.Action, q.Service, q.Cookie = "combine", "", ""
			q.Data, q.With = worldtest.Some(t, "data", worldtest.DataWords), worldtest.Some(t, "with", worldtest.DataWords)
		}
		turned := q
		turned.Data, turned.With = q.With, q.Data
		if a, b := ask(t, m, q, who), ask(t, m, turned, who); a.Outcome != b.Outcome {
			t.Fatalf("%v with %v is %s, the other way round %s", q.Data, q.With, a.Outcome, b.Outcome)
		}
	})
}

// What is allowed for a category is allowed for every category below it.
func TestAllowedAboveIsAllowedBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		q, who := worldtest.Aimed(t, m), worldtest.Person(t)
		q.Service, q.Cookie, q.Data = "", "", []string{"contact"}
		if !slices.Contains(decision.DataVerbs(), q.Action) {
			q.Action = "use"
		}
		above := ask(t, m, q, who)
		q.Data = []string{worldtest.One(t, "below", "contact.email", "contact.phone", "contact.email.work")}
		if below := ask(t, m, q, who); above.Allowed() && !below.Allowed() {
			t.Fatalf("contact is allowed, %s is not: %+v", q.Data[0], below)
		}
	})
}

// An unknown fact never permits: what is allowed without knowing a value is allowed for every value.
func TestUnknownNeverPermits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		q, who := worldtest.Aimed(t, m), worldtest.Person(t)
		name := worldtest.One(t, "fact", "residence", "vip", "score", "mood", "transport")
		forget := func(l []decision.Stated) []decision.Stated {
			return slices.DeleteFunc(slices.Clone(l), func(s decision.Stated) bool { return s.Name == name })
		}
		blind, blindWho := q, who
		blind.Stated, blindWho.Facts = forget(q.Stated), forget(who.Facts)
		if name == "residence" {
			blindWho.Residence = ""
		}
		if ask(t, m, blind, blindWho).Allowed() && !ask(t, m, q, who).Allowed() {
			t.Fatalf("allowed without knowing %s, denied with it\nrequest %+v\nperson %+v", name, q, who)
		}
	})
}

// The answer is a function of its inputs: a used Decision gives what a fresh one gives.
func TestDecisionIsReusable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		p, err := decision.Compile(m)
		if err != nil {
			t.Fatal(err)
		}
		var used decision.Decision
		decide(t, p, worldtest.Request(t), worldtest.Person(t), &used)
		q, who := worldtest.Aimed(t, m), worldtest.Person(t)
		fresh, again := decide(t, p, q, who, new(decision.Decision)), decide(t, p, q, who, &used)
		if fresh.Outcome != again.Outcome || !slices.Equal(fresh.Promises, again.Promises) {
			t.Fatalf("fresh %+v, used %+v", fresh, again)
		}
	})
}

// A profile that is the strict default of the model and names places beside binds where no other profile
// does, and its own places do not keep it away.
func TestStrictDefaultNamesPlaces(t *testing.T) {
	m := &decision.Model{Site: "s", Zone: "UTC", Vocabulary: decision.Vocabulary{
		Data: []decision.Category{{Name: "name"}}, Purposes: []decision.Purpose{{Name: "care"}}, Establishments: []string{"CH"},
	}}
	m.Rules = []decision.Rule{{
		ID: "r", Clause: "c", Verbs: []string{"use"}, Data: decision.Set{Names: []string{"name"}}, For: decision.Set{Names: []string{"care"}},
		Basis: []decision.Basis{{Kind: decision.Consent}},
	}}
	m.Laws = []decision.Law{{
		ID: "strict", Territory: []string{decision.StrictDefault, "DE"},
		Strikes: []decision.Strike{{Style: decision.Submit, Row: decision.Row{Article: "1", Because: "no"}}},
	}}
	who := decision.Person{Residence: "DE", Choices: []decision.Choice{{Kind: decision.Granted, Style: decision.Submit, At: 1}}}
	q := decision.Request{Action: "use", Data: []string{"name"}, For: "care", At: 2}
	if a := decision.Reference(m, q, who); a.Outcome != decision.AgainstLaw {
		t.Errorf("the reference says %v", a.Outcome)
	}
	p, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Facts(who)
	if err != nil {
		t.Fatal(err)
	}
	var d decision.Decision
	if got := p.Decide(&q, &f, &d); got != decision.AgainstLaw {
		t.Errorf("the program says %v", got)
	}
}
