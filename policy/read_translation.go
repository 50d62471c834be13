package policy

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A Translation is the prose of a notice in another language. It binds nothing by itself: the promises
// stand in the notice alone, so that there is one of each.
type Translation struct {
	Lang  string
	Title string // its heading of the first level, else the notice's title
	Intro string // Markdown
	// Clauses by anchor: every clause of the notice, and no other.
	Clauses map[string]TranslatedClause
}

// A TranslatedClause is a heading and the Markdown under it.
type TranslatedClause struct{ Title, Prose string }

// OwnLanguage is the language that the notice itself is written in: the one of which languages: names
// notice.md, else English.
func (p *Policy) OwnLanguage() string {
	for lang, file := range p.Front.Languages {
		if file == NoticeFile {
			return lang
		}
	}
	return "en"
}

// translations reads the files of the other languages.
func (r *reader) translations(files fs.FS) error {
	for _, lang := range slices.Sorted(maps.Keys(r.p.Front.Languages)) {
		name := r.p.Front.Languages[lang]
		at := r.languageAt[lang]
		switch {
		case !slices.Contains(SpeechLanguages(), lang):
			r.unknown("E04", "language", Name{at, lang}, SpeechLanguages())
			continue
		case name == NoticeFile:
			continue
		case path.Base(name) != name || !strings.HasSuffix(name, ".md"):
			r.add("E05", at, fmt.Sprintf("%q is no file of the policy's folder", name), "write a name such as notice."+lang+".md")
			continue
		}
		src, err := r.file(files, name)
		if err != nil {
			return err
		}
		if src == nil {
			continue // and reported
		}
		r.p.Files = append(r.p.Files, File{name, src})
		t := r.translation(name, []byte(strings.ReplaceAll(string(src), "\r\n", "\n")))
		t.Lang = lang
		r.p.Translations = append(r.p.Translations, t)
	}
	return nil
}

// translation reads headings and prose, and compares the clauses with the notice's.
func (r *reader) translation(name string, src []byte) Translation {
	t := Translation{Title: r.p.Front.Title.Text, Clauses: map[string]TranslatedClause{}}
	lines := newLines(src, 1)
	pos := func(at int) Pos { p := lines.pos(at); p.File = name; return p }
	if at, deep := tooDeep(src); deep {
		r.add("E18", pos(at), fmt.Sprintf("more than %d quotes and lists inside each other", maxDepth), "flatten it")
		return t
	}
	doc := parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...), parser.WithHeadingAttribute()).Parse(text.NewReader(src))
	before := len(r.problems)
	r.crowded(src, doc, lines)
	for i := range r.problems[before:] {
		r.problems[before+i].Pos.File = name
	}
	var open *Clause
	from := 0
	finish := func(end int) {
		prose := strings.TrimSpace(string(src[min(from, end):end]))
		switch {
		case open != nil:
			t.Clauses[open.ID] = TranslatedClause{open.Title, prose}
		case len(t.Clauses) == 0:
			t.Intro = prose
		}
	}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			at, end := headingSpan(src, n)
			finish(at)
			from, open = end, r.heading(src, n, pos(at))
			switch {
			case open == nil:
				t.Title = titleOf(src, n)
			case r.anchors[open.ID] == nil:
				r.add("E04", open.Pos, fmt.Sprintf("the notice has no clause %q", open.ID), "give the heading the anchor that it has in "+NoticeFile)
			}
		case *ast.FencedCodeBlock:
			if ours(infoOf(src, n)) {
				r.add("E01", pos(fenceStart(src, n)), "a block in a translation", "promises and examples stand in "+NoticeFile+" alone")
			}
		}
	}
	finish(len(src))
	for _, c := range r.p.Clauses {
		if _, ok := t.Clauses[c.ID]; !ok {
			r.add("E01", pos(len(bytes.TrimRight(src, "\n"))), fmt.Sprintf("clause %q is not translated", c.ID), fmt.Sprintf("write ## … {#%s}", c.ID))
		}
	}
	return t
}

func titleOf(src []byte, n *ast.Heading) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(src))
	}
	return strings.TrimSpace(b.String())
}
