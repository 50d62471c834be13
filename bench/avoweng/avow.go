// Package avoweng puts the benchmark's policy, people and requests in Avow's terms. README.md has the
// table of what became what.
package avoweng

import (
	"strings"

	"github.com/avowhq/avow/decision"

	m "github.com/avowhq/avow/bench/model"
)

// verbs by action. A permit names exactly what it covers. Every forbid that names use also names
// profile, and every one that names disclose also names transfer, so that Avow's denies, which reach
// from use to profile and from disclose to publish, hit nothing more.
var verbs = [6]string{decision.VerbCollect, decision.VerbUse, decision.VerbDisclose, decision.VerbPublish, decision.VerbStore, decision.VerbProfile}

const (
	contractState = "customer"
	acceptedEvent = "accepted"
	emergency     = "emergency"
	vitalPurpose  = 39
	granted       = decision.Instant(m.Now-400*m.Day) * 1e6
	against       = decision.Instant(m.Now-50*m.Day) * 1e6
)

// Engine is the compiled policy and everybody's facts.
type Engine struct {
	Model   *decision.Model
	Program *decision.Program
	People  *decision.People
	by      map[string]int
}

// New compiles the policy and the subjects.
func New(p *m.Policy, subs []m.Subject) *Engine {
	e := &Engine{Model: Model(p), by: make(map[string]int, len(subs))}
	var err error
	if e.Program, err = decision.Compile(e.Model); err != nil {
		panic(err)
	}
	e.People = e.Program.NewPeople()
	for i := range subs {
		if e.by[subs[i].ID], err = e.People.Add(Person(&subs[i])); err != nil {
			panic(err)
		}
	}
	return e
}

// A Request is what an application has: names.
type Request struct {
	Subject string
	decision.Request
}

// Decide finds the person by name and decides.
func (e *Engine) Decide(r *Request, d *decision.Decision) bool {
	i, ok := e.by[r.Subject]
	if !ok {
		return false
	}
	f := e.People.At(i)
	return e.Program.Decide(&r.Request, &f, d) == decision.Allow
}

// Model is the policy as a decision model.
func Model(p *m.Policy) *decision.Model {
	v := decision.Vocabulary{
		Grounds: []decision.Ground{{Name: "statute"}, {Name: emergency}},
		Events:  []string{acceptedEvent, "left"},
		Facts: []decision.Fact{
			{Name: "region", Type: decision.EnumFact, Values: m.Regions[:]},
			{Name: "version", Type: decision.NumberFact},
			{Name: "country", Type: decision.EnumFact, Values: m.Countries[:], Question: true},
			{Name: "age-days", Type: decision.NumberFact, Question: true},
			{Name: contractState, Type: decision.StateFact, Opens: []string{acceptedEvent}, Closes: []string{"left"}},
		},
	}
	for _, name := range []string{"minor", "guardian", "restricted", "gpc", "objects-marketing", "legal-hold"} {
		v.Facts = append(v.Facts, decision.Fact{Name: name, Type: decision.FlagFact, Unknown: "no"})
	}
	for _, name := range m.Cats {
		v.Data = append(v.Data, decision.Category{Name: name})
	}
	for _, name := range m.Purposes {
		v.Purposes = append(v.Purposes, decision.Purpose{Name: name})
	}
	for _, name := range m.Recipients[1:] { // the first is the controller itself
		v.Recipients = append(v.Recipients, decision.Recipient{Name: name, Kind: "third-party"})
	}
	out := &decision.Model{Site: "bench", Zone: "UTC", Vocabulary: v}
	for i := range p.Forbids {
		out.Rules = append(out.Rules, deny(&p.Forbids[i])...)
	}
	for i := range p.Permits {
		out.Rules = append(out.Rules, allow(&p.Permits[i])...)
	}
	return out
}

func names(mask uint64, list []string) decision.Set {
	return decision.Set{Names: m.List(mask, list)}
}

// orAll is every name where the benchmark says 0.
func orAll(mask uint64, list []string) decision.Set {
	if mask == 0 {
		return decision.Set{Not: true}
	}
	return names(mask, list)
}

func recipients(mask uint64) decision.Set {
	s := names(mask, m.Recipients)
	for i, n := range s.Names {
		s.Names[i] = recipient(n)
	}
	return s
}

func recipient(name string) string {
	if name == m.Recipients[0] {
		return decision.Us
	}
	return name
}

func flag(name, value string) decision.Test {
	return decision.Test{Fact: name, In: decision.Set{Names: []string{value}}}
}

func regions(mask uint64) []decision.Test {
	if mask == 0 {
		return nil
	}
	return []decision.Test{{Fact: "region", In: names(mask, m.Regions[:])}}
}

