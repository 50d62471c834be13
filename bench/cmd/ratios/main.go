// Command ratios reads the output of go test -bench and prints the median of each benchmark, and how
// many times BenchmarkAvowDecide it takes on the same requests:
//
//	go test -run '^$' -bench . -cpu 1 -count 3 . | go run ./cmd/ratios
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const unit = "AvowDecide"

var line = regexp.MustCompile(`^Benchmark(\w+)/(\w+)(?:-\d+)?\s+\d+\s+([0-9.]+) ns/op(?:.*?(\d+) B/op\s+(\d+) allocs/op)?`)

type result struct {
	ns            []float64
	bytes, allocs string
}

func main() {
	var names, kinds []string
	found := map[string]*result{}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		m := line.FindStringSubmatch(in.Text())
		if m == nil {
			continue
		}
		ns, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			continue
		}
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
		if !slices.Contains(kinds, m[2]) {
			kinds = append(kinds, m[2])
		}
		r := found[m[1]+m[2]]
		if r == nil {
			r = &result{}
			found[m[1]+m[2]] = r
		}
		r.ns = append(r.ns, ns)
		r.bytes, r.allocs = m[4], m[5]
	}
	fmt.Print("| |")
	for _, k := range kinds {
		fmt.Printf(" %s: ns | × | bytes | allocs |", k)
	}
	fmt.Print("\n| --- |", strings.Repeat(" ---: | ---: | ---: | ---: |", len(kinds)), "\n")
	for _, n := range names {
		fmt.Printf("| %s |", n)
		for _, k := range kinds {
			r, base := found[n+k], found[unit+k]
			if r == nil || base == nil {
				fmt.Print(" | | | |")
				continue
			}
			ratio := median(r.ns) / median(base.ns)
			fmt.Printf(" %.0f | %s | %s | %s |", median(r.ns), times(ratio), r.bytes, r.allocs)
		}
		fmt.Println()
	}
}

func median(l []float64) float64 {
	l = slices.Sorted(slices.Values(l))
	return l[len(l)/2]
}

func times(ratio float64) string {
	if ratio < 10 {
		return fmt.Sprintf("%.2g", ratio)
	}
	return fmt.Sprintf("%.0f", ratio)
}
