package http_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMemory tells people's events to a real `avow serve`, asks about all of them, twice and in
// another order, and reads how much of it is resident. It is one run, whatever -benchtime says.
func BenchmarkMemory(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "avow")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", bin, "./cmd/avow")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			dir, err := os.MkdirTemp("", "avow")
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := os.RemoveAll(dir); err != nil {
					b.Error(err)
				}
			}()
			args := []string{"serve", "--addr", "127.0.0.1:0", "--dir", dir, "../../policies/starter"}
			if url := e.url(b); strings.HasPrefix(url, "postgres") {
				args = append(args, "--db", url)
			}
			p := exec.CommandContext(b.Context(), bin, args...)
			p.Stderr = os.Stderr
			out, err := p.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := p.Start(); err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := errors.Join(p.Process.Signal(syscall.SIGTERM), p.Wait()); err != nil {
					b.Errorf("end the server: %v", err)
				}
			}()
			addr, key := started(b, out)
			report := func(what string) { b.ReportMetric(resident(b, p.Process.Pid), what+"-MB") }
			report("started")
			asMany(b, addr, *most/250, func(i int) []byte { return manyEvents(key, 250*i, 250) })
			report("told")
			for range 2 {
				asMany(b, addr, *most, func(i int) []byte {
					return request("/starter/access/v1/evaluation", key, strings.Replace(questionBody(i*7919%*most), "mailer", "first-admin", 1))
				})
			}
			report("asked")
			time.Sleep(10 * time.Second)
			report("at-rest")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// started reads what a server says when it is ready.
func started(b *testing.B, out io.Reader) (addr, key string) {
	b.Helper()
	lines := bufio.NewScanner(out)
	for (addr == "" || key == "") && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if base, ok := strings.CutPrefix(line, "ready http://"); ok {
			addr = base
		}
		if strings.HasPrefix(line, "avow_") {
			key = line
		}
	}
	if addr == "" || key == "" {
		b.Fatal("the server does not start")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until it ends, which is an error or none
	return addr, key
}

// manyEvents is a request about n people, two events each.
func manyEvents(key string, first, n int) []byte {
	var events []map[string]any
	for i := range n {
		p := person(first + i)
		events = append(events, map[string]any{"person": p, "kind": "granted", "for": []string{"letter"}, "style": "opt-in"}, map[string]any{"person": p, "kind": "happened", "name": "order-placed"})
	}
	text, err := json.Marshal(map[string]any{"events": events})
	if err != nil {
		panic(err) // of our own making
	}
	return request("/api/v1/starter/events", key, string(text))
}

// asMany sends so many requests over all connections.
func asMany(b *testing.B, addr string, n int, one func(i int) []byte) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range connections {
		c, err := dial(b.Context(), addr)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.c.Close() }() // each answer has been read
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := c.ask(one(int(i))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// resident is what a process has in memory, in MB of 10^6 bytes.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	var kb float64
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscan(rest, &kb); err != nil {
				b.Fatal(err)
			}
		}
	}
	return kb * 1024 / 1e6
}
