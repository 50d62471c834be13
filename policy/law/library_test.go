package law_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

func folder(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// newer is a built-in profile with another revision and title.
func newer(t *testing.T, id string, revision int) string {
	t.Helper()
	p := find(t, id)
	text := strings.Replace(string(p.Text()), fmt.Sprintf(`"revision": %d`, p.Revision), fmt.Sprintf(`"revision": %d`, revision), 1)
	return strings.Replace(text, p.Title, p.Title+", amended", 1)
}

func TestHigherRevisionStandsIn(t *testing.T) {
	l, faults := law.Open(folder(map[string]string{
		"laws/us-can-spam.json": newer(t, "us-can-spam", 2), "laws/xx-law.json": small, "laws/readme.txt": "not a law",
	}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	p, err := l.Find("us-can-spam")
	if err != nil || p.Revision != 2 || !strings.HasSuffix(p.Title, ", amended") {
		t.Fatalf("got revision %d of %s, %v", p.Revision, p.Title, err)
	}
	if p.Digest() == find(t, "us-can-spam").Digest() {
		t.Error("another text has the same digest")
	}
	if !slices.Contains(l.IDs(), "xx-law") || len(l.IDs()) != len(law.Library{}.IDs())+1 {
		t.Errorf("there are %v", l.IDs())
	}
	loaded, err := l.Load("xx-law", "us-can-spam")
	if err != nil || len(loaded) != 3 || loaded[0].ID != "xx-law" || loaded[1].Revision != 2 || loaded[2].ID != law.Strict {
		t.Errorf("loaded %v, %v", loaded, err)
	}
}

func TestLawFilesThatCannotBeUsed(t *testing.T) {
	same := find(t, "eu-gdpr")
	_, faults := law.Open(folder(map[string]string{
		"laws/us-can-spam.json": newer(t, "us-can-spam", 1), // another text under the same number
		"laws/us-va.json":       strings.Replace(small, "xx-law", "us-virginia", 1),
		"laws/xx-law.json":      `{"id": "xx-law"`,
		"laws/eu-gdpr.json":     string(same.Text()), // the same text is harmless
	}))
	want := map[string]string{
		"laws/us-can-spam.json": "revision 1 of us-can-spam is not newer than revision 1, which Avow has",
		"laws/us-va.json":       `its id is "us-virginia"; a file is named after its law`,
		"laws/xx-law.json":      "unexpected EOF",
	}
	for _, f := range faults {
		if want[f.File] == "" || !strings.Contains(f.Err.Error(), want[f.File]) {
			t.Errorf("%s: %v", f.File, f.Err)
		}
		delete(want, f.File)
	}
	if len(want) > 0 {
		t.Errorf("no fault for %v", want)
	}
}

// A fault names the line, in words that know nothing of Go; a file that would be passed over is one too.
func TestFaultsOfLawFilesNameTheirLine(t *testing.T) {
	text := string(find(t, "eu-gdpr").Text())
	swap := func(old, with string) string {
		t.Helper()
		if !strings.Contains(text, old) {
			t.Fatalf("the profile has no %s", old)
		}
		return strings.Replace(text, old, with, 1)
	}
	lineOf := func(s string) int { return 1 + strings.Count(text[:strings.Index(text, s)], "\n") }
	end := 1 + strings.Count(text[:3000], "\n")
	for name, x := range map[string]struct {
		text, want string
		line       int
	}{
		"eu-gdpr.json": {swap(`"revision": 1`, `"revision": "2"`), `member "revision" is no string here`, lineOf(`"revision"`)},
		"cut.json":     {text[:3000], "the text ends in the middle", end},
		"comma.json":   {swap(`"revision": 1,`, `"revision": 1,,`), "invalid character", lineOf(`"revision"`)},
		"member.json":  {swap(`"because"`, `"why"`), `unknown field "why"`, lineOf(`"because"`)},
		"date.json":    {swap(`"2018-05-25"`, `"25.5.2018"`), `date "25.5.2018"`, lineOf(`"2018-05-25"`)},
		"period.json":  {swap(`"1 month"`, `"1 fortnight"`), `"fortnight" is no unit`, lineOf(`"1 month"`)},
		"twice.json":   {swap(`"revision": 1`, `"revision": 1, "revision": 2`), `member "revision" stands twice`, lineOf(`"revision"`)},
		"list.json":    {"[]", "a profile is no array here", 1},
		"empty.json":   {"", "the text ends in the middle", 1},
		"uk-gdpr.yaml": {"id: uk-gdpr", "it would not be read", 1},
		"uk-gdpr.JSON": {text, "it would not be read", 1},
	} {
		_, faults := law.Open(folder(map[string]string{"laws/" + name: x.text}))
		if len(faults) != 1 || !strings.Contains(faults[0].Err.Error(), x.want) || faults[0].Line != x.line {
			t.Errorf("%s: got %+v, want line %d: %s", name, faults, x.line, x.want)
		}
	}
	if _, faults := law.Open(folder(map[string]string{"laws": "no folder"})); len(faults) != 1 {
		t.Errorf("a file named laws: got %v", faults)
	}
	if _, faults := law.Open(folder(nil)); len(faults) != 0 {
		t.Errorf("no folder: got %v", faults)
	}
}

// Binding agrees with what deciding does: every law of a drawn set bans the same act under its own
// name, so the reasons of the answer are the laws that bind.
func TestBindingAgreesWithDeciding(t *testing.T) {
	places := []string{"DE", "FR", "US", "US-CA", "US-NY", "CH", "BR", "JP"}
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(places), 1, 3, rapid.ID).Draw(t, name)
		}
		var profiles []law.Profile
		for i := range rapid.IntRange(1, 5).Draw(t, "laws") {
			profiles = append(profiles, drawn(t, i, some("territory")))
		}
		profiles = append(profiles, drawn(t, 9, []string{decision.StrictDefault}))

		who := decision.Person{Residence: rapid.SampledFrom(append(places, "")).Draw(t, "residence")}
		now := decision.Instant(rapid.Int64Range(1, 4000).Draw(t, "day")) * 24 * 3600 * 1_000_000
		m := &decision.Model{
			Site: "x", Zone: "UTC", Laws: law.Laws(profiles),
			Vocabulary: decision.Vocabulary{
				Data: []decision.Category{{Name: "d"}}, Purposes: []decision.Purpose{{Name: "p"}},
				Establishments: rapid.SliceOfNDistinct(rapid.SampledFrom(places), 0, 2, rapid.ID).Draw(t, "established"),
			},
			Rules: []decision.Rule{{ID: "r", Clause: "c", Verbs: []string{"use"}, Data: decision.Set{Names: []string{"d"}}, For: decision.Set{Names: []string{"p"}}, Basis: []decision.Basis{{Kind: decision.VitalInterest}}}},
		}
		var want []string
		for _, p := range law.Binding(profiles, m.Vocabulary.Establishments, who.Residence, now) {
			want = append(want, p.ID)
		}
		got := binding(t, m, who, now)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("deciding is bound by %v, Binding says %v", got, want)
		}
	})
}

