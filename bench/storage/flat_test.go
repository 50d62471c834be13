package storage_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var most = flag.Int("most", 100_000, "how many people BenchmarkFlat goes up to")

// BenchmarkFlat tells whether anything becomes slower as people become more: making them, recording events
// of a thousand whom this process knows and of anybody, and reading the facts of somebody whom it does not
// know and who has five events. Each iteration is one look at all of them.
func BenchmarkFlat(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			h := newHouse(b, e.url(b), 0)
			for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
				if n > *most {
					break
				}
				b.Run(fmt.Sprintf("people=%d", n), func(b *testing.B) {
					h.grow(b, n-n/10)
					made := rateOf(n/10, func() { h.grow(b, n) })
					h.fill(b)
					var knowns, anybodies, facts []float64
					for b.Loop() {
						few := rand.IntN(n-999) + readers
						knowns = append(knowns, rate(b, 64, h.someone(few, few+1000-readers)).rate)
						anybodies = append(anybodies, rate(b, 64, h.someone(readers, n)).rate)
						facts = append(facts, h.facts(b))
					}
					b.ReportMetric(made, "made/s")
					b.ReportMetric(median(knowns), "events-known/s")
					b.ReportMetric(median(anybodies), "events-anybody/s")
					b.ReportMetric(median(facts), "facts/s")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

// readers are the people whose facts are read: the first ones, who get no other events.
const readers = 500

// fill gives the readers five events each, the first time, spread over the table.
func (h *house) fill(b *testing.B) {
	if h.filled {
		return
	}
	h.filled = true
	for range 5 {
		for i := range readers {
			if err := h.add(b.Context(), i); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// someone writes an event of one of some people.
func (h *house) someone(from, to int) func(context.Context) error {
	return func(ctx context.Context) error { return h.add(ctx, from+rand.IntN(to-from)) }
}

// facts reads them with nobody remembered.
func (h *house) facts(b *testing.B) float64 {
	b.Helper()
	warm := h.people
	cold := h.peopleOf(b, 1)
	h.people = warm
	defer func() { h.people = h.peopleOf(b, 0) }()
	return rate(b, 2, func(ctx context.Context) error {
		_, err := cold.Facts(ctx, h.site, h.known[rand.IntN(readers)], 0)
		return err
	}).rate
}

// rateOf is how many of n a second do makes.
func rateOf(n int, do func()) float64 {
	begin := time.Now()
	do()
	return float64(n) / time.Since(begin).Seconds()
}
