package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// Whoever confirms more, or otherwise, than was permitted is told which, and nothing is recorded.
func TestConfirmationsAreHeldToThePermit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		const ann = "email:ann@mail.example"
		h.record(200, granted(ann), granted("customer:2"))
		permit := h.disclose(ann, nil).Context.Permit
		_, other := h.key(map[string]any{"scopes": []string{"disclosures:write", "subject:any"}, "purposes": []string{"fulfilment"}})
		h.call("POST", "/api/v1/principals", http.StatusCreated, map[string]any{"name": "printer", "kind": "machine"}, nil)
		var key struct{ Secret string }
		h.call("POST", "/api/v1/keys", http.StatusCreated, map[string]any{"principal": "printer", "binding": map[string]any{"scopes": []string{"disclosures:write"}}}, &key)
		printer := []string{"Authorization", "Bearer " + key.Secret}
		_, mailer := h.key(map[string]any{"scopes": []string{"disclosures:write"}})
		_, decides := h.key(map[string]any{"scopes": []string{"decide"}})
		with := func(members map[string]any) map[string]any {
			members["permit"] = permit
			return members
		}
		for _, c := range []struct {
			name   string
			header []string
			one    map[string]any
			want   string
		}{
			{"another category", nil, with(map[string]any{"data": []string{"contact.email", "name"}}), "beyond-permit"},
			{"a wider category", nil, with(map[string]any{"data": []string{"contact"}}), "beyond-permit"},
			{"no category", nil, with(map[string]any{"data": []string{}}), "bad-request"},
			{"an undeclared category below", nil, with(map[string]any{"data": []string{"contact.email.secret"}}), "bad-request"},
			{"another recipient", nil, with(map[string]any{"to": "carrier"}), "beyond-permit"},
			{"another purpose", nil, with(map[string]any{"for": "fulfilment"}), "beyond-permit"},
			{"another person", nil, with(map[string]any{"person": "customer:2"}), "beyond-permit"},
			{"nobody", nil, with(map[string]any{"person": "customer:3"}), "beyond-permit"},
			{"before it was permitted", nil, with(map[string]any{"at": time.Now().Add(-time.Hour).Format(time.RFC3339)}), "beyond-permit"},
			{"to come", nil, with(map[string]any{"at": time.Now().Add(time.Hour).Format(time.RFC3339)}), "bad-request"},
			{"a negative count", nil, with(map[string]any{"count": -1}), "bad-request"},
			{"a source", nil, with(map[string]any{"source": "an audit"}), "bad-request"},
			{"unasked too", nil, with(map[string]any{"unasked": true}), "bad-request"},
			{"another principal", printer, with(map[string]any{}), "permit-of-another"},
			{"a key for another purpose", other, with(map[string]any{}), "forbidden"},
			{"a key that only asks", decides, with(map[string]any{}), "forbidden"},
			{"no permit", nil, map[string]any{}, "bad-request"},
			{"a permit of nonsense", nil, map[string]any{"permit": "0-0"}, "bad-request"},
			{"a permit that never was", nil, map[string]any{"permit": "0123456789abcdef0123456789abcdef-7"}, "permit-unknown"},
			{"the permit with another place", nil, map[string]any{"permit": permit[:32] + "-1"}, "permit-unknown"},
		} {
			if got := h.refused(c.header, c.one); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
		if got := h.entries(ann); got["disclosed"] != 0 {
			t.Errorf("recorded: %v", got)
		}
		out := h.confirm(mailer, with(map[string]any{"data": []string{"contact.email"}, "for": "letter", "to": "mailer", "person": ann}), map[string]any{"permit": "0-0"})
		if out.Disclosures[0].Error != nil || out.Disclosures[1].Error == nil {
			t.Errorf("one of two: %+v", out)
		}
		if got := h.refused(mailer, with(map[string]any{"count": 2})); got != "permit-confirmed" {
			t.Errorf("confirmed otherwise: %s", got)
		}
		if got := h.entries(ann); got["disclosed"] != 1 {
			t.Errorf("records: %v", got)
		}
	})
}

