package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unicode/utf8"
)

// The files of a policy.
const (
	NoticeFile     = "notice.md"
	VocabularyFile = "vocabulary.yaml"
	SystemsFile    = "systems.yaml"
)

// Load reads and checks the policy in a folder. All problems come at once, in order of place; the
// error is only that the folder cannot be read. What could be understood is returned beside problems.
func Load(dir string) (*Policy, []Problem, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read policy: %w", err)
	}
	if !info.IsDir() {
		return nil, nil, fmt.Errorf("read policy: %s is a file; name the folder that holds %s", dir, NoticeFile)
	}
	p, problems, err := Read(os.DirFS(dir))
	if p != nil {
		p.Dir = dir
	}
	return p, problems, err
}

// Read is Load from any file system.
func Read(files fs.FS) (*Policy, []Problem, error) {
	r := &reader{p: &Policy{}, words: lexicon{}, anchors: map[string]*Clause{}, languageAt: map[string]Pos{}}
	texts := map[string][]byte{}
	for _, name := range []string{NoticeFile, VocabularyFile, SystemsFile} {
		text, err := r.file(files, name)
		if err != nil {
			return nil, nil, err
		}
		texts[name] = text
		if text != nil {
			r.p.Files = append(r.p.Files, File{name, text})
		}
	}
	r.library(files)
	r.builtIns()
	body, line, promises := r.opening(texts[NoticeFile]) // first: it says the zone of every date
	words := r.parseYAML(VocabularyFile, texts[VocabularyFile], 1)
	r.vocabulary(words)
	places := r.parseYAML(SystemsFile, texts[SystemsFile], 1)
	r.systems(places)
	r.clauses(body, line)
	if err := r.translations(files); err != nil {
		return nil, nil, err
	}
	r.whole()
	if words.Kind == Nothing {
		r.hush("E04", "E13") // every name
	}
	if places.Kind != Mapping {
		r.hush("E11")
	}
	if !promises {
		r.hush("E09", "E10", "W23") // every word
	}
	r.clamp()
	Sort(r.problems)
	return r.p, r.problems, nil
}

// file reads one file; a missing or unusable one is a problem.
func (r *reader) file(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		r.add("E01", Pos{File: name, Line: 1, Col: 1}, "the file is missing", "a policy is a folder with "+NoticeFile+", "+VocabularyFile+" and "+SystemsFile)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	pos := Pos{File: name, Line: 1, Col: 1}
	if info.Size() > maxFile {
		r.add("E18", pos, fmt.Sprintf("%d bytes; a file may have %d", info.Size(), maxFile), "split the policy into several sites")
		return nil, nil
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	if !utf8.Valid(text) {
		r.add("E18", pos, "not UTF-8", "save the file as UTF-8")
		return nil, nil
	}
	return text, nil
}

// A reader gathers problems while a policy is read.
type reader struct {
	p        *Policy
	problems []Problem
	words    lexicon
	later    []func()  // checks of names that are declared further on
	garbled  []*Clause // have a block that cannot be read
	anchors  map[string]*Clause
	// languageAt is where the front matter names each language.
	languageAt map[string]Pos
}

// clamp brings back places past the end of a file, where a parser looked for more, to its last line.
func (r *reader) clamp() {
	ends := map[string]Pos{}
	for _, f := range r.p.Files {
		last := f.Text[bytes.LastIndexByte(f.Text, '\n')+1:]
		ends[f.Name] = Pos{f.Name, 1 + bytes.Count(f.Text, []byte{'\n'}), 1 + utf8.RuneCount(last), 0}
	}
	for i, p := range r.problems {
		if end, ok := ends[p.Pos.File]; ok && (p.Pos.Line > end.Line || p.Pos.Line == end.Line && p.Pos.Col > end.Col) {
			r.problems[i].Pos = end
		}
	}
}

// hush drops the problems that only follow from a file that could not be read, which is reported.
func (r *reader) hush(codes ...string) {
	r.problems = slices.DeleteFunc(r.problems, func(p Problem) bool { return slices.Contains(codes, p.Code) })
}

func (r *reader) add(code string, pos Pos, message, hint string) {
	r.problems = append(r.problems, Problem{code, pos, message, hint})
}
