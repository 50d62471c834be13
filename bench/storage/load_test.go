package storage_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A moment is how much CPU had been used, by the whole machine and by us: this process and the servers it
// started.
type moment struct {
	at        time.Time
	all, ours time.Duration
}

const tick = time.Second / 100 // the kernel's unit in /proc

func now(b testing.TB) moment {
	b.Helper()
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		b.Fatal(err)
	}
	m := moment{at: time.Now()}
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, f := range strings.Fields(line) {
		if i == 1 || i == 2 || i == 3 || i == 8 { // user, nice, system, steal
			m.all += ticks(f)
		}
	}
	type process struct {
		parent string
		used   time.Duration
	}
	all := map[string]process{}
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range dirs {
		if _, err := strconv.Atoi(d.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + d.Name() + "/stat")
		if err != nil {
			continue // it has ended
		}
		f := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
		all[d.Name()] = process{f[1], ticks(f[11]) + ticks(f[12])}
	}
	self := strconv.Itoa(os.Getpid())
	for pid := range all {
		for p := pid; p != "" && p != "0"; p = all[p].parent {
			if p == self {
				m.ours += all[pid].used
				break
			}
		}
	}
	return m
}

func ticks(s string) time.Duration {
	n, _ := strconv.ParseInt(s, 10, 64)
	return time.Duration(n) * tick
}

// foreign is how many cores others used between two moments.
func foreign(from, to moment) float64 {
	return max(0, ((to.all-from.all)-(to.ours-from.ours)).Seconds()/to.at.Sub(from.at).Seconds())
}
