// Package http_test holds Avow's server against plain handlers on the same machine at the same time, over
// real connections.
package http_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

var (
	slice = flag.Duration("slice", 500*time.Millisecond, "how long each side is asked in one pair")
	most  = flag.Int("people", 100_000, "how many people there are at most")
)

// A side answers requests at an address.
type side struct {
	addr string
	next func() []byte
}

// compare asks by turns. One iteration is a pair; what is reported is the median of those pairs that
// others left in peace, or of all if these are fewer than three.
func compare(b *testing.B, plain, avow side) {
	b.Helper()
	type pair struct{ plain, avow float64 }
	var all, quiet []pair
	rate(b, plain.addr, *slice, plain.next)
	rate(b, avow.addr, *slice, avow.next)
	for b.Loop() {
		before := now(b)
		one := pair{rate(b, plain.addr, *slice, plain.next), rate(b, avow.addr, *slice, avow.next)}
		all = append(all, one)
		if foreign(before, now(b)) < peace {
			quiet = append(quiet, one)
		}
	}
	b.ReportMetric(float64(len(quiet)), "quiet")
	if len(quiet) >= 3 {
		all = quiet
	}
	of := func(f func(pair) float64) float64 {
		var l []float64
		for _, p := range all {
			l = append(l, f(p))
		}
		slices.Sort(l)
		return l[len(l)/2]
	}
	b.ReportMetric(of(func(p pair) float64 { return p.plain }), "plain/s")
	b.ReportMetric(of(func(p pair) float64 { return p.avow }), "avow/s")
	b.ReportMetric(of(func(p pair) float64 { return p.avow / p.plain }), "ratio")
	b.ReportMetric(0, "ns/op")
}

// prepared gives out requests that were made before, in a random order.
func prepared(n int, one func(i int) []byte) func() []byte {
	const many = 4096
	var all [][]byte
	for range many {
		all = append(all, one(rand.IntN(n)))
	}
	return func() []byte { return all[rand.IntN(many)] }
}

// BenchmarkEvents records events one a request, durable, against one INSERT and commit a request.
func BenchmarkEvents(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			h := newHouse(b, e.url(b))
			h.grow(min(*most, 10_000))
			handler := map[string]func(testing.TB) http.Handler{"sqlite": plainLite, "postgres": plainPostgres}[e.name](b)
			compare(b, side{listen(b, handler), prepared(h.people, func(i int) []byte { return request("/events", "", eventBody(i)) })}, side{h.addr, prepared(h.people, h.event)})
		})
	}
}

// BenchmarkDecisions asks about people who are known, with the check of a key, reasons and the private
// log, against handlers that only read and write JSON.
func BenchmarkDecisions(b *testing.B) {
	for _, e := range engines {
		h := newHouse(b, e.url(b))
		h.grow(1000)
		for _, plain := range []struct {
			name   string
			handle http.HandlerFunc
		}{{"echo", echo}, {"constant", constant}} {
			b.Run(fmt.Sprintf("%s/%s", e.name, plain.name), func(b *testing.B) {
				compare(b, side{listen(b, plain.handle), prepared(h.people, h.question)}, side{h.addr, prepared(h.people, h.question)})
			})
		}
	}
}
