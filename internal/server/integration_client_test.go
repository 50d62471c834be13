package server_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/client"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

// client makes a client of package client with a key of its own.
func (h *running) client(change ...func(*client.Config)) *client.Client {
	h.t.Helper()
	_, header := h.key(map[string]any{"scopes": []string{"decide", "events:write", "disclosures:write"}})
	config := client.Config{
		URL: h.URL, Site: "starter", Key: strings.TrimPrefix(header[1], "Bearer "), LogKeys: []string{h.house.Keys.Signer().Key()},
		Timeout: 10 * time.Second, Purposes: map[string]client.Down{"letter": client.Snapshot(time.Hour), "fulfilment": client.Snapshot(time.Hour)},
	}
	for _, f := range change {
		f(&config)
	}
	c, err := client.New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// letter asks whether a person may be written to.
func letter(person string) client.Question {
	return client.Question{Person: person, Action: "use", Data: []string{"contact.email"}, For: "letter"}
}

func consent(person string) client.Event {
	return client.Event{Person: person, Kind: client.Granted, For: []string{"letter"}, Style: "opt-in"}
}

func decide(t testing.TB, c *client.Client, q client.Question) client.Answer {
	t.Helper()
	a, err := c.Decide(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func record(t testing.TB, c *client.Client, events ...client.Event) []client.Recorded {
	t.Helper()
	done, err := c.Record(t.Context(), events...)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// What a client recorded holds for its next question, one by one and many at once.
func TestClientReadsItsWrites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		c := h.client()
		if a := decide(t, c, letter("customer:1")); a.Allowed || a.Kind != client.Unmet || !slices.Equal(a.Missing, []string{"consent letter"}) || a.ReasonUser == "" || a.EvaluationID == "" {
			t.Errorf("a stranger: %+v", a)
		}
		form := consent("customer:1")
		form.ID = "form-1"
		done := record(t, c, form)
		if a := decide(t, c, letter("customer:1")); !a.Allowed || a.Seq <= done[0].Index || !slices.Equal(a.Clauses, []string{"letter"}) {
			t.Errorf("after the consent: %+v", a)
		}
		if again := record(t, c, form); again[0] != done[0] {
			t.Errorf("the same event again: %+v, was %+v", again, done)
		}
		record(t, c, client.Event{Person: "customer:1", Kind: client.Withdrawn, For: []string{"letter"}})
		if a := decide(t, c, letter("customer:1")); a.Allowed {
			t.Errorf("after the withdrawal: %+v", a)
		}
		var questions []client.Question
		var events []client.Event
		for i := range 230 {
			person := fmt.Sprint("customer:", 100+i)
			questions = append(questions, letter(person))
			if i%3 == 0 {
				events = append(events, consent(person))
			}
		}
		questions[7].Person = "nobody"
		record(t, c, events...)
		answers, err := c.DecideAll(t.Context(), questions...)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range answers {
			if a.Allowed != (i%3 == 0) || (a.Kind == client.Indeterminate) != (i == 7) {
				t.Errorf("question %d: %+v", i, a)
			}
		}
	})
}

// A refused event is told as what it is, alone and among others, and costs the others nothing.
func TestClientIsToldWhatIsWrong(t *testing.T) {
	h := start(t, starterDir)
	c := h.client()
	wrong := consent("customer:1")
	wrong.Kind = "no-such-kind"
	for name, events := range map[string][]client.Event{"alone": {wrong}, "among others": {consent("customer:2"), wrong, consent("customer:3")}} {
		done, err := c.Record(t.Context(), events...)
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Status != http.StatusBadRequest || p.Detail == "" || errors.Is(err, client.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if len(done) != len(events)-1 {
			t.Errorf("%s: recorded %+v", name, done)
		}
	}
	id, header := h.key(map[string]any{"scopes": []string{"decide"}, "purposes": []string{"account"}})
	bound := h.client(func(c *client.Config) { c.Key = strings.TrimPrefix(header[1], "Bearer ") })
	refused := func(what string, status int) {
		t.Helper()
		a, err := bound.Decide(t.Context(), letter("customer:2"))
		p, ok := errors.AsType[*client.Problem](err)
		if a.Allowed || !ok || p.Status != status {
			t.Errorf("%s: %+v, %v", what, a, err)
		}
		_, err = bound.DecideAll(t.Context(), letter("customer:2"), letter("customer:3"))
		if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != status {
			t.Errorf("%s, two questions: %v", what, err)
		}
	}
	refused("a key for another purpose", http.StatusForbidden)
	h.call("POST", "/api/v1/keys/"+id+"/revoke", http.StatusNoContent, struct{}{}, nil)
	refused("a revoked key", http.StatusUnauthorized)
}

// A question as of more than the log has is refused, with a status by which a client knows that the
// server forgot what it recorded.
func TestQuestionBeyondTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		const one = `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"customer:1","properties":{"data":["contact.email"]}},"context":{"for":"letter","at_least":1000000}}`
		if status, text := h.send("POST", "/starter/access/v1/evaluation", one); status != http.StatusConflict {
			t.Errorf("one question: %d %s", status, text)
		}
		var many struct {
			Evaluations []struct {
				Context struct{ Error struct{ Status int } }
			}
		}
		h.call("POST", "/starter/access/v1/evaluations", http.StatusOK, `{"evaluations":[`+one+`,`+one+`]}`, &many)
		for i, e := range many.Evaluations {
			if e.Context.Error.Status != http.StatusConflict {
				t.Errorf("question %d of several: %+v", i, e)
			}
		}
	})
}

