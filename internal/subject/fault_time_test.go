package subject_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// A said is one event as docs/spec/time.md speaks of it. It stands at its index.
type said struct {
	kind                string
	at, recorded, until int64
	imported            bool
	purposes, data, to  []string
}

func (s said) String() string {
	return fmt.Sprintf("%s at %d recorded %d until %d imported %v for %v data %v to %v", s.kind, s.at, s.recorded, s.until, s.imported, s.purposes, s.data, s.to)
}

// The slow reading: docs/spec/time.md sentence by sentence, for two questions about contact.email that the
// starter policy answers: the letter, on consent, and similar offers, on a legitimate interest.

func forUse(kind string) bool {
	return strings.Contains(" granted renewed unobjected overridden lifted released ", " "+kind+" ")
}

func against(kind string) bool {
	return strings.Contains(" refused withdrawn revoked expired objected upheld restricted held ", " "+kind+" ")
}

// countsFrom: "From when an event counts", "Clocks that run fast", "Imports". None: it says nothing.
func countsFrom(h []said, i int) []int64 {
	e := h[i]
	if forUse(e.kind) {
		if !e.imported {
			return []int64{max(e.at, e.recorded)}
		}
		for j, w := range h {
			if !w.imported && undoneBy(e.kind, w.kind) && (j < i || min(w.at, w.recorded) <= e.at) &&
				listsMeet(w.purposes, e.purposes) && listsMeet(w.data, e.data) && listsMeet(w.to, e.to) {
				return nil
			}
		}
		return []int64{e.at}
	}
	if !against(e.kind) {
		return []int64{e.at}
	}
	from := []int64{min(e.at, e.recorded)}
	if e.at > e.recorded {
		from = append(from, e.at)
	}
	for _, f := range h {
		if forUse(f.kind) && f.at > f.recorded && f.recorded <= from[0] && from[0] <= f.at {
			from = append(from, f.at)
		}
	}
	return from
}

func undoneBy(f, w string) bool {
	return strings.Contains(map[string]string{
		"granted": " refused withdrawn revoked expired objected upheld restricted ", "renewed": " refused withdrawn revoked expired objected upheld restricted ",
		"unobjected": " objected upheld ", "overridden": " objected upheld ", "lifted": " restricted ", "released": " held ",
	}[f], " "+w+" ")
}

func listsMeet(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if x == y || strings.HasPrefix(x+".", y+".") || strings.HasPrefix(y+".", x+".") {
				return true
			}
		}
	}
	return false
}

// hits: it has to do with the question. A purpose is itself; data the same, above or below; we are us.
func (s said) hits(purpose string) bool {
	return (s.purposes == nil || slices.Contains(s.purposes, purpose)) && listsMeet(s.data, []string{"contact.email"}) &&
		(s.to == nil || slices.Contains(s.to, "us"))
}

// covers: it takes in the whole question.
func (s said) covers(purpose string) bool {
	data := s.data == nil || slices.Contains(s.data, "contact") || slices.Contains(s.data, "contact.email")
	return (s.purposes == nil || slices.Contains(s.purposes, purpose)) && data && (s.to == nil || slices.Contains(s.to, "us"))
}

// shown closes a consent as it is recorded: it is to what the starter policy showed for it.
func (s said) shown() said {
	contact := []string{"contact", "contact.address", "contact.email"}
	switch {
	case slices.Equal(s.data, []string{"contact"}):
		s.data = contact
	case s.data == nil && slices.Contains(s.purposes, "letter"):
		s.data = []string{"contact.email"}
	case s.data == nil: // no rule rests on consent to it
		s.data = append([]string{"name", "password", "orders", "invoices"}, contact...)
	}
	if s.to = []string{"us"}; slices.Contains(s.purposes, "letter") {
		s.to = []string{"mailer", "us"}
	}
	return s
}

// latest of the instants, up to now, of events that are of one of the kinds and have to do with it.
func latest(h []said, now int64, kinds string, about func(said) bool) (at int64) {
	for i, e := range h {
		if strings.Contains(" "+kinds+" ", " "+e.kind+" ") && about(e) {
			for _, c := range countsFrom(h, i) {
				if c <= now {
					at = max(at, c)
				}
			}
		}
	}
	return at
}

