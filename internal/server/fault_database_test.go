package server_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store/storetest"
)

// A line is what a server reaches its PostgreSQL through. It can be held, as by a network that loses
// packets, and cut.
type line struct {
	to string

	mu    sync.Mutex
	held  chan struct{} // not nil: nothing passes until it is closed
	only  string        // hold connections that sent this; "" holds all
	conns map[net.Conn]bool
}

// lineTo listens in a folder of its own and returns the address of the database through it.
func lineTo(t *testing.T, address string) (*line, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	name := ".s.PGSQL." + q.Get("port")
	l := &line{to: filepath.Join(q.Get("host"), name), conns: map[net.Conn]bool{}}
	dir := t.TempDir()
	socket, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := socket.Close(); err != nil {
			t.Error(err)
		}
		l.release()
		l.cut()
	})
	ctx := context.WithoutCancel(t.Context()) // the server reaches its database until it has ended
	go func() {
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			go l.carry(ctx, c)
		}
	}()
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return l, u.String()
}

func (l *line) carry(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }() // an error says that it is closed already
	db, err := new(net.Dialer).DialContext(ctx, "unix", l.to)
	if err != nil {
		return
	}
	defer func() { _ = db.Close() }() // nobody reads from it any more
	l.mu.Lock()
	l.conns[c] = true
	l.mu.Unlock()
	var marked sync.Map // holds "" once the connection sent what only names
	go func() {
		l.copy(c, db, &marked, false)
		_ = c.Close() // an error says that it is closed already
	}()
	l.copy(db, c, &marked, true)
}

func (l *line) copy(to io.Writer, from io.Reader, marked *sync.Map, asks bool) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		l.mu.Lock()
		held, only := l.held, l.only
		l.mu.Unlock()
		if asks && only != "" && bytes.Contains(b[:n], []byte(only)) {
			marked.Store("", true)
		}
		if _, is := marked.Load(""); held != nil && (only == "" || is) {
			<-held
		}
		if _, e := to.Write(b[:n]); err != nil || e != nil {
			return
		}
	}
}

// hold lets nothing pass, or nothing of connections that sent a text since.
func (l *line) hold(only string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held, l.only = make(chan struct{}), only
}

func (l *line) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil {
		close(l.held)
		l.held, l.only = nil, ""
	}
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close() // an error says that it is closed already
		delete(l.conns, c)
	}
}

// outcome is what a caller with half a second of patience hears: "yes", "no", or "nothing".
func (h *running) outcome(person string, key ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	const body = `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"PERSON","properties":{"data":["contact.email"]}},"context":{"for":"letter"}}`
	req, err := http.NewRequestWithContext(ctx, "POST", h.URL+"/starter/access/v1/evaluation", strings.NewReader(strings.Replace(body, "PERSON", person, 1)))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if len(key) > 0 {
		req.Header.Set(key[0], key[1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "nothing"
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil || resp.StatusCode >= 500:
		return "nothing"
	case bytes.Contains(text, []byte(`"decision":true`)):
		return "yes"
	}
	return "no"
}

// A server that cannot reach its database says yes for a second more at most, whatever it remembers; then
// it says nothing, until it reads again.
func TestServerLosesItsDatabase(t *testing.T) {
	t.Parallel()
	address, keys := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys")
	l, through := lineTo(t, address)
	a, b := beside(t, address, keys), beside(t, through, keys)
	id, key := a.key(map[string]any{"scopes": []string{"decide"}})
	for what, lose := range map[string]struct {
		begin, end func()
		silences   bool
	}{
		"held":           {func() { l.hold("") }, l.release, true},
		"held, then cut": {func() { l.hold("") }, func() { l.cut(); l.release() }, true},
		"cut":            {l.cut, func() {}, false},
		"deaf":           {func() { l.hold("LISTEN"); killListeners(t, a.house.Store) }, l.release, false},
	} {
		t.Run(what, func(t *testing.T) {
			person := "customer:" + strings.ReplaceAll(what, ", ", "-")
			a.record(200, granted(person), granted(person+"-stays"))
			eventually(t, "the consent is known", func() bool { return b.outcome(person, key...) == "yes" })
			lose.begin()
			a.record(200, withdrawn(person))
			acknowledged := time.Now()
			heard := map[string]int{}
			for asked := time.Now(); asked.Sub(acknowledged) < 1700*time.Millisecond; asked = time.Now() {
				said := b.outcome(person, key...)
				if heard[said]++; said == "yes" && asked.Sub(acknowledged) > within {
					t.Fatalf("yes, %v after the withdrawal", asked.Sub(acknowledged))
				}
			}
			if lose.silences && heard["nothing"] == 0 {
				t.Errorf("heard meanwhile: %v", heard)
			}
			lose.end()
			eventually(t, "it answers again", func() bool { return b.outcome(person, key...) == "no" && b.outcome(person+"-stays", key...) == "yes" })
		})
	}
	t.Run("revoked", func(t *testing.T) {
		const person = "customer:held-stays"
		l.hold("")
		defer l.release()
		a.call("POST", "/api/v1/keys/"+id+"/revoke", http.StatusNoContent, struct{}{}, nil)
		acknowledged := time.Now()
		for asked := time.Now(); asked.Sub(acknowledged) < 1700*time.Millisecond; asked = time.Now() {
			if b.outcome(person, key...) == "yes" && asked.Sub(acknowledged) > within {
				t.Fatalf("a revoked key is taken %v after that", asked.Sub(acknowledged))
			}
		}
	})
}