// An answer that obliges to what a caller does not list among what it fulfils is a denial there.
func TestClientKnowsItsObligations(t *testing.T) {
	h := start(t, starterDir)
	q := client.Question{Person: "customer:1", Action: "disclose", Data: []string{"name", "contact.address"}, To: "carrier", For: "fulfilment"}
	careless, careful := h.client(), h.client(func(c *client.Config) { c.Obligations = []string{"record-disclosure", "confirm-disclosure"} })
	record(t, careless, client.Event{Person: "customer:1", Kind: client.Happened, Name: "order-placed"})
	if a := decide(t, careful, q); !a.Allowed || !slices.Equal(a.Obligations, []string{"record-disclosure", "confirm-disclosure"}) || len(a.Unknown) > 0 {
		t.Errorf("one that records disclosures: %+v", a)
	}
	a := decide(t, careful, q)
	done, err := careful.Confirm(t.Context(), client.Confirmation{Permit: a.Permit, At: time.Now(), Count: 1, Data: []string{"name"}})
	if err != nil || len(done) != 1 || done[0].Permit != a.Permit || done[0].Index == 0 {
		t.Errorf("confirmed %+v, %v", done, err)
	}
	done, err = careful.Confirm(t.Context(), client.Confirmation{Permit: decide(t, careful, q).Permit}, client.Confirmation{Permit: "0123456789abcdef0123456789abcdef-7"}, client.Confirmation{Permit: a.Permit, Data: []string{"orders"}})
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Type != "urn:avow:problem:permit-unknown" || len(done) != 1 || !strings.Contains(err.Error(), "more than was permitted") {
		t.Errorf("confirmed %+v, %v", done, err)
	}
	if _, err := careful.Confirm(t.Context(), client.Confirmation{}); !errors.Is(err, client.ErrQuestion) {
		t.Errorf("no permit: %v", err)
	}
	if a := decide(t, careless, q); a.Allowed || a.Kind != client.Unfulfilled || !slices.Equal(a.Unknown, a.Obligations) {
		t.Errorf("one that does not: %+v", a)
	}
	h.Close()
	if a := decide(t, careful, q); !a.Allowed || !a.FromSnapshot || a.Permit != "" || !slices.Equal(a.Obligations, []string{"record-disclosure", "confirm-disclosure"}) {
		t.Errorf("one that does, from a snapshot: %+v", a)
	}
	if a := decide(t, careless, q); a.Allowed {
		t.Errorf("one that does not, from a snapshot: %+v", a)
	}
}

