package avow_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	decided  = regexp.MustCompile(`^\d{4}-[a-z0-9-]+\.md$`)
	language = regexp.MustCompile("(?ms)^(`{3,})[^\n]*\n.*?^`{3,}\\s*$")
)

// TestLinks follows every relative link of the documentation to a file.
func TestLinks(t *testing.T) {
	for _, name := range markdown(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(language.ReplaceAllString(string(text), ""), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), filepath.FromSlash(target))); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
	}
}

// TestDecisionsAreListed wants every record of a decision in the index.
func TestDecisionsAreListed(t *testing.T) {
	index, err := os.ReadFile("docs/adr/README.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("docs/adr")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if decided.MatchString(e.Name()) && !strings.Contains(string(index), "]("+e.Name()+")") {
			t.Errorf("docs/adr/README.md does not list %s", e.Name())
		}
	}
}

// markdown lists the documents at the root and below docs.
func markdown(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("docs", func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
