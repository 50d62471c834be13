package policy

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

// WithEnded is the policy under the name of another site, in which agreements ended at an instant: the same
// texts with that site: and those to:. It shows what a running server answers once an agreement is over,
// which no event can tell it, since agreements are what the organisation itself declares.
//
// An agreement that had not begun then is left as it is: it was not in force either way. The error is one
// that begins at that very instant, which can have no end before it.
func (p *Policy) WithEnded(site string, agreements []string, at decision.Instant) (*Policy, error) {
	texts := written{}
	for _, f := range p.Files {
		texts[f.Name] = string(f.Text)
	}
	front := p.Front.Site
	texts[NoticeFile] = splice(texts[NoticeFile], front.Pos, front.Text, site)
	for _, name := range agreements {
		i := slices.IndexFunc(p.Vocabulary.Agreements, func(a Agreement) bool { return a.Name.Text == name })
		if i < 0 {
			return nil, fmt.Errorf("agreement %s is not declared", name)
		}
		a := p.Vocabulary.Agreements[i]
		switch {
		case a.From > at || a.Until != 0 && a.Until <= at:
			continue
		case a.From == at:
			return nil, fmt.Errorf("agreement %s begins at the time of the example and cannot have ended before it", name)
		}
		text, err := end(texts[VocabularyFile], name, at)
		if err != nil {
			return nil, err
		}
		texts[VocabularyFile] = text
	}
	out, problems, err := Read(texts)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(problems, func(x Problem) bool { return !x.Warning() }); i >= 0 {
		return nil, fmt.Errorf("the policy with %s ended: %s", strings.Join(agreements, ", "), problems[i])
	}
	return out, nil
}

// end gives an agreement of a vocabulary its end.
func end(vocabulary, name string, at decision.Instant) (string, error) {
	r := &reader{p: &Policy{}}
	var found *Entry
	for _, e := range r.parseYAML(VocabularyFile, []byte(vocabulary), 1).Map {
		for i := range e.Value.Map {
			if e.Key.Text == "agreements" && e.Value.Map[i].Key.Text == name {
				found = &e.Value.Map[i]
			}
		}
	}
	if found == nil || len(found.Value.Map) == 0 {
		return "", fmt.Errorf("agreement %s is not written where it can be given an end", name)
	}
	to := `"` + at.Time().UTC().Format("2006-01-02T15:04:05.999999Z07:00") + `"`
	for _, e := range found.Value.Map {
		if e.Key.Text == "to" {
			return splice(vocabulary, e.Value.Pos, e.Value.Text, to), nil
		}
	}
	first := found.Value.Map[0].Key.Pos
	line, _ := lineIn(strings.Split(vocabulary, "\n"), first)
	before := []rune(line)[:first.Col-1]
	if strings.TrimSpace(string(before)) == "" && !flows(vocabulary, found.Key.Pos, first) {
		return splice(vocabulary, first, "", "to: "+to+"\n"+string(before)), nil
	}
	return splice(vocabulary, first, "", "to: "+to+", "), nil
}

// flows reports a brace between two places.
func flows(text string, from, to Pos) bool {
	return strings.Contains(text[offset(text, from):offset(text, to)], "{")
}

// splice puts another text where the old one stands, quoted or not.
func splice(text string, at Pos, old, another string) string {
	i := offset(text, at)
	rest := text[i:]
	for _, quote := range []string{`"`, `'`} {
		if strings.HasPrefix(rest, quote+old+quote) {
			old = quote + old + quote
		}
	}
	return text[:i] + another + strings.TrimPrefix(rest, old)
}

// offset is where a place is in a text, in bytes.
func offset(text string, at Pos) int {
	i := 0
	for range at.Line - 1 {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			return len(text)
		}
		i += n + 1
	}
	col := 1
	for n := range text[i:] {
		if col == at.Col {
			return i + n
		}
		col++
	}
	return len(text)
}

// written are texts as a folder.
type written map[string]string

// Open finds one of the texts.
func (w written) Open(name string) (fs.File, error) {
	text, ok := w[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &writtenFile{strings.NewReader(text), name}, nil
}

type writtenFile struct {
	*strings.Reader
	name string
}

func (f *writtenFile) Close() error               { return nil }
func (f *writtenFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *writtenFile) Name() string               { return f.name }
func (f *writtenFile) Mode() fs.FileMode          { return 0o444 }
func (f *writtenFile) ModTime() time.Time         { return time.Time{} }
func (f *writtenFile) IsDir() bool                { return false }
func (f *writtenFile) Sys() any                   { return nil }
