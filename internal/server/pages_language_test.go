package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// bilingual is the starter with its prose in German beside it.
func bilingual(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../policies/starter")); err != nil {
		t.Fatal(err)
	}
	german, err := os.ReadFile("testdata/starter.de.md")
	if err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile(filepath.Join(dir, "notice.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"notice.de.md": string(german),
		"notice.md":    strings.Replace(string(notice), "\ntimezone:", "\nlanguages: {en: notice.md, de: notice.de.md}\ntimezone:", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A notice with a translation is shown in the language asked for, else the one the browser wants, else its
// own; it has a switch, and one without a translation has none.
func TestLanguages(t *testing.T) {
	h := start(t, bilingual(t))
	for _, x := range []struct{ query, wanted, lang string }{
		{"", "", "en"},
		{"", "de-AT,en;q=0.5", "de"},
		{"", "fr, de;q=0.5", "de"},
		{"?lang=en", "de", "en"},
		{"?lang=de", "en", "de"},
		{"?lang=xx", "de", "de"},
		{"", "fr", "en"},
	} {
		g := h.page("/starter/privacy"+x.query, "Accept-Language", x.wanted)
		g.says(t, x.query+" "+x.wanted, `<html lang="`+x.lang+`">`, `<span lang="`+x.lang+`" aria-current="true">`)
	}
	de := h.page("/starter/privacy?lang=de&country=DE")
	de.says(t, "the German page", "Ihre Daten bei der Old Apple Society", "Kurz gesagt", "Viermal im Jahr schreiben wir", "In Kraft seit 1. Januar 2026", `title="Ihre Bestellung"`,
		`Dürfen wir <i lang="en">your e-mail address</i> für <i lang="en">the letter</i> verwenden?`, "In Deutschland:",
		`<a href="/starter/privacy?country=DE&amp;lang=en" lang="en" hreflang="en">English</a>`, `<input type="hidden" name="lang" value="de">`)
	for _, english := range []string{"Four times a year", "In short", "What the system does", "proven by"} {
		if strings.Contains(de.text, english) {
			t.Errorf("the German page says %q", english)
		}
	}
	if g := start(t, "../../policies/starter").page("/starter/privacy", "Accept-Language", "de"); strings.Contains(g.text, "hreflang") || !strings.Contains(g.text, `<html lang="en">`) {
		t.Error("a notice in one language has a switch")
	}
}

// The switch is found and used as a reader would; the page of the other language is as clean.
func TestLanguageSwitch(t *testing.T) {
	h := start(t, bilingual(t))
	b := browser(t)
	b.open(h.URL+"/starter/privacy?show=system", 360, "light")
	b.do(chromedp.Click(chromedp.CSS(`.languages a[lang="de"]`)), chromedp.WaitVisible(chromedp.CSS(`html[lang="de"] .clause details[open] li`)))
	b.holds("the address says so", `location.search === "?lang=de&show=system"`)
	b.do(chromedp.SendKeys(chromedp.CSS("select"), "Österreich"), chromedp.Click(chromedp.CSS("form button")), chromedp.WaitReady(chromedp.CSS(`html[lang="de"] option[value="AT"][selected]`)))
	b.holds("the country is taken, and language and blocks stay", `location.hash === "#avow:authority" && new URLSearchParams(location.search).get("country") === "AT" && document.documentElement.lang === "de" && !document.querySelector(".clause details:not([open])")`)
	if ran := eval[int](b, axeScript(t)+`; Object.keys(axe).length`); ran == 0 {
		t.Fatal("axe is not there")
	}
	b.runAxe("the German page")
}
