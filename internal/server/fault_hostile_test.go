package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store/storetest"
)

// refusedWell wants an answer that is none of the server's faults, in the form of its route.
func (h *running) refusedWell(what, method, path, body string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	begin := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Errorf("%s %s, %s: %v", method, path, what, err)
		return
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	kind := resp.Header.Get("Content-Type")
	switch {
	case err != nil:
		h.t.Errorf("%s %s, %s: %v", method, path, what, err)
	case resp.StatusCode >= 500:
		h.t.Errorf("%s %s, %s: %d %s", method, path, what, resp.StatusCode, text)
	case time.Since(begin) > 10*time.Second:
		h.t.Errorf("%s %s, %s: it took %v", method, path, what, time.Since(begin))
	case resp.StatusCode < 400:
	case strings.HasPrefix(path, "/api/") && (kind != "application/problem+json" || !json.Valid(text)),
		strings.Contains(path, "/access/") && (kind != "application/json" || !json.Valid(text)):
		h.t.Errorf("%s %s, %s: %d as %s: %s", method, path, what, resp.StatusCode, kind, text)
	}
}

// wrongValues stand where others belong.
var wrongValues = map[string]string{
	"null": "null", "a truth": "true", "a number": "17", "a negative number": "-1", "a fraction": "0.5", "a number beyond all": "1e999", "a number beyond 64 bits": "18446744073709551616",
	"a string": `"x"`, "an empty string": `""`, "no UTF-8": "\"\xff\xfe\"", "half a surrogate": `"\ud800"`, "a NUL": `"\u0000"`, "a long string": `"` + strings.Repeat("a", 100_000) + `"`,
	"a list": "[]", "a list of lists": "[[[]]]", "an object": "{}", "a deep list": strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "a deep object": strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000),
	"a name twice": `{"a":1,"a":2}`, "line breaks": `"a\r\nX-Injected: 1\r\n"`,
}

// No body makes the server fail, whatever stands in which member.
func TestHostileBodies(t *testing.T) {
	h := start(t, starterDir)
	bodies := templates()
	h.call("POST", "/api/v1/starter/people", http.StatusCreated, map[string]any{"identities": []string{"email:ann@mail.example"}}, nil)
	fill := strings.NewReplacer("{site}", "starter", "{person}", strings.Repeat("0", 32), "{name}", "nobody", "{id}", "aaaaaaaa", "{epoch}", "1")
	for _, route := range h.server.Routes() {
		body, ok := bodies[route]
		if !ok || strings.Contains(route, "/vault/rotate") {
			continue
		}
		method, path, _ := strings.Cut(fill.Replace(route), " ")
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(text); n += max(1, len(text)/20) {
			h.refusedWell(fmt.Sprint("cut after ", n), method, path, string(text[:n]))
		}
		variants(body, "", func(place string, with func(string) any) {
			wrong, err := json.Marshal(with("HERE"))
			if err != nil {
				t.Fatal(err)
			}
			for what, v := range wrongValues {
				if len(v) > 1000 && len(place)%5 != 0 {
					continue // long ones in some places
				}
				h.refusedWell(place+" is "+what, method, path, strings.Replace(string(wrong), `"HERE"`, v, 1))
			}
		})
		for what, v := range wrongValues {
			h.refusedWell("the whole is "+what, method, path, v)
		}
		twice := strings.Replace(string(text), "{", `{"`+firstName(text)+`":1,`, 1)
		for what, v := range map[string]string{
			"twice the same": string(text) + string(text), "a mark of UTF-8": "\ufeff" + string(text), "blanks": strings.Repeat(" ", 1<<20-1), "too large": `{"x":"` + strings.Repeat("a", 1<<20) + `"}`,
			"only brackets": strings.Repeat("[", 1<<20-1), "a member twice": twice,
		} {
			h.refusedWell(what, method, path, v)
		}
	}
	if a := h.ask("email:ann@mail.example", nil); a.Context.Kind == "" {
		t.Errorf("afterwards: %+v", a)
	}
}

func firstName(object []byte) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(string(object), `{"`), `"`)
	return name
}

// raw sends bytes as they are and returns the first line and the rest of what comes back.
func (h *running) raw(request string) (status string, rest string) {
	h.t.Helper()
	c, err := new(net.Dialer).DialContext(h.t.Context(), "tcp", h.Listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // what came was read
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, request) }() // the server may stop reading
	r := bufio.NewReader(c)
	status, _ = r.ReadString('\n')
	text, _ := io.ReadAll(r)
	return strings.TrimSpace(status), string(text)
}

