package server_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// No page breaks a rule of WCAG 2.2 A or AA, or a practice that axe-core knows, at any width, light or
// dark, folded or unfolded.
func TestAxe(t *testing.T) {
	axe := axeScript(t)
	dirs, err := filepath.Glob("../../policies/*/notice.md")
	if err != nil || len(dirs) < 3 {
		t.Fatal(dirs, err)
	}
	paths := []string{"/", "/nowhere/privacy", "/starter/privacy?show=system&country=DE", "/isodme/privacy?show=system"}
	for i, d := range dirs {
		dirs[i] = filepath.Dir(d)
		paths = append(paths, "/"+filepath.Base(dirs[i])+"/privacy")
	}
	h := start(t, dirs...)
	b := browser(t)
	for _, path := range paths {
		b.open(h.URL+path, 360, "light")
		if ran := eval[int](b, axe+`; Object.keys(axe).length`); ran == 0 {
			t.Fatal("axe is not there")
		}
		for _, width := range []int64{360, 768, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				b.do(chromedp.EmulateViewport(width, 800))
				b.media("", scheme)
				b.runAxe(fmt.Sprintf("%s at %d px, %s", path, width, scheme))
			}
		}
	}
}

func (b reading) runAxe(at string) {
	b.t.Helper()
	b.holds(at+" fits", fits)
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[axeResult](runAxe, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, v := range found.Violations {
		b.t.Errorf("%s: %s", at, v)
	}
	if found.Passes < 15 {
		b.t.Errorf("%s: only %d rules were looked at", at, found.Passes)
	}
}

type axeResult struct {
	Violations []string
	Passes     int
}

const runAxe = `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}).then(r => ({
	Violations: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + n.any.concat(n.all, n.none).map(c => c.message).join("; ")).join(" | ")),
	Passes: r.passes.length}))`

func axeScript(t *testing.T) string {
	t.Helper()
	packed, err := os.ReadFile("testdata/axe/axe.min.js.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	if _, err := io.Copy(&s, z); err != nil {
		t.Fatal(err)
	}
	return s.String()
}
