package law_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

const small = `{"id": "xx-law", "revision": 1, "title": "A law", "territory": ["US-NY"], "from": "2026-01-01",
 "rights": [{"right": "access", "within": "30 days", "verify": "none", "fee": "free", "row": {"article": "1", "source": "s"}}]}`

// What is misspelt, said twice, undated or unsourced must not vanish.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"an unknown member", `"title"`, `"titel"`, `unknown field "titel"`},
		{"an unknown member of a row", `"source": "s"`, `"sourcee": "s"`, `unknown field "sourcee"`},
		{"a member twice", `"id": "xx-law"`, `"id": "yy-law", "id": "xx-law"`, `member "id" stands twice`},
		{"a member in another case", `"id": "xx-law"`, `"Id": "yy-law", "id": "xx-law"`, `member "Id" stands twice, or is not in small letters`},
		{"a row without source", `"source": "s"`, `"source": ""`, `right access: a row has an article and a source`},
		{"no title", `"title": "A law"`, `"title": ""`, `a profile has an id, a title, a revision from 1 and a territory`},
		{"no revision", `"revision": 1`, `"revision": 0`, `a revision from 1`},
		{"no territory", `["US-NY"]`, `[]`, `a territory`},
		{"a date that is none", `"2026-01-01"`, `"1 January 2026"`, `date "1 January 2026": want year-month-day`},
		{"an end before the beginning", `"from": "2026-01-01"`, `"from": "2026-01-01", "until": "2025-01-01"`, `it ends before it begins`},
		{"a row's end before its beginning", `"right": "access"`, `"right": "access", "from": "2026-01-01", "until": "2026-01-01"`, `right access: it ends before it begins`},
		{"a period in no unit", `"30 days"`, `"30 moons"`, `"moons" is no unit; there are hours, days, business days and months`},
		{"a period that is none", `"30 days"`, `"soon"`, `period "soon": want a number`},
		{"an extension that shortens", `"within": "30 days"`, `"within": "30 days", "extended": "20 days"`, `an extension is longer than the period, in the same unit`},
		{"a right that is none", `"access"`, `"acces"`, `right "acces" is not known`},
		{"a verification that is none", `"verify": "none"`, `"verify": "passport"`, `verify "passport" is not known`},
		{"a fee that is none", `"fee": "free"`, `"fee": "cheap"`, `fee "cheap" is not known`},
		{"a ban on what nobody does", `"rights"`, `"bans": [{"verbs": ["sel"], "row": {"article": "1", "because": "b", "source": "s"}}], "rights"`, `verb "sel" is not known`},
		{"a ban without its word", `"rights"`, `"bans": [{"verbs": ["sell"], "row": {"article": "1", "source": "s"}}], "rights"`, `a row that decides has a word under because`},
		{"a content of nothing", `"rights"`, `"contents": [{"id": "a", "in": "notice", "when": "sometimes", "what": "w", "row": {"article": "1", "source": "s"}}], "rights"`, `when "sometimes" is not known`},
		{"a second value", small, small + ` {}`, `more than one JSON value`},
		{"no JSON", small, `law`, `invalid character`},
	} {
		text := strings.Replace(small, c.old, c.new, 1)
		if text == small {
			t.Fatalf("%s: nothing was changed", c.name)
		}
		if _, err := law.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	p, err := law.Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := p.Right("access", "", "US-NY", day(t, "2025-12-31")); ok {
		t.Error("a right stands before its law")
	}
	if r, ok := p.Right("access", "", "US-NY", day(t, "2026-01-01")); !ok || r.Within.String() != "30 days" {
		t.Errorf("got %+v", r)
	}
}

// A group of countries stands for its members, wherever a list of places may stand.
func TestGroupsStandForTheirMembers(t *testing.T) {
	l := find(t, "ch-fadp").Law()
	countries := map[string]bool{}
	for _, a := range l.Transfers.Adequate {
		countries[a.Country] = true
	}
	if !countries["NO"] || !countries["IE"] || countries["EEA"] || countries["CN"] {
		t.Errorf("adequate: %v", countries)
	}
}

func FuzzParse(f *testing.F) {
	names, err := fs.Glob(law.Files(), "profiles/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(law.Files(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := law.Parse(text)
		if err != nil {
			return
		}
		if string(p.Text()) != string(text) {
			t.Fatal("another text than was read")
		}
		for _, r := range p.Rows() {
			if r.Article == "" || r.Source == "" || r.Until != 0 && r.Until <= r.From {
				t.Fatalf("%s %s: accepted without article or source, or ending before it begins", r.Kind, r.Name)
			}
		}
		if p.Law().ID != p.ID || p.Revision < 1 || len(p.Territory) == 0 {
			t.Fatal("a profile without id, revision or territory")
		}
		for _, r := range p.Rights {
			due, extended := r.Due(law.Count{Received: decision.Instant(1).Time()})
			if !extended.End.IsZero() && extended.End.Before(due.End) {
				t.Fatalf("%s: due %s, extended to %s", r.Right, due.End, extended.End)
			}
		}
	})
}
