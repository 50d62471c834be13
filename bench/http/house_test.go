package http_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/policy"
)

// engines are the databases, each durable.
var engines = []struct {
	name string
	url  func(b testing.TB) string
}{
	{"sqlite", storetest.SQLite},
	{"postgres", storetest.Durable},
}

// listen serves a handler as the command does.
func listen(b testing.TB, h http.Handler) (addr string) {
	b.Helper()
	l, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

// closeAfter closes when the test has ended.
func closeAfter(b testing.TB, c io.Closer) {
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
}

// A house is Avow as it is served, with the starter's notice and a key of a machine.
type house struct {
	b       testing.TB
	house   *server.House
	handler *server.Server
	addr    string
	key     string
	people  int
}

func newHouse(b testing.TB, url string) *house {
	b.Helper()
	h := &house{b: b}
	var err error
	if h.house, err = server.OpenHouse(b.Context(), server.HouseConfig{Dir: b.TempDir(), Database: url, Keys: filepath.Join(b.TempDir(), "keys")}); err != nil {
		b.Fatal(err)
	}
	closeAfter(b, h.house)
	p, problems, err := policy.Load("../../policies/starter")
	if err != nil || policy.Errors(problems) {
		b.Fatal(err, problems)
	}
	if h.handler, err = server.New(b.Context(), server.Config{Policies: []*policy.Policy{p}, House: h.house}); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.handler.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	h.addr = listen(b, h.handler)
	var out struct{ Secret string }
	h.post(h.house.FirstKey, "/api/v1/keys", map[string]any{"principal": "mailer", "binding": map[string]any{"scopes": []string{"decide", "events:write", "people:write"}}}, &out)
	h.key = out.Secret
	return h
}

// post is one call, not over the wire.
func (h *house) post(key, path string, in, out any) {
	h.b.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		h.b.Fatal(err)
	}
	r := httptest.NewRequestWithContext(h.b.Context(), "POST", path, strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	if h.handler.ServeHTTP(w, r); w.Code >= 300 {
		h.b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			h.b.Fatal(err)
		}
	}
}

// grow makes people until there are so many, each with two events, in requests of five hundred.
func (h *house) grow(people int) {
	h.b.Helper()
	for h.people < people {
		n := min(500, people-h.people)
		var events []map[string]any
		for i := range n {
			p := person(h.people + i)
			events = append(events, map[string]any{"person": p, "kind": "granted", "for": []string{"letter"}, "style": "opt-in"},
				map[string]any{"person": p, "kind": "happened", "name": "order-placed"})
		}
		h.post(h.key, "/api/v1/starter/events", map[string]any{"events": events}, nil)
		h.people += n
	}
}

func person(i int) string { return fmt.Sprintf("customer:c-%08d", i) }

// event is a request that records one consent.
func (h *house) event(i int) []byte {
	return request("/api/v1/starter/events", h.key, eventBody(i))
}

func eventBody(i int) string {
	return `{"events":[{"person":"` + person(i) + `","kind":"granted","for":["letter"],"style":"opt-in"}]}`
}

// question is a request that asks whether a letter may be sent.
func (h *house) question(i int) []byte {
	return request("/starter/access/v1/evaluation", h.key, questionBody(i))
}

func questionBody(i int) string {
	return `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"` + person(i) +
		`","properties":{"data":["contact.email"]}},"context":{"for":"letter"}}`
}
