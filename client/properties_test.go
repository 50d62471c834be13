package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/client"
)

// A world is a client, its house, and what the client has seen of every person and purpose.
type world struct {
	*house
	now    time.Time
	folder string
	client *client.Client
	seen   map[[2]string]int // person, purpose: the number of the last thing seen that speaks against the use
	taken  map[[2]string]int // and of the last signed answer that allowed
	n      int
	used   int // snapshots that allowed
}

const worldAge = 10 * time.Minute

func newWorld(h *house) *world {
	w := &world{house: h, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), seen: map[[2]string]int{}, taken: map[[2]string]int{}}
	h.clock = func() time.Time { return w.now }
	return w
}

func (w *world) restart(t testing.TB) {
	w.client = w.house.client(t, "http://house.example", func(c *client.Config) {
		c.HTTPClient = &http.Client{Transport: direct{w.house}}
		c.Clock, c.Folder = w.clock, w.folder
		c.MaxSnapshots = 5
		c.Purposes = map[string]client.Down{"letter": client.Snapshot(worldAge), "offers": client.Snapshot(worldAge)}
	})
}

// decide asks, and checks that a snapshot that allows is neither too old nor outlived what was seen.
func (w *world) decide(t *rapid.T, person, purpose string) {
	at := [2]string{person, purpose}
	q := letter(person)
	q.For = purpose
	a, err := w.client.Decide(t.Context(), q)
	w.n++
	switch {
	case a.FromSnapshot && a.Allowed:
		if a.Age > worldAge || w.now.Sub(takenAt(t, a)) > worldAge {
			t.Fatalf("a snapshot of %v", a.Age)
		}
		w.used++
		if w.seen[at] > w.taken[at] {
			t.Fatalf("a snapshot of turn %d outlived what was seen in turn %d", w.taken[at], w.seen[at])
		}
	case a.Allowed:
		w.taken[at] = w.n
	case err == nil && !a.FromSnapshot:
		w.seen[at] = w.n
	}
}

// takenAt is the instant that the server signed.
func takenAt(t *rapid.T, a client.Answer) time.Time {
	text, _, _ := strings.Cut(string(a.Signed), "\n\n")
	s, err := client.ParseSigned(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return s.At
}

func TestSnapshotsNeverOutliveWhatWasSeen(t *testing.T) {
	folder := t.TempDir()
	n, used := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w := newWorld(newHouse(t))
		if rapid.Bool().Draw(r, "on disk") {
			w.folder = fmt.Sprintf("%s/%d", folder, n)
		}
		w.restart(t)
		person := rapid.SampledFrom([]string{"customer:1", "customer:2"})
		for _, p := range []string{"customer:1", "customer:2"} {
			w.say(p, "letter", true)
			w.say(p, "offers", true)
		}
		purpose := rapid.SampledFrom([]string{"letter", "offers"})
		waiting := []client.Event{}
		decide := func(r *rapid.T) { w.decide(r, person.Draw(r, "person"), purpose.Draw(r, "purpose")) }
		outage := func(r *rapid.T) {
			w.breakWith(status(501))
			decide(r)
			w.breakWith(nil)
		}
		r.Repeat(map[string]func(*rapid.T){
			"decide": decide, "decide again": decide, "decide in an outage": outage, "decide in an outage again": outage,
			"grant elsewhere":    func(r *rapid.T) { w.say(person.Draw(r, "person"), purpose.Draw(r, "purpose"), true) },
			"withdraw elsewhere": func(r *rapid.T) { w.say(person.Draw(r, "person"), purpose.Draw(r, "purpose"), false) },
			"withdraw here": func(r *rapid.T) {
				w.n++
				e := client.Event{ID: fmt.Sprint(w.n), Person: person.Draw(r, "person"), Kind: client.Withdrawn, For: []string{purpose.Draw(r, "purpose")}}
				if rapid.Bool().Draw(r, "down") {
					w.breakWith(status(501))
				}
				if _, err := w.client.Record(r.Context(), e); err != nil {
					waiting = append(waiting, e)
				}
				w.breakWith(nil)
				for _, p := range []string{"letter", "offers"} {
					w.seen[[2]string{e.Person, p}] = w.n
				}
			},
			"repeat": func(r *rapid.T) {
				if len(waiting) == 0 {
					r.Skip("nothing waits")
				}
				if _, err := w.client.Record(r.Context(), waiting[0]); err == nil {
					waiting = waiting[1:]
				}
			},
			"forget": func(r *rapid.T) {
				w.n++
				p := person.Draw(r, "person")
				if err := w.client.Forget(p); err != nil {
					r.Fatal(err)
				}
				w.seen[[2]string{p, "letter"}], w.seen[[2]string{p, "offers"}] = w.n, w.n
			},
			"wait": func(r *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 900).Draw(r, "seconds")) * time.Second)
			},
			"restart": func(r *rapid.T) { w.restart(t) },
			"restore": func(r *rapid.T) { w.with(func() { w.seq = max(0, w.seq-3) }) },
		})
		used += w.used
	})
	if used < n/4 {
		t.Errorf("%d snapshots were used in %d runs: this proves little", used, n)
	}
}

