package law_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/dpv"
	"github.com/avowhq/avow/policy/law"
)

// every reads all profiles that come with Avow.
func every(t *testing.T) []law.Profile {
	t.Helper()
	all, err := law.Load(law.Library{}.IDs()...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func find(t *testing.T, id string) law.Profile {
	t.Helper()
	p, err := law.Library{}.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func day(t *testing.T, s string) decision.Instant {
	t.Helper()
	var d law.Date
	if err := d.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return decision.Instant(d)
}

func TestProfilesAreThere(t *testing.T) {
	want := "br-lgpd ch-fadp ch-uca eu-eprivacy eu-gdpr ru-localisation uk-gdpr uk-pecr us-ca us-can-spam us-coppa us-va"
	if got := strings.Join(law.Library{}.IDs(), " "); got != want {
		t.Errorf("there are %s, want %s", got, want)
	}
	if all := every(t); all[len(all)-1].ID != law.Strict {
		t.Error("the strict default is not last")
	}
}

// Every row names its article and its source; every profile its official text; every word of the DPV
// that a ban uses exists, since one that does not would never bite.
func TestProfilesAreSourced(t *testing.T) {
	for _, p := range every(t) {
		rows := p.Rows()
		if len(rows) == 0 {
			t.Errorf("%s has no rows", p.ID)
		}
		for _, r := range rows {
			if r.Article == "" || r.Source == "" {
				t.Errorf("%s: %s %s has no article or no source", p.ID, r.Kind, r.Name)
			}
			if r.Until != 0 && r.From >= r.Until {
				t.Errorf("%s: %s %s ends before it begins", p.ID, r.Kind, r.Name)
			}
		}
		if p.ID != law.Strict && !strings.HasPrefix(p.Link, "http") {
			t.Errorf("%s names no official text", p.ID)
		}
		for _, b := range p.Law().Bans {
			for _, term := range slices.Concat(b.Data, b.For, b.NotFor) {
				if !dpv.Known(term) && term != decision.OwnSimilar {
					t.Errorf("%s: ban %s speaks of %s, which the DPV does not know", p.ID, b.Row.Because, term)
				}
			}
		}
	}
}

// What says the same thing twice would hide that one of the two was mended.
func TestRowsAreDistinct(t *testing.T) {
	for _, p := range every(t) {
		seen := map[string]bool{}
		for _, r := range p.Rows() {
			key := strings.Join([]string{r.Kind, r.Name, r.Article, r.From.String(), r.Until.String()}, "|")
			if r.Kind != "ban" && seen[key] {
				t.Errorf("%s: %s stands twice", p.ID, key)
			}
			seen[key] = true
		}
	}
}

func TestUncheckedIsReported(t *testing.T) {
	all := every(t)
	got := law.Unchecked(all)
	n := 0
	for _, p := range all {
		for _, r := range p.Rows() {
			if r.Unchecked {
				n++
			}
		}
	}
	if n == 0 || len(got) != n {
		t.Fatalf("%d rows are reported, %d are unchecked", len(got), n)
	}
	if !slices.ContainsFunc(got, func(r law.Sourced) bool { return r.Law == "ru-localisation" && r.Kind == "ban" }) {
		t.Error("the localisation rule was never checked with counsel, and is not reported")
	}
	if slices.ContainsFunc(got, func(r law.Sourced) bool { return r.Law == "us-ca" && r.Name == "object sale" }) {
		t.Error("the opt-out of 11 CCR 7026 was checked, and is reported")
	}
}

func TestUnknownProfileNamesTheKnown(t *testing.T) {
	_, err := law.Load("xx-law")
	if err == nil || !strings.Contains(err.Error(), `law "xx-law" has no profile; there are br-lgpd`) {
		t.Fatalf("got %v", err)
	}
}
