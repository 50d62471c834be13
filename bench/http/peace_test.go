package http_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// peace is how many cores others may use while a pair is measured.
const peace = 0.3

// A moment is how much CPU had been used, by the whole machine and by us: this process and those it
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
	parent, used := map[string]string{}, map[string]time.Duration{}
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range dirs {
		stat, err := os.ReadFile("/proc/" + d.Name() + "/stat")
		if err != nil || d.Name() == "self" {
			continue
		}
		if f := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:]); len(f) > 12 {
			parent[d.Name()], used[d.Name()] = f[1], ticks(f[11])+ticks(f[12])
		}
	}
	self := strconv.Itoa(os.Getpid())
	for pid := range used {
		for p := pid; p != "" && p != "0"; p = parent[p] {
			if p == self {
				m.ours += used[pid]
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
