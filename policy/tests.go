package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// tests reads when:, unless: and while: a mapping of facts to what they must be.
func (r *reader) tests(to *[]Test) func(Value) {
	return func(v Value) {
		if v.Kind != Mapping || len(v.Map) == 0 {
			r.form(v, "a mapping of facts to tests")
			return
		}
		for _, e := range v.Map {
			if t, ok := r.test(e); ok {
				*to = append(*to, Test{e.Key.Pos, e.Key, t})
			}
		}
	}
}

func (r *reader) test(e Entry) (decision.Test, bool) {
	name := e.Key.Text
	t := decision.Test{Fact: name}
	switch name {
	case decision.ResidenceFact:
		return r.placeTest(t, e.Value)
	case decision.AgeFact:
		return r.rangeTest(t, e.Value)
	case decision.ConsentFact:
		return r.valueTest(t, e.Value, "valid", "none")
	case decision.TransportFact:
		return r.valueTest(t, e.Value, "encrypted", "plain")
	case decision.PublicFact:
		return r.valueTest(t, e.Value, "yes", "no")
	case "change":
		return r.valueTest(t, e.Value, "significant", "minor")
	}
	for i := range r.p.Vocabulary.Facts {
		if f := &r.p.Vocabulary.Facts[i]; f.Name.Text == name {
			return r.factTest(t, f, e.Value)
		}
	}
	for _, a := range r.p.Vocabulary.Attributes {
		if a.Name.Text == name {
			return r.factTest(t, &Fact{Name: a.Name, Type: a.Type, Values: a.Values}, e.Value)
		}
	}
	if r.words.has(eventNames, name) {
		return r.eventTest(t, e.Value)
	}
	r.unknown("E04", "fact", e.Key, r.words.all(factNames, eventNames))
	return t, false
}

func (r *reader) factTest(t decision.Test, f *Fact, v Value) (decision.Test, bool) {
	switch f.Type {
	case decision.StateFact:
		n, ok := r.text(v, "open, closed, never or assigned")
		if ok && !slices.Contains([]string{"open", "closed", "never", "assigned"}, n.Text) {
			r.add("E08", n.Pos, fmt.Sprintf("%s is a state; %q does not test it", t.Fact, n.Text), "write open, closed, never or assigned")
			return t, false
		}
		if n.Text == "assigned" && f.Assigns.Text == "" {
			r.add("E08", n.Pos, fmt.Sprintf("cases of %s are given to nobody", t.Fact), "declare assigns: with a role in the vocabulary")
		}
		t.State = n.Text
		return t, ok
	case decision.NumberFact:
		return r.rangeTest(t, v)
	case decision.EnumFact:
		return r.valueTest(t, v, texts(f.Values)...)
	}
	return r.valueTest(t, v, "yes", "no")
}

func (r *reader) valueTest(t decision.Test, v Value, values ...string) (decision.Test, bool) {
	s := r.setOf(v)
	for _, n := range s.Names {
		if !slices.Contains(values, n.Text) {
			r.unknown("E08", "value of "+t.Fact, n, values)
			return t, false
		}
	}
	t.In = set(s)
	return t, s.Stated()
}

func (r *reader) placeTest(t decision.Test, v Value) (decision.Test, bool) {
	s := r.setOf(v)
	out := decision.Set{Not: s.Not}
	for _, n := range s.Names {
		places, ok := r.places(n)
		if !ok {
			return t, false
		}
		out.Names = append(out.Names, places...)
	}
	t.In = out
	return t, s.Stated()
}

// places are a country, a region of one, or the members of a group of countries.
func (r *reader) places(n Name) ([]string, bool) {
	if g := countryGroup(n.Text); g != nil {
		return g, true
	}
	if !r.country(n) {
		return nil, false
	}
	return []string{n.Text}, true
}

// country checks a country code, or one with a region: US-CA.
func (r *reader) country(n Name) bool {
	c, region, has := strings.Cut(n.Text, "-")
	if r.words.has(countryNames, c) && (!has || regionPattern.MatchString(region)) {
		return true
	}
	hint := "write a code of ISO 3166-1 in capitals, such as CH, or with a region, US-CA"
	if up := strings.ToUpper(n.Text); up != n.Text && (r.words.has(countryNames, up) || has && regionPattern.MatchString(strings.ToUpper(region))) {
		hint = "did you mean " + up + "?"
	}
	r.add("E04", n.Pos, fmt.Sprintf("country %q is not known", n.Text), hint)
	return false
}

var regionPattern = regexp.MustCompile(`^[A-Z0-9]{1,3}$`)

func (r *reader) rangeTest(t decision.Test, v Value) (decision.Test, bool) {
	n, ok := r.text(v, "a test of a number")
	if !ok {
		return t, false
	}
	lo, hi, err := rangeIn(n.Text)
	if err != nil {
		r.add("E08", n.Pos, err.Error(), "")
		return t, false
	}
	t.Min, t.Max = lo, hi
	return t, true
}

func (r *reader) eventTest(t decision.Test, v Value) (decision.Test, bool) {
	n, ok := r.text(v, "happened, never, within … or over … ago")
	if !ok {
		return t, false
	}
	if n.Text == "happened" || n.Text == "never" {
		t.Event = n.Text
		return t, true
	}
	var err error
	if rest, ok := strings.CutPrefix(n.Text, "within "); ok {
		t.Event = "within"
		t.Span, err = durationIn(rest)
	} else if rest, ok := strings.CutPrefix(n.Text, "over "); ok {
		t.Event = "over"
		t.Span, err = durationIn(strings.TrimSuffix(rest, " ago"))
	} else {
		err = fmt.Errorf("%s is an event; %q does not test it", t.Fact, n.Text)
	}
	if err != nil {
		r.add("E08", n.Pos, err.Error(), "write happened, never, within 1 year or over 1 year ago")
		return t, false
	}
	return t, true
}
