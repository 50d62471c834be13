package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/policy"
)

const question = `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"p1","properties":{"data":["contact.email"],"facts":{"account":"open","residence":"DE"}}},"context":{"for":"direct-marketing","channel":"email","topic":"offers"}}`

func bench(b *testing.B, h http.Handler, path string) {
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", path, strings.NewReader(question))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkEvaluation(b *testing.B) {
	p, _, err := policy.Load("../../policies/isodme")
	if err != nil {
		b.Fatal(err)
	}
	s, err := server.New(server.Config{Policies: []*policy.Policy{p}})
	if err != nil {
		b.Fatal(err)
	}
	bench(b, s, "/access/v1/evaluation")
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
