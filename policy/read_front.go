package policy

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// front reads the front matter. The zone comes first: dates are midnight there.
func (r *reader) front(v Value) {
	if v.Kind == Nothing {
		return
	}
	f := &r.p.Front
	f.Zone, f.Location, _ = zoneIn(v.at("timezone"))
	r.fill("the front matter", v, frontFields(r, f), nil)
}

func frontFields(r *reader, f *Front) []field {
	return []field{
		{"avow", formWord, "the language: v1", true, r.version()},
		{"site", formWord, "name of the site: letters, digits and -", true, r.site(&f.Site)},
		{"title", formText, "title of the notice", true, r.word(&f.Title)},
		{"effective", formDate, "day it takes effect", true, r.date(&f.Effective)},
		{"controller", formMap, "who decides on purposes and means", true, func(v Value) { f.Controller = r.controller(v) }},
		{"controllers", formList, "controllers beside it", false, func(v Value) {
			for _, x := range r.items(v, "a controller") {
				f.Controllers = append(f.Controllers, r.controller(x))
			}
		}},
		{"law", formWords, "law profiles that may apply", true, r.laws(&f.Law)},
		{"timezone", formText, "IANA zone; dates are midnight there", true, r.zone(f)},
		{"languages", formMap, "translations: {language: file}", false, func(v Value) {
			f.Languages = map[string]string{}
			r.each(v, func(n Name, v Value) {
				if file, ok := r.text(v, "a file"); ok {
					f.Languages[n.Text], r.languageAt[n.Text] = file.Text, n.Pos
				}
			})
		}},
		{"suspended", formList, "clauses whose promises stop: {clause, since, reason}", false, r.suspensions(f)},
	}
}

func (r *reader) zone(f *Front) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a time zone")
		if !ok {
			return
		}
		if f.Zone, f.Location, ok = zoneIn(v); !ok {
			r.add("E05", n.Pos, fmt.Sprintf("time zone %q is not known", n.Text), "write a name of the IANA database, such as Europe/Zurich")
		}
	}
}

func zoneIn(v Value) (Name, *time.Location, bool) {
	at, err := time.LoadLocation(v.Text)
	if err != nil || v.Text == "" || v.Text == "Local" {
		return Name{}, nil, false
	}
	return Name{v.Pos, v.Text}, at, true
}

func (r *reader) site(to *Name) func(Value) {
	return func(v Value) {
		if !sitePattern.MatchString(v.Text) {
			r.add("E05", v.Pos, fmt.Sprintf("site %q will not do in an address", v.Text), "use small letters, digits and -, at most 63")
			return
		}
		*to = Name{v.Pos, v.Text}
	}
}

var sitePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (r *reader) controller(v Value) Controller {
	var c Controller
	r.fill("a controller", v, []field{
		{"name", formText, "its name", true, r.word(&c.Name)},
		{"contact", formText, "address for privacy matters", true, r.word(&c.Contact)},
		{"country", formWord, "where it is established", true, r.countryField(&c.Country)},
		{"officer", formText, "data protection officer", false, r.word(&c.Officer)},
	}, nil)
	return c
}

func (r *reader) laws(to *[]Name) func(Value) {
	return func(v Value) {
		r.words.add(lawNames, r.p.Laws.IDs()...)
		for _, n := range r.list(v, "a law or a list of laws") {
			if r.need(lawNames, n) {
				*to = append(*to, n)
			}
		}
	}
}

func (r *reader) suspensions(f *Front) func(Value) {
	return func(v Value) {
		for _, x := range r.items(v, "a suspension") {
			var s Suspension
			r.fill("a suspension", x, []field{
				{"clause", formWord, "its anchor", true, r.word(&s.Clause)},
				{"since", formDate, "first day", true, r.date(&s.Since)},
				{"reason", formText, "why", true, r.word(&s.Reason)},
			}, nil)
			f.Suspended = append(f.Suspended, s)
			r.later = append(r.later, func() {
				var ids []string
				for _, c := range r.p.Clauses {
					ids = append(ids, c.ID)
				}
				if slices.Contains(ids, s.Clause.Text) {
					return
				}
				r.unknown("E04", "clause", s.Clause, ids)
			})
		}
	}
}
