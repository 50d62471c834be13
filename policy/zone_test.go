package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// TestZoneOfDates: a date in any of the files is midnight in the notice's zone.
func TestZoneOfDates(t *testing.T) {
	texts := base(t)
	texts[policy.NoticeFile] = strings.Replace(texts[policy.NoticeFile], "Europe/Dublin", "Asia/Tokyo", 1)
	p, problems, err := policy.Read(filesOf(texts))
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		got  decision.Instant
		year int
	}{
		"effective":           {p.Front.Effective, 2026},
		"start of a contract": {p.Vocabulary.Agreements[0].From, 2025},
	} {
		if want := decision.InstantOf(time.Date(test.year, 1, 1, 0, 0, 0, 0, tokyo)); test.got != want {
			t.Errorf("%s: %v, want %v", what, test.got, want)
		}
	}
}
