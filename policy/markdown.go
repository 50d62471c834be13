package policy

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A notice is front matter between two lines of ---, then Markdown. Every heading below the first
// level is a clause and needs an anchor {#id}; what stands under it up to the next heading is its
// prose, its promises and its examples. A heading of the first level is the title and no clause,
// unless it has an anchor. A heading that only groups the ones below it needs no promise.

// opening reads the front matter. It returns the text after it with the line that begins on, and
// whether there is a notice.
func (r *reader) opening(src []byte) (body []byte, line int, ok bool) {
	if src == nil {
		return nil, 1, false
	}
	front, rest, line, ok := frontMatter(string(src))
	if !ok {
		r.add("E02", Pos{NoticeFile, 1, 1, 0}, "the notice has no front matter", "start it with --- , avow: v1, site, title, effective, controller, law, timezone, and --- again")
	}
	if ok {
		r.front(r.parseYAML(NoticeFile, []byte(front), 2))
	}
	return []byte(rest), line, ok
}

// frontMatter splits a notice; line is the file's line on which rest begins.
func frontMatter(src string) (front, rest string, line int, ok bool) {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	body, found := strings.CutPrefix(src, "---\n")
	if !found {
		return "", src, 1, false
	}
	front, rest, found = strings.Cut(body, "\n---\n")
	if !found {
		return "", src, 1, false
	}
	return front + "\n", rest, strings.Count(front, "\n") + 4, true
}

// The infos of our blocks.
const (
	promiseInfo = "yaml promise"
	exampleInfo = "yaml example"
)

// A block is a fenced promise or example.
type block struct {
	info string
	text string
	line int // of its first line of content, in the file
}

// clauses walks the document's top level.
func (r *reader) clauses(src []byte, first int) {
	lines := newLines(src, first)
	if at, deep := tooDeep(src); deep {
		r.add("E18", lines.pos(at), fmt.Sprintf("more than %d quotes and lists inside each other", maxDepth), "flatten it")
		return
	}
	// Blocks only: what stands within a paragraph is for rendering.
	md := parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...), parser.WithHeadingAttribute())
	doc := md.Parse(text.NewReader(src))
	r.crowded(src, doc, lines)
	var c *Clause
	var blocks []block
	proseFrom := 0
	var prose strings.Builder
	finish := func(end int) {
		if c == nil {
			return
		}
		prose.Write(src[min(proseFrom, end):end])
		c.Prose = strings.TrimSpace(prose.String())
		prose.Reset()
		r.clause(c, blocks)
		c, blocks = nil, nil
	}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			at, end := headingSpan(src, n)
			finish(at)
			if r.p.Intro == "" && len(r.p.Clauses) == 0 && c == nil {
				r.p.Intro = strings.TrimSpace(string(src[min(proseFrom, at):at]))
			}
			c = r.heading(src, n, lines.pos(at))
			proseFrom = end
		case *ast.FencedCodeBlock:
			info := infoOf(src, n)
			if !ours(info) {
				continue
			}
			if c == nil {
				r.add("E01", lines.pos(fenceStart(src, n)), "a "+strings.TrimPrefix(info, "yaml ")+" outside any clause", "put a heading with an anchor above it")
				continue
			}
			start, end := fenceSpan(src, n)
			prose.Write(src[min(proseFrom, start):start])
			proseFrom = end
			blocks = append(blocks, block{info, content(src, n), lines.pos(start).Line + 1})
		default:
			r.unread(src, n, lines)
		}
	}
	finish(len(src))
}

// tooDeep finds a line that opens more quotes and lists than anyone would read: following them takes
// the parser time in the square of their number.
func tooDeep(src []byte) (at int, deep bool) {
	for at < len(src) {
		end, opened := lineEnd(src, at), 0
		for i := at; i < end && bytes.IndexByte([]byte(" \t>-+*.)0123456789"), src[i]) >= 0; i++ {
			if src[i] == '>' || bytes.IndexByte([]byte("-+*.)"), src[i]) >= 0 && i+1 < end && src[i+1] == ' ' {
				opened++
			}
		}
		if opened > maxDepth {
			return at, true
		}
		at = end
	}
	return 0, false
}

