package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/dpv"
)

// vocabulary reads vocabulary.yaml. Names are declared first, so that their properties may refer to
// each other in any order.
func (r *reader) vocabulary(v Value) {
	if v.Kind == Nothing {
		return
	}
	r.declare(v)
	u := &r.p.Vocabulary
	r.fill("the vocabulary", v, vocabularyFields(r, u), nil)
	r.distinct()
}

func vocabularyFields(r *reader, u *Vocabulary) []field {
	return []field{
		{"avow", formWord, "the language: v1", true, r.version()},
		{"data", formMap, "categories of personal data", true, r.categories(u)},
		{"purposes", formMap, "what data is used for", true, r.purposes(u)},
		{"people", formWords, "kinds of people: a list, or {customer: {name: our customers}}", false, r.named("a kind of people", &u.People)},
		{"recipients", formMap, "who may receive data", false, r.recipients(u)},
		{"agreements", formMap, "contracts with recipients", false, r.agreements(u)},
		{"locations", formMap, "where data lies", false, r.locations(u)},
		{"roles", formWords, "roles of staff: a list, or {treasurer: {name: our treasurer}}", false, r.named("a role", &u.Roles)},
		{"services", formMap, "what a person may have", false, r.services(u)},
		{"facets", formMap, "dimensions shared by rules, consents and questions", false, r.facets(u)},
		{"events", formMap, "what happens to people and records", false, r.events(u)},
		{"facts", formMap, "what conditions may ask", false, r.facts(u)},
		{"grounds", formMap, "stated reasons", false, r.grounds(u)},
		{"formats", formMap, "what fields look like", false, r.formats(u)},
		{"policies", formMap, "other organisations' texts", false, r.linked(u)},
		{"attributes", formMap, "properties of AuthZEN requests that conditions may test", false, r.attributes(u)},
		{"authzen", formMap, "words of callers that do not speak ours", false, r.authzen(u)},
	}
}

func (r *reader) version() func(Value) {
	return func(v Value) {
		if v.Text != "v1" {
			r.add("E05", v.Pos, fmt.Sprintf("language %q is not known", v.Text), "this program reads avow: v1")
		}
	}
}

// each reads a mapping of names to properties, telling apart what stands above at dots.
func (r *reader) each(v Value, read func(n Name, v Value)) {
	if v.Kind != Mapping {
		r.form(v, "a mapping of names to properties")
		return
	}
	for _, e := range v.Map {
		read(e.Key, e.Value)
	}
}

// above is the nearest entry above a name, of those read so far.
func above[T any](read map[string]T, name string) T {
	for _, a := range slices.Backward(ancestors(name)) {
		if x, ok := read[a]; ok {
			return x
		}
	}
	var none T
	return none
}

// ordered are the entries, the ones above before the ones below.
func ordered(v Value) []Entry {
	l := slices.Clone(v.Map)
	slices.SortStableFunc(l, func(a, b Entry) int { return strings.Count(a.Key.Text, ".") - strings.Count(b.Key.Text, ".") })
	return l
}

// inOrder puts entries back in the order of writing.
func inOrder[T any](v Value, l []T, nameOf func(T) string) []T {
	at := map[string]int{}
	for i, e := range v.Map {
		at[e.Key.Text] = i
	}
	slices.SortStableFunc(l, func(a, b T) int { return at[nameOf(a)] - at[nameOf(b)] })
	return l
}

func (r *reader) term(to *string) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a term of W3C DPV")
		if ok && !dpv.Known(n.Text) {
			r.unknown("E04", "DPV term", n, dpv.Terms())
			return
		}
		*to = n.Text
	}
}

