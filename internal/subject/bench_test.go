package subject_test

import (
	"testing"

	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// BenchmarkSeal is what an event costs before it reaches the database: it is checked, its person is found in
// memory, and its record is made, sealed and committed to. The goal is 250 000 a second and core, 4 µs each.
func BenchmarkSeal(b *testing.B) {
	h := newHouse(b, storetest.SQLite(b))
	h.record("email:ann@mail.example", grant())
	r := subject.Report{Person: ref(b, "email:ann@mail.example"), Event: grant()}
	b.ReportAllocs()
	for b.Loop() {
		if err := h.people.Seal(b.Context(), h.site, r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkFacts is a decision's look at somebody who is remembered.
func BenchmarkFacts(b *testing.B) {
	h := newHouse(b, storetest.SQLite(b))
	h.record("email:ann@mail.example", grant())
	who := ref(b, "email:ann@mail.example")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.people.Facts(b.Context(), h.site, who, 0); err != nil {
			b.Fatal(err)
		}
	}
}
