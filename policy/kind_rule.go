package policy

import (
	"fmt"
	"slices"

	"github.com/avowhq/avow/decision"
)

func allowKind() kind {
	return kind{
		name: "allow", doc: "what may be done", facets: true, check: (*reader).checkRule,
		fields: func(r *reader, x *Promise) []field { return ruleFields(r, x, false) },
	}
}

func denyKind() kind {
	return kind{
		name: "deny", doc: "what must not be done, whatever else permits it", facets: true, check: (*reader).checkRule,
		fields: func(r *reader, x *Promise) []field { return ruleFields(r, x, true) },
	}
}

func ruleFields(r *reader, x *Promise, deny bool) []field {
	u := &Rule{Deny: deny}
	x.Rule = u
	name := "allow"
	verbs := append(decision.DataVerbs(), decision.ServiceVerbs()...)
	var not *bool
	if deny {
		name, not = "deny", &u.BasisNot
	}
	return []field{
		{name, formWords, "the verbs", true, r.among(&u.Verbs, verbs...)},
		{"data", formSet, "categories it is about", false, r.set(dataNames, &u.Data)},
		{"service", formSet, "services it is about", false, r.set(serviceNames, &u.Service)},
		{"of", formSet, "whose data", false, r.set(peopleNames, &u.Of)},
		{"for", formSet, "purposes", false, r.set(purposeNames, &u.For)},
		{"to", formSet, "recipients; an allow that names none means us only", false, r.set(recipientNames, &u.To)},
		{"by", formSet, "who asks: roles, or recipients for themselves", false, r.set(askerNames, &u.By)},
		{"in", formSet, "locations; residence is the country the person lives in", false, r.set(locationNames, &u.In)},
		{"from", formSet, "sources of the datum", false, r.set(sourceNames, &u.From)},
		{"with", formSet, "the other data, for combine", false, r.set(dataNames, &u.With)},
		{"as", formWord, "form: identified, unlinked or aggregated", false, r.enum(&u.As, "identified", "unlinked", "aggregated")},
		{"smallest-group", formNumber, "people in the smallest group of an aggregate", false, r.number(&u.Smallest)},
		{"ground", formSet, "grounds of which the asker states one", false, r.set(groundNames, &u.Ground)},
		{"under", formSet, "terms the agreement with the recipient has", false, r.set(termNames, &u.Under)},
		{"basis", formBasis, "why; any one of them", false, r.bases(&u.Basis, not)},
		{"objection", formWord, "ends or review, for legitimate interest", false, r.enum(&u.Objection, "ends", "review")},
		{"special", formWord, "why special categories may be touched: explicit-consent or a special ground", false, r.special(&u.Special)},
		{"obliges", formWords, "what the caller must do", false, r.free(&u.Obliges)},
		{"when", formTests, "all of these hold", false, r.tests(&u.When)},
		{"unless", formTests, "these do not hold together", false, r.tests(&u.Unless)},
	}
}

// special reads explicit-consent or a ground declared special: yes.
func (r *reader) special(to *Name) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "explicit-consent or a special ground")
		if !ok {
			return
		}
		*to = n
		if n.Text == string(decision.ExplicitConsent) || !r.need(groundNames, n) {
			return
		}
		for _, g := range r.p.Vocabulary.Grounds {
			if g.Name.Text == n.Text && !g.Special {
				r.add("E17", n.Pos, fmt.Sprintf("ground %s does not lift the ban on special categories", n.Text), "declare it special: yes if the law says so")
			}
		}
	}
}

// checkRule finds what a rule lacks, and what an allow must not say.
func (r *reader) checkRule(x *Promise, v Value) {
	u := x.Rule
	onData, onService := v.has("data"), v.has("service")
	if onData == onService {
		r.add("E07", x.Pos, "a rule is about data or a service, exactly one", "write data: or service:")
		return
	}
	for _, n := range u.Verbs {
		list := decision.DataVerbs()
		if onService {
			list = decision.ServiceVerbs()
		}
		if !slices.Contains(list, n.Text) {
			r.add("E05", n.Pos, fmt.Sprintf("%s is no verb of %s", n.Text, map[bool]string{true: "services", false: "data"}[onService]), "")
		}
	}
	verb := func(w string) bool { return slices.ContainsFunc(u.Verbs, func(n Name) bool { return n.Text == w }) }
	if verb(decision.VerbCombine) && !v.has("with") {
		r.add("E07", x.Pos, "combine without with", "say which other data")
	}
	if u.As.Text == "aggregated" && !u.Deny && u.Smallest == 0 {
		r.add("E07", x.Pos, "aggregated without smallest-group", "say how many people the smallest group has")
	}
	if u.Deny {
		r.checkWithdrawal(u, "none", "valid")
		return
	}
	r.checkWithdrawal(u, "valid", "none")
	r.checkAllow(x, v, verb(decision.VerbRead))
}

func (r *reader) checkAllow(x *Promise, v Value, read bool) {
	u := x.Rule
	for _, s := range []Set{u.Data, u.Service, u.Of, u.For, u.To, u.By, u.In, u.From, u.With, u.Ground, u.Under} {
		if s.Not {
			r.add("E06", s.Pos, "not in an allow: a word added later would be permitted unseen", "name what is allowed")
		}
	}
	if v.has("data") && !v.has("for") {
		r.add("E07", x.Pos, "an allow on data says no purpose", "write for:")
	}
	if v.has("data") && !v.has("basis") {
		r.add("E07", x.Pos, "an allow on data says no basis", "write basis: with "+basisWords()[0]+", contract …")
	}
	if read && !v.has("by") {
		r.add("E07", x.Pos, "read without by: a human eye has a role", "write by: with a role")
	}
	r.checkSpecial(x)
}

// checkSpecial: special categories need explicit consent or a named exception.
func (r *reader) checkSpecial(x *Promise) {
	u := x.Rule
	if u.Special.Text != "" || len(u.Basis) == 0 {
		return
	}
	for _, n := range slices.Concat(u.Data.Names, u.With.Names) {
		if !r.specialCategory(n.Text) {
			continue
		}
		for _, b := range u.Basis {
			if b.Kind != decision.ExplicitConsent {
				r.add("E17", b.Pos, fmt.Sprintf("%s is a special category; %s is not enough", n.Text, b.Kind), "use explicit-consent, or name the exception: special:")
			}
		}
	}
}

func (r *reader) specialCategory(name string) bool {
	return slices.ContainsFunc(r.p.Vocabulary.Data, func(c Category) bool {
		return c.Special && (under(name, c.Name.Text) || under(c.Name.Text, name))
	})
}

// checkWithdrawal keeps a withdrawal from ever permitting.
func (r *reader) checkWithdrawal(u *Rule, when, unless string) {
	check := func(tests []Test, want string) {
		for _, t := range tests {
			if t.Fact.Text == decision.ConsentFact && (t.Test.In.Not || len(t.Test.In.Names) != 1 || t.Test.In.Names[0] != want) {
				r.add("E08", t.Pos, "so a withdrawal would permit something", "test consent: "+want+" here")
			}
		}
	}
	check(u.When, when)
	check(u.Unless, unless)
}
