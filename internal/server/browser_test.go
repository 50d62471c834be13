package server_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A reading is somebody with a real Chromium. Without one the test fails under CI and is left out
// elsewhere, saying so.
type reading struct {
	t   *testing.T
	ctx context.Context
}

func browser(t *testing.T) reading {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no chromium: apt-get install chromium")
		}
		t.Skip("no chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(360, 740))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	return reading{t, ctx}
}

func (b reading) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// open goes to an address with a window of that width, in light or dark.
func (b reading) open(url string, width int64, scheme string) {
	b.t.Helper()
	b.media("", scheme)
	b.do(chromedp.EmulateViewport(width, 800), chromedp.Navigate(url))
}

// media emulates paper, or a colour scheme.
func (b reading) media(kind, scheme string) {
	b.t.Helper()
	p := emulation.SetEmulatedMediaParams{Media: kind, Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, p); err != nil {
		b.t.Fatal(err)
	}
}

// holds expects a script to say true.
func (b reading) holds(what, script string) {
	b.t.Helper()
	if ok := eval[bool](b, script); !ok {
		b.t.Errorf("not so: %s", what)
	}
}

// eval is what a script says.
func eval[T any](b reading, script string) T {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return out
}

// fits: nothing has to be scrolled sideways.
const fits = `document.documentElement.scrollWidth <= document.documentElement.clientWidth`