// In shadow modes a client hears yes, and what enforcing would say.
func TestClientInTheShadow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		c := h.client()
		for _, mode := range []string{client.Observe, client.Warn} {
			h.call("PUT", "/api/v1/starter/shadow", http.StatusNoContent, map[string]any{"mode": mode}, nil)
			if a := decide(t, c, letter("customer:1")); !a.Allowed || !a.WouldDeny || a.Mode != mode || a.Kind != client.Unmet || len(a.Signed) == 0 {
				t.Errorf("%s: %+v", mode, a)
			}
			disclose := client.Question{Person: "customer:1", Action: "disclose", Data: []string{"name"}, To: "carrier", For: "fulfilment"}
			if a := decide(t, c, disclose); !a.Allowed || !a.WouldDeny {
				t.Errorf("%s, with an obligation that is not known: %+v", mode, a)
			}
		}
		h.call("PUT", "/api/v1/starter/shadow", http.StatusNoContent, map[string]any{"mode": "enforce"}, nil)
		if a := decide(t, c, letter("customer:1")); a.Allowed || a.Mode != "" {
			t.Errorf("enforced again: %+v", a)
		}
	})
}

// Once the server is gone, each purpose's own rule holds: its last signed answer up to an age, or no.
func TestClientWhileTheServerIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		c := h.client(func(c *client.Config) { c.Folder = filepath.Join(t.TempDir(), "snapshots") })
		account := client.Question{Person: "customer:1", Action: "use", Data: []string{"contact.email"}, For: "account"}
		record(t, c, consent("customer:1"), consent("customer:2"), consent("customer:3"),
			client.Event{Person: "customer:1", Kind: client.Happened, Name: "account-opened"}, client.Event{Person: "customer:3", Kind: client.Withdrawn, For: []string{"letter"}})
		for q, allowed := range map[*client.Question]bool{{Person: "customer:1"}: true, {Person: "customer:2"}: true, {Person: "customer:3"}: false} {
			if a := decide(t, c, letter(q.Person)); a.Allowed != allowed {
				t.Errorf("before, %s: %+v", q.Person, a)
			}
		}
		if a := decide(t, c, account); !a.Allowed || len(a.Signed) > 0 {
			t.Errorf("before, a purpose without snapshots: %+v", a)
		}
		checkNote(t, h, decide(t, c, letter("customer:1")))
		h.Close()
		if a := decide(t, c, letter("customer:1")); !a.Allowed || !a.FromSnapshot || a.Age > time.Minute {
			t.Errorf("a snapshot: %+v", a)
		}
		if a := decide(t, c, letter("customer:3")); a.Allowed {
			t.Errorf("a denied one: %+v", a)
		}
		for what, q := range map[string]client.Question{"never asked": letter("customer:4"), "without snapshots": account} {
			if a, err := c.Decide(t.Context(), q); a.Allowed || a.Kind != client.Unavailable || !errors.Is(err, client.ErrUnavailable) {
				t.Errorf("%s: %+v, %v", what, a, err)
			}
		}
		// A withdrawal that cannot be recorded ends the snapshot all the same.
		if _, err := c.Record(t.Context(), client.Event{Person: "customer:2", Kind: client.Withdrawn, For: []string{"letter"}}); !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("record without a server: %v", err)
		}
		if a, _ := c.Decide(t.Context(), letter("customer:2")); a.Allowed {
			t.Errorf("after a withdrawal that waits: %+v", a)
		}
		back := h.again()
		defer back.Close()
		eventually(t, "the client asks the server again", func() bool {
			a, err := c.Decide(t.Context(), letter("customer:1"))
			return err == nil && a.Allowed && !a.FromSnapshot
		})
	})
}

// checkNote reads the signed answer as anybody may who has the key of the log.
func checkNote(t *testing.T, h *running, a client.Answer) {
	t.Helper()
	status, key := h.send("GET", "/ledger/key", nil)
	if status != http.StatusOK {
		t.Fatal(status)
	}
	v, err := ledger.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := v.OpenText(a.Signed)
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.ParseSigned(text)
	if err != nil || !s.Allow || s.Site != "starter" || s.Seq != a.Seq || strings.Contains(text, "customer") {
		t.Errorf("signed: %+v, %v", s, err)
	}
}

