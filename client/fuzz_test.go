package client_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
)

// What is read as a signed answer is written the same.
func FuzzParseSigned(f *testing.F) {
	for _, v := range vectors(f).Answers {
		f.Add(v.Text)
	}
	f.Add("avow/answer/v1\nshop\n\nallow\n1\n0\n1970-01-01T00:00:00.000001Z\n{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := client.ParseSigned(text)
		if err != nil {
			if strings.Contains(err.Error(), "planted") {
				t.Error("the error repeats the text")
			}
			return
		}
		if again, err := s.Text(); err != nil || again != text {
			t.Errorf("%q became %q, %v", text, again, err)
		}
	})
}

// Whatever a server says: an answer allows only where a strict reader finds that it says so.
func FuzzReply(f *testing.F) {
	h := newHouse(f)
	h.say("customer:1", "letter", true)
	for _, e := range []string{`{"decision":true,"context":{"kind":"allow","version":"1","seq":3,"obligations":[{"id":"x"}]}}`, `{"decision":false}`, `{"decision":true,"context":{"mode":"warn","kind":"gap","seq":0}}`, `"x"`, `[]`} {
		f.Add([]byte(e))
	}
	var body []byte
	c := h.client(f, "http://house.example", func(c *client.Config) {
		c.HTTPClient = &http.Client{Transport: direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write(body)
		})}}
		c.Obligations = []string{"x"}
		now := time.Now()
		c.Clock = func() time.Time { // no pause is long enough to keep the next reply from being read
			now = now.Add(time.Minute)
			return now
		}
	})
	f.Fuzz(func(t *testing.T, reply []byte) {
		body = reply
		a, err := c.Decide(t.Context(), letter("customer:1"))
		if a.Allowed && err != nil {
			t.Fatalf("allowed, and %v", err)
		}
		if !a.Allowed {
			return
		}
		var strict struct {
			Decision bool
			Context  struct{ Kind, Mode string }
		}
		d := json.NewDecoder(strings.NewReader(string(reply)))
		if err := d.Decode(&strict); err != nil || !strict.Decision || strict.Context.Kind != "allow" && strict.Context.Mode != "observe" && strict.Context.Mode != "warn" {
			t.Fatalf("allowed by %s", reply)
		}
		if _, err := d.Token(); err != io.EOF {
			t.Fatalf("allowed by %s", reply)
		}
	})
}

// An evaluation that is read as a question is, sent again, the same question.
func FuzzEvaluation(f *testing.F) {
	for _, v := range vectors(f).Questions {
		f.Add(string(v.Evaluation))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var e client.Evaluation
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return
		}
		q, err := e.Question()
		if err != nil {
			return
		}
		first, err := q.Canonical("k")
		if err != nil {
			t.Fatalf("read, but not written: %v", err)
		}
		sent, err := json.Marshal(q.Evaluation("n"))
		if err != nil {
			t.Fatal(err)
		}
		var back client.Evaluation
		if err := json.Unmarshal(sent, &back); err != nil {
			t.Fatal(err)
		}
		again, err := back.Question()
		if err != nil {
			t.Fatalf("%s: %v", sent, err)
		}
		if second, err := again.Canonical("k"); err != nil || string(second) != string(first) {
			t.Fatalf("%s became %s, %v", first, second, err)
		}
	})
}
