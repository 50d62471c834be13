package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
	"github.com/avowhq/avow/ledger"
)

const (
	houseKey = "avow_k7_secret"
	keyID    = "k7"
)

// A house is a server that speaks the protocol of docs/spec/answers.md, written from that page without package
// client's own code, so that the two are second opinions of each other.
type house struct {
	t      testing.TB // nil in examples
	site   string
	signer *ledger.Signer

	mu       sync.Mutex
	clock    func() time.Time
	consents map[string]map[string]bool // person, purpose
	recorded map[string]int64           // id of an event, index
	seq      int64
	mode     string   // "", observe, warn
	obliges  []string // of what is allowed
	reason   string
	unsigned bool
	asked    []map[string]any // evaluations, as they came
	calls    int

	fault func(http.ResponseWriter, *http.Request) bool // true: it has answered
	bend  func(map[string]any)                          // changes an answer before it is sent
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := openHouse("shop")
	h.t = t
	return h
}

func openHouse(site string) *house {
	skey, _, err := ledger.GenerateKey("house.example/log")
	if err != nil {
		panic(err)
	}
	signer, err := ledger.NewSigner(skey)
	if err != nil {
		panic(err)
	}
	return &house{site: site, signer: signer, clock: time.Now, reason: "Because.", consents: map[string]map[string]bool{}, recorded: map[string]int64{}}
}

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // before anything hangs: only then the server sees that a caller left
	r.Body = io.NopCloser(bytes.NewReader(body))                   // a fault may serve it once more
	h.mu.Lock()
	h.calls++
	fault := h.fault
	h.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	problem := func(status int, detail string) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"type":"about:blank","title":%q,"status":%d,"detail":%q}`, http.StatusText(status), status, detail)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, "%q\n", detail)
	}
	if r.Header.Get("Authorization") != "Bearer "+houseKey {
		problem(http.StatusUnauthorized, "the key is not known")
		return
	}
	if err != nil || r.Header.Get("Content-Type") != "application/json" {
		problem(http.StatusBadRequest, "the body cannot be read")
		return
	}
	switch r.Method + " " + strings.Replace(r.URL.Path, "/"+h.site+"/", "/SITE/", 1) {
	case "POST /SITE/access/v1/evaluation":
		var e map[string]any
		h.read(body, &e)
		h.send(w, h.answer(e), problem)
	case "POST /SITE/access/v1/evaluations":
		var batch struct {
			Evaluations []map[string]any `json:"evaluations"`
		}
		h.read(body, &batch)
		all := []map[string]any{}
		for _, e := range batch.Evaluations {
			all = append(all, h.answer(e))
		}
		for _, a := range all {
			if a == nil {
				all = nil
				break
			}
		}
		if all == nil {
			h.send(w, nil, problem)
			return
		}
		h.send(w, map[string]any{"evaluations": all}, problem)
	case "POST /api/v1/SITE/events":
		h.record(w, body)
	default:
		problem(http.StatusNotFound, "no such site is served")
	}
}

func (h *house) read(body []byte, v any) {
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(v); err != nil {
		h.t.Errorf("the client sent no JSON: %v", err)
	}
}

func (h *house) send(w http.ResponseWriter, v map[string]any, problem func(int, string)) {
	if v == nil {
		problem(http.StatusConflict, "at_least is beyond the log's end")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(sorted(v))
}

// answer decides by consents alone. It is nil if at_least is beyond the log.
func (h *house) answer(e map[string]any) map[string]any {
	h.asked = append(h.asked, e)
	c := e["context"].(map[string]any)
	if n, _ := c["at_least"].(float64); int64(n) > h.seq {
		return nil
	}
	purpose, _ := c["for"].(string)
	allow, kind, missing := h.consents[e["resource"].(map[string]any)["id"].(string)][purpose], "allow", []string(nil)
	var obliges []string
	switch {
	case purpose == "silent":
		kind = "gap"
	case !allow:
		kind, missing = "unmet", []string{"consent " + purpose}
	default:
		obliges = h.obliges
	}
	if h.mode != "" {
		allow = true
	}
	out := map[string]any{"kind": kind, "version": "2026-01-01", "seq": h.seq, "evaluation_id": "e-1", "reason_user": map[string]string{"en": h.reason}}
	rest := map[string]any{"kind": kind}
	add := func(name string, v any) { out[name], rest[name] = v, v }
	if kind != "gap" {
		add("clauses", []string{"letter"})
	}
	if missing != nil {
		add("missing", missing)
	}
	if h.mode != "" {
		add("mode", h.mode)
	}
	if obliges != nil {
		rest["obligations"] = obliges
		var list []map[string]string
		for _, o := range obliges {
			list = append(list, map[string]string{"id": o, "type": "urn:avow:obligation:" + o})
		}
		out["obligations"] = list
	}
	if c["snapshot"] == true && !h.unsigned {
		out["signed"] = h.sign(e, allow, rest)
	}
	a := map[string]any{"decision": allow, "context": out}
	if h.bend != nil {
		h.bend(a)
	}
	return a
}

func (h *house) sign(e map[string]any, allow bool, rest map[string]any) string {
	sum := sha256.Sum256(canonical(e))
	text := fmt.Sprintf("avow/answer/v1\n%s\n%s\n%s\n2026-01-01\n%d\n%s\n%s\n", h.site, base64.StdEncoding.EncodeToString(sum[:]),
		map[bool]string{true: "allow", false: "deny"}[allow], h.seq, h.clock().UTC().Format("2006-01-02T15:04:05.000000Z"), sorted(rest))
	note, err := h.signer.Sign(text)
	if err != nil {
		h.t.Errorf("sign: %v", err)
	}
	return string(note)
}

// canonical writes a question as the page describes it. It serves words in ASCII only.
func canonical(e map[string]any) []byte {
	subject, action, resource, context := e["subject"].(map[string]any), e["action"].(map[string]any), e["resource"].(map[string]any), e["context"].(map[string]any)
	q := map[string]any{"action": action["name"], "key": keyID, "person": resource["id"]}
	stated, attributes := map[string]any{}, map[string]any{}
	for name, v := range context {
		switch name {
		case "at_least", "snapshot", "site":
		case "as", "for", "ground", "group", "in", "source", "to":
			q[name] = v
		case "with":
			q[name] = sortedSet(v)
		default:
			stated[name] = v
		}
	}
	for entity, from := range map[string]map[string]any{"subject": subject, "action": action, "resource": resource} {
		properties, _ := from["properties"].(map[string]any)
		for name, v := range properties {
			switch entity + "." + name {
			case "subject.role", "resource.service", "resource.cookie", "resource.of":
				q[name] = v
			case "resource.data":
				q[name] = sortedSet(v)
			default:
				attributes[entity+".properties."+name] = v
			}
		}
	}
	if len(stated) > 0 {
		q["stated"] = stated
	}
	if len(attributes) > 0 {
		q["attributes"] = attributes
	}
	return sorted(q)
}

func sortedSet(v any) []string {
	var out []string
	for _, x := range v.([]any) {
		out = append(out, x.(string))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sorted is JSON with sorted names and nothing escaped that need not be.
func sorted(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (h *house) record(w http.ResponseWriter, body []byte) {
	var in struct {
		Events []struct {
			ID, Person, Kind, Name string
			For                    []string
		} `json:"events"`
	}
	h.read(body, &in)
	out := []map[string]any{}
	for _, e := range in.Events {
		if e.Kind == "wrong" {
			out = append(out, map[string]any{"id": e.ID, "error": map[string]any{"status": 422, "title": "Unprocessable Content", "detail": "its kind is not known"}})
			continue
		}
		if _, again := h.recorded[e.ID]; !again {
			h.seq++
			h.recorded[e.ID] = h.seq
			for _, purpose := range e.For {
				h.consent(e.Person, purpose, e.Kind == "granted")
			}
		}
		out = append(out, map[string]any{"id": e.ID, "index": h.recorded[e.ID] - 1, "entry": fmt.Sprintf("%032x", h.recorded[e.ID])})
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(sorted(map[string]any{"events": out, "seq": h.seq}))
}

func (h *house) consent(person, purpose string, yes bool) {
	if h.consents[person] == nil {
		h.consents[person] = map[string]bool{}
	}
	h.consents[person][purpose] = yes
}

// say changes a consent as a client elsewhere would.
func (h *house) say(person, purpose string, yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	h.consent(person, purpose, yes)
}

// with changes the house between calls.
func (h *house) with(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// called is how many calls came.
func (h *house) called() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

func (h *house) breakWith(fault func(http.ResponseWriter, *http.Request) bool) {
	h.with(func() { h.fault = fault })
}

func status(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(code)
		return true
	}
}

// start serves the house and makes a client of it.
func (h *house) start(t testing.TB, change ...func(*client.Config)) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return h.client(t, s.URL, change...)
}

func (h *house) client(t testing.TB, url string, change ...func(*client.Config)) *client.Client {
	t.Helper()
	config := client.Config{
		URL: url, Site: "shop", Key: houseKey, LogKeys: []string{h.signer.Key()}, Timeout: 5 * time.Second,
		Purposes: map[string]client.Down{"letter": client.Snapshot(time.Hour), "letter.strict": client.Deny},
	}
	for _, f := range change {
		f(&config)
	}
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// direct carries calls to a handler without a network.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// letter asks whether a person may be written to.
func letter(person string) client.Question {
	return client.Question{Person: person, Action: "use", Data: []string{"contact.email"}, For: "letter"}
}

func ask(t testing.TB, c *client.Client, q client.Question) client.Answer {
	t.Helper()
	a, err := c.Decide(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
