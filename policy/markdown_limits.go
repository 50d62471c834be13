package policy

import (
	"bytes"
	"fmt"

	"github.com/yuin/goldmark/ast"
)

// maxMarks is how many brackets and marks of emphasis a paragraph may have. The parser looks for the end
// of each, which takes it time in the square of their number; with a limit a paragraph, the time of a
// notice grows with its length only. Prose has tens of them, a list of links perhaps a hundred.
const maxMarks = 500

// crowded reports paragraphs that have more.
func (r *reader) crowded(src []byte, n ast.Node, lines lines) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c.(type) {
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
			marks := 0
			for i := range c.Lines().Len() {
				line := c.Lines().At(i)
				for _, b := range line.Value(src) {
					if bytes.IndexByte([]byte("[]()<>*_`!"), b) >= 0 {
						marks++
					}
				}
			}
			if marks > maxMarks {
				r.add("E18", lines.pos(c.Lines().At(0).Start), fmt.Sprintf("a paragraph with %d brackets and marks; it may have %d", marks, maxMarks), "divide it")
			}
		default:
			r.crowded(src, c, lines)
		}
	}
}
