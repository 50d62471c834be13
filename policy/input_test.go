package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/avowhq/avow/policy"
)

// TestCaret: the caret stands under the word, whatever comes before it.
func TestCaret(t *testing.T) {
	for _, test := range []struct {
		name, line, word string
		under            string // what is drawn: a tab for a tab, two for a wide rune
	}{
		{"plain", "data: emial", "emial", "      ^^^^^"},
		{"tab", "\tdata:\temial", "emial", "\t     \t^^^^^"},
		{"wide", "日本: emial", "emial", "      ^^^^^"},
		{"wide word", "data: 日本", "日本", "      ^^^^"},
		{"combining", "q\u0323\u0307: emial", "emial", "   ^^^^^"},
		{"combining word", "data: q\u0323\u0307r", "q\u0323\u0307r", "      ^^"},
		{"pictograph", "🍏: emial", "emial", "    ^^^^^"},
		{"pictograph with selector", "a\ufe0f: emial", "emial", "   ^^^^^"},
		{"carriage return", "data: emial\r", "emial", "      ^^^^^"},
		{"end of line", "data:", "", "     ^"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := strings.Index(test.line, test.word)
			if test.word == "" {
				at = len(test.line)
			}
			pos := policy.Pos{File: "x", Line: 2, Col: utf8.RuneCountInString(test.line[:at]) + 1, Len: utf8.RuneCountInString(test.word)}
			var b strings.Builder
			policy.Print(&b, []policy.File{{Name: "x", Text: []byte("first\n" + test.line + "\nlast\n")}}, []policy.Problem{{Code: "E04", Pos: pos, Message: "m"}})
			got := strings.Split(b.String(), "\n")
			if len(got) < 3 || got[1] != "    "+strings.TrimSuffix(test.line, "\r") || got[2] != "    "+test.under {
				t.Errorf("printed\n%s\nwant under it\n    %s", b.String(), test.under)
			}
		})
	}
}

func TestCaretOutside(t *testing.T) {
	for _, pos := range []policy.Pos{{}, {File: "x"}, {File: "x", Line: 9, Col: 1}, {File: "y", Line: 1, Col: 1}, {File: "x", Line: 1, Col: 99, Len: 9}, {File: "x", Line: 1}} {
		var b strings.Builder
		policy.Print(&b, []policy.File{{Name: "x", Text: []byte("a")}}, []policy.Problem{{Code: "E04", Pos: pos, Message: "m"}})
		if !strings.Contains(b.String(), "E04: m") {
			t.Errorf("%v: printed %q", pos, b.String())
		}
	}
}

// TestBadInput: what is hostile or odd gives problems of these codes, and no others.
func TestBadInput(t *testing.T) {
	edit := func(name, old, text string) func(*testing.T, map[string]string) {
		return func(t *testing.T, texts map[string]string) {
			t.Helper()
			if !strings.Contains(texts[name], old) {
				t.Fatalf("%s has no %q", name, old)
			}
			texts[name] = strings.Replace(texts[name], old, text, 1)
		}
	}
	whole := func(name, text string) func(*testing.T, map[string]string) {
		return func(_ *testing.T, texts map[string]string) { texts[name] = text }
	}
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	for _, test := range []struct {
		name   string
		change func(*testing.T, map[string]string)
		codes  string // sorted, each once
		say    string
	}{
		{"bomb of aliases", whole(policy.SystemsFile, "avow: v1\nsystems: {}\n"+bomb), "E03 E11 E18", "anchors and aliases"},
		{"double key", edit(policy.SystemsFile, "identifiers:\n", "avow: v1\nidentifiers:\n"), "E18", `key "avow" stands twice`},
		{"33 levels", edit(policy.VocabularyFile, "grounds:\n", "grounds:\n  deep: "+strings.Repeat("[", 33)+strings.Repeat("]", 33)+"\n"), "E05 E18", "more than 32 levels"},
		{"10000 levels", edit(policy.VocabularyFile, "grounds:\n", "grounds:\n  deep: "+strings.Repeat("[", 10000)+strings.Repeat("]", 10000)+"\n"), "E05 E18", "more than 32 levels"},
		{"no is Norway", edit(policy.NoticeFile, "# more examples", "- given: {residence: NO, membership: open}\n  ask: {action: use, data: name, for: account}\n  want: allow"), "", ""},
		{"on is a key", edit(policy.NoticeFile, "# more promises", "- on: left\n  do: {erase: name}\n# more"), "", ""},
		{"yes is a value", edit(policy.VocabularyFile, "values: [gold, plain]", "values: [yes, no, on, off, 1.0, ~, null]"), "", ""},
		{"another normal form", edit(policy.VocabularyFile, "roles: [clerk]", "roles: [clerk, cafe\u0301]"), "E18", "another Unicode form"},
		{"zero-width space", edit(policy.VocabularyFile, "roles: [clerk]", "roles: [clerk, cl\u200berk]"), "E18", "U+200B"},
		{"byte order mark inside", edit(policy.VocabularyFile, "roles: [clerk]", "roles: [clerk, cl\ufefferk]"), "E18", "U+FEFF"},
		{"control character", edit(policy.VocabularyFile, "roles: [clerk]", "roles: [clerk, cl\u0001erk]"), "E18", "U+0001"},
		{"nul", edit(policy.NoticeFile, "title: Your", "title: \x00Your"), "E18", "U+0000"},
		{"next line", edit(policy.VocabularyFile, "roles: [clerk]", "roles: [clerk]\u0085x: 1"), "E18", "U+0085"},
		{"bare carriage return", edit(policy.VocabularyFile, "roles: [clerk]", "roles: [clerk]\rx: 1"), "E18", "U+000D"},
		{"windows line ends", func(_ *testing.T, texts map[string]string) {
			for n, s := range texts {
				texts[n] = strings.ReplaceAll(s, "\n", "\r\n")
			}
		}, "", ""},
		{"windows line ends, an error", func(_ *testing.T, texts map[string]string) {
			texts[policy.NoticeFile] = strings.ReplaceAll(strings.Replace(texts[policy.NoticeFile], "- keep: [name", "- keep: [nam", 1), "\n", "\r\n")
		}, "E04 E10", "did you mean name?"},
		{"no line end at the end", func(_ *testing.T, texts map[string]string) {
			for n, s := range texts {
				texts[n] = strings.TrimRight(s, "\n")
			}
		}, "", ""},
		{"2 MiB", whole(policy.SystemsFile, strings.Repeat("# long\n", 2<<20/7)), "E18", "a file may have 1048576"},
		{"not UTF-8", whole(policy.SystemsFile, "avow: \xff\n"), "E18", "not UTF-8"},
		{"unknown language", edit(policy.SystemsFile, "avow: v1", "avow: v2"), "E05", `language "v2" is not known`},
		{"no language", edit(policy.SystemsFile, "avow: v1\n", ""), "E07", "says no avow"},
		{"empty data map", whole(policy.SystemsFile, ""), "E07", "nothing stands here"},
		{"comments only", whole(policy.SystemsFile, "# to come\n"), "E07", "nothing stands here"},
		{"two documents", edit(policy.SystemsFile, "systems:", "---\nsystems:"), "E18", "multiple"},
		{"a list for a file", whole(policy.SystemsFile, "- a\n"), "E05", "is a mapping"},
		{"an empty name", edit(policy.NoticeFile, "- keep: [name, email]", `- keep: ["", name, email]`), "E05", "this is not"},
		{"an empty category", edit(policy.NoticeFile, "required: {name: name", `required: {nick: "", name: name`), "E05", "this is not"},
	} {
		t.Run(test.name, func(t *testing.T) {
			texts := base(t)
			test.change(t, texts)
			p, problems := check(t, filesOf(texts))
			if got := strings.Join(codes(problems), " "); got != test.codes {
				t.Errorf("reported %q, want %q", got, test.codes)
			}
			var b strings.Builder
			policy.Print(&b, p.Files, problems)
			if test.codes != "" && !strings.Contains(b.String(), test.say) || t.Failed() {
				t.Errorf("reported\n%.4000s\nwant %q", b.String(), test.say)
			}
			inside(t, texts, problems)
		})
	}
}

