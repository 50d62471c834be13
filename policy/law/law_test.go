package law_test

import (
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

func TestProfilesAreSourced(t *testing.T) {
	laws, err := law.Profiles(law.IDs()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range laws {
		sourced := func(r decision.Row) {
			t.Helper()
			if r.Article == "" || r.Because == "" || r.Source == "" {
				t.Errorf("%s: a row without article, word or source: %+v", l.ID, r)
			}
		}
		for _, s := range l.Strikes {
			sourced(s.Row)
		}
		for _, b := range l.Bans {
			sourced(b.Row)
		}
		if l.ChildAge > 0 {
			sourced(l.ChildRow)
		}
		if l.Transfers == nil {
			continue
		}
		sourced(l.Transfers.Row)
		for _, m := range l.Transfers.Mechanisms {
			sourced(m.Row)
		}
		for _, a := range l.Transfers.Adequate {
			sourced(a.Row)
		}
	}
}

func TestUnknownProfileNamesTheKnown(t *testing.T) {
	if _, err := law.Profiles("xx-law"); err == nil {
		t.Fatal("no error")
	}
}

func TestParseRefusesUnknownMembers(t *testing.T) {
	if _, err := law.Parse([]byte(`{"id":"x","child_agee":3}`)); err == nil {
		t.Fatal("a misspelt limit vanished")
	}
}