// A permit is acted upon within a week; that it was can be told a month longer, and then there is none.
func TestPermitsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		now := time.Now()
		keys := t.TempDir() + "/keys"
		clock := func() time.Time { return now }
		h := besideAt(t, url, keys, clock)
		h.record(200, granted("customer:1"))
		late, never := h.disclose("customer:1", nil).Context.Permit, h.disclose("customer:1", nil).Context.Permit
		now = now.Add(8 * 24 * time.Hour)
		if got := h.refused(nil, map[string]any{"permit": never}); got != "permit-expired" {
			t.Errorf("after a week: %s", got)
		}
		h.confirm(nil, map[string]any{"permit": late, "at": now.Add(-2 * 24 * time.Hour).Format(time.RFC3339)})
		now = now.Add(30 * 24 * time.Hour)
		later := serve(t, h.house, starterDir) // which prunes as it starts
		eventually(t, "the permit is gone", func() bool { return later.refused(nil, map[string]any{"permit": never}) == "permit-unknown" })
		l := later.recipients("customer:1")
		if len(l) != 1 || len(l[0].Confirmed) != 1 || len(l[0].Unconfirmed) != 1 || *l[0].Unconfirmed[0].AgeSeconds < 37*24*3600 {
			t.Errorf("what is shown: %+v", l)
		}
	})
}

// What is learned of afterwards is recorded once, and is never taken for permitted.
func TestUnaskedDisclosures(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		const ann = "customer:1"
		h.record(200, granted(ann))
		leak := map[string]any{"unasked": true, "id": "leak-1", "person": ann, "at": "2026-02-28T12:00:00Z", "data": []string{"orders", "name"}, "for": "fulfilment", "to": "carrier", "source": "audit of March", "count": 2}
		without := func(name string, value any) map[string]any {
			out := map[string]any{}
			for k, v := range leak {
				if k != name {
					out[k] = v
				}
			}
			if value != nil {
				out[name] = value
			}
			return out
		}
		for name, c := range map[string]struct {
			one  map[string]any
			want string
		}{
			"no source":               {without("source", nil), "bad-request"},
			"no time":                 {without("at", nil), "bad-request"},
			"no data":                 {without("data", nil), "bad-request"},
			"an undeclared recipient": {without("to", "zzz"), "bad-request"},
			"an undeclared purpose":   {without("for", "zzz"), "bad-request"},
			"an undeclared category":  {without("data", []string{"zzz"}), "bad-request"},
			"an undeclared ground":    {without("ground", "zzz"), "bad-request"},
			"an action of our own":    {without("action", "use"), "bad-request"},
			"not marked":              {without("unasked", nil), "bad-request"},
			"an unknown person":       {without("person", "customer:99"), "not-found"},
		} {
			if got := h.refused(nil, c.one); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
		if _, text := h.send("POST", "/api/v1/starter/disclosures", map[string]any{"disclosures": []any{without("person", nil)}}); !strings.Contains(string(text), "says person, at, data, for, to and source") {
			t.Errorf("without a person: %s", text)
		}
		done, again := h.confirm(nil, leak), h.confirm(nil, leak)
		if done.Disclosures[0].Again || !again.Disclosures[0].Again || again.Disclosures[0].Index != done.Disclosures[0].Index {
			t.Errorf("recorded %+v, and again %+v", done, again)
		}
		if got := h.refused(nil, without("count", 3)); got != "conflict" {
			t.Errorf("another under the same id: %s", got)
		}
		l := h.recipients(ann)
		if len(l) != 1 || l[0].To != "carrier" || len(l[0].Unasked) != 1 || len(l[0].Confirmed)+len(l[0].Unconfirmed) != 0 || l[0].Unasked[0].Source != "audit of March" || l[0].Unasked[0].Count != 2 || l[0].Unasked[0].Agreement != "" {
			t.Errorf("shown: %+v", l)
		}
		h.verifies(ann, l[0].Unasked[0].Entries...)
	})
}

