package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/internal/server"
)

// direct answers without a network, as to the machine's own administrator.
func direct(s *server.Server, path, body string) (int, string) {
	r := httptest.NewRequestWithContext(server.Local(context.Background(), 0), "POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// unusual is the same question with a member that nobody knows in front, which makes it one for the
// general decoder.
func unusual(body string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(body, " \t\r\n"), "{")
	if !ok || strings.Contains(body, "unusual") {
		return "", false
	}
	if strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), "}") {
		return `{"unusual":0` + rest, true
	}
	return `{"unusual":0,` + rest, true
}

// own is what differs in every answer: its name, and the time and the signature of a signed one.
var own = regexp.MustCompile(`"evaluation_id":"[^"]*"|\\n[0-9]{4}-[0-9-]+T[0-9:.]+Z\\n|\\n— [^ ]+ [^ "]+\\n`)

// readAlike asks both ways. A question that is usual must be understood as the general decoder does.
func readAlike(t interface{ Errorf(string, ...any) }, s *server.Server, path, body string) (status int) {
	other, ok := unusual(body)
	if !ok {
		return 0
	}
	status, text := direct(s, path, body)
	if code, again := direct(s, path, other); code != status || own.ReplaceAllString(text, "") != own.ReplaceAllString(again, "") {
		t.Errorf("%s\nis answered %d %s\nand with a member in front %d %s", body, status, text, code, again)
	}
	if !json.Valid([]byte(text)) {
		t.Errorf("%s\nis answered with what is no JSON: %s", body, text)
	}
	return status
}

// serverOn serves a notice without a network.
func serverOn(t testing.TB, dir string) *server.Server {
	t.Helper()
	house, err := server.OpenHouse(t.Context(), server.HouseConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, house)
	s, err := server.New(t.Context(), server.Config{Policies: loadAll(t, dir), House: house})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUsualQuestionsAreReadAlike(t *testing.T) {
	s := serverOn(t, "../../policies/isodme")
	word := rapid.OneOf(rapid.SampledFrom([]string{"", "use", "disclose", "contact.email", "contact", "direct-marketing", "account", "us", "email", "offers", "customer:1", "email:ann@mail.example", "person"}), rapid.String())
	// Values as they may stand in properties and context, odd ones among them.
	value := rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 9).Draw(t, "sort") {
		case 0:
			return rapid.Bool().Draw(t, "truth")
		case 1:
			return rapid.Int64().Draw(t, "whole")
		case 2:
			return rapid.Float64Range(-1e20, 1e20).Draw(t, "number")
		case 3:
			return rapid.SliceOfN(word, 0, 3).Draw(t, "list")
		case 4:
			return rapid.MapOfN(word, word, 0, 2).Draw(t, "object")
		case 5:
			return nil
		}
		return word.Draw(t, "text")
	})
	object := func(t *rapid.T, what string, names ...string) map[string]any {
		out := map[string]any{}
		for _, n := range names {
			if rapid.IntRange(0, 2).Draw(t, what+" has "+n) > 0 {
				out[n] = value.Draw(t, n)
			}
		}
		return out
	}
	answered := 0
	rapid.Check(t, func(t *rapid.T) {
		e := map[string]any{
			"subject":  map[string]any{"type": "service", "id": "mailer", "properties": object(t, "subject", "role", "team")},
			"action":   map[string]any{"name": rapid.SampledFrom([]string{"use", "disclose", "read"}).Draw(t, "action"), "properties": object(t, "action", "channel")},
			"resource": map[string]any{"type": "person", "id": "customer:1", "properties": object(t, "resource", "data", "service", "of", "x")},
			"context":  object(t, "context", "for", "to", "in", "source", "as", "with", "group", "channel", "topic", "at_least", "y"),
		}
		e["context"].(map[string]any)["snapshot"] = true // the signature covers all that was read
		if rapid.Bool().Draw(t, "plain") {
			e["resource"].(map[string]any)["properties"] = map[string]any{"data": []string{"contact.email"}, "x": value.Draw(t, "x")}
			e["context"] = map[string]any{"for": "direct-marketing", "channel": "email", "topic": "offers", "snapshot": true, "y": value.Draw(t, "y")}
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if readAlike(t, s, "/access/v1/evaluation", string(text)) == http.StatusOK {
			answered++
		}
	})
	if answered == 0 {
		t.Error("no question was answered")
	}
}

func FuzzEvaluation(f *testing.F) {
	s := serverOn(f, starterDir)
	for _, seed := range []string{
		questionOf("customer:1"), `{}`, ` { "subject" : { "type":"a" , "id":"b" } , "subject" : null } `, `{"subject":{"type":"","type":"x","id":"y"}}`,
		`{"action":{"name":"use","name":"read"}}`, `{"context":{"a":1,"a":2}}`, `{"context":{"group":01}}`, `{"context":{"group":-0}}`, `{"context":{"group":9999999999999999}}`, `{"context":{"with":[[]]}}`,
		`{"context":{"x":[],"snapshot":true}}`, `{"context":{"x":[1,]}}`, `{"context":{"x":tru}}`, `{"context":{"x":truer}}`, `{"context":{"x":1e3}}`, "{\"context\":{\"x\":\"\xff\"}}", `{"context":{"x":"\ud800"}}`, "{\"context\":{\"x\":\"\x01\"}}",
		`{"context":{},"context":{}}`, `{"resource":{"type":"person","id":"customer:1","properties":{"data":"contact.email"}}}`, `{"context":null}`, `{"subject":{"properties":{}}}`, `{"context":{"":""}}x`, `{"context":{"x":0.5}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) { readAlike(t, s, "/access/v1/evaluation", body) })
}

func questionOf(person string) string {
	return `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"` + person + `","properties":{"data":["contact.email"]}},"context":{"for":"letter","snapshot":true}}`
}
