package server

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A reader is who reads a page, as far as the request tells.
type reader struct {
	languages []string // primary subtags, the most wanted first
	regions   []string // ISO 3166-1 alpha-2, the most wanted first
}

// readerOf reads Accept-Language (RFC 9110, section 12.5.4).
func readerOf(r *http.Request) reader {
	type range_ struct {
		tag    string
		weight float64
	}
	var ranges []range_
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, weight, _ := strings.Cut(part, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(weight), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64) // 0, not wanted, if it is no number
		}
		if tag = strings.TrimSpace(tag); tag != "" && q > 0 {
			ranges = append(ranges, range_{tag, q})
		}
		if len(ranges) == 20 {
			break
		}
	}
	slices.SortStableFunc(ranges, func(a, b range_) int { return cmp.Compare(b.weight, a.weight) })
	var who reader
	for _, x := range ranges {
		subtags := strings.Split(x.tag, "-")
		who.languages = append(who.languages, strings.ToLower(subtags[0]))
		for _, t := range subtags[1:] {
			if len(t) == 2 { // a script has four letters, a variant five or more
				who.regions = append(who.regions, strings.ToUpper(t))
				break
			}
		}
	}
	return who
}

// pick is the one asked for, else the first that the reader wants, else the default; only of those there
// are.
func pick(asked string, wanted []string, otherwise string, is func(string) bool) string {
	for _, x := range append([]string{asked}, wanted...) {
		if x != "" && is(x) {
			return x
		}
	}
	return otherwise
}
