package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/dpv"
)

func (l *lowering) vocabulary() {
	v, out := &l.p.Vocabulary, &l.m.Vocabulary
	for _, c := range v.Data {
		out.Data = append(out.Data, decision.Category{Name: c.Name.Text, Special: c.Special, Identifies: c.Identifies, Terms: dpv.Above(c.Term)})
	}
	for _, x := range v.Purposes {
		one := decision.Purpose{Name: x.Name.Text, Marketing: dpv.IsMarketing(x.Term), Serves: x.Serves, Terms: dpv.Above(x.Term)}
		if x.Similar {
			one.Terms = append(one.Terms, decision.OwnSimilar)
		}
		out.Purposes = append(out.Purposes, one)
	}
	for _, r := range v.Recipients {
		out.Recipients = append(out.Recipients, decision.Recipient{
			Name: r.Name.Text, Kind: r.Kind, Country: r.Country.Text, Agreement: r.Agreement.Text, Certified: certificates(r.Certified),
		})
	}
	for _, a := range v.Agreements {
		one := decision.Agreement{
			Name: a.Name.Text, From: a.From, Until: a.Until, For: texts(a.For.Names), Data: texts(a.Data.Names),
			Terms: texts(a.Terms), Paid: a.Return != "" && a.Return != "none", Transfer: a.Transfer.Text,
		}
		if names(a.Data, "personal") {
			one.Data = nil
		}
		out.Agreements = append(out.Agreements, one)
	}
	for _, x := range v.Locations {
		out.Locations = append(out.Locations, decision.Location{Name: x.Name.Text, Country: x.Country.Text, Transfer: x.Transfer.Text, Certified: certificates(x.Certified)})
	}
	for _, x := range v.Services {
		out.Services = append(out.Services, x.Name.Text)
	}
	for _, f := range v.Facets {
		out.Facets = append(out.Facets, decision.Facet{Name: f.Name.Text, Verbs: texts(f.Verbs), Values: texts(f.Values)})
	}
	for _, g := range v.Grounds {
		out.Grounds = append(out.Grounds, decision.Ground{Name: g.Name.Text, Special: g.Special})
	}
	name := func(x Named) string { return x.Name.Text }
	out.People, out.Roles = wordsOf(v.People, name), wordsOf(v.Roles, name)
	out.Sources = []string{"person", "device"}
	for _, r := range out.Recipients {
		out.Sources = append(out.Sources, r.Name)
	}
	for _, c := range append([]Controller{l.p.Front.Controller}, l.p.Front.Controllers...) {
		if c.Country.Text != "" && !slices.Contains(out.Establishments, c.Country.Text) {
			out.Establishments = append(out.Establishments, c.Country.Text)
		}
	}
}

func certificates(l []Certificate) []decision.Certificate {
	var out []decision.Certificate
	for _, c := range l {
		out = append(out, decision.Certificate{Name: c.Name.Text, From: c.From, Until: c.Until})
	}
	return out
}

// builtInEvents happen without being declared.
func builtInEvents() []string {
	return []string{
		"collected", "asked", "consented", "refused", "withdrew", "expired", "objected", "used", "requested",
		"disclosed", "decided", "suspended", "erased", "published", "restored",
	}
}

// facts: declared ones, what happened to any of the declared or built-in events, and the attributes
// of AuthZEN requests, which are facts of the question.
func (l *lowering) facts() {
	v, out := &l.p.Vocabulary, &l.m.Vocabulary
	out.Events = builtInEvents()
	for _, e := range v.Events {
		if !slices.Contains(out.Events, e.Name.Text) {
			out.Events = append(out.Events, e.Name.Text)
		}
	}
	out.Facts = append(out.Facts, decision.Fact{Name: "change", Type: decision.EnumFact, Values: []string{"significant", "minor"}, Question: true})
	for _, f := range v.Facts {
		if f.Name.Text == "change" {
			out.Facts = out.Facts[1:]
		}
		out.Facts = append(out.Facts, decision.Fact{
			Name: f.Name.Text, Type: f.Type, Values: texts(f.Values), Opens: texts(f.Opens), Closes: texts(f.Closes),
			Unknown: f.Unknown.Text, Question: f.About == "question" || f.About == "record" || f.About == "case",
		})
	}
	for _, a := range v.Attributes {
		out.Facts = append(out.Facts, decision.Fact{Name: a.Name.Text, Type: a.Type, Values: texts(a.Values), Unknown: a.Unknown.Text, Question: true})
	}
}
