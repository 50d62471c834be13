package policy_test

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
)

// fuzzFile reads a policy in which one file is anything: no panic, no error, and every problem has a place.
func fuzzFile(f *testing.F, name string) {
	f.Add(base(f)[name])
	list, err := filepath.Glob(filepath.Join("testdata", "errors", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, archive := range list {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			f.Fatal(err)
		}
		for _, x := range a.Files {
			f.Add(string(x.Data))
			f.Add(base(f)[name] + string(x.Data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		texts := base(t)
		texts[name] = text
		p, problems, err := policy.Read(filesOf(texts))
		if err != nil {
			t.Fatal(err)
		}
		inside(t, texts, problems)
		policy.Print(io.Discard, p.Files, problems)
		if policy.Errors(problems) {
			return
		}
		// What is without errors can be run.
		m, err := policy.Lower(p)
		if err != nil {
			t.Fatal(err)
		}
		program, err := policy.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		policy.Cover(p, policy.RunExamples(p, program, m))
	})
}

func FuzzNotice(f *testing.F)     { fuzzFile(f, policy.NoticeFile) }
func FuzzVocabulary(f *testing.F) { fuzzFile(f, policy.VocabularyFile) }
func FuzzSystems(f *testing.F)    { fuzzFile(f, policy.SystemsFile) }

// FuzzFixText: doing it twice is doing it once.
func FuzzFixText(f *testing.F) {
	for _, name := range policies.Names() {
		text, err := policies.Files.ReadFile(name + "/" + policy.NoticeFile)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(true, text[:2000])
	}
	f.Add(true, []byte("## A\r\n## A \n## B {#a}\n```yaml promise  \nx: 1  \n```\n\n\n"))
	f.Add(false, []byte("a: 1  \r\ncafe\u0301: {}\t\n"))
	f.Fuzz(func(t *testing.T, notice bool, text []byte) {
		name := policy.VocabularyFile
		if notice {
			name = policy.NoticeFile
		}
		once := policy.FixText(name, text)
		if twice := policy.FixText(name, once); !bytes.Equal(once, twice) {
			t.Errorf("once\n%q\ntwice\n%q", once, twice)
		}
	})
}
