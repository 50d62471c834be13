package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
	"github.com/avowhq/avow/policy"
)

// A running server on a real listener, whose callers are the machine's own administrator unless they send
// a key.
type running struct {
	*httptest.Server
	t      testing.TB
	house  *server.House
	server *server.Server
}

// start serves policies on SQLite.
func start(t testing.TB, dirs ...string) *running { return startOn(t, storetest.SQLite(t), dirs...) }

// startOn serves policies on a database.
func startOn(t testing.TB, url string, dirs ...string) *running {
	t.Helper()
	house, err := server.OpenHouse(t.Context(), server.HouseConfig{Dir: t.TempDir(), Database: url, Keys: filepath.Join(t.TempDir(), "keys")})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, house)
	return serve(t, house, dirs...)
}

// closeAfter closes when the test has ended.
func closeAfter(t testing.TB, c io.Closer) {
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func serve(t testing.TB, house *server.House, dirs ...string) *running {
	t.Helper()
	s, err := server.New(t.Context(), server.Config{Policies: loadAll(t, dirs...), House: house})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" && r.Header.Get("X-Stranger") == "" {
			r = r.WithContext(server.Local(r.Context(), 0))
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		h.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return &running{Server: h, t: t, house: house, server: s}
}

func loadAll(t testing.TB, dirs ...string) []*policy.Policy {
	t.Helper()
	var policies []*policy.Policy
	for _, dir := range dirs {
		p, problems, err := policy.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(problems) > 0 {
			var b strings.Builder
			policy.Print(&b, p.Files, problems)
			t.Fatalf("%s:\n%s", dir, b.String())
		}
		policies = append(policies, p)
	}
	return policies
}

// call sends JSON and decodes the answer; the status must be as wanted.
func (h *running) call(method, path string, want int, in, out any, header ...string) {
	h.t.Helper()
	status, text := h.send(method, path, in, header...)
	if status != want {
		h.t.Fatalf("%s %s: status %d, want %d: %s", method, path, status, want, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			h.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
}

func (h *running) send(method, path string, in any, header ...string) (int, []byte) {
	h.t.Helper()
	var body io.Reader
	switch in := in.(type) {
	case nil:
	case string:
		body = strings.NewReader(in)
	default:
		text, err := json.Marshal(in)
		if err != nil {
			h.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.URL+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// eventually waits up to twenty seconds for something that another goroutine does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 400 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("not within twenty seconds: %s", what)
}

// A webLog reads the log as anybody does.
type webLog struct{ h *running }

func (l webLog) get(path string) ([]byte, error) {
	status, text := l.h.send("GET", "/ledger/"+path, nil)
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", path, status)
	}
	return text, nil
}

func (l webLog) Checkpoint(context.Context) ([]byte, error) { return l.get("checkpoint") }

func (l webLog) Tile(_ context.Context, level int, n uint64, width int) ([]byte, error) {
	return l.get(ledger.TilePath(level, n, width))
}

func (l webLog) Bundle(_ context.Context, n uint64, width int) ([]byte, error) {
	return l.get(ledger.BundlePath(n, width))
}