// TestBadNotice: a notice that cannot be taken apart is told so in one problem on line 1; what the
// other files lack for want of it is not looked at here.
func TestBadNotice(t *testing.T) {
	texts := base(t)
	for name, notice := range map[string]string{
		"empty":               "",
		"no front matter":     "# Title\n",
		"front without end":   "---\navow: v1\nsite: x\n\n# Title\n",
		"front without start": "avow: v1\n---\n",
		"front is one line":   "---\n---\n",
		"front is empty":      "---\n\n---\n",
		"byte order mark":     "\ufeff" + texts[policy.NoticeFile],
	} {
		t.Run(name, func(t *testing.T) {
			texts := base(t)
			texts[policy.NoticeFile] = notice
			_, problems := check(t, filesOf(texts))
			var own []policy.Problem
			for _, p := range problems {
				if p.Pos.File == policy.NoticeFile {
					own = append(own, p)
				}
			}
			if len(own) != 1 || own[0].Code != "E02" && own[0].Code != "E07" || own[0].Pos.Line > 2 {
				t.Errorf("reported %v", own)
			}
			inside(t, texts, problems)
		})
	}
}

func codes(problems []policy.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inside: every problem stands in its file, or at the start of one that is missing or empty.
func inside(t testing.TB, texts map[string]string, problems []policy.Problem) {
	t.Helper()
	for _, p := range problems {
		text, ok := texts[p.Pos.File]
		lines := strings.Split(text, "\n")
		start := p.Pos.Line == 1 && p.Pos.Col == 1
		if !ok && !start || p.Pos.Line < 1 || p.Pos.Col < 1 || p.Pos.Line > len(lines) || !start && p.Pos.Col > utf8.RuneCountInString(lines[p.Pos.Line-1])+1 {
			t.Errorf("%s stands outside its file", p)
		}
	}
}

func TestLoadNothing(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := policy.Load(filepath.Join(dir, "nowhere")); err == nil || !strings.HasPrefix(err.Error(), "read policy: ") {
		t.Errorf("a folder that is not there: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := policy.Load(file); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("a file: %v", err)
	}
	_, problems, err := policy.Load(t.TempDir())
	if err != nil || len(problems) != 3 || strings.Join(codes(problems), " ") != "E01" {
		t.Errorf("an empty folder: %v, %v", problems, err)
	}
	if err := os.Mkdir(filepath.Join(dir, policy.NoticeFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := policy.Load(dir); err == nil || !strings.HasPrefix(err.Error(), "read policy: ") {
		t.Errorf("a folder in place of the notice: %v", err)
	}
}
