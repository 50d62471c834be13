package client_test

import (
	"errors"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
)

// The server of these is the tests' own, in the same process: its share is in the figures.
func benchmark(b *testing.B, down bool, change func(*client.Config)) {
	h := openHouse("shop")
	h.t = b
	h.consent("customer:1", "letter", true)
	s := httptest.NewServer(h)
	defer s.Close()
	c := h.client(b, s.URL, change)
	ask(b, c, letter("customer:1"))
	if down {
		s.Close()
		for range 3 { // and the breaker opens
			ask(b, c, letter("customer:1"))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if a, err := c.Decide(b.Context(), letter("customer:1")); !a.Allowed || a.FromSnapshot != down {
			b.Fatal(a, err)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmark(b, false, func(c *client.Config) { c.Purposes = nil }) })
	b.Run("signed", func(b *testing.B) { benchmark(b, false, func(*client.Config) {}) })
	b.Run("signed, on disk", func(b *testing.B) {
		benchmark(b, false, func(c *client.Config) { c.Folder = filepath.Join(b.TempDir(), "snapshots") })
	})
	b.Run("from a snapshot", func(b *testing.B) { benchmark(b, true, func(*client.Config) {}) })
	b.Run("unavailable", func(b *testing.B) {
		h := openHouse("shop")
		c := h.client(b, "http://127.0.0.1:1", func(c *client.Config) { c.Timeout = time.Second })
		for range 4 {
			if _, err := c.Decide(b.Context(), letter("customer:1")); !errors.Is(err, client.ErrUnavailable) {
				b.Fatal(err)
			}
		}
		for b.Loop() {
			if a, _ := c.Decide(b.Context(), letter("customer:1")); a.Allowed {
				b.Fatal("allowed")
			}
		}
	})
}