// A question that travelled is the same question, however its lists were ordered; and no two questions are one.
func TestQuestionsKeepTheirHash(t *testing.T) {
	word := rapid.StringMatching(`[a-z\x{e9}\x{1F600}"\\<\x{1}][a-z.\-]{0,5}`)
	words := rapid.SliceOfN(word, 0, 3)
	value := rapid.OneOf(rapid.Just[any](true), rapid.Just[any](false), rapid.Map(rapid.IntRange(-1<<53+1, 1<<53-1), func(n int) any { return n }), rapid.Map(word, func(s string) any { return s }))
	question := rapid.Custom(func(r *rapid.T) client.Question {
		maybe := func(name string) string { return rapid.OneOf(rapid.Just(""), word).Draw(r, name) }
		q := client.Question{
			Person: word.Draw(r, "person"), Action: word.Draw(r, "action"), Data: words.Draw(r, "data"), Service: maybe("service"), Cookie: maybe("cookie"),
			For: maybe("for"), To: maybe("to"), In: maybe("in"), Source: maybe("source"), As: maybe("as"), Of: maybe("of"), Role: maybe("role"), Ground: maybe("ground"),
			With: words.Draw(r, "with"), Group: rapid.IntRange(0, 9).Draw(r, "group"), Stated: map[string]any{}, Attributes: map[string]any{},
		}
		for range rapid.IntRange(0, 3).Draw(r, "stated") {
			q.Stated["x-"+word.Draw(r, "name")] = value.Draw(r, "value")
		}
		for range rapid.IntRange(0, 3).Draw(r, "attributes") {
			entity := rapid.SampledFrom([]string{"subject", "action", "resource"}).Draw(r, "entity")
			q.Attributes[entity+".properties.x-"+word.Draw(r, "property")] = value.Draw(r, "value")
		}
		return q
	})
	rapid.Check(t, func(r *rapid.T) {
		q := question.Draw(r, "question")
		canonical, err := q.Canonical("k")
		if err != nil {
			r.Fatal(err)
		}
		travelled := q
		travelled.Data = slices.Concat(q.Data, q.Data)
		slices.Reverse(travelled.Data)
		e := travelled.Evaluation("any")
		e.Context["at_least"], e.Context["snapshot"], e.Context["site"] = 3, true, "x"
		sent, err := json.Marshal(e)
		if err != nil {
			r.Fatal(err)
		}
		var got client.Evaluation
		if err := json.Unmarshal(sent, &got); err != nil {
			r.Fatal(err)
		}
		back, err := got.Question()
		if err != nil {
			r.Fatalf("%s: %v", sent, err)
		}
		if again, err := back.Canonical("k"); err != nil || string(again) != string(canonical) {
			r.Fatalf("%s\nbecame %s, %v", canonical, again, err)
		}
		var v any
		if err := json.Unmarshal(canonical, &v); err != nil {
			r.Fatalf("not JSON: %s", canonical)
		}
		other := question.Draw(r, "other")
		if o, err := other.Canonical("k"); err == nil && string(o) == string(canonical) && string(must1(json.Marshal(clean(other)))) != string(must1(json.Marshal(clean(q)))) {
			r.Fatalf("two questions are one: %s", o)
		}
		if keyed, _ := q.Canonical("k2"); string(keyed) == string(canonical) {
			r.Fatal("two keys ask one question")
		}
	})
}

