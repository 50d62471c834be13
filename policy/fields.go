package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A field is one key of a mapping: what it is called, the form of its value, what it means, and how
// it is read. The same table reads, finds unknown keys, and feeds the JSON Schemas and the manual.
type field struct {
	name string
	form form
	doc  string
	must bool
	read func(Value)
}

// A form is how a value is written.
type form string

// The forms.
const (
	formWord     form = "word"
	formText     form = "text"
	formWords    form = "word or list of words"
	formSet      form = "set"
	formSpan     form = "duration"
	formMoment   form = "moment"
	formDeadline form = "deadline"
	formBasis    form = "basis or list of bases"
	formTests    form = "conditions"
	formNumber   form = "number"
	formFlag     form = "yes or no"
	formMap      form = "mapping"
	formList     form = "list of mappings"
	formDate     form = "date"
)

// fill reads a mapping by its fields. Keys that none of them knows go to other, if there is one and it
// takes them; else they are E03.
func (r *reader) fill(what string, v Value, fields []field, other func(Entry) bool) {
	if v.Kind != Mapping {
		if v.Kind != Nothing {
			r.add("E05", v.Pos, what+" is a mapping", "write key: value lines")
		}
		return
	}
	var known []string
	for _, f := range fields {
		known = append(known, f.name)
	}
	for _, e := range v.Map {
		i := slices.Index(known, e.Key.Text)
		switch {
		case i >= 0:
			if e.Value.Kind == Scalar && e.Value.Text == "" {
				r.add("E05", e.Key.Pos, fmt.Sprintf("%s has no value", e.Key.Text), "write one, or drop the key")
				continue
			}
			fields[i].read(e.Value)
		case other == nil || !other(e):
			near := known
			if other != nil {
				near = slices.Concat(known, r.words.all(facetNames))
			}
			r.unknown("E03", "key", e.Key, near)
		}
	}
	for _, f := range fields {
		if f.must && !v.has(f.name) {
			r.add("E07", v.Pos, fmt.Sprintf("%s says no %s", what, f.name), f.doc)
		}
	}
}

func (v Value) has(key string) bool {
	return slices.ContainsFunc(v.Map, func(e Entry) bool { return e.Key.Text == key })
}

func (v Value) at(key string) Value {
	for _, e := range v.Map {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return Value{}
}

func (r *reader) form(v Value, want string) { r.add("E05", v.Pos, "this is not "+want, "") }

// text is a scalar; anything else is a problem.
func (r *reader) text(v Value, want string) (Name, bool) {
	if v.Kind == Nothing {
		return Name{}, false // unreadable, and reported
	}
	if v.Kind != Scalar || v.Text == "" {
		r.form(v, want)
		return Name{}, false
	}
	return Name{v.Pos, v.Text}, true
}

// word reads a scalar that nothing declares.
func (r *reader) word(to *Name) func(Value) {
	return func(v Value) {
		if n, ok := r.text(v, "one text"); ok {
			*to = n
		}
	}
}

func (r *reader) plain(to *string) func(Value) {
	return func(v Value) {
		if n, ok := r.text(v, "one text"); ok {
			*to = n.Text
		}
	}
}

// one reads a declared name.
func (r *reader) one(ns namespace, to *Name) func(Value) {
	return func(v Value) {
		if n, ok := r.text(v, "one "+string(ns)); ok && r.need(ns, n) {
			*to = n
		}
	}
}

// enum reads one of the words.
func (r *reader) enum(to *Name, words ...string) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "one of "+strings.Join(words, ", "))
		if !ok {
			return
		}
		if !slices.Contains(words, n.Text) {
			r.unknown("E05", "value", n, words)
			return
		}
		*to = n
	}
}

// words reads a scalar or a list of scalars.
func (r *reader) list(v Value, want string) []Name {
	items := v.List
	switch {
	case v.Kind != List:
		items = []Value{v}
	case len(items) == 0:
		r.form(v, want+": it is empty")
	}
	var out []Name
	for _, x := range items {
		if n, ok := r.text(x, want); ok {
			out = append(out, n)
		}
	}
	return out
}

// items are the mappings of a list, or the only one.
func (r *reader) items(v Value, want string) []Value {
	switch {
	case v.Kind == Mapping:
		return []Value{v}
	case v.Kind == Scalar, v.Kind == List && len(v.List) == 0:
		r.form(v, want+" or a list of them")
	}
	return v.List
}

// many reads one or several declared names.
func (r *reader) many(ns namespace, to *[]Name) func(Value) {
	return func(v Value) {
		*to = r.list(v, "a "+string(ns)+" or a list of them")
		r.needAll(ns, *to)
	}
}

// free reads one or several texts that nothing declares.
func (r *reader) free(to *[]Name) func(Value) {
	return func(v Value) { *to = r.list(v, "a text or a list of texts") }
}