// slowly answers whether the use is allowed.
func slowly(h []said, purpose string, now int64) bool {
	hits := func(e said) bool { return e.hits(purpose) }
	covers := func(e said) bool { return e.covers(purpose) }
	placed, lifted := latest(h, now, "restricted", hits), latest(h, now, "lifted", covers)
	restricted := placed != 0 && placed >= lifted
	if purpose == "similar-offers" {
		ordered := latest(h, now, "happened", func(said) bool { return true })
		raised, taken := latest(h, now, "objected upheld", hits), latest(h, now, "unobjected", covers)
		recent := ordered != 0 && now < time.UnixMicro(ordered).UTC().AddDate(2, 0, 0).UnixMicro()
		return recent && (raised == 0 || raised < taken) && !restricted
	}
	const second = 1_000_000
	no := latest(h, now, "refused withdrawn revoked expired objected upheld", hits)
	ends := map[int]int64{} // of grants that held
	never := map[int]bool{}
	for i, e := range h {
		if from := countsFrom(h, i); e.until != 0 && from != nil && (e.kind == "granted" || e.kind == "renewed") {
			ends[i] = from[0] + (e.until-from[0])/second*second
			if never[i] = e.until-from[0] < second; never[i] {
				ends[i] = e.until
			}
			if hits(e) && ends[i] <= now {
				no = max(no, ends[i])
			}
		}
	}
	var yes int64
	for i, e := range h {
		if from := countsFrom(h, i); from != nil && (e.kind == "granted" || e.kind == "renewed") && !never[i] && covers(e) &&
			from[0] <= now && from[0] > no && (ends[i] == 0 || now < ends[i]) {
			yes = max(yes, from[0])
		}
	}
	return yes != 0 && (!restricted || yes > placed)
}

// drawSaid makes an event that is recorded now.
func drawSaid(t *rapid.T, h []said, now int64) said {
	pick := func(what string, words ...string) string { return rapid.SampledFrom(words).Draw(t, what) }
	list := func(what string, lists ...[]string) []string { return rapid.SampledFrom(lists).Draw(t, what) }
	e := said{recorded: now, at: now, imported: rapid.IntRange(0, 3).Draw(t, "imported") == 0}
	e.kind = pick("kind", "granted", "granted", "granted", "renewed", "refused", "withdrawn", "withdrawn", "revoked", "expired", "objected", "upheld",
		"unobjected", "restricted", "lifted", "held", "released", "happened", "asked")
	const second = int64(1_000_000)
	moments := []int64{now, now - 1, now - second, now - 60*second, now - 3600*second, now + 1, now + second, now + 30*second, now + 90*second, now + 120*second}
	for _, o := range h {
		moments = append(moments, o.at, o.recorded)
	}
	e.at = rapid.SampledFrom(slices.DeleteFunc(moments, func(m int64) bool { return m > now+120*second })).Draw(t, "at")
	if e.kind == "happened" {
		return e
	}
	e.purposes = list("for", []string{"letter"}, []string{"letter"}, []string{"similar-offers"}, []string{"letter", "similar-offers"}, nil)
	e.data = list("data", nil, nil, []string{"contact"}, []string{"contact.email"}, []string{"contact.address"})
	if against(e.kind) || e.kind == "lifted" {
		e.to = list("to", nil, nil, nil, []string{"us"}, []string{"mailer"})
	}
	if e.kind == "granted" || e.kind == "renewed" {
		if e.purposes == nil {
			e.purposes = []string{"letter"}
		}
		e.until = rapid.SampledFrom([]int64{0, 0, 0, e.at + 1, e.at + second/2, e.at + second, e.at + 45*second + 7, e.at + 3600*second}).Draw(t, "until")
	}
	return e
}

func (s said) event() subject.Event {
	e := subject.Event{
		Kind: subject.Kind(s.kind), At: decision.Instant(s.at), Until: decision.Instant(s.until),
		Scope: decision.Scope{For: s.purposes, Data: s.data, To: s.to},
	}
	if s.imported {
		e.Source = "old list"
	}
	switch s.kind {
	case "granted", "renewed":
		e.Style = decision.OptIn
	case "happened":
		e.Name = "order-placed"
	}
	return e
}

