package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

// A process is a real `avow serve`.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	args []string
	base string
	key  string // the first API key
	said bytes.Buffer
	web  *http.Client
}

// build makes the command once for a test.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "avow")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../../cmd/avow").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// newProcess prepares a server on a database; start starts it, again and again.
func newProcess(t *testing.T, bin, url string) *process {
	t.Helper()
	dir, err := os.MkdirTemp("", "avow") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	p := &process{t: t, web: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}}
	p.args = []string{bin, "serve", "--addr", "127.0.0.1:0", "--dir", dir, starterDir}
	if strings.HasPrefix(url, "postgres") {
		p.args = append(p.args, "--db", url)
	}
	return p
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.CommandContext(p.t.Context(), p.args[0], p.args[1:]...)
	p.cmd.Stderr = &p.said
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it may have ended
	lines := bufio.NewScanner(out)
	p.base = ""
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if base, ok := strings.CutPrefix(line, "ready "); ok {
			p.base = base
		}
		if strings.HasPrefix(line, "avow_") {
			p.key = line
		}
		if p.base != "" && p.key != "" {
			break
		}
	}
	if p.base == "" {
		err := p.cmd.Wait()
		p.t.Fatalf("no start: %v: %s", err, &p.said)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until it ends, which is an error or none
}

// end waits for the end after a signal.
func (p *process) end(signal os.Signal) error {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	return p.cmd.Wait()
}

// errHalf is an answer that began and is none.
var errHalf = errors.New("half an answer")

// post is one call with the first key. An error that is not errHalf means that there was no answer at all.
func (p *process) post(path string, in, out any) (int, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(p.t.Context(), "POST", p.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.key)
	resp, err := p.web.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && !json.Valid(text) {
		err = errors.New("no JSON")
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %q, %w", errHalf, text, err)
	}
	if out != nil && resp.StatusCode == http.StatusOK {
		return resp.StatusCode, json.Unmarshal(text, out)
	}
	return resp.StatusCode, nil
}

// A sent event was acknowledged with its place, or not at all.
type sent struct {
	event map[string]any
	index int64 // -1: not acknowledged
	entry string
}

// load sends events and questions over 20 connections until the server does not answer any more. It
// returns what was sent, and how many questions were answered.
func (p *process) load(round int) (all []sent, asked int) {
	var mu sync.Mutex
	var writers sync.WaitGroup
	for w := range 20 {
		writers.Go(func() {
			for i := 0; ; i++ {
				person := fmt.Sprint("customer:", rand.IntN(50))
				s := sent{event: map[string]any{"person": person, "kind": "happened", "name": "order-placed", "id": fmt.Sprint(round, "-", w, "-", i)}, index: -1}
				var out recorded
				status, err := p.post("/api/v1/starter/events", map[string]any{"events": []any{s.event}}, &out)
				if err == nil && status == http.StatusOK {
					s.index, s.entry = *out.Events[0].Index, out.Events[0].Entry
				}
				var a answered
				if err == nil {
					status, err = p.post("/starter/access/v1/evaluation", map[string]any{
						"subject": map[string]any{"type": "service", "id": "first-admin"}, "action": map[string]any{"name": "use"},
						"resource": map[string]any{"type": "person", "id": person, "properties": map[string]any{"data": []string{"contact.email"}}}, "context": map[string]any{"for": "letter"},
					}, &a)
				}
				mu.Lock()
				all = append(all, s)
				if err == nil && status == http.StatusOK {
					asked++
				}
				mu.Unlock()
				if errors.Is(err, errHalf) {
					p.t.Error(err)
				}
				if err != nil {
					return
				}
				if status != http.StatusOK {
					p.t.Errorf("status %d", status)
				}
			}
		})
	}
	writers.Wait()
	return all, asked
}

