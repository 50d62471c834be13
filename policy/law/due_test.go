package law_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// A dated is one case of testdata/deadlines.json.
type dated struct {
	Rule, Received, Aware, Due string
	DueUnrolled                string `json:"due_unrolled"`
	Months, Days, Hours        int
	BusinessDays               int `json:"business_days"`
	Holidays                   []string
	Identity                   string `json:"identity_received"`
	Asked                      string `json:"clarification_asked"`
	Answered                   string `json:"clarification_received"`
	BeforePause                string `json:"due_before_pause"`
	WithPause                  string `json:"due_with_pause"`
}

// zones are where the controller of a case sits: the dates must not depend on it being UTC.
func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	at, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func on(t *testing.T, s string, at *time.Location) time.Time {
	t.Helper()
	d, err := time.ParseInLocation(time.DateOnly, s, at)
	if err != nil {
		t.Fatal(err)
	}
	return d.Add(15 * time.Hour) // in the afternoon, which must not matter
}

// TestDatedCases: all 26, each through the row of the profile whose rule it is about. Québec and ICANN
// have no profile; their periods are counted as such.
//
// long: a line for each rule
func TestDatedCases(t *testing.T) {
	text, err := os.ReadFile("testdata/deadlines.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []dated }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 26 {
		t.Fatalf("%d cases, want 26", len(file.Cases))
	}
	for _, c := range file.Cases {
		t.Run(c.Rule+" "+c.Received+c.Aware, func(t *testing.T) {
			switch c.Rule {
			case "gdpr-month":
				at := zone(t, "Europe/Dublin")
				due, extended := dueOf(t, "eu-gdpr", "access", "", c, at)
				got := map[int]law.Due{1: due, 3: extended, 2: law.Period{N: 2, Unit: law.Months}.After(on(t, c.Received, at), 0, law.Calendar{}.With(c.Holidays...), true)}[c.Months]
				same(t, got, c.Due)
				same(t, law.Period{N: c.Months, Unit: law.Months}.After(on(t, c.Received, at), 0, law.Calendar{}, false), c.DueUnrolled)
			case "ccpa-45":
				due, _ := dueOf(t, "us-ca", "access", "", c, zone(t, "America/Los_Angeles"))
				same(t, due, c.Due)
			case "ccpa-90":
				_, extended := dueOf(t, "us-ca", "erase", "", c, zone(t, "America/Los_Angeles"))
				same(t, extended, c.Due)
			case "ccpa-confirm-10bd":
				at := zone(t, "America/Los_Angeles")
				same(t, row(t, "us-ca", "access", "", on(t, c.Received, at)).AcknowledgedBy(count(t, c, at)), c.Due)
			case "ccpa-optout-15bd":
				due, _ := dueOf(t, "us-ca", "object", "sale", c, zone(t, "America/Los_Angeles"))
				same(t, due, c.Due)
			case "fadp-30":
				due, _ := dueOf(t, "ch-fadp", "access", "", c, zone(t, "Europe/Zurich"))
				same(t, due, c.Due)
			case "lgpd-15":
				due, _ := dueOf(t, "br-lgpd", "access", "", c, zone(t, "America/Sao_Paulo"))
				same(t, due, c.Due)
			case "quebec-30":
				same(t, law.Period{N: c.Days, Unit: law.Days}.After(on(t, c.Received, time.UTC), 0, law.Calendar{}, false), c.Due)
			case "icann-ack-2bd":
				same(t, law.Period{N: c.BusinessDays, Unit: law.BusinessDays}.After(on(t, c.Received, time.UTC), 0, law.Calendar{}.With(c.Holidays...), false), c.Due)
			case "gdpr-breach-72h":
				breach(t, c)
			case "uk-12A-stop-clock":
				stopTheClock(t, c)
			default:
				t.Errorf("no test for the rule %s", c.Rule)
			}
		})
	}
}

func count(t *testing.T, c dated, at *time.Location) law.Count {
	t.Helper()
	return law.Count{Received: on(t, c.Received, at), Zone: at, Calendar: law.Calendar{}.With(c.Holidays...)}
}

func row(t *testing.T, id, right, of string, received time.Time) law.Right {
	t.Helper()
	r, ok := find(t, id).Right(right, of, "", decision.InstantOf(received))
	if !ok {
		t.Fatalf("%s knows no %s %s", id, right, of)
	}
	return r
}

func dueOf(t *testing.T, id, right, of string, c dated, at *time.Location) (due, extended law.Due) {
	t.Helper()
	return row(t, id, right, of, on(t, c.Received, at)).Due(count(t, c, at))
}