// What is derived from a history is what docs/spec/time.md says, at every instant at which it could
// change, in whatever order it was recorded.
func TestTimeIsAsSpecified(t *testing.T) {
	c := newClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	h := openHouse(t, setting{url: storetest.SQLite(t), dir: t.TempDir() + "/keys", clock: c, noJournal: true})
	person := 0
	rapid.Check(t, func(t *rapid.T) {
		person++
		who := subject.Identity{Kind: "customer", Value: fmt.Sprint(person)}
		c.step(time.Hour)
		var history []said
		var reports []subject.Report
		record := func() {
			_, errs := h.people.Append(context.Background(), h.site, reports)
			for i, err := range errs {
				if err != nil {
					t.Fatalf("%v: %v", history[len(history)-len(errs)+i], err)
				}
			}
			reports = nil
		}
		for range rapid.IntRange(1, 9).Draw(t, "events") {
			if step := rapid.SampledFrom([]int{0, 0, 1, 30, 119, 121, 4000}).Draw(t, "step"); step > 0 && len(reports) > 0 {
				record()
				c.step(time.Duration(step) * time.Second)
			}
			e := drawSaid(t, history, c.us.Load()+int64(len(reports)))
			reports = append(reports, subject.Report{Person: who, Event: e.event(), Create: true})
			if e.kind == "granted" || e.kind == "renewed" {
				e = e.shown()
			}
			history = append(history, e)
		}
		record()
		k, err := h.people.Facts(context.Background(), h.site, who, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, now := range momentsOf(history) {
			for _, purpose := range []string{"letter", "similar-offers"} {
				if got, want := decideAt(h.site, &k.Facts, purpose, decision.Instant(now)) == decision.Allow, slowly(history, purpose, now); got != want {
					t.Fatalf("%s at %d: derived %v, by the specification %v\n%s", purpose, now, got, want, lines(history))
				}
			}
		}
		promised(t, h, &k.Facts, history)
	})
}

// momentsOf are the instants at which an answer can change, and those beside them.
func momentsOf(h []said) []int64 {
	var out []int64
	for _, e := range h {
		for _, m := range []int64{e.at, e.recorded, e.until} {
			if m != 0 {
				out = append(out, m-1, m, m+1)
			}
		}
		if e.until != 0 {
			const second = 1_000_000
			for _, from := range []int64{e.at, max(e.at, e.recorded)} {
				end := from + (e.until-from)/second*second
				out = append(out, end-1, end, end+1)
			}
		}
	}
	out = slices.DeleteFunc(out, func(m int64) bool { return m <= 0 })
	slices.Sort(out)
	return slices.Compact(append(out, out[len(out)-1]+86400_000_000))
}

// promised are two sentences that must hold whatever the arithmetic is.
func promised(t *rapid.T, h *house, facts *decision.Facts, history []said) {
	no := func(e said) bool {
		return strings.Contains(" refused withdrawn revoked ", " "+e.kind+" ") && e.hits("letter")
	}
	allowed := func(now int64) bool {
		return decideAt(h.site, facts, "letter", decision.Instant(now)) == decision.Allow
	}
	// A no that came last, and is not about a time before what came earlier, never reads as a yes.
	last := history[len(history)-1]
	if no(last) && !slices.ContainsFunc(history, func(e said) bool {
		return e.recorded > min(last.at, last.recorded) || e.imported && e.at > last.recorded
	}) {
		for _, now := range momentsOf(history) {
			if now >= last.recorded && allowed(now) {
				t.Fatalf("at %d a consent, after the last word was no\n%s", now, lines(history))
			}
		}
	}
	// Where only imports say yes, a recorded no is not overridden from when it counts.
	if slices.ContainsFunc(history, func(e said) bool { return !e.imported && (e.kind == "granted" || e.kind == "renewed") }) {
		return
	}
	for _, e := range history {
		if !no(e) || e.imported {
			continue
		}
		for _, now := range momentsOf(history) {
			if now >= min(e.at, e.recorded) && allowed(now) && !slices.Equal(e.data, []string{"contact.address"}) {
				t.Fatalf("at %d an import overrides %v\n%s", now, e, lines(history))
			}
		}
	}
}

func lines(h []said) string {
	var b strings.Builder
	for i, e := range h {
		fmt.Fprintf(&b, "%d %v\n", i, e)
	}
	return b.String()
}
