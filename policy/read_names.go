package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// declare enters every name before any property is read.
func (r *reader) declare(v Value) {
	for list, spaces := range map[string][]namespace{
		"data": {dataNames}, "purposes": {purposeNames}, "recipients": {recipientNames, askerNames, sourceNames}, "agreements": {agreementNames},
		"locations": {locationNames}, "services": {serviceNames}, "facets": {facetNames}, "events": {eventNames}, "facts": {factNames},
		"grounds": {groundNames}, "formats": {formatNames}, "policies": {linkedNames}, "attributes": {factNames},
	} {
		for _, e := range v.at(list).Map {
			r.wellFormed(e.Key)
			r.unreserved(list, e.Key)
			for _, ns := range spaces {
				r.words.add(ns, e.Key.Text)
			}
		}
	}
	for _, e := range v.at("facts").Map {
		if e.Value.at("is").Text == "state" {
			r.words.add(stateNames, e.Key.Text)
		}
	}
	r.declareList(v.at("people"), peopleNames)
	r.declareList(v.at("roles"), roleNames, askerNames)
	for _, e := range v.at("agreements").Map {
		for _, t := range e.Value.at("terms").texts() {
			r.words.add(termNames, t)
		}
	}
}

// declareList enters the names of a list, or the keys of a mapping.
func (r *reader) declareList(v Value, spaces ...namespace) {
	items := v.List
	if v.Kind == Scalar {
		items = []Value{v}
	}
	for _, e := range v.Map {
		items = append(items, Value{Kind: Scalar, Pos: e.Key.Pos, Text: e.Key.Text})
	}
	for _, x := range items {
		if x.Kind != Scalar || x.Text == "" {
			continue // reported where the list is read
		}
		r.wellFormed(Name{x.Pos, x.Text})
		for _, ns := range spaces {
			r.words.add(ns, x.Text)
		}
	}
}

// unreserved: a built-in word is not declared again, nor anything below it.
func (r *reader) unreserved(list string, n Name) {
	reserved := map[string][]string{"purposes": {"as-collected", "by-interest"}, "recipients": {"us", "person", "device"}, "locations": {"residence"}}
	root, _, below := strings.Cut(n.Text, ".")
	if slices.Contains(reserved[list], root) || list == "data" && root == "personal" && below {
		r.add("E18", n.Pos, fmt.Sprintf("%s is a built-in word", root), "choose another name")
	}
}

// wellFormed: letters, digits, - and _, in parts joined by dots. What stands above need not be
// declared itself, but what is below never comes before it unseen.
func (r *reader) wellFormed(n Name) {
	if len(n.Text) > maxName {
		r.add("E05", n.Pos, fmt.Sprintf("a name of %d bytes; it may have %d", len(n.Text), maxName), "shorten it")
		return
	}
	for part := range strings.SplitSeq(n.Text, ".") {
		if !namePattern.MatchString(part) {
			r.add("E05", n.Pos, fmt.Sprintf("%q is no name", n.Text), "use letters, digits, - and _, in parts joined by dots")
			return
		}
	}
}

const maxName = 200 // bytes

var namePattern = regexp.MustCompile(`^[\pL\pN_-]+$`)

// distinct: facts, events, facets and built-in words share one name space, since all are keys of
// conditions and questions.
func (r *reader) distinct() {
	u := &r.p.Vocabulary
	seen := r.takenWords()
	take := func(n Name, what string) {
		if was, ok := seen[n.Text]; ok {
			r.add("E18", n.Pos, fmt.Sprintf("%s %s has the name of %s", what, n.Text, was), "rename one of them")
		}
		seen[n.Text] = what + " " + n.Text
	}
	for _, f := range u.Facts {
		take(f.Name, "fact")
	}
	for _, e := range u.Events {
		take(e.Name, "event")
	}
	for _, f := range u.Facets {
		take(f.Name, "facet")
	}
	for _, a := range u.Attributes {
		take(a.Name, "attribute")
	}
}

// takenWords are the built-in words, and every key beside which a declared one may stand.
func (r *reader) takenWords() map[string]string {
	seen := map[string]string{}
	keys := r.givenFields()
	for _, k := range kinds() {
		if k.facets {
			keys = append(keys, k.fields(r, &Promise{})...)
		}
	}
	for _, q := range []query{r.actionQuery(), r.collectQuery(), r.rightQuery()} {
		keys = append(keys, q.asks...)
	}
	for _, f := range append(append(keys, commonFields(r, &Promise{})...), r.choiceFields()...) {
		seen[f.name] = "a key"
	}
	for _, w := range choiceWords() {
		seen[w] = "a key"
	}
	for _, w := range builtInEvents() {
		seen[w] = "a built-in event"
	}
	for _, w := range []string{decision.ResidenceFact, decision.AgeFact, decision.TransportFact, decision.PublicFact, decision.ConsentFact, "change"} {
		seen[w] = "a built-in fact"
	}
	return seen
}
