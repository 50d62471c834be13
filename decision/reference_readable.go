package decision

import "slices"

// readable reports whether the question can be read: every name declared, one object, a purpose and
// a time.
func (r *reader) readable() bool {
	q, v := &r.q, &r.m.Vocabulary
	known := func(name string, list []string) bool { return name == "" || slices.Contains(list, name) }
	all := func(names, list []string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(list, n) })
	}
	data := namesOf(v.Data, func(c Category) string { return c.Name })
	recipients := append(namesOf(v.Recipients, func(c Recipient) string { return c.Name }), Us)
	switch {
	case q.At == 0:
		return false
	case !r.oneObject():
		return false
	case !all(q.Data, data) || !known(q.Service, v.Services) || !known(q.Cookie, v.Cookies):
		return false
	case (len(q.With) > 0) != (q.Action == VerbCombine) || !all(q.With, data):
		return false
	case !known(q.For, namesOf(v.Purposes, func(p Purpose) string { return p.Name })):
		return false
	case q.For == "" && len(q.Data) > 0 && !slices.Contains(DestructiveVerbs(), q.Action):
		return false
	case !known(q.To, recipients) || !known(q.By, append(slices.Clone(v.Roles), recipients...)):
		return false
	case !known(q.In, namesOf(v.Locations, func(l Location) string { return l.Name })):
		return false
	case !known(q.From, v.Sources) || !known(q.Of, v.People):
		return false
	case !known(q.Ground, namesOf(v.Grounds, func(g Ground) string { return g.Name })):
		return false
	case !known(string(q.As), []string{string(Identified), string(Unlinked), string(Aggregated)}) || q.Group < 0:
		return false
	case !all(q.Ended, namesOf(v.Agreements, func(a Agreement) string { return a.Name })):
		return false
	case !all(q.Assigned, namesOf(v.Facts, func(f Fact) string { return f.Name })):
		return false
	}
	return !slices.ContainsFunc(q.Stated, func(s Stated) bool { return !r.statable(s) })
}

func namesOf[T any](l []T, name func(T) string) []string {
	var out []string
	for _, x := range l {
		out = append(out, name(x))
	}
	return out
}

// oneObject: data, a service or a cookie, with a verb that fits it.
func (r *reader) oneObject() bool {
	q := &r.q
	switch {
	case len(q.Data) > 0 && q.Service == "" && q.Cookie == "":
		return slices.Contains(DataVerbs(), q.Action) || slices.Contains(DestructiveVerbs(), q.Action)
	case len(q.Data) == 0 && q.Service != "" && q.Cookie == "":
		return slices.Contains(ServiceVerbs(), q.Action)
	case len(q.Data) == 0 && q.Service == "" && q.Cookie != "":
		return q.Action == VerbSet
	}
	return false
}

// statable: a facet with one of its values, or a fact of the question with a value of its type.
func (r *reader) statable(s Stated) bool {
	for _, f := range r.m.Vocabulary.Facets {
		if f.Name == s.Name {
			return slices.Contains(f.Values, s.Value)
		}
	}
	for _, f := range r.m.facts() {
		if f.Name == s.Name && f.Question {
			return f.takes(s.Value)
		}
	}
	return false
}

// facts are the declared ones and those that every vocabulary has.
func (m *Model) facts() []Fact {
	return append([]Fact{
		{Name: TransportFact, Type: EnumFact, Values: []string{"encrypted", "plain"}, Question: true},
		{Name: PublicFact, Type: FlagFact, Question: true},
	}, m.Vocabulary.Facts...)
}

// takes reports whether the value is of the fact's type. Numbers travel apart from values.
func (f Fact) takes(value string) bool {
	switch f.Type {
	case FlagFact:
		return value == "yes" || value == "no"
	case EnumFact:
		return slices.Contains(f.Values, value)
	case NumberFact:
		return value == ""
	}
	return false
}