// Paths of tiles lead to tiles and nowhere else.
func TestHostilePaths(t *testing.T) {
	h := start(t, starterDir)
	for _, path := range []string{
		"../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/keys/keys.json", "entries/../../checkpoint", "0/x001/../000", "0/000%00", "0/-01", "0/%30%30%30", "00/000", "0/0000", "64/000", "-1/000",
		"entries/000.p/0", "entries/000.p/256", "0/000.p/257", "0/000.p/-1", "0/x999/x999/x999/x999/x999/x999/x999/999", "0/18446744073709551615", "//0//000", "\\..\\..\\keys", strings.Repeat("x000/", 2000) + "000", "0/０００", "?x", "",
	} {
		status, text := h.raw("GET /ledger/tile/" + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if code := statusCode(status); code != 404 && code != 400 && code/100 != 3 || strings.Contains(text, "root:") {
			t.Errorf("/ledger/tile/%.60q: %s %.200s", path, status, text)
		}
	}
	for _, path := range []string{"/starter/../api/v1/ledger", "/..%2fapi/v1/principals/privacy", "/assets/../openapi.json", "/assets/..%2fopenapi.json", "/%00/privacy", "/" + strings.Repeat("a", 50_000) + "/privacy"} {
		if status, text := h.raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nX-Stranger: 1\r\nConnection: close\r\n\r\n"); statusCode(status) < 300 || statusCode(status) >= 500 {
			t.Errorf("%.60q: %s %.100s", path, status, text)
		}
	}
}

func statusCode(line string) (code int) {
	_, _ = fmt.Sscanf(line, "HTTP/1.1 %d", &code) // 0 where there is none
	return code
}

