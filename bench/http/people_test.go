package http_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// BenchmarkPeople asks and records by turns in houses with ever more people, and tells how each compares
// with a house of a thousand. One iteration is a turn in all of them. "all" chooses among all people
// alike, which no cache helps with; "some" among a thousand of them, as where most people are quiet.
func BenchmarkPeople(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			var houses []*house
			for _, n := range []int{0, 1000, 10_000, 100_000, 1_000_000} {
				if n > *most {
					continue
				}
				h := newHouse(b, e.url(b))
				h.grow(n)
				houses = append(houses, h)
			}
			for _, kind := range []struct {
				name string
				one  func(h *house) func(i int) []byte
				of   func(h *house) int // how many it is about
			}{
				{"decide-some", func(h *house) func(int) []byte { return h.question }, func(h *house) int { return max(1, min(1000, h.people)) }},
				{"decide-all", func(h *house) func(int) []byte { return h.question }, func(h *house) int { return max(1, h.people) }},
				{"record-some", func(h *house) func(int) []byte { return h.event }, func(h *house) int { return max(1, min(1000, h.people)) }},
				{"record-all", func(h *house) func(int) []byte { return h.event }, func(h *house) int { return max(1, h.people) }},
			} {
				b.Run(kind.name, func(b *testing.B) { turns(b, houses, kind.one, kind.of) })
			}
		})
	}
}

func turns(b *testing.B, houses []*house, one func(h *house) func(i int) []byte, of func(h *house) int) {
	b.Helper()
	next := make([]func() []byte, len(houses))
	for i, h := range houses {
		make, n := one(h), of(h)
		next[i] = func() []byte { return make(rand.IntN(n)) }
		rate(b, h.addr, *slice, next[i])
	}
	ratios, rates := make([][]float64, len(houses)), make([][]float64, len(houses))
	for b.Loop() {
		turn := make([]float64, len(houses))
		for i, h := range houses {
			turn[i] = rate(b, h.addr, *slice, next[i])
		}
		for i := range houses {
			rates[i] = append(rates[i], turn[i])
			ratios[i] = append(ratios[i], turn[i]/turn[1])
		}
	}
	for i, h := range houses {
		slices.Sort(rates[i])
		slices.Sort(ratios[i])
		b.ReportMetric(rates[i][len(rates[i])/2], fmt.Sprintf("at-%d/s", h.people))
		b.ReportMetric(ratios[i][len(ratios[i])/2], fmt.Sprintf("at-%d-ratio", h.people))
	}
	b.ReportMetric(0, "ns/op")
}