// drawn is a profile with a drawn span and a ban that bites on everything.
func drawn(t *rapid.T, i int, territory []string) law.Profile {
	date := func(name string) string {
		return decision.Instant(rapid.Int64Range(1, 4000).Draw(t, name) * 24 * 3600 * 1_000_000).Time().Format("2006-01-02")
	}
	from, until := date("from"), date("until")
	if until <= from || rapid.Bool().Draw(t, "open") {
		until = "2200-01-01"
	}
	text := fmt.Sprintf(`{"id": "law-%d", "revision": 1, "title": "t", "from": %q, "until": %q, "territory": ["%s"], "sectoral": %v,
		"bans": [{"verbs": ["use"], "row": {"article": "1", "because": "b", "source": "s"}}]}`,
		i, from, until, strings.Join(territory, `","`), rapid.Bool().Draw(t, "sectoral"))
	p, err := law.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func binding(t *rapid.T, m *decision.Model, who decision.Person, now decision.Instant) []string {
	p, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := p.Facts(who)
	if err != nil {
		t.Fatal(err)
	}
	q, d := decision.Request{Action: "use", Data: []string{"d"}, For: "p", At: now}, new(decision.Decision)
	p.Decide(&q, &facts, d)
	var out []string
	for _, r := range d.Answer().Laws {
		out = append(out, r.Law)
	}
	slices.Sort(out)
	return out
}

func TestWhoSupervises(t *testing.T) {
	all := every(t)
	for place, want := range map[string]string{
		"IE": "Data Protection Commission", "GB": "Information Commissioner", "US-CA": "California Privacy Protection Agency",
		"US-TX": "Attorney General of Texas", "US-NY": "Federal Trade Commission", "CH": "Federal Data Protection and Information Commissioner",
		"CH-GE": "Federal Data Protection and Information Commissioner", "JP": "",
	} {
		if a, ok := law.AuthorityFor(all, place); a.Name != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", place, a.Name, want)
		}
	}
	swiss := []law.Profile{find(t, "ch-uca"), find(t, "ch-fadp")}
	if a, _ := law.AuthorityFor(swiss, "CH"); a.Name != "Federal Data Protection and Information Commissioner" {
		t.Errorf("%s: the authority of a sectoral law goes before that of the general one", a.Name)
	}
	gdpr := find(t, "eu-gdpr")
	for _, country := range law.Group("EEA") {
		if a, ok := law.AuthorityFor([]law.Profile{gdpr}, country); !ok || !strings.HasPrefix(a.Link, "https://") {
			t.Errorf("%s has no authority", country)
		}
	}
}
