package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/avowhq/avow/policy"
)

// The gists of notices of other organisations, and the page that says of each of their statements
// whether the language can hold it.
const (
	gistsFolder        = "testdata/generality"
	expressivenessFile = "../docs/spec/expressiveness.md"
)

// A gist is one such folder, read.
type gist struct {
	p       *policy.Policy
	results []policy.Result
	binds   map[int][]string // statement: clauses with a promise that bears its number, in order
	states  map[int]bool     // statement: some such promise only informs
	acts    map[int]bool     // statement: some such promise does more
	decided map[int]bool     // statement: some such promise takes part in decisions
}

func gists(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob(gistsFolder + "/*")
	if err != nil || len(folders) < 3 {
		t.Fatalf("gists: %v, %v; want three", folders, err)
	}
	return folders
}

func readGist(t *testing.T, folder string) gist {
	t.Helper()
	p, problems, err := policy.Read(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := policy.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	found, err := policy.CheckRun(p, m, program)
	if err != nil {
		t.Fatal(err)
	}
	if problems = append(problems, found...); len(problems) > 0 {
		var b strings.Builder
		policy.Print(&b, p.Files, problems)
		t.Fatal(b.String())
	}
	g := gist{p, policy.RunExamples(p, program, m), map[int][]string{}, map[int]bool{}, map[int]bool{}, map[int]bool{}}
	for _, c := range p.Clauses {
		for _, x := range c.Promises {
			for _, r := range x.Refs {
				n := statementOf(t, r.Text)
				if !slices.Contains(g.binds[n], c.ID) {
					g.binds[n] = append(g.binds[n], c.ID)
				}
				g.states[n] = g.states[n] || x.Statement != nil
				g.acts[n] = g.acts[n] || x.Statement == nil
				g.decided[n] = g.decided[n] || x.Rule != nil || x.Collect != nil || x.Keep != nil || x.Cookie != nil
			}
		}
	}
	return g
}

func statementOf(t *testing.T, ref string) int {
	t.Helper()
	_, number, _ := strings.Cut(ref, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("ref %s has no number", ref)
	}
	return n
}

// TestGenerality: the gists are sound, no promise in them is unproven, and each says so in its title.
func TestGenerality(t *testing.T) {
	for _, folder := range gists(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			g := readGist(t, folder)
			if !strings.HasPrefix(g.p.Front.Title.Text, "Gist of the privacy policy of ") {
				t.Errorf("title is %q", g.p.Front.Title.Text)
			}
			for _, r := range g.results {
				if r.Verdict == policy.Failed {
					t.Errorf("%s:%d: %s", r.Example.Pos.File, r.Example.Pos.Line, r.Why)
				}
			}
			for _, c := range policy.Cover(g.p, g.results).Clauses {
				if c.Status == policy.Unbound || slices.Contains(c.Flags, policy.FlagBroken) {
					t.Errorf("clause %s is %s %v", c.ID, c.Status, c.Flags)
				}
			}
		})
	}
}

// TestExpressivenessInAll: the one figure for all three is their sum.
func TestExpressivenessInAll(t *testing.T) {
	text, err := os.ReadFile(expressivenessFile)
	if err != nil {
		t.Fatal(err)
	}
	not, enforceable := 0, 0
	for _, folder := range gists(t) {
		for _, s := range judgements(t, string(text), filepath.Base(folder)) {
			if s.mark == "x" {
				not++
			}
			if s.mark != "i" {
				enforceable++
			}
		}
	}
	want := fmt.Sprintf("%d of %d enforceable statements, %.1f %%", not, enforceable, 100*float64(not)/float64(enforceable))
	if !strings.Contains(string(text), want) {
		t.Errorf("the page does not say %q", want)
	}
}

// A judged statement is a row of the page.
type judged struct {
	number int
	mark   string
	clause string
	why    string
}

var (
	statementRow = regexp.MustCompile(`(?m)^\| (\d+) \| ([=~xi]) \| [^|]+ \| ([^|]*) \| ([^|]*) \|$`)
	summaryRow   = regexp.MustCompile(`(?m)^\| \[(\w+)\]\(#\w+\) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) % \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$`)
)

func judgements(t *testing.T, page, name string) []judged {
	t.Helper()
	_, section, ok := strings.Cut(page, "\n### "+name+"\n")
	if !ok {
		t.Fatalf("%s has no section %s", expressivenessFile, name)
	}
	section, _, _ = strings.Cut(section, "\n### ")
	var out []judged
	for _, m := range statementRow.FindAllStringSubmatch(section, -1) {
		n, _ := strconv.Atoi(m[1])
		if n != len(out)+1 {
			t.Fatalf("%s: statement %d stands where %d should", name, n, len(out)+1)
		}
		out = append(out, judged{n, m[2], strings.TrimSpace(m[3]), strings.TrimSpace(m[4])})
	}
	return out
}

// TestExpressiveness: what the page says of each statement is so in the folder, and what it sums up
// is the sum. At most one enforceable statement in twenty cannot be said.
func TestExpressiveness(t *testing.T) {
	text, err := os.ReadFile(expressivenessFile)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	sums := map[string]string{}
	for _, m := range summaryRow.FindAllStringSubmatch(page, -1) {
		sums[m[1]] = m[0]
	}
	for _, folder := range gists(t) {
		name := filepath.Base(folder)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, rows := readGist(t, folder), judgements(t, page, name)
			count := map[string]int{}
			for _, s := range rows {
				count[s.mark]++
				checkJudged(t, g, s)
			}
			for n := range g.binds {
				if n < 1 || n > len(rows) {
					t.Errorf("statement %d is bound, and no row tells of it", n)
				}
			}
			if want := summary(g, name, len(rows), count); sums[name] != want {
				t.Errorf("the summary says\n%s\nand the folder\n%s", sums[name], want)
			}
			if enforceable := len(rows) - count["i"]; count["x"]*20 > enforceable {
				t.Errorf("%d of %d enforceable statements cannot be said", count["x"], enforceable)
			}
		})
	}
}

func checkJudged(t *testing.T, g gist, s judged) {
	t.Helper()
	if at := strings.Join(g.binds[s.number], ", "); s.clause != at {
		t.Errorf("statement %d: the page says %q, its promises stand in %q", s.number, s.clause, at)
	}
	acts, states := g.acts[s.number], g.states[s.number]
	switch {
	case (s.mark == "=" || s.mark == "~") && !acts:
		t.Errorf("statement %d is marked %s, and nothing binds it", s.number, s.mark)
	case s.mark == "i" && (acts || !states):
		t.Errorf("statement %d is marked i: it only informs, so exactly a state bears it", s.number)
	case s.mark == "x" && acts:
		t.Errorf("statement %d is marked x, and something binds it", s.number)
	case (s.mark == "~" || s.mark == "x") && s.why == "":
		t.Errorf("statement %d is marked %s without a reason", s.number, s.mark)
	}
}

func summary(g gist, name string, statements int, count map[string]int) string {
	promises, examples, decided := 0, 0, 0
	for _, yes := range g.decided {
		if yes {
			decided++
		}
	}
	for _, c := range g.p.Clauses {
		promises += len(c.Promises)
		examples += len(c.Examples)
	}
	return fmt.Sprintf("| [%s](#%s) | %d | %d | %d | %d | %d | %.1f %% | %d | %d | %d | %d |", name, name, statements,
		count["="], count["~"], count["x"], count["i"], 100*float64(count["x"])/float64(statements-count["i"]), decided, len(g.p.Clauses), promises, examples)
}
