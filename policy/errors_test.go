package policy_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/avowhq/avow/policy"
)

// A fixture is a txtar archive of changes to testdata/base, each named by a file and what is done:
//
//	-- notice.md --               lines put at the end
//	-- notice.md after LINE --    lines put after the first line that reads so, indentation aside
//	-- notice.md instead LINE --  lines put in its place
//	-- notice.md whole --         the whole file
//	-- notice.md gone --          no such file
//
// What must be reported stands where it must be reported, as a comment: want E04 "did you mean". The
// text stands in the message or the hint. Where the line bears no comment, one below it says "want
// above", and the head of the archive says "want notice.md:1".

var (
	wantHere = regexp.MustCompile(`(?:#|<!--) want (above )?([EW]\d\d .*)$`)
	wantAt   = regexp.MustCompile(`^want (\S+):(\d+) ([EW]\d\d .*)$`)
	wantOne  = regexp.MustCompile(`([EW]\d\d) ("(?:[^"\\]|\\.)*")`)
)

type want struct {
	place, code, text string
}

func (w want) String() string { return fmt.Sprintf("%s: %s %q", w.place, w.code, w.text) }

func (w want) fits(p policy.Problem) bool {
	return w.place == fmt.Sprintf("%s:%d", p.Pos.File, p.Pos.Line) && w.code == p.Code && strings.Contains(p.Message+"\n"+p.Hint, w.text)
}

func wantsIn(t *testing.T, place, list string) []want {
	t.Helper()
	var out []want
	for _, m := range wantOne.FindAllStringSubmatch(list, -1) {
		text, err := strconv.Unquote(m[2])
		if err != nil {
			t.Fatalf("%s: %s: %v", place, m[2], err)
		}
		out = append(out, want{place, m[1], text})
	}
	return out
}

// base is a small policy without a problem.
func base(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range []string{policy.NoticeFile, policy.VocabularyFile, policy.SystemsFile} {
		text, err := os.ReadFile(filepath.Join("testdata", "base", name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(text)
	}
	return out
}

func filesOf(texts map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range texts {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// change does what the name of an archived file says.
func change(t *testing.T, texts map[string]string, name, text string) {
	t.Helper()
	file, rest, _ := strings.Cut(name, " ")
	how, line, _ := strings.Cut(rest, " ")
	switch how {
	case "":
		texts[file] += text
	case "whole":
		texts[file] = text
	case "gone":
		delete(texts, file)
	case "after", "instead":
		lines := strings.SplitAfter(texts[file], "\n")
		i := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == line })
		if i < 0 {
			t.Fatalf("%s has no line %q", file, line)
		}
		from := i
		if how == "after" {
			from = i + 1
		}
		texts[file] = strings.Join(lines[:from], "") + text + strings.Join(lines[i+1:], "")
	default:
		t.Fatalf("-- %s --: what is to be done?", name)
	}
}

// fixture is a changed base, and what must be reported.
func fixture(t *testing.T, archive string) (map[string]string, []want) {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	texts := base(t)
	for _, f := range a.Files {
		change(t, texts, f.Name, string(f.Data))
	}
	var wants []want
	for line := range strings.Lines(string(a.Comment)) {
		if m := wantAt.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			wants = append(wants, wantsIn(t, m[1]+":"+m[2], m[3])...)
		}
	}
	for name, text := range texts {
		for i, line := range strings.Split(text, "\n") {
			m := wantHere.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			if m[1] != "" {
				i--
			}
			wants = append(wants, wantsIn(t, fmt.Sprintf("%s:%d", name, i+1), m[2])...)
		}
	}
	return texts, wants
}

// check is what avow check reports: the reader's problems, and without errors those of running.
func check(t *testing.T, files fs.FS) (*policy.Policy, []policy.Problem) {
	t.Helper()
	p, problems, err := policy.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	if policy.Errors(problems) {
		return p, problems
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := policy.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	more, err := policy.CheckRun(p, m, program)
	if err != nil {
		t.Fatal(err)
	}
	return p, append(problems, more...)
}

func TestBaseIsSound(t *testing.T) {
	p, problems := check(t, filesOf(base(t)))
	report(t, p, problems)
}

func report(t *testing.T, p *policy.Policy, problems []policy.Problem) {
	t.Helper()
	if len(problems) == 0 {
		return
	}
	var b strings.Builder
	policy.Print(&b, p.Files, problems)
	t.Error(b.String())
}

// TestErrors holds every fixture to its comments: all that is wanted, and nothing else.
func TestErrors(t *testing.T) {
	seen := map[string]bool{}
	for _, archive := range archives(t) {
		t.Run(strings.TrimSuffix(path.Base(archive), ".txtar"), func(t *testing.T) {
			texts, wants := fixture(t, archive)
			if len(wants) == 0 {
				t.Fatal("the fixture wants nothing")
			}
			p, problems := check(t, filesOf(texts))
			for _, w := range wants {
				seen[w.code] = true
				i := slices.IndexFunc(problems, w.fits)
				if i < 0 {
					t.Errorf("wanted and not reported: %s", w)
					continue
				}
				problems = slices.Delete(problems, i, i+1)
			}
			for _, x := range problems {
				var b strings.Builder
				policy.Print(&b, p.Files, []policy.Problem{x})
				t.Errorf("reported and not wanted: %s", b.String())
			}
		})
	}
	for _, c := range policy.Catalogue() {
		if !seen[c.Code] {
			t.Errorf("%s (%s) has no fixture", c.Code, c.Meaning)
		}
	}
}

func archives(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join("testdata", "errors", "*.txtar"))
	if err != nil || len(list) == 0 {
		t.Fatal("no fixtures", err)
	}
	return list
}

// TestCatalogue: the codes in the sources are those of the catalogue.
func TestCatalogue(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range policy.Catalogue() {
		if listed[c.Code] || c.Meaning == "" || strings.Contains(c.Meaning, "\n") {
			t.Errorf("%s: listed twice, or without a meaning on one line", c.Code)
		}
		listed[c.Code] = true
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	emitted := map[string]bool{}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") || name == "catalogue.go" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"([EW]\d\d)"`).FindAllStringSubmatch(string(text), -1) {
			emitted[m[1]] = true
		}
	}
	if !maps.Equal(listed, emitted) {
		t.Errorf("the catalogue has %v\nthe sources have %v", slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(emitted)))
	}
}