// Whose data it was may be erased, merged, held or restricted between the permit and its confirmation.
func TestPeopleChangeBeforeTheConfirmation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := startOn(t, url, starterDir)
		permits := map[string]string{}
		for _, who := range []string{"erased", "merged", "held", "restricted", "withdrawn"} {
			h.record(200, granted("customer:"+who))
			permits[who] = h.disclose("customer:"+who, nil).Context.Permit
		}
		h.record(200, granted("customer:main"))
		h.call("POST", "/api/v1/starter/people/"+h.id("customer:erased")+"/erase", http.StatusOK, struct{}{}, nil)
		h.call("POST", "/api/v1/starter/people/"+h.id("customer:main")+"/merge", http.StatusNoContent, map[string]any{"other": "customer:merged"}, nil)
		h.record(200, map[string]any{"person": "customer:held", "kind": "held", "grounds": "a claim"}, map[string]any{"person": "customer:restricted", "kind": "restricted"}, withdrawn("customer:withdrawn"))
		if got := h.refused(nil, map[string]any{"permit": permits["erased"]}); got != "permit-unknown" {
			t.Errorf("erased: %s", got)
		}
		_, text := h.send("POST", "/api/v1/starter/disclosures", map[string]any{"disclosures": []any{map[string]any{"permit": permits["erased"]}}})
		_, never := h.send("POST", "/api/v1/starter/disclosures", map[string]any{"disclosures": []any{map[string]any{"permit": "0123456789abcdef0123456789abcdef-7"}}})
		if string(text) != string(never) {
			t.Errorf("a permit about somebody erased is told apart from one that never was: %s %s", text, never)
		}
		for _, who := range []string{"restricted", "withdrawn"} {
			if a := h.disclose("customer:"+who, nil); a.Decision || a.Context.Permit != "" {
				t.Errorf("%s is asked about: %+v", who, a)
			}
		}
		for _, who := range []string{"merged", "held", "restricted", "withdrawn"} {
			one := map[string]any{"permit": permits[who], "person": "customer:" + who}
			if got := h.confirm(nil, one); got.Disclosures[0].Error != nil {
				t.Errorf("%s: %+v", who, got)
			}
		}
		if l := h.recipients("customer:main"); len(l) != 1 || len(l[0].Confirmed) != 1 || len(l[0].Unconfirmed) != 0 {
			t.Errorf("with who was merged: %+v", l)
		}
		h.call("POST", "/api/v1/starter/people/split", http.StatusNoContent, map[string]any{"identity": "customer:merged"}, nil)
		if a, b := h.recipients("customer:main"), h.recipients("customer:merged"); len(a) != 0 || len(b) != 1 || len(b[0].Confirmed) != 1 {
			t.Errorf("after the split: %+v %+v", a, b)
		}
		if left := h.orphans(); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
		h.checked()
	})
}

// A thousand questions in one request, and a hundred callers, each get a permit of their own; confirmed at
// two servers at once, each is recorded once.
func TestManyPermits(t *testing.T) {
	a, b := pair(t)
	var people []map[string]any
	for i := range 300 {
		people = append(people, granted(fmt.Sprint("customer:", i)))
	}
	a.record(200, people...)
	var questions []any
	for i := range 300 {
		questions = append(questions, toMailer(fmt.Sprint("customer:", i), nil))
	}
	questions = append(questions, toMailer("customer:none", nil))
	var batch struct{ Evaluations []permitted }
	a.call("POST", "/starter/access/v1/evaluations", 200, map[string]any{"evaluations": questions}, &batch)
	seen := map[string]bool{}
	var confirmations []map[string]any
	for i, e := range batch.Evaluations {
		if e.Decision != (i < 300) || (e.Context.Permit != "") != (i < 300) || seen[e.Context.Permit] {
			t.Fatalf("answer %d: %+v", i, e)
		}
		if seen[e.Context.Permit] = true; i < 300 {
			confirmations = append(confirmations, map[string]any{"permit": e.Context.Permit})
		}
	}
	var mu sync.Mutex
	first := 0
	var all sync.WaitGroup
	for w := range 6 {
		all.Go(func() {
			done := []*running{a, b}[w%2].confirm(nil, confirmations...)
			mu.Lock()
			defer mu.Unlock()
			for _, d := range done.Disclosures {
				if d.Error != nil {
					t.Errorf("%+v", *d.Error)
				} else if !d.Again {
					first++
				}
			}
		})
		all.Go(func() {
			for i := range 20 {
				if one := []*running{a, b}[w%2].disclose(fmt.Sprint("customer:", i), nil); one.Context.Permit == "" {
					t.Errorf("%+v", one)
				}
			}
		})
	}
	all.Wait()
	if first != 300 {
		t.Errorf("%d confirmations were recorded of 300", first)
	}
	var n int64
	err := a.house.Store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT count(*) FROM permit WHERE step = 1`, nil, &n)
	})
	if err != nil || n != 300 {
		t.Errorf("%d rows of confirmations, %v", n, err)
	}
	if got := b.entries("customer:0"); got["permitted"] != 7 || got["disclosed"] != 1 {
		t.Errorf("records: %v", got)
	}
	a.checked()
}