// keeps finds every acknowledged event where it was, records the others once, and checks the whole log.
func (p *process) keeps(all []sent, older [][]byte) {
	p.t.Helper()
	for len(all) > 0 {
		n := min(500, len(all))
		var events []any
		for _, s := range all[:n] {
			events = append(events, s.event)
		}
		var out recorded
		if status, err := p.post("/api/v1/starter/events", map[string]any{"events": events}, &out); err != nil || status != http.StatusOK {
			p.t.Fatalf("again: %d, %v", status, err)
		}
		for i, s := range all[:n] {
			e := out.Events[i]
			if e.Error != nil {
				p.t.Fatalf("again: %+v", *e.Error)
			}
			if s.index >= 0 && (!e.Again || *e.Index != s.index || e.Entry != s.entry) {
				p.t.Errorf("an event was acknowledged as %d, and is %+v", s.index, e)
			}
		}
		all = all[n:]
	}
	log := &running{Server: &httptest.Server{URL: p.base}, t: p.t}
	_, key := log.send("GET", "/ledger/key", nil)
	v, err := ledger.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := ledger.CheckLog(context.Background(), webLog{log}, ledger.LogCheck{Verifier: v, Older: older}); err != nil {
		p.t.Errorf("the log: %v", err)
	}
}

// checkpoint is the signed head, as anybody may keep it.
func (p *process) checkpoint() []byte {
	status, text := p.get("/ledger/checkpoint")
	if status != http.StatusOK {
		p.t.Fatalf("checkpoint: %d", status)
	}
	return text
}

// get asks without a key, unless one is among the headers.
func (p *process) get(path string, header ...string) (int, []byte) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), "GET", p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := p.web.Do(req)
	if err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
	return resp.StatusCode, text
}

// A server that is killed among 20 writers has everything that it acknowledged, starts again by itself,
// and its log goes on from every checkpoint that it gave out.
func TestServerIsKilled(t *testing.T) {
	bin := build(t)
	storetest.Each(t, func(t *testing.T, url string) {
		p := newProcess(t, bin, url)
		p.start()
		var checkpoints [][]byte
		acknowledged := 0
		for round := range storetest.Rounds(3, 20) {
			var all []sent
			var done sync.WaitGroup
			done.Go(func() { all, _ = p.load(round) })
			time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
			checkpoints = append(checkpoints, p.checkpoint())
			time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
			if err := p.end(syscall.SIGKILL); err == nil {
				t.Error("it ended by itself before it was killed")
			}
			done.Wait()
			p.start()
			if status, text := p.get("/readyz"); status != http.StatusOK {
				t.Fatalf("after the kill: %d, %s", status, text)
			}
			for _, s := range all {
				if s.index >= 0 {
					acknowledged++
				}
			}
			p.keeps(all, checkpoints)
		}
		if acknowledged == 0 {
			t.Error("nothing was acknowledged")
		}
		if err := p.end(syscall.SIGTERM); err != nil {
			t.Errorf("it ends with %v: %s", err, &p.said)
		}
	})
}

// A server that is asked to end answers what it took on, writes down what it decided, and ends well.
func TestServerIsAskedToEnd(t *testing.T) {
	bin := build(t)
	storetest.Each(t, func(t *testing.T, url string) {
		p := newProcess(t, bin, url)
		p.start()
		var all []sent
		var asked int
		var done sync.WaitGroup
		done.Go(func() { all, asked = p.load(0) })
		time.Sleep(500 * time.Millisecond)
		begin := time.Now()
		if err := p.end(syscall.SIGTERM); err != nil {
			t.Errorf("it ends with %v: %s", err, &p.said)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v to end", took)
		}
		done.Wait()
		if p.said.Len() > 0 {
			t.Errorf("it complains: %s", &p.said)
		}
		p.start()
		p.keeps(all, nil)
		var report struct{ Asked int }
		_, text := p.get("/api/v1/starter/shadow/report", "Authorization", "Bearer "+p.key)
		if err := json.Unmarshal(text, &report); err != nil {
			t.Fatal(err)
		}
		if report.Asked < asked || asked == 0 {
			t.Errorf("%d decisions are written down of %d that were answered", report.Asked, asked)
		}
		if err := p.end(syscall.SIGTERM); err != nil {
			t.Errorf("it ends with %v: %s", err, &p.said)
		}
	})
}
