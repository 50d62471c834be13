package http_test

import (
	"bufio"
	"encoding/json"
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
)

// BenchmarkMemory tells two events each of many people to a real `avow serve`, by 250 people a request,
// starts it again and asks about all of them, twice, and reads how much of it is resident each time. It is
// one run, whatever -benchtime says.
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
			s := &served{args: []string{bin, "serve", "--addr", "127.0.0.1:0", "--dir", dir, "../../policies/starter"}}
			if url := e.url(b); strings.HasPrefix(url, "postgres") {
				s.args = append(s.args, "--db", url)
			}
			s.start(b)
			s.report(b, "started")
			asMany(b, s.addr, *most/250, func(i int) []byte { return manyEvents(s.key, 250*i, 250) })
			s.report(b, "told")
			s.stop(b)
			s.start(b)
			for range 2 {
				asMany(b, s.addr, *most, func(i int) []byte {
					return request("/starter/access/v1/evaluation", s.key, strings.Replace(questionBody(i*7919%*most), "mailer", "first-admin", 1))
				})
			}
			s.report(b, "asked")
			s.stop(b)
			b.ReportMetric(0, "ns/op")
		})
	}
}

// A served is a process of the command.
type served struct {
	args      []string
	cmd       *exec.Cmd
	addr, key string
}

func (s *served) start(b *testing.B) {
	b.Helper()
	s.cmd = exec.CommandContext(b.Context(), s.args[0], s.args[1:]...)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s.addr = ""
	lines := bufio.NewScanner(out)
	for (s.addr == "" || s.key == "") && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if base, ok := strings.CutPrefix(line, "ready http://"); ok {
			s.addr = base
		}
		if strings.HasPrefix(line, "avow_") {
			s.key = line
		}
	}
	if s.addr == "" || s.key == "" {
		b.Fatal("the server does not start")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until it ends, which is an error or none
}

func (s *served) stop(b *testing.B) {
	b.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		b.Error(err)
	}
}

// report tells what is resident, in MB of 10^6 bytes: the program's own pages and what it allocated.
func (s *served) report(b *testing.B, what string) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		for field, unit := range map[string]string{"VmRSS:": "-MB", "RssAnon:": "-own-MB"} {
			if rest, ok := strings.CutPrefix(line, field); ok {
				var kb float64
				if _, err := fmt.Sscan(rest, &kb); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(kb*1024/1e6, what+unit)
			}
		}
	}
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
