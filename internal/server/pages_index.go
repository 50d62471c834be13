package server

import (
	"html"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/avowhq/avow/policy"
)

// An indexPage is what the templates of the index and of an address with nothing behind it show.
type indexPage struct {
	*policy.Speech
	Title string
	Sites []siteView
}

type siteView struct {
	Site, Title, Controller, Country, About, Counts, Laws string
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	s.siteless(w, r, s.pages.index, "index.title", http.StatusOK)
}

// nothing answers for an address that nothing is at. It does not repeat it.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	s.siteless(w, r, s.pages.missing, "missing.title", http.StatusNotFound)
}

// siteless shows a page that belongs to no notice; no site has a name with a dot.
func (s *Server) siteless(w http.ResponseWriter, r *http.Request, t *template.Template, title string, status int) {
	p, err := s.pages.made.of(pageKey{site: title}, func() (madePage, error) { return s.pages.fill(t, s.indexPage(title)) })
	if err != nil {
		s.cannotShow(w, err)
		return
	}
	p.show(w, r, status)
}

func (s *Server) indexPage(title string) indexPage {
	words := s.pages.words
	v := indexPage{Speech: words, Title: words.Say(title)}
	for _, x := range s.sites {
		f := x.policy.Front
		v.Sites = append(v.Sites, siteView{
			Site: x.model.Site, Title: f.Title.Text, Controller: f.Controller.Name.Text, Country: words.Country(f.Controller.Country.Text),
			About: firstSentences(string(x.told[0].intro)), Counts: x.counts(words), Laws: x.laws(words),
		})
	}
	return v
}

// counts says how far the clauses are carried.
func (x *site) counts(words *policy.Speech) string {
	var proven, declared, stated int
	for _, c := range x.coverage.Clauses {
		switch {
		case c.Status.Proven():
			proven++
		case c.Status == policy.Declared:
			declared++
		case c.Status == policy.Stated:
			stated++
		}
	}
	return words.Say("index.counts", "all", strconv.Itoa(len(x.coverage.Clauses)), "tested", strconv.Itoa(proven), "declared", strconv.Itoa(declared), "stated", strconv.Itoa(stated))
}

func (x *site) laws(words *policy.Speech) string {
	var out []string
	for _, n := range x.policy.Front.Law {
		out = append(out, words.Word("law", n.Text))
	}
	return words.Say("index.laws", "x", words.List("and", out))
}

var tag = regexp.MustCompile(`<[^>]*>`)

// firstSentences is the first paragraph of rendered prose as plain text.
func firstSentences(prose string) string {
	first, _, _ := strings.Cut(prose, "</p>")
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(first, ""))), " ")
}

// lost reports whether a browser asks for an address that nothing is at. Programs get the plain answer.
func (s *Server) lost(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		return false
	}
	var a answered
	h.ServeHTTP(&a, r)
	return a.status == http.StatusNotFound // and not 405, for an address that only takes other methods
}

// An answered is an answer of which only the status is looked at.
type answered struct {
	header http.Header
	status int
}

func (a *answered) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}
func (a *answered) Write(b []byte) (int, error) { return len(b), nil }
func (a *answered) WriteHeader(status int)      { a.status = status }
