package policy_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// today is when these laws are asked: their dates decide what they say.
func today() decision.Instant {
	return decision.InstantOf(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
}

var wantFinding = regexp.MustCompile(`^finds (\S+) (\S+) (\S+) ("(?:[^"\\]|\\.)*")$`)

// findingsIn is what the law says of texts without errors, as lines: kind, word, clause, about.
func findingsIn(t *testing.T, texts map[string]string) (lines map[string]policy.Finding, m *decision.Model) {
	t.Helper()
	p, problems, err := policy.Read(filesOf(texts))
	if err != nil || policy.Errors(problems) {
		t.Fatalf("the fixture has errors: %v %v", err, problems)
	}
	m, err = policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	found, err := policy.Findings(p, m, today())
	if err != nil {
		t.Fatal(err)
	}
	lines = map[string]policy.Finding{}
	for _, x := range found {
		clause := x.Clause
		if clause == "" {
			clause = `""`
		}
		lines[fmt.Sprintf("%s %s %s %q", x.Kind, x.Word, clause, x.About)] = x
	}
	return lines, m
}

// Every archive of testdata/findings is a change to the base, and says what the law must find in it. The
// base itself has none of that: each is found because of the change.
func TestFindings(t *testing.T) {
	without, _ := findingsIn(t, base(t))
	archives, err := filepath.Glob("testdata/findings/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			texts, _ := fixture(t, name)
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found, _ := findingsIn(t, texts)
			for line := range strings.Lines(string(a.Comment)) {
				m := wantFinding.FindStringSubmatch(strings.TrimSpace(line))
				if m == nil {
					continue
				}
				about, err := strconv.Unquote(m[4])
				if err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf("%s %s %s %q", m[1], m[2], m[3], about)
				x, ok := found[want]
				if !ok {
					t.Errorf("not found: %s; found\n%s", want, keysOf(found))
					continue
				}
				if _, before := without[want]; before && m[1] != "missing" {
					t.Errorf("the base has it too: %s", want)
				}
				if len(x.Provisions) == 0 || x.Provisions[0].Article == "" || x.Message == "" {
					t.Errorf("%s: cites %v, says %q", want, x.Provisions, x.Message)
				}
			}
		})
	}
}

func keysOf(m map[string]policy.Finding) string {
	var b strings.Builder
	for k := range m {
		b.WriteString("  " + k + "\n")
	}
	return b.String()
}

// An overridden rule comes with a question and a person that show it: the law denies it, also by the
// reference, and without laws it is allowed.
func TestOverriddenHasAWitness(t *testing.T) {
	archives, _ := filepath.Glob("testdata/findings/*.txtar")
	n := 0
	for _, name := range archives {
		texts, _ := fixture(t, name)
		found, m := findingsIn(t, texts)
		lawless := *m
		lawless.Laws = nil
		for line, x := range found {
			if x.Question == nil {
				continue
			}
			n++
			a := decision.Reference(m, *x.Question, *x.Person)
			if a.Outcome != decision.AgainstLaw {
				t.Errorf("%s %s: the reference says %s", name, line, policy.Brief(a))
			}
			if b := decision.Reference(&lawless, *x.Question, *x.Person); !b.Allowed() {
				t.Errorf("%s %s: without laws, %s", name, line, policy.Brief(b))
			}
		}
	}
	if n < 8 {
		t.Errorf("only %d witnesses", n)
	}
}

// The starter is there to be copied. No law has anything to say against it.
func TestStarterHasNoFindings(t *testing.T) {
	p, problems, err := policy.Load("../policies/starter")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	found, err := policy.Findings(p, m, today())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range found {
		t.Errorf("%s %s #%s: %s", x.Kind, x.Word, x.Clause, x.Message)
	}
}
