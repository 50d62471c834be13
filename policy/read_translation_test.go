package policy_test

import (
	"strings"
	"testing"

	"github.com/avowhq/avow/policy"
)

// inGerman is the base policy with a German file beside it.
func inGerman(t *testing.T, front, german string) (*policy.Policy, []policy.Problem) {
	t.Helper()
	texts := base(t)
	texts[policy.NoticeFile] = strings.Replace(texts[policy.NoticeFile], "\ntimezone:", "\nlanguages: "+front+"\ntimezone:", 1)
	if german != "" {
		texts["notice.de.md"] = german
	}
	p, problems, err := policy.Read(filesOf(texts))
	if err != nil {
		t.Fatal(err)
	}
	return p, problems
}

// german translates every clause of the base policy.
func german(t *testing.T) string {
	t.Helper()
	p, _, err := policy.Read(filesOf(base(t)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Ihre Daten\n\nVorweg.\n")
	for _, c := range p.Clauses {
		b.WriteString("\n## Abschnitt " + c.ID + " {#" + c.ID + "}\n\nWas in *" + c.ID + "* steht.\n")
	}
	return b.String()
}

func TestTranslation(t *testing.T) {
	p, problems := inGerman(t, "{de: notice.de.md}", german(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if p.OwnLanguage() != "en" || len(p.Translations) != 1 || len(p.Translations[0].Clauses) != len(p.Clauses) {
		t.Fatalf("%s %+v", p.OwnLanguage(), p.Translations)
	}
	de, first := p.Translations[0], p.Clauses[0]
	if de.Lang != "de" || de.Title != "Ihre Daten" || de.Intro != "Vorweg." {
		t.Errorf("%+v", de)
	}
	if c := de.Clauses[first.ID]; c.Title != "Abschnitt "+first.ID || c.Prose != "Was in *"+first.ID+"* steht." {
		t.Errorf("%+v", c)
	}
	if p, problems := inGerman(t, "{de: notice.md, en: notice.de.md}", german(t)); len(problems) > 0 || p.OwnLanguage() != "de" || p.Translations[0].Lang != "en" {
		t.Errorf("a notice in German: %v %s", problems, p.OwnLanguage())
	}
}

// What a translation can get wrong is found, at its place.
func TestTranslationProblems(t *testing.T) {
	whole := german(t)
	cut := whole[:strings.LastIndex(whole, "\n## ")]
	for name, x := range map[string]struct{ front, german, want string }{
		"no file":           {"{de: notice.de.md}", "", "notice.de.md:1:1: E01: the file is missing"},
		"a clause less":     {"{de: notice.de.md}", cut, "E01: clause "},
		"a clause more":     {"{de: notice.de.md}", whole + "\n## Mehr {#more}\n", `E04: the notice has no clause "more"`},
		"no anchor":         {"{de: notice.de.md}", whole + "\n## Mehr\n", `E04: the notice has no clause ""`},
		"a block":           {"{de: notice.de.md}", whole + "\n```yaml promise\nstate: x\n```\n", "E01: a block in a translation"},
		"unknown language":  {"{tlh: notice.tlh.md}", "", `E04: language "tlh"`},
		"outside":           {"{de: ../notice.md}", "", "E05: "},
		"crowded":           {"{de: notice.de.md}", whole + strings.Repeat("[a](", 400), "E18: a paragraph"},
		"not for certain":   {"{de: notice.de.md}", whole + "\xff", "notice.de.md:1:1: E18: not UTF-8"},
		"nested too deeply": {"{de: notice.de.md}", whole + strings.Repeat("> ", 40) + "x", "E18: more than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := inGerman(t, x.front, x.german)
			if len(problems) == 0 || !strings.Contains(problems[0].String(), x.want) {
				t.Fatalf("reported %v, want %s", problems, x.want)
			}
			if x.german != "" && problems[0].Pos.File != "notice.de.md" && name != "outside" {
				t.Errorf("at %v", problems[0].Pos)
			}
		})
	}
}
