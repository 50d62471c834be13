package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// On small windows nothing needs sideways scrolling, whatever is open; the style sheet loads under the
// strict policy; the blocks are there on demand, without a script.
func TestNoticeOnAPhone(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	b := browser(t)
	for _, site := range []string{"starter", "isodme"} {
		for _, width := range []int64{320, 360} {
			at := fmt.Sprintf("%s at %d px", site, width)
			b.open(h.URL+"/"+site+"/privacy", width, "light")
			b.holds(at+" fits", fits)
			b.holds(at+" is styled", `getComputedStyle(document.querySelector("main")).maxWidth !== "none"`)
			b.holds(at+" has no script", `document.scripts.length === 0 && !document.querySelector("[style],[onclick]")`)
			b.holds(at+" folds the blocks", `document.querySelectorAll(".clause details").length > 5 && !document.querySelector(".clause details[open]")`)
			b.do(chromedp.Click(chromedp.CSS(".clause summary")))
			b.holds(at+" opens one", `document.querySelectorAll(".clause details[open]").length === 1 && document.querySelector(".clause details[open] li").checkVisibility()`)
			b.do(chromedp.Click(chromedp.CSS(".switch a")), chromedp.WaitVisible(chromedp.CSS(".clause details[open] li")))
			b.holds(at+" opens all", `!document.querySelector(".clause details:not([open])")`)
			b.do(chromedp.Click(chromedp.CSS(".contents summary")))
			b.holds(at+" still fits", fits)
		}
	}
}

// On a wide window the contents lie beside the text and are always open.
func TestNoticeOnADesk(t *testing.T) {
	h := start(t, "../../policies/isodme")
	b := browser(t)
	b.open(h.URL+"/isodme/privacy", 1280, "light")
	b.holds("the contents lie beside the text", `document.querySelector(".contents").getBoundingClientRect().right < document.querySelector("main").getBoundingClientRect().left`)
	b.holds("they are open", `[...document.querySelectorAll(".contents > ol a")].every(a => a.checkVisibility())`)
	b.holds("and have nothing to unfold", `!document.querySelector(".contents summary").checkVisibility()`)
	b.do(chromedp.KeyEvent("\t"), chromedp.KeyEvent("\t"))
	b.holds("the keyboard reaches them", `document.activeElement.matches(".contents > ol a")`)
	b.holds("a line has no more than 75 letters", `(() => { const p = document.querySelector(".clause .prose p"), r = document.createRange(); r.selectNodeContents(p); return p.textContent.length / r.getClientRects().length < 75 })()`)
}

// Every link within the page leads somewhere, and following one to a clause marks its heading.
func TestDeepLinks(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	b := browser(t)
	for _, site := range []string{"starter", "isodme"} {
		b.open(h.URL+"/"+site+"/privacy", 768, "light")
		lost := eval[[]string](b, `[...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute("href")).filter(h => !document.getElementById(decodeURIComponent(h.slice(1))))`)
		if len(lost) > 0 {
			t.Errorf("%s: links to nothing: %v", site, lost)
		}
		twice := eval[[]string](b, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`)
		if len(twice) > 0 {
			t.Errorf("%s: ids that stand twice: %v", site, twice)
		}
		b.holds(site+": each line of the summary but the controllers' leads to a clause",
			`[...document.querySelectorAll(".short li")].slice(1).every(li => li.querySelector("a.ref") || /our own systems|our backups/.test(li.textContent))`)
	}
	b.open(h.URL+"/starter/privacy#letter", 768, "light")
	b.holds("the clause is on the screen", `Math.abs(document.getElementById("letter").getBoundingClientRect().top) < 60`)
	b.holds("its heading is marked", `getComputedStyle(document.querySelector("#letter h2")).textDecorationLine.includes("underline")`)
}

// Headings go down one step at a time, from one h1.
func TestHeadingOrder(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	b := browser(t)
	for _, path := range []string{"/", "/starter/privacy", "/isodme/privacy?show=system"} {
		b.open(h.URL+path, 768, "light")
		levels := eval[[]int](b, `[...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => +h.tagName[1])`)
		if len(levels) < 3 || levels[0] != 1 || slices.Index(levels[1:], 1) >= 0 {
			t.Errorf("%s: headings %v", path, levels)
		}
		for i := 1; i < len(levels); i++ {
			if levels[i] > levels[i-1]+1 {
				t.Errorf("%s: heading %d skips from h%d to h%d", path, i, levels[i-1], levels[i])
			}
		}
	}
}

// The keyboard goes through the page in the order in which it is read, and shows where it is.
func TestKeyboard(t *testing.T) {
	h := start(t, "../../policies/starter")
	b := browser(t)
	b.open(h.URL+"/starter/privacy", 768, "light")
	var met []string
	for range 24 {
		b.do(chromedp.KeyEvent("\t"))
		met = append(met, eval[string](b, `(() => { const e = document.activeElement; return e.matches(".skip") ? "skip" : e.matches(".contents summary") ? "contents" : e.matches("select") ? "country" : e.matches("button") ? "show" : e.matches(".ref") ? "ref" : e.tagName })()`))
		b.holds("the focus is seen at "+met[len(met)-1], `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle === "solid" && parseFloat(s.outlineWidth) >= 3 })()`)
	}
	if got := strings.Join(met[:4], " "); got != "skip contents A A" {
		t.Errorf("the keyboard goes %s", got)
	}
	b.open(h.URL+"/starter/privacy", 768, "light")
	b.do(chromedp.KeyEvent("\t"))
	b.holds("the skip link comes into sight", `document.activeElement.getBoundingClientRect().left >= 0`)
	b.do(chromedp.KeyEvent("\r"))
	b.holds("and skips", `location.hash === "#avow:text"`)
	order := eval[[]int](b, `[...document.querySelectorAll("a[href],summary,select,button")].filter(e => e.checkVisibility()).map(e => e.tabIndex)`)
	if slices.ContainsFunc(order, func(i int) bool { return i != 0 }) {
		t.Errorf("something has a place of its own in the order: %v", order)
	}
}

// On paper: no switches, no closed blocks, no form; the contents and the targets of links are there, and
// with ?show=system the blocks too.
func TestPrint(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	b := browser(t)
	b.open(h.URL+"/isodme/privacy", 768, "dark")
	b.media("print", "dark")
	for _, gone := range []string{".switch", ".skip", "form", "footer", ".clause details"} {
		b.holds(gone+" is not printed", `![...document.querySelectorAll("`+gone+`")].some(e => e.checkVisibility())`)
	}
	b.holds("the contents are", `document.querySelector(".contents > ol > li").getBoundingClientRect().height > 5`)
	b.holds("so is all of the summary", `[...document.querySelectorAll(".short details li")].every(e => e.getBoundingClientRect().height > 5)`)
	b.holds("black on white", `getComputedStyle(document.body).color === "rgb(0, 0, 0)"`)
	b.holds("with the targets of links", `[...document.querySelectorAll('.short a[href^="http"]')].every(a => getComputedStyle(a, "::after").content.includes(a.getAttribute("href")))`)
	b.open(h.URL+"/isodme/privacy?show=system", 768, "light")
	b.media("print", "light")
	b.holds("blocks that are shown are printed", `[...document.querySelectorAll(".clause details li")].every(e => e.checkVisibility())`)
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF())
	if err != nil || len(pdf) < 10_000 {
		t.Errorf("print: %d bytes, %v", len(pdf), err)
	}
}