func (r *reader) categories(u *Vocabulary) func(Value) {
	return func(v Value) {
		nameOf := func(c Category) string { return c.Name.Text }
		read := map[string]Category{}
		if v.Kind != Mapping {
			r.form(v, "a mapping of categories to properties")
			return
		}
		for _, e := range ordered(v) {
			if e.Key.Text == "personal" {
				r.fill("personal", e.Value, []field{{"unless", formTests, "what the word leaves out", true, r.laterTests(&u.PersonalUnless)}}, nil)
				continue
			}
			c := above(read, e.Key.Text)
			c.Name, c.Title = e.Key, ""
			var origin Name
			r.fill("a category", e.Value, []field{
				{"name", formText, "what people call it, as in: we use your e-mail address", false, r.plain(&c.Title)},
				{"term", formWord, "its term in W3C DPV", false, r.term(&c.Term)},
				{"identifies", formFlag, "tells who the person is", false, r.flag(&c.Identifies)},
				{"special", formFlag, "special category (GDPR art. 9)", false, r.flag(&c.Special)},
				{"origin", formWord, "collected (default), us, derived or never-stored", false, r.enum(&origin, "collected", "us", "derived", "never-stored")},
			}, nil)
			if origin.Text != "" {
				c.Origin = origin.Text
			}
			if c.Origin == "" {
				c.Origin = "collected"
			}
			read[e.Key.Text] = c
			u.Data = append(u.Data, c)
		}
		u.Data = inOrder(v, u.Data, nameOf)
	}
}

// laterTests reads conditions once all facts are known.
func (r *reader) laterTests(to *[]Test) func(Value) {
	return func(v Value) { r.later = append(r.later, func() { r.tests(to)(v) }) }
}

func (r *reader) purposes(u *Vocabulary) func(Value) {
	return func(v Value) {
		nameOf := func(p Purpose) string { return p.Name.Text }
		read := map[string]Purpose{}
		if v.Kind != Mapping {
			r.form(v, "a mapping of purposes to properties")
		}
		for _, e := range ordered(v) {
			p := above(read, e.Key.Text)
			p.Name, p.Title = e.Key, ""
			var serves Name
			r.fill("a purpose", e.Value, []field{
				{"name", formText, "what people call it, as in: for delivering your order", false, r.plain(&p.Title)},
				{"term", formWord, "its term in W3C DPV", false, r.term(&p.Term)},
				{"similar", formFlag, "offers own products similar to what the person bought (2002/58/EC art. 13(2))", false, r.flag(&p.Similar)},
				{"interest", formText, "the interest it serves, where it rests on one", false, r.plain(&p.Interest)},
				{"weighed", formDate, "day of the balancing test behind a legitimate interest", false, r.date(&p.Weighed)},
				{"foreign", formFlag, "named only to be denied", false, r.flag(&p.Foreign)},
				{"serves", formWord, "claims, rights-of-others or public-interest: open under a restriction (art. 18(2))", false, r.enum(&serves, "claims", "rights-of-others", "public-interest")},
			}, nil)
			if serves.Text != "" {
				p.Serves = serves.Text
			}
			read[e.Key.Text] = p
			u.Purposes = append(u.Purposes, p)
		}
		u.Purposes = inOrder(v, u.Purposes, nameOf)
	}
}

func recipientKinds() []string {
	return []string{"processor", "affiliate", "partner", "registry", "authority", "public", "third-party"}
}