// allow is the permit; two rules where the limit on age binds only one of its actions.
func allow(x *m.Permit) []decision.Rule {
	r := decision.Rule{
		ID: x.ID, Clause: x.Clause, Verbs: names(x.Actions, verbs[:]).Names,
		Data: names(x.Cats, m.Cats), For: names(1<<x.Purpose, m.Purposes), To: recipients(x.Recipients),
		When: regions(x.Regions), Obliges: x.Oblig,
	}
	switch x.Basis {
	case m.Consent:
		r.Basis = []decision.Basis{{Kind: decision.Consent}}
		r.Unless = [][]decision.Test{{flag("minor", "yes"), flag("guardian", "no")}}
	case m.Contract:
		r.Basis = []decision.Basis{{Kind: decision.Contract, On: contractState}}
		r.When = append(r.When, decision.Test{Fact: "version", Min: int32(x.MinVersion)})
	case m.LegitInterest:
		r.Basis = []decision.Basis{{Kind: decision.LegitimateInterest}}
		if x.NoMinors {
			r.Unless = [][]decision.Test{{flag("minor", "yes")}}
		}
	case m.LegalObligation:
		r.Basis = []decision.Basis{{Kind: decision.LegalObligation, On: "statute"}}
	default:
		r.Basis = []decision.Basis{{Kind: decision.VitalInterest}}
	}
	if x.Actions>>m.Retain&1 == 0 {
		return []decision.Rule{r}
	}
	keep := r
	keep.Verbs = []string{verbs[m.Retain]}
	keep.Unless = append([][]decision.Test{{{Fact: "age-days", Min: int32(x.MaxAgeDays) + 1}, flag("legal-hold", "no")}}, r.Unless...)
	rest := x.Actions &^ (1 << m.Retain)
	if rest == 0 {
		return []decision.Rule{keep}
	}
	keep.ID += "/keep"
	r.Verbs = names(rest, verbs[:]).Names
	return []decision.Rule{r, keep}
}

// deny is the forbid; two rules where it asks for a consent, which a minor gives through a guardian.
func deny(f *m.Forbid) []decision.Rule {
	r := decision.Rule{
		ID: f.ID, Clause: f.Clause, Deny: true, Verbs: orAllVerbs(f.Actions), Data: orAll(f.Cats, m.Cats),
		When: regions(f.Regions),
	}
	switch {
	case f.Purposes != 0:
		r.For = names(f.Purposes, m.Purposes)
	case f.NotPurp != 0:
		r.For = names(f.NotPurp, m.Purposes)
		r.For.Not = true
	}
	if f.Recipients != 0 {
		r.To = recipients(f.Recipients)
	}
	and := func(t ...decision.Test) []decision.Test { return append(t, r.When...) }
	switch f.Kind {
	case m.KRestricted:
		r.When = and(flag("restricted", "yes"))
	case m.KMinor:
		r.When = and(flag("minor", "yes"))
	case m.KNoConsent:
		alone := r
		alone.ID += "/alone"
		alone.When = and(flag("minor", "yes"), flag("guardian", "no"))
		r.When = and(flag(decision.ConsentFact, "none"))
		return []decision.Rule{r, alone}
	case m.KNonAdequate:
		r.To = recipients(m.SafeguardMask)
		r.To.Not = true
		r.When = and(decision.Test{Fact: "country", In: decision.Set{Names: m.List(m.AdequateMask, m.Countries[:]), Not: true}})
	case m.KGPC:
		r.When = and(flag("gpc", "yes"))
	case m.KObjMarketing:
		r.When = and(flag("objects-marketing", "yes"))
	case m.KOldVersion:
		r.When = and(decision.Test{Fact: "version", Max: int32(f.MinVersion)})
	}
	return []decision.Rule{r}
}

func orAllVerbs(mask uint64) []string {
	if mask == 0 {
		return verbs[:]
	}
	return names(mask, verbs[:]).Names
}

// Person is the subject. Flags that are not set are left out: unknown is taken as no.
func Person(s *m.Subject) decision.Person {
	who := decision.Person{
		Facts:  []decision.Stated{{Name: "region", Value: m.Regions[s.Region]}, {Name: "version", Number: int32(s.Version)}},
		Events: []decision.Event{{Name: acceptedEvent, At: granted}},
	}
	set := func(name string, on bool) {
		if on {
			who.Facts = append(who.Facts, decision.Stated{Name: name, Value: "yes"})
		}
	}
	set("minor", s.Minor)
	set("guardian", s.Guardian)
	set("restricted", s.Restricted)
	set("gpc", s.GPC)
	set("objects-marketing", s.ObjMarketing)
	set("legal-hold", s.LegalHold)
	for i, name := range m.Purposes {
		c := decision.Choice{Scope: decision.Scope{For: []string{name}}, Style: decision.OptIn, At: granted}
		switch {
		case s.Status[i] == m.CGranted:
			c.Kind, c.Until = decision.Granted, decision.Instant(s.Expires[i])*1e6
		case s.Status[i] == m.CWithdrawn:
			c.Kind, c.At, c.Style = decision.Withdrawn, against, ""
		case s.Objections>>i&1 == 1:
			c.Kind, c.At, c.Style = decision.Objected, against, ""
		default:
			continue
		}
		who.Choices = append(who.Choices, c)
	}
	return who
}

// ToRequest puts a request in names.
func ToRequest(q *m.Request, subs []m.Subject) Request {
	r := Request{Subject: subs[q.Subject].ID, Request: decision.Request{
		Action: verbs[q.Action], For: m.Purposes[q.Purpose], To: recipient(m.Recipients[q.Recipient]),
		Stated: []decision.Stated{{Name: "country", Value: m.Countries[q.Country]}, {Name: "age-days", Number: int32(q.AgeDays)}},
		At:     decision.Instant(q.Now) * 1e6,
	}}
	if q.Purpose == vitalPurpose {
		r.Ground = emergency
	}
	for _, c := range q.Cats {
		r.Data = append(r.Data, m.Cats[c])
	}
	return r
}

// RuleOf is the benchmark's rule behind a promise.
func RuleOf(promise string) string {
	id, _, _ := strings.Cut(promise, "/")
	return id
}