// among reads one or several of the words.
func (r *reader) among(to *[]Name, words ...string) func(Value) {
	return func(v Value) {
		for _, n := range r.list(v, "a word or a list of words") {
			if !slices.Contains(words, n.Text) {
				r.unknown("E05", "value", n, words)
				continue
			}
			*to = append(*to, n)
		}
	}
}

// set reads a, [a, b], {not: a}, {not: [a, b]}.
func (r *reader) set(ns namespace, to *Set) func(Value) {
	return func(v Value) {
		*to = r.setOf(v)
		if ns != "" {
			r.needAll(ns, to.Names)
		}
	}
}

func (r *reader) setOf(v Value) Set {
	s := Set{Pos: v.Pos}
	if v.Kind == Nothing {
		return s
	}
	if v.Kind == Mapping {
		if len(v.Map) != 1 || v.Map[0].Key.Text != "not" {
			r.form(v, "a set: write a, [a, b] or {not: a}")
			return Set{}
		}
		s.Not = true
		v = v.Map[0].Value
	}
	s.Names = r.list(v, "a set of names")
	return s
}

func (r *reader) span(to *decision.Duration) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a duration")
		if !ok {
			return
		}
		d, err := durationIn(n.Text)
		if err != nil {
			r.add("E05", n.Pos, err.Error(), "")
		}
		*to = d
	}
}

func (r *reader) moment(to **Moment) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a moment")
		if !ok {
			return
		}
		m, name, err := momentIn(n.Text)
		if err != nil {
			r.add("E05", n.Pos, err.Error(), "")
			return
		}
		ns := eventNames
		if m.State != "" {
			ns = stateNames
		}
		r.need(ns, Name{n.Pos, name})
		*to = &Moment{n.Pos, m, Name{n.Pos, name}}
	}
}

func (r *reader) deadline(to *Deadline) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a deadline: a duration, at once or by law")
		if !ok {
			return
		}
		*to = Deadline{Pos: n.Pos, AtOnce: n.Text == "at once", ByLaw: n.Text == "by law"}
		if !to.AtOnce && !to.ByLaw {
			r.span(&to.Span)(v)
		}
	}
}

func (r *reader) number(to *int) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a number")
		if !ok {
			return
		}
		i, err := strconv.Atoi(n.Text)
		if err != nil || i < 0 || i > 1<<30 {
			r.form(v, "a whole number")
		}
		*to = i
	}
}

func (r *reader) flag(to *bool) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "yes or no")
		if ok && n.Text != "yes" && n.Text != "no" {
			r.form(v, "yes or no")
		}
		*to = n.Text == "yes"
	}
}

func (r *reader) date(to *decision.Instant) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "a date")
		if !ok {
			return
		}
		at, err := dateIn(n.Text, r.p.Front.Zone.Text)
		if err != nil {
			r.add("E05", n.Pos, err.Error(), "")
		}
		*to = at
	}
}

// bases reads a basis or a list of them; in a deny, {not: basis}.
func (r *reader) bases(to *[]Basis, not *bool) func(Value) {
	return func(v Value) {
		if v.Kind == Mapping && not != nil && len(v.Map) == 1 && v.Map[0].Key.Text == "not" {
			*not = true
			v = v.Map[0].Value
		}
		for _, n := range r.list(v, "a basis or a list of bases") {
			if b, ok := r.basis(n); ok {
				*to = append(*to, b)
			}
		}
	}
}

func (r *reader) basis(n Name) (Basis, bool) {
	kind, on, _ := strings.Cut(n.Text, " ")
	b := Basis{Pos: n.Pos, Kind: decision.BasisKind(kind), On: Name{n.Pos, on}}
	switch b.Kind {
	case decision.Consent, decision.ExplicitConsent, decision.VitalInterest, decision.LegitimateInterest, decision.AsKept, decision.Necessary:
		if on != "" {
			r.add("E05", n.Pos, fmt.Sprintf("%s rests on nothing else", kind), fmt.Sprintf("write %s alone", kind))
		}
	case decision.Contract:
		if on == "" {
			r.add("E08", n.Pos, "contract without the state that shows it is in force", "write contract and a state, as in contract account")
			return b, false
		}
		r.need(stateNames, b.On)
	case decision.LegalObligation, decision.PublicTask:
		if on == "" {
			r.add("E08", n.Pos, kind+" without the ground it rests on", "declare the law under grounds and name it here")
			return b, false
		}
		r.need(groundNames, b.On)
	default:
		r.unknown("E05", "basis", Name{n.Pos, kind}, basisWords())
		return b, false
	}
	return b, true
}

func basisWords() []string {
	return []string{"consent", "explicit-consent", "contract", "legal-obligation", "public-task", "vital-interest", "legitimate-interest", "as-kept", "necessary"}
}