// Headers without end, methods that nobody knows, requests that are none.
func TestHostileRequests(t *testing.T) {
	h := start(t, starterDir)
	var flood strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&flood, "X-H-%d: %s\r\n", i, "aaaaaaaaaaaaaaaaaaaaaaaa")
	}
	for what, c := range map[string]struct {
		request string
		codes   []int
	}{
		"many headers":      {"GET /healthz HTTP/1.1\r\nHost: x\r\n" + flood.String() + "\r\n", []int{431}},
		"a long header":     {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("a", 2<<20) + "\r\n\r\n", []int{431}},
		"a long key":        {"GET /api/v1/principals HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + strings.Repeat("a", 500_000) + "\r\n\r\n", []int{401}},
		"many keys":         {"GET /api/v1/principals HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + strings.Repeat("Authorization: Bearer avow_x\r\n", 1000) + "\r\n", []int{401}},
		"two lengths":       {"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", []int{400}},
		"chunks and length": {"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n", []int{400}},
		"a wrong chunk":     {"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", []int{400}},
		"no host":           {"GET /healthz HTTP/1.1\r\n\r\n", []int{400}},
		"an injected host":  {"GET /.well-known/authzen-configuration HTTP/1.1\r\nHost: x\"},{\r\nConnection: close\r\n\r\n", []int{400}},
		"another protocol":  {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{400}},
	} {
		if status, text := h.raw(c.request); !slices.Contains(c.codes, statusCode(status)) {
			t.Errorf("%s: %q %.100s", what, status, text)
		}
	}
	fill := strings.NewReplacer("{site}", "starter", "{person}", "x", "{name}", "x", "{id}", "x", "{epoch}", "x", "{index}", "x", "{path...}", "x", "{$}", "")
	for _, route := range h.server.Routes() {
		own, path, _ := strings.Cut(fill.Replace(route), " ")
		for _, method := range []string{"DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "FOO", "get", "OPTIONS"} {
			status, text := h.raw(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if code := statusCode(status); method != own && code != 405 && code != 404 && code != 400 {
				t.Errorf("%s %s: %s %.100s", method, path, status, text)
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", h.URL+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Request-ID", strings.Repeat("a", 201))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("X-Request-ID") != "" {
		t.Error("a long id of a request is repeated")
	}
}

// Callers who send slowly, or nothing, keep nobody else waiting.
func TestSlowBodies(t *testing.T) {
	h := start(t, starterDir)
	for i := range 300 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", h.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }() // its request is never whole
		fmt.Fprintf(c, "POST /api/v1/starter/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n%s", `{"events":[{"person":"customer:1",`[:i%30])
	}
	begin := time.Now()
	for i := range 50 {
		h.record(200, granted(fmt.Sprint("customer:", i)))
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("50 events took %v beside slow callers", took)
	}
}

// Of a thousand events, every second wrong, the right ones are recorded, each in its place.
func TestHalfOfTheEventsAreWrong(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		var events []map[string]any
		wrong := []map[string]any{{"kind": "no-such-kind"}, {"person": "nobody"}, {"for": []string{"no-such-purpose"}}, {"at": "yesterday"}, {"until": "2001-01-01T00:00:00Z"}, {"id": strings.Repeat("x", 201)}, {"facts": map[string]any{"no-such-fact": 1}}}
		for i := range 1000 {
			e := granted(fmt.Sprint("customer:", i/10))
			e["id"] = fmt.Sprint(i)
			if i%2 == 1 {
				maps.Copy(e, wrong[i/2%len(wrong)])
			}
			events = append(events, e)
		}
		var out recorded
		h.call("POST", "/api/v1/starter/events", http.StatusOK, map[string]any{"events": events}, &out)
		seen := map[int64]bool{}
		for i, e := range out.Events {
			switch {
			case i%2 == 1 && (e.Error == nil || e.Error.Status != http.StatusBadRequest || e.Index != nil):
				t.Errorf("event %d is wrong: %+v", i, e)
			case i%2 == 0 && (e.Index == nil || e.Error != nil || seen[*e.Index]):
				t.Errorf("event %d is right: %+v", i, e)
			case i%2 == 0:
				seen[*e.Index] = true
			}
		}
		if len(seen) != 500 || out.Seq != h.house.People.Seen() {
			t.Errorf("%d recorded, seq %d of %d", len(seen), out.Seq, h.house.People.Seen())
		}
		h.call("POST", "/api/v1/starter/events", http.StatusBadRequest, map[string]any{"events": append(events, granted("customer:1"))}, nil)
		h.call("POST", "/api/v1/starter/events", http.StatusBadRequest, map[string]any{"events": []any{}}, nil)
		h.checked()
	})
}

// The same event, sent by many at once, also to different servers and about a person nobody knows, is
// recorded once, and all hear where.
func TestSameEventAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		a := startOn(t, url, starterDir)
		servers := []*running{a}
		if a.house.Store.Postgres() {
			x, y := pair(t)
			servers = []*running{x, y}
		}
		_, key := servers[0].key(map[string]any{"scopes": []string{"events:write"}})
		for round := range storetest.Rounds(5, 100) {
			body, err := json.Marshal(map[string]any{"events": []any{with(granted(fmt.Sprint("customer:", round)), "id", fmt.Sprint("once-", round))}})
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var all sync.WaitGroup
			heard, first := map[int64]int{}, 0
			for i := range 20 {
				all.Go(func() {
					status, text := servers[i%len(servers)].send("POST", "/api/v1/starter/events", string(body), key...)
					var out recorded
					if err := json.Unmarshal(text, &out); err != nil || status != http.StatusOK {
						t.Errorf("status %d: %s", status, text)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					heard[*out.Events[0].Index]++
					if !out.Events[0].Again {
						first++
					}
				})
			}
			all.Wait()
			if len(heard) != 1 || first != 1 {
				t.Errorf("recorded at %v, as new %d times", heard, first)
			}
		}
		if left := servers[0].orphans(); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	})
}

// Many questions in one body are as many as are answered in a moment.
func TestTooManyQuestions(t *testing.T) {
	h := start(t, starterDir)
	many := func(n int) string {
		return `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"customer:1","properties":{"data":["contact.email"]}},"context":{"for":"letter","snapshot":true},"evaluations":[` + strings.TrimSuffix(strings.Repeat("{},", n), ",") + `]}`
	}
	status, text := h.send("POST", "/starter/access/v1/evaluations", many(1000))
	if status != http.StatusOK || bytes.Count(text, []byte(`"decision":false`)) != 1000 {
		t.Errorf("1000 questions: %d", status)
	}
	if status, _ := h.send("POST", "/starter/access/v1/evaluations", many(1001)); status != http.StatusBadRequest {
		t.Errorf("1001 questions: %d", status)
	}
}
