package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/store/storetest"
)

type authzenCase struct {
	ID      string            `json:"id"`
	Level   string            `json:"level"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Raw     *string           `json:"raw_body"`
	Request json.RawMessage   `json:"request"`
	Repeat  int               `json:"repeat"`
	Expect  struct {
		Status      int               `json:"status"`
		Decision    *bool             `json:"decision"`
		Evaluations []*bool           `json:"evaluations"`
		Length      int               `json:"evaluations_len"`
		Headers     map[string]string `json:"response_headers"`
		Keys        []string          `json:"required_keys"`
		ContentType string            `json:"content_type"`
	} `json:"expect"`
}

// The OpenID certification cases that need no search: 36 of the 57.
func TestAuthZENCertification(t *testing.T) {
	text, err := os.ReadFile("testdata/authzen/certification-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []authzenCase `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, "testdata/authzen/policy")
		ran := 0
		for _, c := range file.Cases {
			if strings.Contains(c.Path, "/search/") {
				continue
			}
			ran++
			t.Run(c.ID, func(t *testing.T) {
				for range max(1, c.Repeat) {
					c.run(t, h.URL)
				}
			})
		}
		if ran != 36 {
			t.Errorf("%d cases ran, want 36", ran)
		}
	})
}

func (c authzenCase) run(t *testing.T, base string) {
	body := []byte(c.Request)
	if c.Raw != nil {
		body = []byte(*c.Raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), c.Method, base+c.Path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range c.Headers {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != c.Expect.Status {
		t.Fatalf("status %d, want %d: %s", resp.StatusCode, c.Expect.Status, got)
	}
	for k, v := range c.Expect.Headers {
		if resp.Header.Get(k) != v {
			t.Errorf("header %s is %q, want %q", k, resp.Header.Get(k), v)
		}
	}
	var answer struct {
		Decision    *bool `json:"decision"`
		Evaluations []struct {
			Decision bool `json:"decision"`
		} `json:"evaluations"`
	}
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(got, &answer); err != nil {
			t.Fatal(err)
		}
	}
	if want := c.Expect.Decision; want != nil && (answer.Decision == nil || *answer.Decision != *want) {
		t.Errorf("got %s, want %v", got, *want)
	}
	if n := max(c.Expect.Length, len(c.Expect.Evaluations)); n != len(answer.Evaluations) {
		t.Fatalf("%d evaluations, want %d: %s", len(answer.Evaluations), n, got)
	}
	for i, want := range c.Expect.Evaluations {
		if want != nil && answer.Evaluations[i].Decision != *want {
			t.Errorf("evaluation %d: want %v: %s", i, *want, got)
		}
	}
	for _, k := range c.Expect.Keys {
		if !strings.Contains(string(got), `"`+k+`"`) {
			t.Errorf("%s is missing: %s", k, got)
		}
	}
}

func post(t *testing.T, url, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var v map[string]any
	text, _ := io.ReadAll(resp.Body)
	_ = json.Unmarshal(text, &v) // what is refused has a string, and leaves v empty
	return resp.StatusCode, v
}

func TestAnswersByStatedFacts(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	ask := func(facts string) map[string]any {
		t.Helper()
		status, v := post(t, h.URL+"/starter/access/v1/evaluation",
			`{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"p","properties":{"data":["contact.email"],"facts":`+facts+`}},"context":{"for":"letter"}}`)
		if status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		return v
	}
	if v := ask(`{"consented":"letter"}`); v["decision"] != true {
		t.Errorf("with consent: %v", v)
	}
	v := ask(`{}`)
	c := v["context"].(map[string]any)
	if v["decision"] != false || c["kind"] != "unmet" || !slices.Contains(c["missing"].([]any), any("consent letter")) || !slices.Contains(c["clauses"].([]any), any("letter")) {
		t.Errorf("without consent: %v", v)
	}
	if v := ask(`{"no-such-fact":"Ann Lee"}`); v["decision"] != false || strings.Contains(string(must(json.Marshal(v))), "Ann Lee") {
		t.Errorf("an undeclared fact: %v", v)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestBadRequests(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	one := `{"subject":{"type":"service","id":"m"},"action":{"name":"use"},"resource":{"type":"person","id":"p"}}`
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"no site named":   {"/access/v1/evaluation", one, 400},
		"unknown site":    {"/nowhere/access/v1/evaluation", one, 400},
		"a huge body":     {"/starter/access/v1/evaluation", `{"subject":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
		"deep nesting":    {"/starter/access/v1/evaluation", strings.Repeat(`{"a":`, 200_000), 400},
		"a list":          {"/starter/access/v1/evaluation", `[]`, 400},
		"null members":    {"/starter/access/v1/evaluation", `{"subject":null,"action":null,"resource":null}`, 400},
		"empty type":      {"/starter/access/v1/evaluation", `{"subject":{"type":"","id":"m"},"action":{"name":"use"},"resource":{"type":"person","id":"p"}}`, 400},
		"unknown purpose": {"/starter/access/v1/evaluation", one, 200},
	} {
		if status, v := post(t, h.URL+c.path, c.body); status != c.status {
			t.Errorf("%s: status %d, want %d (%v)", name, status, c.status, v)
		}
	}
}

func TestEveryRouteIsDocumented(t *testing.T) {
	h := start(t, "../../policies/starter")
	_, text := h.send("GET", "/openapi.json", nil)
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	s := h.server
	documented := 0
	for _, methods := range doc.Paths {
		documented += len(methods)
	}
	for _, r := range s.Routes() {
		method, path, _ := strings.Cut(r, " ")
		path = strings.TrimSuffix(strings.ReplaceAll(path, "...}", "}"), "{$}")
		if doc.Paths[path][strings.ToLower(method)] == nil {
			t.Errorf("%s is not in openapi.json", r)
		}
	}
	if documented != len(s.Routes()) {
		t.Errorf("openapi.json has %d operations, the server %d routes", documented, len(s.Routes()))
	}
}
