package subject_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// A residence that no law would know, and a birth to come, are refused: in the log they would stay. Where
// the day has begun somewhere on Earth, a birth on it is none to come.
func TestDescribedAsNobodyIs(t *testing.T) {
	c := newClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	h := openHouse(t, setting{url: storetest.SQLite(t), dir: filepath.Join(t.TempDir(), "keys"), clock: c})
	for _, x := range []struct {
		residence, born string
		want            bool
	}{
		{residence: "GB", want: true},
		{residence: "US-CA", want: true},
		{residence: "UK"},
		{residence: "UK-ENG"},
		{residence: "EU"},
		{residence: "Ireland"},
		{born: "2026-03-01", want: true},
		{born: "2026-03-02", want: true},
		{born: "2026-03-03"},
		{born: "2050-01-01"},
	} {
		_, errs := h.people.Append(t.Context(), h.site, []subject.Report{{
			Person: ref(t, "customer:4711"), Create: true, Event: subject.Event{Kind: subject.Described, At: 1, Residence: x.residence, Born: x.born},
		}})
		if (errs[0] == nil) != x.want || errs[0] != nil && !errors.Is(errs[0], subject.ErrEvent) {
			t.Errorf("residence %q, born %q: %v", x.residence, x.born, errs[0])
		}
	}
}
