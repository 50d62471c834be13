package policy

import (
	"fmt"
	"strings"
)

// A lexicon holds the declared names of every kind.
type lexicon map[namespace]*wordList

// A wordList is words in order of declaration.
type wordList struct {
	list  []string
	known map[string]bool
}

// A namespace is a kind of names.
type namespace string

// The namespaces. Facts, events, facets and built-in words share one name space in a notice, but are
// looked up apart.
const (
	dataNames       namespace = "category"
	purposeNames    namespace = "purpose"
	recipientNames  namespace = "recipient"
	agreementNames  namespace = "agreement"
	locationNames   namespace = "location"
	roleNames       namespace = "role"
	askerNames      namespace = "role or recipient"
	peopleNames     namespace = "kind of person"
	serviceNames    namespace = "service"
	facetNames      namespace = "facet"
	eventNames      namespace = "event"
	factNames       namespace = "fact"
	stateNames      namespace = "state"
	groundNames     namespace = "ground"
	formatNames     namespace = "format"
	linkedNames     namespace = "linked policy"
	sourceNames     namespace = "source"
	pointNames      namespace = "collection point"
	identifierNames namespace = "identifier"
	termNames       namespace = "term of an agreement"
	measureNames    namespace = "measure"
	cookieNames     namespace = "cookie"
	countryNames    namespace = "country"
	lawNames        namespace = "law"
	detectorNames   namespace = "detector"
	mechanismNames  namespace = "mechanism for transfers"
)

func (l lexicon) add(ns namespace, words ...string) {
	if l[ns] == nil {
		l[ns] = &wordList{known: map[string]bool{}}
	}
	for _, w := range words {
		if !l[ns].known[w] {
			l[ns].known[w] = true
			l[ns].list = append(l[ns].list, w)
		}
	}
}

func (l lexicon) has(ns namespace, word string) bool { return l[ns] != nil && l[ns].known[word] }

// all are the words of some kinds.
func (l lexicon) all(spaces ...namespace) []string {
	var out []string
	for _, ns := range spaces {
		if l[ns] != nil {
			out = append(out, l[ns].list...)
		}
	}
	return out
}

// need reports a name that is not declared, with the nearest one that is.
func (r *reader) need(ns namespace, n Name) bool {
	if n.Text == "" || r.words.has(ns, n.Text) {
		return n.Text != ""
	}
	r.unknown("E04", string(ns), n, r.words.all(ns))
	return false
}

func (r *reader) needAll(ns namespace, l []Name) {
	for _, n := range l {
		r.need(ns, n)
	}
}

// maxHints is the number of problems after which no nearest word is looked for.
const maxHints = 200

// unknown reports a word that is none of the known ones.
func (r *reader) unknown(code, what string, n Name, known []string) {
	hint := ""
	if len(r.problems) > maxHints {
		known = nil // a file of nothing but slips is not worth the search
	}
	if near := nearest(n.Text, known); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	} else if len(known) > 0 && len(known) <= 12 {
		hint = "one of " + strings.Join(known, ", ")
	}
	verb := "is not declared"
	if code == "E03" {
		verb = "is not known here"
	}
	r.add(code, n.Pos, fmt.Sprintf("%s %q %s", what, n.Text, verb), hint)
}

// builtIns are the words that every vocabulary has.
func (r *reader) builtIns() {
	w := r.words
	w.add(dataNames, "personal")
	w.add(purposeNames, "as-collected", "by-interest")
	w.add(recipientNames, "us")
	w.add(askerNames, "us")
	w.add(locationNames, "residence")
	w.add(eventNames, builtInEvents()...)
	w.add(factNames, "residence", "age", "transport", "public", "change", "consent")
	w.add(sourceNames, "person", "device")
	w.add(detectorNames, "card-number", "bank-account", "national-id", "birth-date", "phone", "email", "health-words")
	w.add(countryNames, countries()...)
}
