package policy

import (
	"bytes"
	"fmt"

	"github.com/yuin/goldmark"
)

// RenderProse turns a notice's prose into HTML. Raw HTML in it is left out, so that a notice cannot
// carry a script. Its time grows with the length of a text that was read without problems: paragraphs have
// a limit (markdown_limits.go).
func RenderProse(markdown string) (string, error) {
	var b bytes.Buffer
	if err := goldmark.Convert([]byte(markdown), &b); err != nil {
		return "", fmt.Errorf("render prose: %w", err)
	}
	return b.String(), nil
}
