package server_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A got is an answer to a GET of a page.
type got struct {
	status int
	header http.Header
	text   string
	size   int // as it came
}

func (h *running) page(path string, header ...string) got {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), "GET", h.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	g := got{resp.StatusCode, resp.Header, string(raw), len(raw)}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(strings.NewReader(g.text))
		if err != nil {
			h.t.Fatal(err)
		}
		plain, err := io.ReadAll(z)
		if err != nil {
			h.t.Fatal(err)
		}
		g.text = string(plain)
	}
	return g
}

func (g got) says(t *testing.T, what string, texts ...string) {
	t.Helper()
	for _, x := range texts {
		if !strings.Contains(g.text, x) {
			t.Errorf("%s: does not say %q", what, x)
		}
	}
}

func TestNoticePage(t *testing.T) {
	h := start(t, "../../policies/starter")
	plain := h.page("/starter/privacy")
	if plain.status != http.StatusOK || strings.Contains(plain.text, "yaml") || strings.Contains(plain.text, "<details class=\"system\" open>") {
		t.Errorf("the notice alone: %d, or its blocks are open", plain.status)
	}
	plain.says(t, "the notice", `<html lang="en">`, "Four times a year", "In force since 1 January 2026", "proven by examples",
		`<b><i>Parcel carrier</i>:</b> Another organisation, Ireland. Gets <i>your name</i> and <i>your postal address</i>, for <i>delivering your order</i>.&nbsp;<a class="ref" href="#order" title="Your order">§ 4</a>`,
		"May we use <i>your e-mail address</i> for <i>the letter</i>?")
	if csp := plain.header.Get("Content-Security-Policy"); csp != "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" {
		t.Errorf("policy %q", csp)
	}
	whole := h.page("/starter/privacy?show=system")
	if n, all := strings.Count(whole.text, `<details class="system" open>`), strings.Count(whole.text, `<section class="clause"`); n != all || n < 10 {
		t.Errorf("the whole view shows %d blocks, there are %d clauses", n, all)
	}
	whole.says(t, "the whole view", `href="/starter/privacy"`)
}

// The page is made once and told apart by its tag: who has it gets 304 and nothing else.
func TestPageIsRevalidated(t *testing.T) {
	h := start(t, "../../policies/starter")
	for _, encoding := range []string{"identity", "gzip"} {
		first := h.page("/starter/privacy", "Accept-Encoding", encoding)
		tag := first.header.Get("ETag")
		if tag == "" || first.header.Get("Cache-Control") != "no-cache" || first.header.Get("Vary") != "Accept-Encoding, Accept-Language" {
			t.Errorf("%s: %v", encoding, first.header)
		}
		if packed := first.header.Get("Content-Encoding") == "gzip"; packed != (encoding == "gzip") {
			t.Errorf("%s: content encoding %q", encoding, first.header.Get("Content-Encoding"))
		}
		for match, want := range map[string]int{
			tag: http.StatusNotModified, "W/" + tag: http.StatusNotModified, `"other", ` + tag: http.StatusNotModified, "*": http.StatusNotModified,
			`"other"`: http.StatusOK, "": http.StatusOK,
		} {
			again := h.page("/starter/privacy", "Accept-Encoding", encoding, "If-None-Match", match)
			if again.status != want || again.header.Get("ETag") != tag || want == http.StatusNotModified && again.size > 0 {
				t.Errorf("%s: If-None-Match %s: status %d with %d bytes, tag %s", encoding, match, again.status, again.size, again.header.Get("ETag"))
			}
		}
		if part := h.page("/starter/privacy", "Accept-Encoding", encoding, "Range", "bytes=0-9"); part.status != http.StatusOK || part.size != first.size {
			t.Errorf("%s: a part was sent: %d, %d bytes", encoding, part.status, part.size)
		}
		if open := h.page("/starter/privacy?show=system", "Accept-Encoding", encoding); open.header.Get("ETag") == tag {
			t.Error("another page has the same tag")
		}
	}
	if refused := h.page("/starter/privacy", "Accept-Encoding", "gzip;q=0"); refused.header.Get("Content-Encoding") != "" {
		t.Error("compressed for who refuses it")
	}
}