func (r *reader) recipients(u *Vocabulary) func(Value) {
	return func(v Value) {
		nameOf := func(x Recipient) string { return x.Name.Text }
		read := map[string]Recipient{}
		if v.Kind != Mapping {
			r.form(v, "a mapping of recipients to properties")
		}
		for _, e := range ordered(v) {
			x := above(read, e.Key.Text)
			x.Name = e.Key
			kind := Name{Text: x.Kind}
			r.fill("a recipient", e.Value, []field{
				{"kind", formWord, strings.Join(recipientKinds(), ", "), false, r.enum(&kind, recipientKinds()...)},
				{"name", formText, "what people call it", false, r.plain(&x.Title)},
				{"country", formWord, "where it is", false, r.countryField(&x.Country)},
				{"agreement", formWord, "the contract with it", false, r.one(agreementNames, &x.Agreement)},
				{"certified", formMap, "frameworks for transfers it is certified under: {name: {from, to}}", false, r.certificates(&x.Certified)},
				{"policy", formText, "link to its notice", false, r.plain(&x.Policy)},
				{"support", formText, "link to its support", false, r.plain(&x.Support)},
			}, nil)
			if x.Kind = kind.Text; x.Kind == "" {
				r.add("E07", e.Key.Pos, "a recipient says no kind", "write kind: "+strings.Join(recipientKinds(), ", "))
				x.Kind = "third-party"
			}
			read[e.Key.Text] = x
			u.Recipients = append(u.Recipients, x)
		}
		u.Recipients = inOrder(v, u.Recipients, nameOf)
	}
}

func (r *reader) countryField(to *Name) func(Value) {
	return func(v Value) {
		if n, ok := r.text(v, "a country"); ok && r.country(n) {
			*to = n
		}
	}
}

func (r *reader) agreements(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			a := Agreement{Name: n}
			var ret Name
			r.fill("an agreement", v, []field{
				{"from", formDate, "first day in force", true, r.date(&a.From)},
				{"to", formDate, "first day no longer in force", false, r.date(&a.Until)},
				{"for", formSet, "purposes it covers", true, r.set(purposeNames, &a.For)},
				{"data", formSet, "categories it covers", true, r.set(dataNames, &a.Data)},
				{"terms", formWords, "what it binds the recipient to", false, r.free(&a.Terms)},
				{"return", formWord, "none (default), money or kind: what is given for the data", false, r.enum(&ret, "none", "money", "kind")},
				{"transfer", formWord, "mechanism for a transfer abroad", false, r.mechanism(&a.Transfer)},
			}, nil)
			a.Return = ret.Text
			if a.Until != 0 && a.Until <= a.From {
				r.add("E05", n.Pos, "the agreement ends before it begins", "")
			}
			u.Agreements = append(u.Agreements, a)
		})
	}
}

func (r *reader) locations(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			l := Location{Name: n}
			r.fill("a location", v, []field{
				{"name", formText, "what people call it, as in: it lies in our own rooms", false, r.plain(&l.Title)},
				{"country", formWord, "where it is", true, r.countryField(&l.Country)},
				{"transfer", formWord, "mechanism for a transfer there", false, r.mechanism(&l.Transfer)},
				{"certified", formMap, "frameworks that who runs it is certified under: {name: {from, to}}", false, r.certificates(&l.Certified)},
			}, nil)
			u.Locations = append(u.Locations, l)
		})
	}
}

// named reads a list of names, or a mapping of names to what people call them.
func (r *reader) named(what string, to *[]Named) func(Value) {
	return func(v Value) {
		if v.Kind != Mapping {
			for _, n := range r.list(v, "a name, a list of names or a mapping of names to properties") {
				*to = append(*to, Named{Name: n})
			}
			return
		}
		r.each(v, func(n Name, v Value) {
			x := Named{Name: n}
			r.fill(what, v, []field{{"name", formText, "what people call it", false, r.plain(&x.Title)}}, nil)
			*to = append(*to, x)
		})
	}
}

func (r *reader) services(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			s := Service{Name: n}
			r.fill("a service", v, []field{{"name", formText, "what people call it", false, r.plain(&s.Title)}}, nil)
			u.Services = append(u.Services, s)
		})
	}
}

func (r *reader) facets(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			f := Facet{Name: n}
			verbs := append(decision.DataVerbs(), decision.ServiceVerbs()...)
			r.fill("a facet", v, []field{
				{"values", formWords, "its values", true, r.free(&f.Values)},
				{"verbs", formWords, "verbs it qualifies; default all", false, r.among(&f.Verbs, verbs...)},
			}, nil)
			u.Facets = append(u.Facets, f)
		})
	}
}
