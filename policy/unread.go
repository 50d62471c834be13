package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

func infoOf(src []byte, n *ast.FencedCodeBlock) string {
	if n.Info == nil {
		return ""
	}
	return strings.TrimSpace(string(n.Info.Value(src)))
}

// ours tells our blocks by their info. What comes near to yaml promise and yaml example is ours too, so
// that the slip is told, and so is a block that says yaml and nothing else.
func ours(info string) bool {
	return slices.ContainsFunc(strings.Fields(strings.ToLower(info)), func(w string) bool {
		return slices.Contains([]string{"yaml", "yml", "promise", "promises", "example", "examples"}, strings.Trim(w, "{}.,:"))
	})
}

// unread finds blocks that look like ours where none is read: in a list, a quote, an indented
// paragraph, HTML, or below a comment that never ends. In a comment they are left out on purpose.
func (r *reader) unread(src []byte, top ast.Node, l lines) {
	tell := func(at int, where string) {
		r.add("E01", l.pos(at), "this block stands "+where+" and is not read", "put its fence at the left margin, with empty lines around it")
	}
	_ = ast.Walk(top, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() == ast.TypeInline {
			return ast.WalkSkipChildren, nil
		}
		switch n := n.(type) {
		case *ast.FencedCodeBlock:
			if ours(infoOf(src, n)) {
				tell(fenceStart(src, n), "inside a list or a quote")
			}
			return ast.WalkSkipChildren, nil
		case *ast.HTMLBlock:
			if n.HTMLBlockType == ast.HTMLBlockType2 {
				if !n.HasClosure() && !closes(src, n) {
					r.add("E01", l.pos(n.Lines().At(0).Start), "this comment never ends and hides what follows", "write --> at its end")
				}
				return ast.WalkSkipChildren, nil
			}
		}
		for i := range n.Lines().Len() {
			seg := n.Lines().At(i)
			if m := fencePattern.FindSubmatch(seg.Value(src)); m != nil && ours(string(m[1])) {
				tell(seg.Start, "in an indented text or in HTML")
			}
		}
		return ast.WalkContinue, nil
	})
}

var fencePattern = regexp.MustCompile("^\\s*(?:```|~~~)[`~]*([^`]*)$")

// closes reports whether a comment ends on one of its own lines.
func closes(src []byte, n *ast.HTMLBlock) bool {
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		if strings.Contains(string(seg.Value(src)), "-->") {
			return true
		}
	}
	return false
}
