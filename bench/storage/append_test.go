// Package storage_test holds Avow's writing against a plain insert of the same rows, on the same engine,
// disk and machine, at the same time.
package storage_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	slice  = flag.Duration("slice", 400*time.Millisecond, "how long each side writes in one pair")
	people = flag.Int("people", 5_000, "how many people there are, all of whom this process remembers")
)

// BenchmarkAppend writes by turns, plain and through Avow. One iteration is a pair; the ratio is the
// median of those of all pairs that others left in peace, if they are at least three.
func BenchmarkAppend(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			h := newHouse(b, e.url(b), *people)
			p := e.plain(b, h.recordSize(b))
			warm(b, h, p)
			for _, callers := range []int{1, 64, 512} {
				b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
					var all, quiet pairs
					for b.Loop() {
						before := now(b)
						plain, avow := pair(b, callers, h, p)
						one := pairOf{plain, avow}
						all = append(all, one)
						if foreign(before, now(b)) < peace {
							quiet = append(quiet, one)
						}
					}
					b.ReportMetric(float64(len(quiet)), "quiet")
					if len(quiet) >= 3 {
						all = quiet
					}
					all.report(b)
				})
			}
		})
	}
}

// peace is how many cores others may use.
const peace = 0.3

type pairOf struct{ plain, avow measured }

type pairs []pairOf

func (l pairs) report(b *testing.B) {
	of := func(f func(p pairOf) float64) float64 {
		var all []float64
		for _, p := range l {
			all = append(all, f(p))
		}
		return median(all)
	}
	b.ReportMetric(of(func(p pairOf) float64 { return p.plain.rate }), "plain/s")
	b.ReportMetric(of(func(p pairOf) float64 { return p.avow.rate }), "avow/s")
	b.ReportMetric(of(func(p pairOf) float64 { return p.avow.rate / p.plain.rate }), "ratio")
	b.ReportMetric(of(func(p pairOf) float64 { return p.avow.cpu / p.plain.cpu }), "cpu-ratio")
	b.ReportMetric(of(func(p pairOf) float64 { return p.avow.cpu * 1e6 }), "avow-cpu-µs")
	b.ReportMetric(0, "ns/op")
}

// pair writes to people chosen alike.
func pair(b *testing.B, callers int, h *house, p *plain) (plain, avow measured) {
	b.Helper()
	plain = rate(b, callers, func(ctx context.Context) error { return p.add(ctx, rand.Int64N(int64(len(h.known)))+1) })
	avow = rate(b, callers, func(ctx context.Context) error { return h.add(ctx, rand.IntN(len(h.known))) })
	return plain, avow
}

// warm writes until the files of both have the size that they keep: while a write-ahead log still grows,
// every commit waits for the file system's journal too.
func warm(b *testing.B, h *house, p *plain) {
	b.Helper()
	for range 4 {
		pair(b, 128, h, p)
	}
}

// A measured side wrote so many events a second, each for so many seconds of this process's CPU.
type measured struct{ rate, cpu float64 }

// rate has so many callers write, each waiting for its own before the next. What counts is durable.
func rate(b *testing.B, callers int, add func(context.Context) error) measured {
	b.Helper()
	var n atomic.Int64
	var wg sync.WaitGroup
	var stop atomic.Bool
	begin, used := time.Now(), cpu(b)
	timer := time.AfterFunc(*slice, func() { stop.Store(true) })
	defer timer.Stop()
	for range callers {
		wg.Go(func() {
			for !stop.Load() {
				if err := add(b.Context()); err != nil {
					b.Error(err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	events := float64(n.Load())
	return measured{events / time.Since(begin).Seconds(), (cpu(b) - used).Seconds() / events}
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func median(l []float64) float64 {
	l = slices.Sorted(slices.Values(l))
	return l[len(l)/2]
}
