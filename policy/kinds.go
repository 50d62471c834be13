package policy

import (
	"fmt"
	"slices"
)

// A kind is one kind of promise. To add one: give it a file with its body, its fields and its reader,
// a line in kinds, and, if deciding knows it, a case in lowering.promise. The checker, the manual and
// the JSON Schemas follow from its fields.
type kind struct {
	name   string // its first key
	doc    string
	fields func(r *reader, x *Promise) []field // makes the body, and says how to fill it
	facets bool                                // facets are keys of it
	check  func(r *reader, x *Promise, v Value)
}

// kinds lists them in the order of the manual.
func kinds() []kind {
	return []kind{
		allowKind(), denyKind(), collectKind(), keepKind(), onKind(), everyKind(), rightKind(),
		measureKind(), cookieKind(), versionKind(), stateKind(),
	}
}

func kindNames() []string {
	var out []string
	for _, k := range kinds() {
		out = append(out, k.name)
	}
	return out
}

// promiseBlock reads one promise or a list of them.
func (r *reader) promiseBlock(c *Clause, v Value, pos Pos) {
	if v.Kind == Nothing {
		r.garbled = append(r.garbled, c) // and reported
		return
	}
	items := v.List
	if v.Kind != List {
		items = []Value{v}
	}
	for _, x := range items {
		if x.Kind != Mapping || len(x.Map) == 0 {
			if x.Pos.Line == 0 {
				x.Pos = pos
			}
			r.add("E02", x.Pos, "a promise is a mapping whose first key is its kind", "begin with one of "+fmt.Sprint(kindNames()))
			continue
		}
		r.promise(c, x)
	}
}

func (r *reader) promise(c *Clause, v Value) {
	all := kinds()
	first := v.Map[0].Key
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == first.Text })
	for _, e := range v.Map[1:] {
		if slices.ContainsFunc(all, func(k kind) bool { return k.name == e.Key.Text }) && i >= 0 {
			r.add("E02", e.Key.Pos, fmt.Sprintf("two kinds in one promise: %s and %s", first.Text, e.Key.Text), "write two promises")
			return
		}
	}
	if i < 0 {
		r.unknownKind(v, all)
		return
	}
	x := &Promise{Pos: first.Pos, Kind: first.Text, Clause: c, ID: fmt.Sprintf("%s.%d", c.ID, len(c.Promises)+1)}
	k := all[i]
	fields := append(k.fields(r, x), commonFields(r, x)...)
	r.fill("a promise of kind "+k.name, v, fields, func(e Entry) bool { return k.facets && r.facet(x, e) })
	if k.check != nil {
		k.check(r, x, v)
	}
	c.Promises = append(c.Promises, x)
}

func (r *reader) unknownKind(v Value, all []kind) {
	first := v.Map[0].Key
	for _, e := range v.Map[1:] {
		if slices.ContainsFunc(all, func(k kind) bool { return k.name == e.Key.Text }) {
			r.add("E02", first.Pos, fmt.Sprintf("the kind, %s, is not the first key", e.Key.Text), "move it up")
			return
		}
	}
	hint := ""
	if near := nearest(first.Text, kindNames()); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.add("E02", first.Pos, fmt.Sprintf("%q is no kind of promise", first.Text), hint)
}

// commonFields stand in every kind.
func commonFields(r *reader, x *Promise) []field {
	return []field{
		{"ref", formWords, "requirements outside that it keeps", false, r.free(&x.Refs)},
		{"id", formWord, "a lasting name; default clause.n", false, func(v Value) {
			if n, ok := r.text(v, "one word"); ok {
				r.wellFormed(n)
				x.ID = n.Text
			}
		}},
	}
}

// facet reads a key that is the name of a facet.
func (r *reader) facet(x *Promise, e Entry) bool {
	i := slices.IndexFunc(r.p.Vocabulary.Facets, func(f Facet) bool { return f.Name.Text == e.Key.Text })
	if i < 0 {
		return false
	}
	s := r.setOf(e.Value)
	values := texts(r.p.Vocabulary.Facets[i].Values)
	for _, n := range s.Names {
		if !slices.Contains(values, n.Text) {
			r.unknown("E04", "value of "+e.Key.Text, n, values)
		}
	}
	fs := FacetSet{e.Key, s}
	switch {
	case x.Rule != nil:
		x.Rule.Facets = append(x.Rule.Facets, fs)
		if s.Not && !x.Rule.Deny {
			r.add("E06", s.Pos, "not in an allow: a word added later would be permitted unseen", "name the values")
		}
		r.facetFits(x.Rule, &r.p.Vocabulary.Facets[i], e.Key)
	case x.Right != nil:
		x.Right.Facets = append(x.Right.Facets, fs)
	}
	return true
}

// facetFits: a facet that qualifies none of an allow's verbs would leave it without effect.
func (r *reader) facetFits(u *Rule, f *Facet, at Name) {
	if u.Deny || len(f.Verbs) == 0 || len(u.Verbs) == 0 {
		return
	}
	for _, v := range u.Verbs {
		if slices.Contains(texts(f.Verbs), v.Text) {
			return
		}
	}
	r.add("E08", at.Pos, fmt.Sprintf("%s qualifies none of the verbs of this allow", at.Text), "drop it, or add the verb to the facet's verbs")
}
