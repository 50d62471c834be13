package law_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/policy/law"
)

var update = flag.Bool("update", false, "rewrite the table of docs/spec/law.md")

const (
	specification = "../../docs/spec/law.md"
	begin, end    = "<!-- profiles -->\n", "<!-- /profiles -->"
)

// TestTableOfProfiles keeps the table in the specification in step with the data.
func TestTableOfProfiles(t *testing.T) {
	text, err := os.ReadFile(specification)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	if !ok {
		t.Fatalf("%s has no %s", specification, begin)
	}
	was, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no %s", specification, end)
	}
	table := tableOf(every(t))
	if *update {
		if err := os.WriteFile(specification, []byte(before+begin+table+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was != table {
		t.Errorf("the table of %s is out of step: go test ./policy/law -update", specification)
	}
}

func tableOf(profiles []law.Profile) string {
	var b strings.Builder
	b.WriteString("| law | title | kind | since | revision | rows | of them decide | unchecked |\n|---|---|---|---|---|---|---|---|\n")
	var all, deciding, open int
	for _, p := range profiles {
		rows := p.Rows()
		decides := 0
		for _, r := range rows {
			if slices.Contains([]string{"strike", "child-age", "restriction", "ban", "transfer", "adequacy", "mechanism"}, r.Kind) {
				decides++
			}
		}
		unchecked := len(law.Unchecked([]law.Profile{p}))
		kind, since := "general", p.From.String()
		if p.Law().Sectoral {
			kind = "sectoral"
		}
		if p.ID == law.Strict {
			kind, since = "default", "always"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %d | %d | %d | %d |\n", p.ID, p.Title, kind, since, p.Revision, len(rows), decides, unchecked)
		all, deciding, open = all+len(rows), deciding+decides, open+unchecked
	}
	fmt.Fprintf(&b, "| | | | | | **%d** | **%d** | **%d** |\n", all, deciding, open)
	return b.String()
}
