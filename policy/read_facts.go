package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

func (r *reader) events(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			e := Event{Name: n}
			var about Name
			r.fill("an event", v, []field{
				{"name", formText, "what happened, for people, as in: 30 days after your account was closed", false, r.plain(&e.Title)},
				{"about", formWord, "person (default) or record", false, r.enum(&about, "person", "record")},
				{"ground", formText, "why it happens", false, r.word(&e.Ground)},
			}, nil)
			e.Record = about.Text == "record"
			u.Events = append(u.Events, e)
		})
	}
}

func (r *reader) facts(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			f := Fact{Name: n, About: "person"}
			var is, about Name
			r.fill("a fact", v, []field{
				{"name", formText, "what people call it; of a state as in: as long as your account is open", false, r.plain(&f.Title)},
				{"is", formWord, "flag, enum, number or state", true, r.enum(&is, "flag", "enum", "number", "state")},
				{"about", formWord, "person (default), case, record or question", false, r.enum(&about, "person", "case", "record", "question")},
				{"values", formWords, "of an enum", false, r.free(&f.Values)},
				{"opens", formWords, "events that open a state", false, r.many(eventNames, &f.Opens)},
				{"closes", formWords, "events that close a state", false, r.many(eventNames, &f.Closes)},
				{"assigns", formWord, "role to which an open case is given", false, func(v Value) {
					r.word(&f.Assigns)(v)
					r.need(roleNames, f.Assigns)
				}},
				{"unknown", formWord, "value taken when nothing is known", false, r.word(&f.Unknown)},
			}, nil)
			f.Type = decision.FactType(is.Text)
			if about.Text != "" {
				f.About = about.Text
			}
			r.checkFact(&f)
			u.Facts = append(u.Facts, f)
		})
	}
}

func (r *reader) checkFact(f *Fact) {
	switch f.Type {
	case decision.EnumFact:
		if len(f.Values) == 0 {
			r.add("E07", f.Name.Pos, "an enum says no values", "write values: [a, b]")
		}
		if f.Unknown.Text != "" && !slices.Contains(texts(f.Values), f.Unknown.Text) {
			r.unknown("E08", "value of "+f.Name.Text, f.Unknown, texts(f.Values))
			f.Unknown = Name{}
		}
	case decision.StateFact:
		if len(f.Opens) == 0 {
			r.add("E07", f.Name.Pos, "a state that nothing opens", "write opens: with an event")
		}
	case decision.FlagFact:
		if u := f.Unknown.Text; u != "" && u != "yes" && u != "no" {
			r.unknown("E08", "value of "+f.Name.Text, f.Unknown, []string{"yes", "no"})
			f.Unknown = Name{}
		}
	}
	if f.Type != decision.StateFact && (len(f.Opens) > 0 || len(f.Closes) > 0) {
		r.add("E08", f.Name.Pos, "only a state is opened and closed", "write is: state")
	}
}

func (r *reader) grounds(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			g := Ground{Name: n}
			r.fill("a ground", v, []field{
				{"name", formText, "what people call it; default its law", false, r.plain(&g.Title)},
				{"law", formText, "the law, or what happened", true, r.plain(&g.Law)},
				{"special", formFlag, "lifts the ban on special categories (GDPR art. 9(2)(b)-(j))", false, r.flag(&g.Special)},
			}, nil)
			u.Grounds = append(u.Grounds, g)
		})
	}
}

func (r *reader) formats(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			f := Format{Name: n}
			r.fill("a format", v, []field{
				{"pattern", formText, "a regular expression (RE2)", true, r.pattern(&f.Pattern)},
				{"say", formText, "what a fitting value looks like", true, r.plain(&f.Say)},
			}, nil)
			u.Formats = append(u.Formats, f)
		})
	}
}

func (r *reader) pattern(to *string) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a regular expression")
		if !ok {
			return
		}
		if _, err := regexp.Compile(n.Text); err != nil {
			r.add("E05", n.Pos, "not a regular expression: "+err.Error(), "see the syntax of RE2")
			return
		}
		*to = n.Text
	}
}

func (r *reader) linked(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			l := Linked{Name: n}
			r.fill("a linked policy", v, []field{
				{"of", formWord, "whose it is", false, r.one(recipientNames, &l.Of)},
				{"link", formText, "its address", true, r.plain(&l.Link)},
			}, nil)
			u.Policies = append(u.Policies, l)
		})
	}
}

func (r *reader) attributes(u *Vocabulary) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			a := Attribute{Name: n}
			var is Name
			r.fill("an attribute", v, []field{
				{"from", formText, "where it stands in a request", true, r.attributePath(&a)},
				{"is", formWord, "flag, enum or number", true, r.enum(&is, "flag", "enum", "number")},
				{"values", formWords, "of an enum", false, r.free(&a.Values)},
				{"unknown", formWord, "value taken when it is not sent", false, r.word(&a.Unknown)},
			}, nil)
			a.Type = decision.FactType(is.Text)
			f := Fact{Name: n, Type: a.Type, Values: a.Values, Unknown: a.Unknown}
			r.checkFact(&f)
			a.Unknown = f.Unknown
			u.Attributes = append(u.Attributes, a)
		})
	}
}

func (r *reader) attributePath(a *Attribute) func(Value) {
	return func(v Value) {
		fixed := []string{"subject.type", "subject.id", "action.name", "resource.type", "resource.id"}
		ok := slices.Contains(fixed, v.Text)
		for _, p := range []string{"subject.properties.", "action.properties.", "resource.properties."} {
			ok = ok || strings.HasPrefix(v.Text, p) && len(v.Text) > len(p)
		}
		if !ok {
			r.add("E05", v.Pos, "no place in an AuthZEN request", "write "+strings.Join(fixed, ", ")+" or subject.properties.x, action.properties.x, resource.properties.x")
			return
		}
		a.From = v.Text
	}
}

func (r *reader) authzen(u *Vocabulary) func(Value) {
	return func(v Value) {
		verbs := append(decision.DataVerbs(), decision.ServiceVerbs()...)
		r.fill("authzen", v, []field{
			{"actions", formMap, "action names to verbs", false, func(v Value) {
				r.each(v, func(n Name, v Value) {
					a := ActionAlias{Name: n}
					r.enum(&a.Verb, verbs...)(v)
					u.AuthZEN.Actions = append(u.AuthZEN.Actions, a)
				})
			}},
			{"resources", formMap, "resource types to data and purpose", false, func(v Value) {
				r.each(v, func(n Name, v Value) {
					a := ResourceAlias{Name: n}
					r.fill("a resource", v, []field{
						{"data", formWords, "categories", true, r.many(dataNames, &a.Data)},
						{"for", formWord, "purpose", true, r.one(purposeNames, &a.For)},
					}, nil)
					u.AuthZEN.Resources = append(u.AuthZEN.Resources, a)
				})
			}},
		}, nil)
	}
}