func same(t *testing.T, got law.Due, want string) {
	t.Helper()
	if day := got.Day.Format(time.DateOnly); day != want {
		t.Errorf("due on %s, want %s", day, want)
	}
	if y, m, d := got.Day.Date(); !got.End.Equal(time.Date(y, m, d+1, 0, 0, 0, 0, got.Day.Location())) {
		t.Errorf("the last day %s ends at %s", got.Day, got.End)
	}
}

// breach: 72 hours are elapsed ones. In Zurich they begin in winter time and end in summer time.
func breach(t *testing.T, c dated) {
	t.Helper()
	aware, err := time.Parse(time.RFC3339, c.Aware)
	if err != nil {
		t.Fatal(err)
	}
	clock, rolls, ok := find(t, "eu-gdpr").Clock("breach-authority", decision.InstantOf(aware))
	if !ok {
		t.Fatal("no clock")
	}
	due := clock.Within.After(aware.In(zone(t, "Europe/Zurich")), 0, law.CalendarOf("CH"), rolls)
	if got := due.End.UTC().Format(time.RFC3339); got != c.Due {
		t.Errorf("due at %s, want %s", got, c.Due)
	}
}

func stopTheClock(t *testing.T, c dated) {
	t.Helper()
	at := zone(t, "Europe/London")
	r := row(t, "uk-gdpr", "access", "", on(t, c.Received, at))
	all := law.Count{Received: on(t, c.Received, at), Zone: at, Calendar: law.CalendarOf("GB"), Waits: []law.Waited{
		{For: law.Identity, From: on(t, c.Received, at), To: on(t, c.Identity, at)},
		{For: law.Clarification, From: on(t, c.Asked, at), To: on(t, c.Answered, at)},
	}}
	due, _ := r.Due(all)
	same(t, due, c.WithPause)
	same(t, r.Within.After(on(t, c.Identity, at), 0, law.Calendar{}, false), c.BeforePause)

	withoutPause := all
	withoutPause.Waits = all.Waits[:1]
	due, extended := r.Due(withoutPause)
	same(t, due, "2026-04-07") // 5 April is Easter Sunday
	same(t, extended, "2026-06-05")

	waiting := all
	waiting.Waits = append(waiting.Waits[:1:1], law.Waited{For: law.Clarification, From: on(t, c.Asked, at)})
	if due, _ := r.Due(waiting); !due.End.IsZero() {
		t.Errorf("the clock stands still, and is due on %s", due.Day)
	}
}

// Before the Data (Use and Access) Act nothing stopped the clock in the United Kingdom, and nothing
// does in the Union.
func TestWhatStopsNoClock(t *testing.T) {
	for id, received := range map[string]string{"uk-gdpr": "2025-03-03", "eu-gdpr": "2026-03-03"} {
		at := zone(t, "Europe/London")
		c := law.Count{Received: on(t, received, at), Zone: at, Waits: []law.Waited{
			{For: law.Identity, From: on(t, received, at), To: on(t, received, at).AddDate(0, 0, 9)},
			{For: law.Clarification, From: on(t, received, at)},
		}}
		due, _ := row(t, id, "access", "", c.Received).Due(c)
		same(t, due, received[:5]+"04-03")
	}
}

func TestPausesCountOnce(t *testing.T) {
	at := zone(t, "Europe/London")
	r := row(t, "uk-gdpr", "access", "", on(t, "2026-03-02", at))
	wait := func(from, to string) law.Waited {
		return law.Waited{For: law.Clarification, From: on(t, from, at), To: on(t, to, at)}
	}
	for _, c := range []struct {
		name, want string
		waits      []law.Waited
	}{
		{"none", "2026-04-02", nil},
		{"two that overlap are one of nine days", "2026-04-13", []law.Waited{wait("2026-03-12", "2026-03-18"), wait("2026-03-10", "2026-03-15")}},
		{"the first day is not counted anyway", "2026-04-07", []law.Waited{wait("2026-03-02", "2026-03-03")}}, // the 3rd, Good Friday
		{"one after the end changes nothing", "2026-04-02", []law.Waited{wait("2026-04-20", "2026-04-25")}},
	} {
		due, _ := r.Due(law.Count{Received: on(t, "2026-03-02", at), Zone: at, Calendar: law.CalendarOf("GB"), Waits: c.waits})
		if got := due.Day.Format(time.DateOnly); got != c.want {
			t.Errorf("%s: due on %s, want %s", c.name, got, c.want)
		}
	}
}

