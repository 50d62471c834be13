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
					made := h.making(b, n)
					h.fill(b)
					var knowns, anybodies, facts measures
					for b.Loop() {
						few := rand.IntN(n-999) + readers
						knowns = append(knowns, rate(b, 64, h.someone(few, few+1000-readers)))
						anybodies = append(anybodies, rate(b, 64, h.someone(readers, n)))
						facts = append(facts, h.facts(b))
					}
					measures{made}.report(b, "made")
					knowns.report(b, "known")
					anybodies.report(b, "anybody")
					facts.report(b, "facts")
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
func (h *house) facts(b *testing.B) measured {
	b.Helper()
	warm := h.people
	cold := h.peopleOf(b, 1)
	h.people = warm
	defer func() { h.people = h.peopleOf(b, 0) }()
	return rate(b, 2, func(ctx context.Context) error {
		_, err := cold.Facts(ctx, h.site, h.known[rand.IntN(readers)], 0)
		return err
	})
}

// making measures how the last of n people are made.
func (h *house) making(b *testing.B, n int) measured {
	b.Helper()
	few := float64(n - len(h.known))
	begin, used := time.Now(), cpu(b)
	h.grow(b, n)
	return measured{few / time.Since(begin).Seconds(), (cpu(b) - used).Seconds() / few}
}

type measures []measured

// report says how many a second, and how many µs of this process's CPU each took: what other load on the
// machine changes less.
func (l measures) report(b *testing.B, what string) {
	var rates, cpus []float64
	for _, m := range l {
		rates, cpus = append(rates, m.rate), append(cpus, m.cpu)
	}
	b.ReportMetric(median(rates), what+"/s")
	b.ReportMetric(median(cpus)*1e6, what+"-µs")
}
