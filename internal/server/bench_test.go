package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/avowhq/avow/internal/server"
)

const question = `{"subject":{"type":"staff","id":"first-admin"},"action":{"name":"use"},"resource":{"type":"person","id":"customer:1","properties":{"data":["contact.email"]}},"context":{"for":"direct-marketing","channel":"email","topic":"offers"}}`

func bench(b *testing.B, h http.Handler, path string) {
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), "POST", path, strings.NewReader(question))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

// BenchmarkEvaluation decides about a stored person, with the check of a key, reasons and the private log.
func BenchmarkEvaluation(b *testing.B) {
	house, err := server.OpenHouse(b.Context(), server.HouseConfig{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	closeAfter(b, house)
	s, err := server.New(b.Context(), server.Config{Policies: loadAll(b, "../../policies/isodme"), House: house})
	if err != nil {
		b.Fatal(err)
	}
	send := func(path, body string) {
		r := httptest.NewRequestWithContext(b.Context(), "POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+house.FirstKey)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
	send("/api/v1/isodme/events", `{"events":[{"person":"customer:1","kind":"described","residence":"DE"},{"person":"customer:1","kind":"happened","name":"account-opened"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		send("/access/v1/evaluation", question)
	}
}

// BenchmarkDisclosure has disclosures of a hundred people permitted, for a hundred callers at once.
func BenchmarkDisclosure(b *testing.B) {
	house, err := server.OpenHouse(b.Context(), server.HouseConfig{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	closeAfter(b, house)
	s, err := server.New(b.Context(), server.Config{Policies: loadAll(b, starterDir), House: house})
	if err != nil {
		b.Fatal(err)
	}
	send := func(path, body string) string {
		r := httptest.NewRequestWithContext(b.Context(), "POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+house.FirstKey)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Error(w.Code, w.Body)
		}
		return w.Body.String()
	}
	for i := range 100 {
		send("/api/v1/starter/events", fmt.Sprintf(`{"events":[{"person":"customer:%d","kind":"granted","for":["letter"],"style":"opt-in"}]}`, i))
	}
	var n atomic.Int64
	b.SetParallelism(100 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := fmt.Sprintf(`{"subject":{"type":"service","id":"first-admin"},"action":{"name":"disclose"},"resource":{"type":"person","id":"customer:%d","properties":{"data":["contact.email"]}},"context":{"for":"letter","to":"mailer"}}`, n.Add(1)%100)
			if !strings.Contains(send("/access/v1/evaluation", body), `"permit":"`) {
				b.Error("no permit")
			}
		}
	})
}

// BenchmarkEcho decodes the same body and answers a constant: what JSON over HTTP costs by itself.
func BenchmarkEcho(b *testing.B) {
	type entity struct {
		Type, ID   string
		Properties map[string]any
	}
	bench(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Subject, Resource entity
			Action            struct{ Name string }
			Context           map[string]any
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			http.Error(w, "not JSON", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"decision":true,"context":{"kind":"allow"}}` + "\n"))
	}), "/")
}
