// Package dpv knows the terms of the W3C Data Privacy Vocabulary 2.3 and what stands above each: ids
// and hierarchy only, reduced from https://w3id.org/dpv/2.3 (see LICENSE.md).
package dpv

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed terms.txt
var table string

// A hierarchy maps each term to the broader ones.
type hierarchy map[string][]string

var read = sync.OnceValue(func() hierarchy {
	h := hierarchy{}
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		h[words[0]] = words[1:]
	}
	return h
})

// Known reports whether the term exists: dpv:Marketing, pd:EmailAddress.
func Known(term string) bool {
	_, ok := read()[term]
	return ok
}

// Terms lists all of them, in no order.
func Terms() []string {
	var out []string
	for t := range read() {
		out = append(out, t)
	}
	return out
}

// Under reports whether the term is above or stands somewhere below it.
func Under(term, above string) bool {
	return under(read(), term, above, 0)
}

func under(h hierarchy, term, above string, depth int) bool {
	if term == above {
		return true
	}
	if depth > 32 {
		return false // a cycle in the table would end here
	}
	for _, b := range h[term] {
		if under(h, b, above, depth+1) {
			return true
		}
	}
	return false
}

// Above lists the term and all above it, nearest first, each once.
func Above(term string) []string {
	h, out := read(), []string{term}
	if !Known(term) {
		return nil
	}
	for i := 0; i < len(out); i++ {
		for _, b := range h[out[i]] {
			if !slices.Contains(out, b) {
				out = append(out, b)
			}
		}
	}
	return out
}

// IsMarketing reports whether the purpose is direct marketing or marketing of any kind, where every
// objection ends the use (GDPR art. 21(3)).
func IsMarketing(term string) bool {
	return Under(term, "dpv:Marketing")
}