// again serves on the address that was closed.
func (h *running) again() *httptest.Server {
	h.t.Helper()
	l, err := new(net.ListenConfig).Listen(h.t.Context(), "tcp", h.Listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h.Config.Handler)
	if err := s.Listener.Close(); err != nil {
		h.t.Fatal(err)
	}
	s.Listener = l
	s.Start()
	return s
}

// A handler behind Require runs only for whom the notice allows it.
func TestClientGuardsHandlers(t *testing.T) {
	h := start(t, starterDir)
	c := h.client(func(c *client.Config) { c.Purposes = nil })
	record(t, c, consent("customer:1"))
	guarded := c.Require(func(r *http.Request) (client.Question, error) { return letter(r.URL.Query().Get("person")), nil })(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if a, ok := client.AnswerOf(r.Context()); !ok || !a.Allowed {
				t.Error("the handler runs without an answer")
			}
		}))
	get := func(person string) int {
		w := httptest.NewRecorder()
		guarded.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/?person="+person, nil))
		return w.Code
	}
	for person, want := range map[string]int{"customer:1": http.StatusOK, "customer:2": http.StatusForbidden, "nobody": http.StatusForbidden, "": http.StatusInternalServerError} {
		if got := get(person); got != want {
			t.Errorf("person %q: %d, want %d", person, got, want)
		}
	}
	h.Close()
	if got := get("customer:1"); got != http.StatusServiceUnavailable {
		t.Errorf("without a server: %d", got)
	}
}

// Server and client make the same of every question: what one signs the other finds signed for what it
// asked.
func TestClientAndServerHashAlike(t *testing.T) {
	h := start(t, "../../policies/isodme")
	var log strings.Builder
	c := h.client(func(c *client.Config) {
		c.Site, c.Purposes, c.Log = "isodme", map[string]client.Down{"account": client.Snapshot(time.Hour), "direct-marketing": client.Snapshot(time.Hour)}, slog.New(slog.NewTextHandler(&log, nil))
	})
	of := func(words ...string) *rapid.Generator[string] { return rapid.SampledFrom(append(words, "", "")) }
	free := rapid.OneOf(rapid.Just("ä\u2028\"\\\x00"), rapid.StringN(1, 8, 40)) // where the vocabulary says nothing
	value := rapid.OneOf(rapid.Map(free, func(s string) any { return s }), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64Range(-1<<53+1, 1<<53-1), func(n int64) any { return n }))
	signed := 0
	rapid.Check(t, func(t *rapid.T) {
		q := client.Question{
			Person: "customer:1", Action: rapid.SampledFrom([]string{"use", "read", "disclose"}).Draw(t, "action"),
			Data: rapid.SliceOfN(rapid.SampledFrom([]string{"contact.email", "contact", "name", "contact.email"}), 1, 4).Draw(t, "data"),
			For:  rapid.SampledFrom([]string{"direct-marketing", "direct-marketing", "direct-marketing", "account"}).Draw(t, "for"), To: of("us").Draw(t, "to"), Role: free.Draw(t, "role"),
			As: of("identified", "unlinked").Draw(t, "as"), Group: rapid.IntRange(0, 1<<30).Draw(t, "group"),
			Stated:     map[string]any{"channel": of("email", "phone").Draw(t, "channel"), "topic": "offers", "x" + free.Draw(t, "name"): value.Draw(t, "stated")},
			Attributes: map[string]any{"action.properties." + free.Draw(t, "attribute"): value.Draw(t, "attribute's value"), "subject.properties.x" + free.Draw(t, "of the asker"): value.Draw(t, "its value")},
		}
		a, err := c.Decide(h.t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if a.Kind != client.Indeterminate && len(a.Signed) == 0 || strings.Contains(log.String(), "not signed") {
			t.Fatalf("%+v: %s", a, log.String())
		}
		if len(a.Signed) > 0 {
			signed++
		}
	})
	if signed < 20 {
		t.Errorf("%d answers were signed", signed)
	}
}