// heading makes a clause of a heading; nil for the title.
func (r *reader) heading(src []byte, n *ast.Heading, pos Pos) *Clause {
	c := &Clause{Pos: pos, Title: titleOf(src, n), Level: n.Level}
	if id, ok := n.AttributeString("id"); ok {
		if b, ok := id.([]byte); ok {
			c.ID = string(b)
		}
	}
	c.Pos.Len = len([]rune(c.Title)) + n.Level + 1
	if c.ID == "" && n.Level == 1 {
		return nil
	}
	return c
}

func headingSpan(src []byte, n *ast.Heading) (start, end int) {
	if n.Lines().Len() == 0 {
		if p := n.PreviousSibling(); p != nil && p.Lines().Len() > 0 {
			start = p.Lines().At(p.Lines().Len() - 1).Stop
		}
		return start, start
	}
	seg := n.Lines().At(0)
	start = lineStart(src, seg.Start)
	end = lineEnd(src, n.Lines().At(n.Lines().Len()-1).Stop)
	if next := lineEnd(src, end); end < len(src) && strings.Trim(string(src[end:next]), "=-\r\n ") == "" && strings.TrimSpace(string(src[end:next])) != "" {
		end = next // a setext underline
	}
	return start, end
}

// fenceSpan is a fenced block whole, both fences included.
func fenceSpan(src []byte, n *ast.FencedCodeBlock) (start, end int) {
	start = fenceStart(src, n)
	end = lineEnd(src, start)
	if l := n.Lines().Len(); l > 0 {
		end = n.Lines().At(l - 1).Stop
	}
	if end < len(src) {
		end = lineEnd(src, end) // the closing fence
	}
	return start, end
}

func fenceStart(src []byte, n *ast.FencedCodeBlock) int {
	if n.Info != nil {
		return lineStart(src, n.Info.Segment.Start)
	}
	if n.Lines().Len() > 0 {
		return lineStart(src, max(0, lineStart(src, n.Lines().At(0).Start)-1))
	}
	return 0
}

// content is a block's lines as they stand, with the indentation of an indented fence, so that columns
// are those of the file.
func content(src []byte, n *ast.FencedCodeBlock) string {
	l := n.Lines().Len()
	if l == 0 {
		return ""
	}
	return string(src[lineStart(src, n.Lines().At(0).Start):n.Lines().At(l-1).Stop])
}

func lineStart(src []byte, at int) int {
	for at > 0 && src[at-1] != '\n' {
		at--
	}
	return at
}

// lineEnd is just past the end of the line that at is in.
func lineEnd(src []byte, at int) int {
	for at < len(src) && src[at] != '\n' {
		at++
	}
	return min(at+1, len(src))
}

// lines finds the line of an offset.
type lines struct {
	starts []int
	first  int
}

func newLines(src []byte, first int) lines {
	l := lines{[]int{0}, first}
	for i, b := range src {
		if b == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

func (l lines) pos(at int) Pos {
	lo, hi := 0, len(l.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l.starts[mid] <= at {
			lo = mid
		} else {
			hi = mid
		}
	}
	return Pos{NoticeFile, l.first + lo, 1, 0}
}

// clause reads the blocks under a heading.
func (r *reader) clause(c *Clause, blocks []block) {
	if c.ID == "" {
		if len(blocks) > 0 || c.Prose != "" {
			r.add("E01", c.Pos, fmt.Sprintf("clause %q has no anchor", c.Title), fmt.Sprintf("write {#%s} after it", slug(c.Title)))
		}
		return
	}
	r.wellFormed(Name{c.Pos, c.ID})
	if o := r.anchors[c.ID]; o != nil {
		r.add("E01", c.Pos, fmt.Sprintf("anchor %q stands twice", c.ID), fmt.Sprintf("it is taken on line %d", o.Pos.Line))
	} else {
		r.anchors[c.ID] = c
	}
	r.p.Clauses = append(r.p.Clauses, c)
	for _, b := range blocks {
		pos := Pos{NoticeFile, b.line - 1, 1, 3}
		switch b.info {
		case promiseInfo:
			r.promiseBlock(c, r.parseYAML(NoticeFile, []byte(b.text), b.line), pos)
		case exampleInfo:
			r.exampleBlock(c, r.parseYAML(NoticeFile, []byte(b.text), b.line))
		default:
			r.unknown("E02", "block", Name{pos, b.info}, []string{promiseInfo, exampleInfo})
		}
	}
}

// slug is an anchor made of a title.
func slug(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "clause"
}
