package law_test

import (
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// What each law gives, by place and day. A row of "none" says that the right is not there.
func TestRightsByPlaceAndDay(t *testing.T) {
	for _, c := range []struct{ law, right, of, place, day, want string }{
		{"eu-gdpr", "access", "", "IE", "2026-03-01", "1 month, 3 months"},
		{"eu-gdpr", "access", "", "IE", "2018-05-24", "none"}, // before it was in force
		{"eu-gdpr", "object", "marketing", "IE", "2026-03-01", "at once, "},
		{"eu-gdpr", "object", "sale", "IE", "2026-03-01", "1 month, 3 months"}, // not regulated more narrowly
		{"eu-gdpr", "restore", "", "IE", "2026-03-01", "none"},
		{"uk-gdpr", "complain", "", "GB", "2026-06-19", ", "},
		{"ch-fadp", "access", "", "CH", "2026-03-01", "30 days, "},
		{"ch-fadp", "erase", "", "CH", "2026-03-01", ", "}, // no period is fixed
		{"ch-fadp", "port", "", "CH", "2023-08-31", "none"},
		{"us-ca", "erase", "", "US-CA", "2026-03-01", "45 days, 90 days"},
		{"us-ca", "erase", "", "US-CA", "2019-12-31", "none"}, // CalOPPA gives no such right
		{"us-ca", "object", "sale", "US-CA", "2026-03-01", "15 business days, "},
		{"us-ca", "rectify", "", "US-CA", "2022-12-31", "none"},
		{"us-va", "access", "", "US-VA", "2026-03-01", "45 days, 90 days"},
		{"us-va", "access", "", "US-IA", "2026-03-01", "90 days, 135 days"},
		{"us-va", "rectify", "", "US-IA", "2026-03-01", "none"},
		{"us-va", "rectify", "", "US-UT", "2026-03-01", "none"},
		{"us-va", "rectify", "", "US-CT", "2026-03-01", "45 days, 90 days"},
		{"us-va", "access", "", "US-IN", "2025-12-31", "none"}, // Indiana began in 2026
		{"us-va", "access", "", "US-IN", "2026-01-01", "45 days, 90 days"},
		{"us-va", "withdraw", "", "US-RI", "2026-03-01", "15 days, "},
		{"br-lgpd", "access", "", "BR", "2026-03-01", "15 days, "},
		{"us-can-spam", "object", "marketing", "US-NY", "2026-03-01", "10 business days, "},
	} {
		got := "none"
		if r, ok := find(t, c.law).Right(c.right, c.of, c.place, day(t, c.day)); ok {
			got = r.Within.String() + ", " + r.Extended.String()
		}
		if got != c.want {
			t.Errorf("%s %s %s in %s on %s: %s, want %s", c.law, c.right, c.of, c.place, c.day, got, c.want)
		}
	}
}

func TestAppealsByState(t *testing.T) {
	for place, want := range map[string]string{"US-VA": "60 days", "US-IA": "60 days", "US-CO": "45 days", "US-UT": ""} {
		if r, _ := find(t, "us-va").Right("erase", "", place, day(t, "2026-03-01")); r.Appeal.String() != want {
			t.Errorf("%s: appeal within %q, want %q", place, r.Appeal, want)
		}
	}
}

// A right exists only where the use rests on certain bases.
func TestRightsByBasis(t *testing.T) {
	now := day(t, "2026-03-01")
	for _, c := range []struct {
		right string
		basis decision.BasisKind
		want  bool
	}{
		{"port", decision.Consent, true},
		{"port", decision.Contract, true},
		{"port", decision.LegitimateInterest, false},
		{"object", decision.LegitimateInterest, true},
		{"object", decision.PublicTask, true},
		{"object", decision.Contract, false},
		{"withdraw", decision.ExplicitConsent, true},
		{"withdraw", decision.LegalObligation, false},
		{"access", decision.VitalInterest, true},
	} {
		r, ok := find(t, "eu-gdpr").Right(c.right, "", "IE", now)
		if !ok || r.On(c.basis) != c.want {
			t.Errorf("%s on %s: %v, want %v", c.right, c.basis, r.On(c.basis), c.want)
		}
	}
}

func TestReasonsToRefuse(t *testing.T) {
	for _, c := range []struct{ law, right, reason, day, article string }{
		{"eu-gdpr", "erase", "legal-obligation", "2026-03-01", "17(3)(b)"},
		{"eu-gdpr", "access", "legal-obligation", "2026-03-01", ""},
		{"eu-gdpr", "access", "manifestly-unfounded", "2026-03-01", "12(5)"},
		{"eu-gdpr", "access", "technical-reason", "2026-03-01", ""},
		{"eu-gdpr", "object", "compelling-grounds", "2026-03-01", "21(1)"},
		{"eu-gdpr", "withdraw", "compelling-grounds", "2026-03-01", ""},
		{"uk-gdpr", "access", "disproportionate-search", "2026-02-05", "15(1A)"},
		{"uk-gdpr", "access", "disproportionate-search", "2026-02-04", ""},
		{"ch-fadp", "access", "querulous", "2026-03-01", "26(1)(c)"},
		{"us-ca", "erase", "contract", "2026-03-01", "1798.105(d)(1)"},
		{"us-va", "access", "identity-doubt", "2026-03-01", "59.1-577(B)(4)"},
	} {
		r, ok := find(t, c.law).Refusal(c.right, c.reason, day(t, c.day))
		if r.Row.Article != c.article || ok != (c.article != "") {
			t.Errorf("%s: %s refused for %s on %s: %q, want %q", c.law, c.right, c.reason, c.day, r.Row.Article, c.article)
		}
	}
}

func TestDutiesAndClocks(t *testing.T) {
	for _, c := range []struct{ law, word, day, article string }{
		{"eu-gdpr", "withdrawal-harder-than-consent", "2026-03-01", "7(3)"},
		{"eu-gdpr", "bundled-consent", "2026-03-01", "7(4)"},
		{"eu-gdpr", "consent-not-provable", "2026-03-01", "7(1)"},
		{"eu-gdpr", "only-the-person-ends-it", "2026-03-01", "5(1)(e)"},
		{"eu-gdpr", "only-the-person-ends-it", "2018-05-24", ""},
		{"us-ca", "opt-out-demands-identity", "2019-12-31", ""},
		{"uk-gdpr", "no-complaint-way", "2026-06-18", ""},
		{"uk-gdpr", "no-complaint-way", "2026-06-19", "Data Protection Act 2018, s. 164A"},
	} {
		d, ok := find(t, c.law).Duty(c.word, day(t, c.day))
		if d.Row.Article != c.article || ok != (c.article != "") {
			t.Errorf("%s %s on %s: %q, want %q", c.law, c.word, c.day, d.Row.Article, c.article)
		}
	}
	for _, c := range []struct{ law, id, within string }{
		{"eu-gdpr", "breach-authority", "72 hours"},
		{"eu-gdpr", "notice-indirect", "1 month"},
		{"us-ca", "request-records", "24 months"},
		{"us-ca", "ask-again", "12 months"},
		{"us-va", "appeal", "60 days"},
		{"br-lgpd", "breach-authority", "3 business days"},
	} {
		got, _, ok := find(t, c.law).Clock(c.id, day(t, "2026-03-01"))
		if !ok || got.Within.String() != c.within {
			t.Errorf("%s %s within %q, want %q", c.law, c.id, got.Within, c.within)
		}
	}
	if _, _, ok := find(t, "eu-gdpr").Clock("breach", day(t, "2026-03-01")); ok {
		t.Error("a clock that does not exist")
	}
}

// The person hears of an extension within the first period.
func TestToldInTime(t *testing.T) {
	at := zone(t, "Europe/Dublin")
	r := row(t, "eu-gdpr", "access", "", on(t, "2026-01-31", at))
	told := r.ToldBy(law.Count{Received: on(t, "2026-01-31", at), Zone: at})
	same(t, told, "2026-03-02") // 28 February is a Saturday
	_, extended := r.Due(law.Count{Received: on(t, "2026-01-31", at), Zone: at})
	if !told.End.Before(extended.End) {
		t.Error("told after the end of the extended period")
	}
	standing := row(t, "uk-gdpr", "access", "", on(t, "2026-03-02", at))
	if d := standing.ToldBy(law.Count{Received: on(t, "2026-03-02", at), Zone: at, Waits: []law.Waited{{For: law.Identity, From: on(t, "2026-03-02", at)}}}); !d.End.IsZero() {
		t.Errorf("the clock stands still, and the person is to be told by %s", d.Day)
	}
}

// Contents of arts. 13 and 14: the first is complete with what is only told directly, the second with
// categories and source.
func TestContentsOfANotice(t *testing.T) {
	count := map[string]int{}
	for _, c := range find(t, "eu-gdpr").Contents {
		count[c.In]++
	}
	for in, want := range map[string]int{"notice": 13, "notice-indirect": 14, "access-answer": 10, "register": 7, "register-processor": 4, "breach-report": 4} {
		if count[in] != want {
			t.Errorf("%d contents of a %s, want %d", count[in], in, want)
		}
	}
}

func TestPeriodsAreWritten(t *testing.T) {
	for _, s := range []string{"at once", "1 month", "3 months", "45 days", "10 business days", "1 business day", "72 hours"} {
		var p law.Period
		if err := p.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		if text, err := p.MarshalText(); err != nil || string(text) != s {
			t.Errorf("%q is written %q, %v", s, text, err)
		}
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	if d := (law.Period{N: 0, Unit: law.Hours}).After(at, 0, law.Calendar{}, true); !d.End.Equal(at) {
		t.Errorf("at once is due at %s", d.End)
	}
	if d := (law.Period{}).After(at, 0, law.Calendar{}, true); !d.End.IsZero() {
		t.Errorf("no period is due at %s", d.End)
	}
}