// The style sheet may be kept for a year under the address that the pages name, and no other.
func TestStyleSheetIsKept(t *testing.T) {
	h := start(t, "../../policies/starter")
	_, rest, _ := strings.Cut(h.page("/").text, `<link rel="stylesheet" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	for path, want := range map[string]string{address: "public, max-age=31536000, immutable", "/assets/avow.css": "no-cache", "/assets/avow.css?v=old": "no-cache"} {
		g := h.page(path)
		if g.status != http.StatusOK || g.header.Get("Cache-Control") != want || g.header.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%s: %d %v", path, g.status, g.header)
		}
	}
}

// HTML and style sheet together stay light on the wire.
func TestPageWeight(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	style := h.page("/assets/avow.css", "Accept-Encoding", "gzip").size
	for site, limit := range map[string]int{"starter": 40_000, "isodme": 120_000} {
		size := h.page("/"+site+"/privacy?show=system", "Accept-Encoding", "gzip").size + style
		t.Logf("%s: %d bytes", site, size)
		if size > limit {
			t.Errorf("%s weighs %d bytes, limit %d", site, size, limit)
		}
	}
}

// The country is the one chosen, else the one the browser tells, else the controller's.
func TestReadersCountry(t *testing.T) {
	h := start(t, "../../policies/starter")
	for _, x := range []struct{ query, language, want string }{
		{"", "", "In Ireland:"},
		{"", "de-DE,de;q=0.9,en;q=0.5", "In Germany:"},
		{"", "en;q=0.9,fr-CA;q=0.2,zh-Hant-TW;q=0.8", "In Taiwan"},
		{"?country=FR", "de-DE", "In France:"},
		{"?country=fr", "", "In France:"},
		{"?country=XX", "de-DE", "In Germany:"},
		{"?country=<script>", "", "In Ireland:"},
		{"?country=JP", "", "In Japan we know of no authority"},
		{"", "de-DE;q=0", "In Ireland:"},
		{"", "x-klingon, -, ;q=1, de-;q=x", "In Ireland:"},
	} {
		g := h.page("/starter/privacy"+x.query, "Accept-Language", x.language)
		g.says(t, x.query+" "+x.language, x.want)
		if strings.Count(g.text, " selected>") != 1 || strings.Contains(g.text, "<script>") {
			t.Errorf("%s %s: not one country is chosen", x.query, x.language)
		}
	}
	h.page("/starter/privacy?country=DE").says(t, "in Germany", "bfdi.bund.de", "(GDPR)", "within the law’s time there: 1 month.")
}

// What a law overrides stands in sight beside the clause, in words, with the article and whether it
// protects the reader.
func TestLawBesideTheClause(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	clause := func(country, id string) string {
		_, rest, _ := strings.Cut(h.page("/isodme/privacy?country="+country).text, `<section class="clause" id="`+id+`"`)
		text, _, _ := strings.Cut(rest, "</section>")
		return text
	}
	before, after, folded := strings.Cut(clause("DE", "automatic"), "<details")
	for _, x := range []string{"The law says otherwise.", "is not agreeing", "the GDPR, article 4(11)", "This protects you in Germany.", "The EU-US Privacy Shield: "} {
		if !strings.Contains(before, x) {
			t.Errorf("in Germany: no %q in sight", x)
		}
	}
	if !folded || strings.Contains(after, "The law says otherwise") {
		t.Error("what the law overrides is folded away")
	}
	if us := clause("US", "automatic"); !strings.Contains(us, "A strict rule of our own does: we do not do it there either.") {
		t.Error("in the United States: the page does not say that it does not hold there")
	}
	// What another reason stops there is not said to be stopped by the strict rule, nor to go on.
	_, transfer, found := strings.Cut(clause("US", "automatic"), "carries your data to that country")
	transfer, _, _ = strings.Cut(transfer, "</p>")
	if !found || !strings.Contains(transfer, "None of these laws protects you in the United States.") || strings.Contains(transfer, "strict rule") || strings.Contains(transfer, "as it stands") {
		t.Errorf("in the United States, of the transfer: %q", transfer)
	}
	if ca := clause("US-CA", "automatic"); !strings.Contains(ca, "there this paragraph holds as it stands") {
		t.Error("in California: the page does not say that the paragraph holds")
	}
	if uses := clause("DE", "uses"); !strings.Contains(uses, "What the law asks besides") || !strings.Contains(uses, "an interest of their own has to say which") {
		t.Error("what a law asks besides is not said")
	}
	if g := h.page("/starter/privacy"); strings.Contains(g.text, `class="law"`) || strings.Contains(g.text, `class="lacking"`) {
		t.Error("the law is said to mind the starter")
	}
}

// A clause that is suspended says so, with the day in the notice's zone and the reason; one whose example
// fails claims nothing.
func TestSuspendedClause(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../policies/starter")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "notice.md")
	notice, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(notice), "\ntimezone:", "\nsuspended: [{clause: offers, since: 2026-05-01, reason: we look into a complaint}]\ntimezone:", 1)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g := start(t, dir).page("/starter/privacy")
	g.says(t, "a suspended clause", "Suspended since 1 May 2026: we look into a complaint. What this clause promises does not run now.", "We do not claim that it works.", "<em>(fails)</em>")
}

func TestIndex(t *testing.T) {
	h := start(t, "../../policies/starter", "../../policies/isodme")
	h.page("/").says(t, "the index", `<a href="/starter/privacy">Your data at the Old Apple Society</a>`, "Old Apple Society, Ireland", "We look after old apple trees",
		" clauses: ", " proven by examples, ", "the GDPR", `href="/isodme/privacy?show=system"`, `href="/.well-known/authzen-configuration/isodme"`, `href="/ledger/checkpoint"`)
	if tag := h.page("/").header.Get("ETag"); h.page("/", "If-None-Match", tag).status != http.StatusNotModified {
		t.Error("the index is sent again to who has it")
	}
	for _, path := range []string{"/.well-known/authzen-configuration/isodme", "/ledger/checkpoint", "/ledger/key", "/openapi.json", "/readyz"} {
		if g := h.page(path); g.status != http.StatusOK {
			t.Errorf("the index leads to %s: %d", path, g.status)
		}
	}
}

// Whoever went astray is told what there is; a program gets the short answer, and an address that takes
// other methods says so.
func TestNothingThere(t *testing.T) {
	h := start(t, "../../policies/starter")
	for _, path := range []string{"/nowhere/privacy", "/nowhere", "/starter", "/starter/privacy/more", "/assets/other.css"} {
		g := h.page(path)
		if g.status != http.StatusNotFound || !strings.HasPrefix(g.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", path, g.status, g.header.Get("Content-Type"))
		}
		g.says(t, path, "There is nothing at this address", `<a href="/starter/privacy">`)
		if strings.Contains(g.text, "nowhere") {
			t.Errorf("%s: the page repeats the address", path)
		}
	}
	if g := h.page("/nowhere", "Accept", "application/json"); g.status != http.StatusNotFound || strings.Contains(g.text, "<html") {
		t.Errorf("a program: %d %s", g.status, g.text)
	}
	if g := h.page("/access/v1/evaluation"); g.status != http.StatusMethodNotAllowed {
		t.Errorf("an address that takes POST: %d", g.status)
	}
	if g := h.page("/api/v1/nowhere"); strings.Contains(g.text, "<html") {
		t.Error("the API answers with a page")
	}
}
