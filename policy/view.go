package policy

import (
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A view is what one version says of a cell and a recipient, and of everything that it refers to.
type view struct {
	rules []decision.Rule
	keeps []decision.Keep

	context any // what the rules lean on, as far as it can be told without them
	sign    any // all of it: two cells of equal sign answer alike
}

// view collects the rules, without their names, and the definitions of all words they lean on. Two
// equal views answer every question alike.
func (s *side) view(x cell, to string) view {
	v := &s.m.Vocabulary
	verb := x.verb
	var agreement *decision.Agreement
	var recipient decision.Recipient
	for _, r := range v.Recipients {
		if r.Name == to {
			recipient = r
		}
	}
	for i := range v.Agreements {
		if v.Agreements[i].Name == recipient.Agreement {
			agreement = &v.Agreements[i]
		}
	}
	if verb == decision.VerbDisclose && agreement != nil && agreement.Paid {
		verb = decision.VerbSell
	}
	out := view{rules: s.m.Cell(x.kind, verb, x.purpose, x.object)}
	var plain []any
	leansOnKeeps := false
	for _, r := range out.rules {
		if !concerns(r, to) {
			continue
		}
		leansOnKeeps = leansOnKeeps || slices.ContainsFunc(r.Basis, func(b decision.Basis) bool { return b.Kind == decision.AsKept })
		r.ID, r.Clause, r.Obliges, r.Verbs, r.To, r.For, r.Point = "", "", nil, nil, decision.Set{}, decision.Set{}, flagWord(r.Point != "")
		if verb != decision.VerbCombine {
			r.Data, r.With = decision.Set{}, decision.Set{}
		}
		r.Service, r.Cookie = decision.Set{}, decision.Set{}
		plain = append(plain, r)
	}
	out.rules = slices.DeleteFunc(out.rules, func(r decision.Rule) bool { return !concerns(r, to) })
	out.keeps = s.keeps(x, leansOnKeeps)
	covers := agreement != nil && decision.Set{Names: agreement.For}.Covers(x.purpose) && decision.Set{Names: agreement.Data}.Covers(x.object)
	var terms any
	if agreement != nil {
		terms = []any{agreement.From, agreement.Until, agreement.Terms, agreement.Paid, agreement.Transfer, covers}
	}
	out.context = []any{
		x.verb, x.kind, s.exists(x, to), s.plainKeeps(out.keeps, x), s.category(x.object), s.purpose(x.purpose),
		to == "", recipient.Kind, recipient.Country, terms, combined(verb, x.object),
	}
	out.sign = []any{out.context, plain, s.definitions(out)}
	return out
}

// combined is the object where it matters which it is: on which side of a combination it stands.
func combined(verb, object string) string {
	if verb == decision.VerbCombine {
		return object
	}
	return ""
}

func flagWord(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// concerns tells whether the rule has to do with the recipient.
func concerns(r decision.Rule, to string) bool {
	if to == "" {
		to = decision.Us
	}
	switch {
	case r.Deny:
		return r.To.Hits(to)
	case r.To.Stated():
		return r.To.Covers(to)
	}
	return to == decision.Us
}

func (s *side) exists(x cell, to string) []bool {
	return []bool{s.known["object "+x.object], x.purpose == "" || s.known["purpose "+x.purpose], to == "" || s.known["recipient "+to]}
}

// keeps are those that can turn this cell's answers: all that hold the object or a part of it, where
// one of them is for some purposes only or a rule leans on keeping.
func (s *side) keeps(x cell, leans bool) []decision.Keep {
	if x.kind != decision.DataObject || x.verb == decision.VerbCollect {
		return nil
	}
	var out []decision.Keep
	for _, k := range s.m.Keeps {
		if (decision.Set{Names: k.Data}).Hits(x.object) {
			out = append(out, k)
			leans = leans || len(k.For) > 0
		}
	}
	if !leans {
		return nil
	}
	return out
}

func (s *side) plainKeeps(keeps []decision.Keep, x cell) []any {
	var out []any
	for _, k := range keeps {
		ours := len(k.For) == 0 || decision.Set{Names: k.For}.Covers(x.purpose)
		var parts []string
		for _, d := range s.m.Vocabulary.Data {
			if under(d.Name, x.object) && (decision.Set{Names: k.Data}).Covers(d.Name) {
				parts = append(parts, strings.TrimPrefix(d.Name, x.object))
			}
		}
		out = append(out, []any{k.While, k.Until, ours, parts})
	}
	return out
}

// definitions of the facts and facets that the view's conditions name.
func (s *side) definitions(v view) []any {
	var out []any
	for _, name := range v.facts() {
		for _, f := range s.m.Vocabulary.Facts {
			if f.Name == name {
				out = append(out, f)
			}
		}
	}
	for _, r := range v.rules {
		for _, f := range r.Facets {
			for _, g := range s.m.Vocabulary.Facets {
				if g.Name == f.Facet {
					out = append(out, g)
				}
			}
		}
		if r.In.Stated() {
			out = append(out, s.m.Vocabulary.Locations)
		}
	}
	return out
}

func (s *side) category(name string) []any {
	var special, identifies bool
	var terms []string
	for _, d := range s.m.Vocabulary.Data {
		if under(d.Name, name) {
			special, identifies, terms = special || d.Special, identifies || d.Identifies, append(terms, d.Terms...)
		}
	}
	slices.Sort(terms)
	return []any{special, identifies, slices.Compact(terms)}
}

func (s *side) purpose(name string) []any {
	for _, p := range s.m.Vocabulary.Purposes {
		if p.Name == name {
			return []any{p.Marketing, p.Serves, p.Terms}
		}
	}
	return nil
}

// tests are all conditions of the view.
func (v view) tests() []decision.Test {
	var out []decision.Test
	for _, r := range v.rules {
		out = append(out, r.When...)
		for _, g := range r.Unless {
			out = append(out, g...)
		}
	}
	for _, k := range v.keeps {
		out = append(out, k.While...)
	}
	return out
}

// facts are the names that conditions, contracts and clocks of the view lean on.
func (v view) facts() []string {
	var out []string
	for _, t := range v.tests() {
		out = append(out, t.Fact)
	}
	for _, r := range v.rules {
		for _, b := range r.Basis {
			if b.Kind == decision.Contract {
				out = append(out, b.On)
			}
		}
	}
	for _, k := range v.keeps {
		if k.Until != nil && k.Until.State != "" {
			out = append(out, k.Until.State)
		}
	}
	return union(out)
}

// allows: some rule could permit.
func (v view) allows() bool {
	return slices.ContainsFunc(v.rules, func(r decision.Rule) bool { return !r.Deny })
}

func (v view) rests(kinds ...decision.BasisKind) bool {
	return slices.ContainsFunc(v.rules, func(r decision.Rule) bool {
		return slices.ContainsFunc(r.Basis, func(b decision.Basis) bool { return slices.Contains(kinds, b.Kind) })
	})
}

// knownTo are the words a version knows, by kind.
func knownTo(m *decision.Model) map[string]bool {
	v, out := &m.Vocabulary, map[string]bool{}
	for _, d := range v.Data {
		out["object "+d.Name] = true
	}
	for _, n := range slices.Concat(v.Services, v.Cookies) {
		out["object "+n] = true
	}
	for _, p := range v.Purposes {
		out["purpose "+p.Name] = true
	}
	for _, r := range v.Recipients {
		out["recipient "+r.Name] = true
	}
	for _, e := range v.Events {
		out["event "+e] = true
	}
	for _, f := range v.Facts {
		out["fact "+f.Name] = true
	}
	for _, f := range v.Facets {
		out["fact "+f.Name] = true
	}
	out["fact "+decision.TransportFact], out["fact "+decision.PublicFact] = true, true
	return out
}
