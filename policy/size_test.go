package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/policy"
)

// TestHostileSize: a file at the limits is read in a moment, whatever it is made of. Each of these took
// up to minutes while something grew with the square of their number.
func TestHostileSize(t *testing.T) {
	times := func(n int, format string) string {
		var b strings.Builder
		for i := 0; i < n && b.Len() < 1<<20-2000; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	repeat := func(format string) string { return times(1<<20, format) }
	notice, words := base(t)[policy.NoticeFile], base(t)[policy.VocabularyFile]
	for name, test := range map[string]struct{ file, text string }{
		"names":               {policy.VocabularyFile, "avow: v1\ndata:\n" + repeat("  n%d: {}\n")},
		"names in parts":      {policy.VocabularyFile, "avow: v1\ndata:\n" + repeat("  a.b.c.d.e.f.g.h.i.j.k.l.m.n%d: {}\n")},
		"recipients":          {policy.VocabularyFile, "avow: v1\nrecipients:\n" + repeat("  n%d: {}\n")},
		"facts":               {policy.VocabularyFile, "avow: v1\nfacts:\n" + repeat("  n%d: {is: flag}\n")},
		"purposes":            {policy.VocabularyFile, strings.Replace(words, "purposes:\n", "purposes:\n"+repeat("  n%d: {term: dpv:Marketinng}\n")[:1<<19], 1)},
		"one deep name":       {policy.VocabularyFile, "avow: v1\ndata:\n  " + strings.Repeat("a.", 1<<18) + "a: {}\n"},
		"unknown names":       {policy.NoticeFile, strings.Replace(notice, "# more promises\n", "- deny: use\n  data: ["+repeat("naem%d, ")[:1<<19]+"x]\n", 1)},
		"unknown keys":        {policy.NoticeFile, strings.Replace(notice, "# more promises\n", "- deny: use\n  data: name\n"+repeat("  whenn%d: x\n")[:1<<19], 1)},
		"promises":            {policy.NoticeFile, strings.Replace(notice, "# more promises\n", repeat("- deny: use\n  data: name\n  # %d\n")[:1<<19], 1)},
		"clauses":             {policy.NoticeFile, notice + repeat("## C {#c%d}\n\n")[:1<<19]},
		"blocks":              {policy.NoticeFile, notice + repeat("```yaml promise\nstate: x%d\nshown: y\n```\n")[:1<<19]},
		"brackets":            {policy.SystemsFile, "avow: v1\nsystems: " + strings.Repeat("[", 1<<19)},
		"braces":              {policy.SystemsFile, "avow: v1\nsystems: " + strings.Repeat("{a: ", 1<<17)},
		"questions":           {policy.SystemsFile, strings.Repeat("? ", 1<<18)},
		"dashes":              {policy.SystemsFile, strings.Repeat("- ", 1<<18)},
		"keys in flow":        {policy.SystemsFile, "{" + repeat("k%d, ") + "}"},
		"anchors":             {policy.SystemsFile, repeat("- &a%d x\n")},
		"tables":              {policy.SystemsFile, "avow: v1\nsystems:\n  s:\n    kind: manual\n    location: dublin\n    tables:\n" + repeat("      t%[1]d: {owned_by: {a: t%[1]d.a}}\n")},
		"quotes":              {policy.NoticeFile, notice + strings.Repeat("> ", 1<<18)},
		"emphasis":            {policy.NoticeFile, notice + strings.Repeat("*a **b ", 1<<16)},
		"links":               {policy.NoticeFile, notice + strings.Repeat("[a](", 1<<16)},
		"most names":          {policy.VocabularyFile, "avow: v1\ndata:\n" + times(9999, "  n%d: {}\n")},
		"most names in parts": {policy.VocabularyFile, "avow: v1\ndata:\n" + times(9999, "  a.b.c.d.e.f.g.h.i.j.k.l.m.n%d: {}\n")},
		"most recipients":     {policy.VocabularyFile, "avow: v1\nrecipients:\n" + times(9999, "  a.b.c.d.e.f.g.h.i.j.k.l.m.n%d: {}\n")},
		"most tables": {policy.SystemsFile, "avow: v1\nsystems:\n  s:\n    kind: manual\n    location: dublin\n    tables:\n" +
			times(9999, "      t%[1]d: {owned_by: {a: t%[1]d.a}}\n")},
	} {
		t.Run(name, func(t *testing.T) {
			texts := base(t)
			texts[test.file] = test.text
			start := time.Now()
			_, problems, err := policy.Read(filesOf(texts))
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("%d problems in %v", len(problems), took)
			}
		})
	}
}
