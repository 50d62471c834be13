package server

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/avowhq/avow/policy"
)

// pages are the templates, parsed once.
type pages struct{ notice, index, missing *template.Template }

func newPages() (*pages, error) {
	var p pages
	for name, to := range map[string]**template.Template{"notice": &p.notice, "index": &p.index, "missing": &p.missing} {
		t, err := template.ParseFS(files, "pages/layout.html", "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		*to = t
	}
	return &p, nil
}

// A noticePage is what the notice's template shows.
type noticePage struct {
	Title, Site, Effective, Controller, Contact, Officer string
	Machine                                              bool // the switch: what the system does under each clause
	Intro                                                template.HTML
	Clauses                                              []clauseView
	Tested, Total                                        int
}

type clauseView struct {
	ID, Title, Status, Says string
	Level                   int
	Flags                   []string
	Prose                   template.HTML
	Promises                []promiseView
}

type promiseView struct{ Kind, Sentence, Status string }

func (s *Server) notice(w http.ResponseWriter, r *http.Request) {
	x, err := s.site(r.PathValue("site"), "")
	if err != nil {
		s.page(w, s.pages.missing, http.StatusNotFound, map[string]any{"Title": "Not found"})
		return
	}
	v, err := x.view(r.URL.Query().Get("show") == "system")
	if err != nil {
		http.Error(w, "the notice cannot be shown", http.StatusInternalServerError)
		return
	}
	s.page(w, s.pages.notice, http.StatusOK, v)
}

func (x *site) view(machine bool) (noticePage, error) {
	f := x.policy.Front
	v := noticePage{
		Title: f.Title.Text, Site: f.Site.Text, Effective: f.Since().Format("2 January 2006"), Controller: f.Controller.Name.Text,
		Contact: f.Controller.Contact.Text, Officer: f.Controller.Officer.Text, Machine: machine,
	}
	intro, err := policy.RenderProse(x.policy.Intro)
	if err != nil {
		return v, err
	}
	v.Intro = template.HTML(intro)
	for i, c := range x.policy.Clauses {
		cover := x.coverage.Clauses[i]
		prose, err := policy.RenderProse(c.Prose)
		if err != nil {
			return v, err
		}
		one := clauseView{
			ID: c.ID, Title: c.Title, Level: min(max(c.Level, 2), 6), Status: string(cover.Status), Says: saying(cover), Flags: cover.Flags,
			Prose: template.HTML(prose),
		}
		for j, p := range c.Promises {
			one.Promises = append(one.Promises, promiseView{p.Kind, p.Sentence(), string(cover.Promises[j].Status)})
		}
		v.Total++
		if cover.Status == policy.Tested {
			v.Tested++
		}
		v.Clauses = append(v.Clauses, one)
	}
	return v, nil
}

// saying is a status in words for people.
func saying(c policy.ClauseCoverage) string {
	switch c.Status {
	case policy.Tested:
		return fmt.Sprintf("%d of %d examples pass", c.Passed, c.Examples-c.Waiting)
	case policy.Bound:
		return "it runs; not every promise here is shown by an example"
	case policy.Declared:
		return "written down and checked; the part that carries it out is still to come"
	case policy.Stated:
		return "information, nothing to carry out"
	}
	return "nothing stands behind it yet"
}

func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	type line struct{ Site, Title, Controller string }
	var l []line
	for _, x := range s.sites {
		l = append(l, line{x.model.Site, x.policy.Front.Title.Text, x.policy.Front.Controller.Name.Text})
	}
	s.page(w, s.pages.index, http.StatusOK, map[string]any{"Title": "Privacy notices", "Sites": l})
}

// page writes a page whole, or an error and nothing of it.
func (s *Server) page(w http.ResponseWriter, t *template.Template, status int, data any) {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, "layout.html", data); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	w.Write([]byte(b.String()))
}