// A due date is never before receipt, an extended one never before the other, and it is counted from
// the same start; the day that is due is a working day where the law rolls.
func TestDueIsNeverBeforeReceipt(t *testing.T) {
	all := every(t)
	places := []string{"", "IE", "GB", "US-CA", "CH", "BR", "DE", "JP"}
	waits := []law.Wait{law.Identity, law.Fee, law.Clarification}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(all).Draw(t, "profile")
		if len(p.Rights) == 0 {
			return
		}
		r := rapid.SampledFrom(p.Rights).Draw(t, "right")
		received := time.Unix(rapid.Int64Range(1527206400, 2208988800).Draw(t, "received"), 0)
		at, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Dublin", "America/Los_Angeles", "America/Sao_Paulo", "Pacific/Apia"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		c := law.Count{Received: received, Zone: at, Calendar: law.CalendarOf(rapid.SampledFrom(places).Draw(t, "place"))}
		for range rapid.IntRange(0, 3).Draw(t, "waits") {
			from := received.Add(time.Duration(rapid.Int64Range(-10, 120).Draw(t, "from")) * 24 * time.Hour)
			c.Waits = append(c.Waits, law.Waited{For: rapid.SampledFrom(waits).Draw(t, "for"), From: from, To: from.Add(time.Duration(rapid.Int64Range(0, 40).Draw(t, "days")) * 24 * time.Hour)})
		}
		due, extended := r.Due(c)
		plain, _ := r.Due(law.Count{Received: received, Zone: at, Calendar: c.Calendar})
		switch {
		case due.End.IsZero() != r.Within.IsZero():
			t.Fatalf("%s is fixed at %s, due %v", r.Right, r.Within, due)
		case due.End.IsZero():
			return
		case due.End.Before(received):
			t.Fatalf("received %s, due %s", received, due.End)
		case due.End.Before(plain.End):
			t.Fatalf("waiting for the person made it due earlier: %s, without %s", due.End, plain.End)
		case !extended.End.IsZero() && extended.End.Before(due.End):
			t.Fatalf("due %s, extended %s", due.End, extended.End)
		}
		if r.Extended.Unit == law.Days && len(c.Waits) == 0 {
			y, m, d := received.In(at).Date()
			if want := time.Date(y, m, d+r.Extended.N, 0, 0, 0, 0, at); !extended.Day.Equal(want) {
				t.Fatalf("extended to %s, want %s: it is counted from receipt", extended.Day, want)
			}
		}
	})
}

func TestShortestOfSeveralLaws(t *testing.T) {
	at := zone(t, "Europe/Zurich")
	laws := []law.Profile{find(t, "eu-gdpr"), find(t, "ch-fadp"), find(t, "us-ca"), find(t, "br-lgpd")}
	c := law.Count{Received: on(t, "2026-07-10", at), Zone: at, Calendar: law.CalendarOf("CH")}
	for _, x := range []struct {
		laws []law.Profile
		want string
	}{
		{laws[:1], "eu-gdpr 2026-08-10"},
		{laws[:2], "ch-fadp 2026-08-09"}, // 30 days are shorter than a month of 31, and do not roll over the Sunday
		{laws[2:3], "us-ca 2026-08-24"},
		{laws, "br-lgpd 2026-07-25"},
		{[]law.Profile{laws[3], laws[0], laws[1]}, "br-lgpd 2026-07-25"},
	} {
		p, _, due, ok := law.Shortest(x.laws, "access", "", "", c)
		if got := p.ID + " " + due.Day.Format(time.DateOnly); !ok || got != x.want {
			t.Errorf("got %s, want %s", got, x.want)
		}
	}
	if _, _, _, ok := law.Shortest(laws, "contact", "", "", c); ok {
		t.Error("no law fixes a time for what none knows")
	}
}

func TestCalendars(t *testing.T) {
	for _, c := range []struct {
		place, day string
		working    bool
	}{
		{"IE", "2026-12-25", false},
		{"IE", "2026-12-28", true},
		{"GB", "2026-12-28", false}, // for Boxing Day, a Saturday
		{"GB", "2026-04-06", false}, // Easter Monday
		{"US-CA", "2026-04-06", true},
		{"US-CA", "2026-11-27", false},
		{"US", "2026-11-27", true}, // the day after Thanksgiving
		{"US-CA", "2026-02-16", false},
		{"US-NY", "2026-02-16", false}, // a region without a calendar has its country's
		{"CH", "2026-08-01", false},
		{"BR", "2026-09-07", false},
		{"DE", "2026-10-03", false},
		{"EE", "2026-12-25", true}, // no calendar: only weekends, so the earlier date
		{"EE", "2026-12-26", false},
	} {
		d := on(t, c.day, time.UTC)
		if got := law.CalendarOf(c.place).Working(d); got != c.working {
			t.Errorf("%s %s: working %v, want %v", c.place, c.day, got, c.working)
		}
	}
	if !law.CalendarOf("IE").Working(on(t, "2026-03-18", time.UTC)) || law.CalendarOf("IE").With("2026-03-18").Working(on(t, "2026-03-18", time.UTC)) {
		t.Error("a day is added to the calendar it is added to, and to no other")
	}
}
