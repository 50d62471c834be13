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

// TestColumns: a place in a block is a place in the file, whatever stands before it.
func TestColumns(t *testing.T) {
	for name, block := range map[string]string{
		"plain":             "```yaml promise\ndeny: use\ndata: emial\n```\n",
		"indented fence":    "  ```yaml promise\n  deny: use\n  data: emial\n  ```\n",
		"lines further out": "  ```yaml promise\ndeny: use\ndata: emial\n  ```\n",
		"flow":              "```yaml promise\n{deny: use, data: [name, emial]}\n```\n",
		"beyond ASCII":      "```yaml promise\nstate: é日本🍏\nshown: x\nref: [é日本🍏, {emial: x}]\n```\n",
		"quoted":            "```yaml promise\ndeny: use\ndata: 'emial'\n```\n",
		"in a list":         "~~~yaml promise\n- deny: use\n  data: emial\n~~~\n",
	} {
		t.Run(name, func(t *testing.T) {
			texts := base(t)
			texts[policy.NoticeFile] += "\n## More {#more}\n\nProse.\n\n" + block
			_, problems, err := policy.Read(filesOf(texts))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(texts[policy.NoticeFile], "\n")
			for _, p := range problems {
				if p.Code != "E04" && p.Code != "E05" {
					continue
				}
				if rest := string([]rune(lines[p.Pos.Line-1])[p.Pos.Col-1:]); !strings.HasPrefix(strings.TrimLeft(rest, "'{"), "emial") {
					t.Errorf("%s points at %q", p, rest)
				}
				return
			}
			t.Errorf("reported %v", problems)
		})
	}
}
