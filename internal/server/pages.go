package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/avowhq/avow/policy"
)

// pages are the templates, parsed once, and what they all need.
type pages struct {
	notice, index, missing *template.Template
	words                  *policy.Speech // of the pages that belong to no notice
	style                  madePage
	made                   madePages
}

func newPages() (*pages, error) {
	p := &pages{}
	css, err := fs.ReadFile(files, "assets/avow.css")
	if err != nil {
		return nil, fmt.Errorf("read style sheet: %w", err)
	}
	if p.style, err = newMadePage(css); err != nil {
		return nil, err
	}
	if p.words, err = policy.SpeechIn("en"); err != nil {
		return nil, err
	}
	version := strings.Trim(p.style.tag, `"`)
	for name, to := range map[string]**template.Template{"notice": &p.notice, "index": &p.index, "missing": &p.missing} {
		t, err := template.New("").Funcs(functions(version)).ParseFS(files, "pages/layout.html", "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		*to = t
	}
	return p, nil
}

// functions of the templates.
func functions(style string) template.FuncMap {
	return template.FuncMap{
		"style": func() string { return "/assets/avow.css?v=" + style },
		"head": func(level int, id string) template.HTML {
			return template.HTML(fmt.Sprintf(`<h%d id="h:%s">`, level, id))
		},
		"tail":     func(level int) template.HTML { return template.HTML(fmt.Sprintf(`</h%d>`, level)) },
		"sentence": policy.Sentence,
		"clause": func(p noticePage, c clauseView) any {
			return struct {
				Page   noticePage
				Clause clauseView
			}{p, c}
		},
	}
}

// A madePage is an answer made once: as it is, and compressed.
type madePage struct {
	text, packed []byte
	tag          string // strong entity tag of text
}

func newMadePage(text []byte) (madePage, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return madePage{}, fmt.Errorf("compress page: %w", err)
	}
	_, err = z.Write(text)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return madePage{}, fmt.Errorf("compress page: %w", err)
	}
	sum := sha256.Sum256(text)
	return madePage{text, b.Bytes(), `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}, nil
}

// fill fills a template.
func (t *pages) fill(page *template.Template, data any) (madePage, error) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout.html", data); err != nil {
		return madePage{}, fmt.Errorf("fill page: %w", err)
	}
	return newMadePage(b.Bytes())
}

// A pageKey is all that a page of a notice depends on.
type pageKey struct {
	site, lang, country string
	chosen, system      bool   // the country; the blocks
	day                 string // laws begin and end
}

// madePages are pages of notices made before. Only what exists can be asked for, so their number has an
// end; it is kept small all the same.
type madePages struct {
	mu   sync.Mutex
	made map[pageKey]madePage
}

const mostMade = 64

func (m *madePages) of(k pageKey, fill func() (madePage, error)) (madePage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.made[k]; ok {
		return p, nil
	}
	p, err := fill()
	if err != nil {
		return p, err
	}
	if len(m.made) >= mostMade || m.made == nil {
		m.made = map[pageKey]madePage{}
	}
	m.made[k] = p
	return p, nil
}

// show answers with a page: whole, compressed, or only that it is the one the reader has.
func (p madePage) show(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding, Accept-Language")
	if status != http.StatusOK {
		h.Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		w.Write(p.text)
		return
	}
	p.send(w, r)
}

func (p madePage) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	text, tag := p.text, p.tag
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		text, tag = p.packed, strings.TrimSuffix(tag, `"`)+`-gz"`
	}
	h.Set("ETag", tag)
	r.Header.Del("Range") // a page is sent whole
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// takesGzip reads Accept-Encoding.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(weight), "q="), "0.") != "" || weight == ""
		}
	}
	return false
}

// stylesheet is kept by browsers for a year under the address that names its content.
func (s *Server) stylesheet(w http.ResponseWriter, r *http.Request) {
	p := s.pages.style
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == strings.Trim(p.tag, `"`) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	p.send(w, r)
}

func (s *Server) cannotShow(w http.ResponseWriter, err error) {
	s.house.Logger.Error("a page cannot be shown", "err", err)
	http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
}
