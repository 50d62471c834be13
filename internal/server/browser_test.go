package server_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// browser opens a real Chromium of the size of a phone. Without one the test fails under CI and is
// left out elsewhere, saying so.
func browser(t *testing.T) context.Context {
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
	return ctx
}

// On a phone the notice needs no sideways scrolling, its style sheet loads under the strict policy, and
// the switch shows and hides what the system does.
func TestNoticeOnAPhone(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	ctx := browser(t)
	holds := func(what, script string) {
		t.Helper()
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if !ok {
			t.Errorf("not so: %s", what)
		}
	}
	const fits = `document.documentElement.scrollWidth <= window.innerWidth`
	for _, site := range []string{"starter", "isodme"} {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 740), chromedp.Navigate(h.URL+"/"+site+"/privacy")); err != nil {
			t.Fatal(err)
		}
		holds(site+" fits a phone", fits)
		holds(site+" is styled", `getComputedStyle(document.querySelector("main")).maxWidth !== "none"`)
		holds(site+" hides the machine", `document.querySelector(".machine") === null`)
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(".switch a")), chromedp.WaitVisible(chromedp.CSS(".machine .status"))); err != nil {
			t.Fatal(err)
		}
		holds(site+" shows the machine", `document.querySelectorAll(".machine").length > 5`)
		holds(site+" still fits a phone", fits)
	}
}