// clean is a question without what is of no meaning.
func clean(q client.Question) client.Question {
	set := func(list []string) []string {
		list = slices.Clone(list)
		slices.Sort(list)
		return slices.Clip(append([]string{}, slices.Compact(list)...))
	}
	q.Data, q.With = set(q.Data), set(q.With)
	return q
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// What a server would sign is read back as it was, and nothing else is.
func TestSignedTexts(t *testing.T) {
	line := rapid.StringMatching(`[a-z\x{e9}][a-z0-9\- ]{0,9}`)
	lists := rapid.SliceOfN(rapid.StringMatching(`[a-z"\\\x{1}\x{1F600}\n ]{1,6}`), 0, 3)
	rapid.Check(t, func(r *rapid.T) {
		s := client.Signed{
			Site: line.Draw(r, "site"), Version: line.Draw(r, "version"), Seq: rapid.Int64Min(0).Draw(r, "seq"), Kind: rapid.SampledFrom([]string{"gap", "unmet", "law"}).Draw(r, "kind"),
			At:      time.UnixMicro(rapid.Int64Range(1, 253402300799999999).Draw(r, "at")).UTC(),
			Clauses: lists.Draw(r, "clauses"), Missing: lists.Draw(r, "missing"), Obligations: lists.Draw(r, "obligations"),
		}
		copy(s.Question[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, "question"))
		switch rapid.IntRange(0, 2).Draw(r, "answer") {
		case 1:
			s.Allow, s.Kind = true, client.Allow
		case 2:
			s.Allow, s.Mode = true, client.Warn
		}
		text, err := s.Text()
		if err != nil {
			r.Fatal(err)
		}
		got, err := client.ParseSigned(text)
		if err != nil {
			r.Fatalf("%s\n%v", text, err)
		}
		if fmt.Sprintf("%q", fields(got)) != fmt.Sprintf("%q", fields(s)) {
			r.Fatalf("%+v\nbecame %+v", s, got)
		}
		i := rapid.IntRange(0, len(text)-1).Draw(r, "place")
		bent := text[:i] + rapid.SampledFrom([]string{"", "\n", " ", "0", "x"}).Draw(r, "bend") + text[i+1:]
		if other, err := client.ParseSigned(bent); err == nil && bent != text {
			if again, _ := other.Text(); again != bent {
				r.Fatalf("%q is read as %q", bent, again)
			}
		}
	})
}

func fields(s client.Signed) []string {
	return slices.Concat([]string{s.Site, string(s.Question[:]), fmt.Sprint(s.Allow), s.Version, fmt.Sprint(s.Seq), s.At.String(), s.Kind, s.Mode, "|"},
		s.Clauses, []string{"|"}, s.Missing, []string{"|"}, s.Obligations)
}

func TestSignedTextsThatMakeNoSense(t *testing.T) {
	good := client.Signed{Site: "shop", Version: "1", Kind: client.Allow, Allow: true, At: time.Unix(1, 0)}
	if _, err := good.Text(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*client.Signed){
		"a line too many":   func(s *client.Signed) { s.Site = "shop\nallow" },
		"no site":           func(s *client.Signed) { s.Site = "" },
		"no version":        func(s *client.Signed) { s.Version = "" },
		"a long version":    func(s *client.Signed) { s.Version = strings.Repeat("1", 300) },
		"not UTF-8":         func(s *client.Signed) { s.Version = "\xff" },
		"negative seq":      func(s *client.Signed) { s.Seq = -1 },
		"no kind":           func(s *client.Signed) { s.Kind = "" },
		"denies an allow":   func(s *client.Signed) { s.Allow = false },
		"allows a denial":   func(s *client.Signed) { s.Kind = client.Gap },
		"an unknown mode":   func(s *client.Signed) { s.Mode = "off" },
		"no time":           func(s *client.Signed) { s.At = time.Unix(0, 0) },
		"a time far beyond": func(s *client.Signed) { s.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		s := good
		change(&s)
		if text, err := s.Text(); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
}
