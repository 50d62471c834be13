package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// A garden is where values are planted: a server, all that it says, and what was planted in it.
type garden struct {
	*running
	began   time.Time
	log     lockedBuffer
	answers bytes.Buffer // those that must hold nothing
	values  []storetest.Value
	ids     map[string]string // what stands in paths
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// plant makes a new value for a place, which reports name. Its token stays as it is in all normal forms.
func (g *garden) plant(place string) string {
	token := strings.ToLower(rand.Text()[:16])
	v := "Zoë.U" + token + "@planted.example"
	g.values = append(g.values, storetest.Value{Name: place, Plain: v, Spellings: []string{token, "email:" + strings.ToLower(v)}})
	return v
}

// templates are a full body of every route that takes one, with all members it knows.
func templates() map[string]any {
	evaluation := func() map[string]any {
		return map[string]any{
			"subject":  map[string]any{"type": "service", "id": "mailer", "properties": map[string]any{"role": "treasurer"}},
			"action":   map[string]any{"name": "use", "properties": map[string]any{"channel": "email"}},
			"resource": map[string]any{"type": "person", "id": "email:ann@mail.example", "properties": map[string]any{"data": []any{"contact.email"}, "service": "", "cookie": "", "of": "", "facts": map[string]any{"age": 30, "consented": "letter"}}},
			"context":  map[string]any{"for": "letter", "to": "us", "in": "dublin", "source": "", "ground": "", "as": "", "group": 1, "with": []any{"name"}, "site": "starter", "time": "", "at_least": 0, "snapshot": true},
		}
	}
	event := map[string]any{
		"id": "form", "person": "email:ann@mail.example", "kind": "granted", "at": "", "source": "import", "for": []any{"letter"}, "data": []any{"contact.email"}, "to": []any{"us"},
		"facets": map[string]any{}, "style": "opt-in", "guardian": false, "until": "2099-01-01T00:00:00Z", "name": "", "facts": map[string]any{}, "residence": "", "born": "", "grounds": "",
	}
	with := func(over map[string]any) map[string]any {
		out := maps.Clone(event)
		maps.Copy(out, over)
		return out
	}
	identities := map[string]any{"identities": []any{"email:ann@mail.example", "customer:1"}}
	return map[string]any{
		"POST /access/v1/evaluation":                     evaluation(),
		"POST /access/v1/evaluations":                    map[string]any{"evaluations": []any{evaluation(), map[string]any{}}, "options": map[string]any{"evaluations_semantic": "execute_all"}, "subject": evaluation()["subject"]},
		"POST /{site}/access/v1/evaluation":              evaluation(),
		"POST /{site}/access/v1/evaluations":             map[string]any{"evaluations": []any{evaluation()}},
		"POST /api/v1/{site}/people":                     identities,
		"POST /api/v1/{site}/people/find":                map[string]any{"identity": "email:ann@mail.example"},
		"POST /api/v1/{site}/people/split":               map[string]any{"identity": "email:ann@mail.example"},
		"POST /api/v1/{site}/people/{person}/identities": identities,
		"POST /api/v1/{site}/people/{person}/merge":      map[string]any{"other": "email:ann@mail.example"},
		"POST /api/v1/{site}/people/{person}/erase":      map[string]any{},
		"POST /api/v1/{site}/events": map[string]any{"events": []any{
			event, with(map[string]any{"kind": "held", "grounds": "a claim"}), with(map[string]any{"kind": "happened", "name": "order-placed"}),
			with(map[string]any{"kind": "stated", "facts": map[string]any{"account": "x"}}), with(map[string]any{"kind": "described", "residence": "IE", "born": "1990-02-28"}),
		}},
		"POST /api/v1/{site}/disclosures": map[string]any{"disclosures": []any{
			map[string]any{"permit": "0123456789abcdef0123456789abcdef-7", "at": "2026-02-28T12:00:00Z", "count": 1, "person": "email:ann@mail.example", "data": []any{"contact.email"}, "for": "letter", "to": "mailer"},
			map[string]any{"unasked": true, "id": "leak", "at": "2026-02-28T12:00:00Z", "count": 1, "person": "email:ann@mail.example", "action": "disclose", "data": []any{"contact.email"}, "for": "letter", "to": "mailer", "ground": "", "decided_by": "ann", "source": "an audit"},
		}},
		"PUT /api/v1/{site}/shadow":          map[string]any{"key": "", "clause": "letter", "mode": "observe"},
		"POST /api/v1/principals":            map[string]any{"name": "printer", "kind": "machine", "roles": []any{"treasurer"}},
		"POST /api/v1/principals/{name}/end": map[string]any{},
		"POST /api/v1/keys":                  map[string]any{"principal": "mailer", "binding": map[string]any{"scopes": []any{"decide"}, "sites": []any{"starter"}, "purposes": []any{"letter"}, "actions": []any{"use"}, "recipient": "us"}, "expires": "2099-01-01T00:00:00Z"},
		"POST /api/v1/keys/{id}/rotate":      map[string]any{"overlap_seconds": 0},
		"POST /api/v1/keys/{id}/revoke":      map[string]any{},
		"POST /api/v1/vault/rotate":          map[string]any{"escrow_seconds": 0},
		"POST /api/v1/vault/{epoch}/destroy": map[string]any{},
	}
}

// answersWithWhatIsKnown are routes whose good answers may hold what is known of a person, or repeat the
// caller's own id of what is recorded.
var answersWithWhatIsKnown = regexp.MustCompile(`/people|/events|/disclosures`)

// variants calls fn with the body once for each place: with another string in it, or as a further member's
// name, or followed by nonsense.
func variants(body any, at string, fn func(place string, with func(string) any)) {
	switch v := body.(type) {
	case map[string]any:
		fn(at+" (a name)", func(s string) any { return with(v, s, "x") })
		fn(at+" (in place of it)", func(s string) any { return s })
		for _, name := range slices.Sorted(maps.Keys(v)) {
			variants(v[name], at+"."+name, func(place string, inner func(string) any) {
				fn(place, func(s string) any { return with(v, name, inner(s)) })
			})
		}
	case []any:
		fn(at+" (in place of it)", func(s string) any { return s })
		for i := range v {
			variants(v[i], fmt.Sprint(at, ".", i), func(place string, inner func(string) any) {
				fn(place, func(s string) any {
					out := slices.Clone(v)
					out[i] = inner(s)
					return out
				})
			})
		}
	case string:
		fn(at, func(s string) any { return s })
		if kind, _, ok := strings.Cut(v, ":"); ok && !strings.Contains(v, "T00:") {
			fn(at+" (an identity)", func(s string) any { return kind + ":" + s })
		}
	default:
		fn(at, func(s string) any { return s })
	}
}

func with(m map[string]any, name string, v any) map[string]any {
	out := maps.Clone(m)
	out[name] = v
	return out
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

// sow plants in every place of a route.
func (g *garden) sow(route string, body any) {
	method, pattern, _ := strings.Cut(route, " ")
	path := func(other, value string) string {
		return pathParameter.ReplaceAllStringFunc(pattern, func(p string) string {
			if p = strings.Trim(p, "{}."); p == other {
				return url.PathEscape(value)
			}
			return g.ids[p]
		})
	}
	g.ask(route, method, path("", ""), body)
	for _, p := range pathParameter.FindAllString(pattern, -1) {
		p = strings.Trim(p, "{}.")
		g.ask(route, method, path(p, g.plant(route+", path "+p)), body)
	}
	for _, name := range []string{"since", "limit", "from", "at", "machine", "unknown"} {
		q := url.Values{name: {g.plant(route + ", query " + name)}}
		g.ask(route, method, path("", "")+"?"+q.Encode(), body)
	}
	for _, name := range []string{"Authorization", "Content-Type", "User-Agent", "Referer", "Cookie", "Accept", "X-Forwarded-For", "X-Forwarded-Proto"} {
		v := g.plant(route + ", header " + name)
		if name == "Authorization" {
			v = "Bearer " + v
		}
		g.ask(route, method, path("", ""), body, name, v)
	}
	g.ask(route, g.plant(route + ", method")[7:20], path("", ""), body)
	if body == nil {
		return
	}
	broken := false // once is enough
	variants(body, "", func(place string, with func(string) any) {
		v := g.plant(route + ", body " + place)
		text, err := json.Marshal(with(v))
		if err != nil {
			g.t.Fatal(err)
		}
		g.ask(route, method, path("", ""), string(text))
		if broken {
			return
		}
		broken = true
		if cut := bytes.Index(text, []byte("planted.example")); cut > 0 {
			g.ask(route, method, path("", ""), string(text[:cut+15])) // cut off
		}
		g.ask(route, method, path("", ""), "{"+string(text)) // not JSON
	})
}

// ask keeps the answer for the search, unless it may hold what was asked for.
func (g *garden) ask(route, method, path string, body any, header ...string) {
	status, text := g.send(method, path, body, header...)
	if status >= 400 || !answersWithWhatIsKnown.MatchString(route) {
		fmt.Fprintf(&g.answers, "%s: %d %s\n", route, status, text)
	}
	if status >= 500 {
		g.t.Errorf("%s: status %d: %s", route, status, text)
	}
}

func TestPlantedValuesAreNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		dir, keys := t.TempDir(), filepath.Join(t.TempDir(), "keys")
		g := &garden{began: time.Now().Truncate(time.Second), ids: map[string]string{"site": "starter", "index": "3", "name": "printer", "epoch": "1", "path": "0/000.p/1", "$": ""}}
		house, err := server.OpenHouse(t.Context(), server.HouseConfig{Dir: dir, Database: address, Keys: keys, Logger: slog.New(slog.NewJSONHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		closeAfter(t, house)
		g.running = serve(t, house, starterDir)
		g.Config.ErrorLog = log.New(&g.log, "", 0)
		g.grow(t)
		dirs := map[string]bool{keys: true}
		if u, err := url.Parse(address); err == nil && u.Scheme == "postgres" {
			dirs[filepath.Join(u.Query().Get("host"), "data")] = true
		} else {
			dirs[filepath.Dir(address)] = true
		}
		p := storetest.Plant(g.values...)
		p.Nowhere(t, "an answer", g.answers.Bytes())
		p.Nowhere(t, "the log", g.log.bytes())
		if found := g.found(p, dirs); len(found) > 0 {
			t.Errorf("written: %s", strings.Join(found, "\n"))
		}
		g.leak(t, dirs)
	})
}

// grow sows everything, has jobs done, and reads what is shown to everybody.
func (g *garden) grow(t *testing.T) {
	var person struct{ ID string }
	g.call("POST", "/api/v1/starter/people", http.StatusCreated, map[string]any{"identities": []string{"customer:77"}}, &person)
	g.ids["person"] = person.ID
	g.ids["id"], _ = g.key(map[string]any{"scopes": []string{"decide"}})
	bodies := templates()
	routes := g.server.Routes()
	// What ends things comes last.
	slices.SortStableFunc(routes, func(a, b string) int {
		return strings.Count(a, "/erase") + strings.Count(a, "/end") + strings.Count(a, "/revoke") - strings.Count(b, "/erase") - strings.Count(b, "/end") - strings.Count(b, "/revoke")
	})
	for _, route := range routes {
		body, ok := bodies[route]
		if method, _, _ := strings.Cut(route, " "); !ok && method != "GET" {
			t.Errorf("%s has no template here", route)
		}
		g.sow(route, body)
	}
	g.let(t)
	for _, path := range []string{"/metrics", "/openapi.json", "/api/v1/starter/decisions?limit=1000", "/api/v1/starter/shadow", "/api/v1/starter/shadow/report", "/api/v1/principals", "/ledger/checkpoint", "/starter/privacy", "/"} {
		g.ask("GET "+path, "GET", path, nil)
	}
}

// let has disclosures permitted, confirmed and reported, with values wherever a caller's own text goes.
func (g *garden) let(t *testing.T) {
	person := "email:" + g.plant("a disclosure, person")
	g.record(http.StatusOK, granted(person))
	question := toMailer(person, map[string]any{"decided_by": g.plant("a disclosure, decided_by"), "evaluation_id": g.plant("a disclosure, evaluation_id")})
	question["subject"] = map[string]any{"type": "service", "id": g.plant("a disclosure, subject.id")}
	var a permitted
	if g.call("POST", "/starter/access/v1/evaluation", http.StatusOK, question, &a); a.Context.Permit == "" {
		t.Fatalf("not permitted: %+v", a)
	}
	g.confirm(nil, map[string]any{"permit": a.Context.Permit, "person": person})
	g.confirm(nil, map[string]any{
		"unasked": true, "id": g.plant("an unasked disclosure, id"), "person": person, "at": "2026-02-28T12:00:00Z", "data": []string{"contact.email"}, "for": "letter", "to": "mailer",
		"source": g.plant("an unasked disclosure, source"), "decided_by": g.plant("an unasked disclosure, decided_by"),
	})
	if l := g.recipients(person); len(l) != 1 || len(l[0].Confirmed) != 1 || len(l[0].Unasked) != 1 || !strings.Contains(l[0].Unasked[0].Source, "planted.example") {
		t.Errorf("shown: %+v", l)
	}
	question["context"] = map[string]any{"for": "letter", "to": "mailer", "evaluation_id": g.plant("a refused disclosure, evaluation_id") + strings.Repeat("x", 200)}
	g.ask("POST /starter/access/v1/evaluation", "POST", "/starter/access/v1/evaluation", question)
}

// found searches the files that were written since the garden began.
func (g *garden) found(p *storetest.Planted, dirs map[string]bool) (out []string) {
	g.t.Helper()
	files := 0
	for dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err != nil || info.ModTime().Before(g.began) {
				return nil // it is gone, or of before
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil
			}
			files++
			for _, f := range p.In(text) {
				out = append(out, filepath.Base(path)+": "+f)
			}
			return nil
		})
		if err != nil {
			g.t.Fatal(err)
		}
	}
	if files < 3 {
		g.t.Errorf("%d files were searched", files)
	}
	return out
}

// leak writes a planted value where none may be, and expects to find each.
func (g *garden) leak(t *testing.T, dirs map[string]bool) {
	p, v := storetest.Plant(g.values[0]), g.values[0].Plain
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := io.WriteString(w, `{"at":"x","who":"`+strings.ToUpper(v)+`"}`)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	err = g.house.Store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO decision_block(site, first, last, n, data) VALUES(1, 0, 0, 1, $1)`, z.Bytes())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := g.found(p, dirs); len(found) == 0 {
		t.Error("a leak into the database is not found")
	}
	g.house.Logger.Error("a leak", "err", fmt.Errorf("no such person: %s", v))
	if len(p.In(g.log.bytes())) == 0 {
		t.Error("a leak into the log is not found")
	}
}
