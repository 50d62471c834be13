package policy

import (
	"bytes"
	"fmt"

	"github.com/yuin/goldmark"
)

// RenderProse turns a clause's prose into HTML. Raw HTML in it is left out, so that a notice cannot
// carry a script.
func RenderProse(c *Clause) (string, error) {
	var b bytes.Buffer
	if err := goldmark.Convert([]byte(c.Prose), &b); err != nil {
		return "", fmt.Errorf("render clause %s: %w", c.ID, err)
	}
	return b.String(), nil
}
