package server

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// A noticePage is what the notice's template shows.
type noticePage struct {
	*policy.Speech // the page's own words
	Title, Site    string
	Since          string
	Country        string
	System         bool // every clause shows what it makes the system do
	Who            []controllerView
	Short          []groupView
	Languages      []languageView
	Intro          template.HTML
	Clauses        []clauseView
	Tested         int
	Authority      authorityView
	Lacking        []lawView // about the notice as a whole
}

// A toldNotice is a notice in one language. It is made once, when the site is loaded.
type toldNotice struct {
	speech  *policy.Speech
	title   string
	intro   template.HTML
	short   []groupView
	clauses []clauseView
}

type controllerView struct{ Name, Country, Contact, ContactLink, Officer, OfficerLink string }

type languageView struct {
	Lang, Name, Link string
	Current          bool
}

// A groupView is one part of the summary; what is past the first lines is folded.
type groupView struct {
	Key         string
	First, Rest []lineView
}

type lineView struct {
	Head, Text template.HTML
	Clauses    []clauseLink
}

type clauseLink struct{ ID, Number, Title string }

type clauseView struct {
	clauseLink
	Level            int // of the heading, from 2
	Status           string
	Broken           bool
	Suspended        string
	Prose            template.HTML
	Promises, Proofs []saidView
	Law, Asks        []lawView // what laws override, and what else they ask
}

// A saidView is a promise or an example in words. Mark is a key of what is to be said beside it.
type saidView struct {
	Text template.HTML
	Mark string
}

// link is an address of this page with another choice: of show, lang or country; "" keeps the present one.
func (p noticePage) link(show, lang, country string) string {
	q := url.Values{}
	if show == "" && p.System || show == "system" {
		q.Set("show", "system")
	}
	if lang != "" {
		q.Set("lang", lang)
	} else if len(p.Languages) > 1 {
		q.Set("lang", p.Lang)
	}
	if country != "" {
		q.Set("country", country)
	}
	link := "/" + p.Site + "/privacy"
	if e := q.Encode(); e != "" {
		link += "?" + e
	}
	return link
}

// Show is the address with the blocks shown, or hidden.
func (p noticePage) Show(system bool) string {
	return p.link(map[bool]string{true: "system", false: "alone"}[system], "", p.Authority.Chosen)
}

// Number is a count as text, for the words of the page.
func (p noticePage) Number(n int) string { return strconv.Itoa(n) }

func (s *Server) notice(w http.ResponseWriter, r *http.Request) {
	x, err := s.site(r.PathValue("site"), "")
	if err != nil {
		s.nothing(w, r)
		return
	}
	q, who, now := r.URL.Query(), readerOf(r), s.clock()
	k := pageKey{
		site: x.model.Site, system: q.Get("show") == "system", day: now.UTC().Format(time.DateOnly),
		lang: pick(q.Get("lang"), who.languages, x.told[0].speech.Lang, func(l string) bool { return x.toldIn(l) != nil }),
	}
	told := x.toldIn(k.lang)
	known := func(c string) bool { return told.speech.Countries[c] != "" }
	chosen := pick(strings.ToUpper(q.Get("country")), nil, "", known)
	k.chosen = chosen != ""
	k.country = pick(chosen, who.regions, x.policy.Front.Controller.Country.Text, known)
	p, err := s.pages.made.of(k, func() (madePage, error) {
		v, err := x.view(told, k, decision.InstantOf(now))
		if err != nil {
			return madePage{}, err
		}
		return s.pages.fill(s.pages.notice, v)
	})
	if err != nil {
		s.cannotShow(w, err)
		return
	}
	p.show(w, r, http.StatusOK)
}

// toldIn is the notice in a language, nil if there is none.
func (x *site) toldIn(lang string) *toldNotice {
	i := slices.IndexFunc(x.told, func(t *toldNotice) bool { return t.speech.Lang == lang })
	if i < 0 {
		return nil
	}
	return x.told[i]
}

// view puts a told notice together with what depends on the reader and the day.
func (x *site) view(told *toldNotice, k pageKey, now decision.Instant) (noticePage, error) {
	f := x.policy.Front
	v := noticePage{
		Speech: told.speech, Title: told.title, Site: k.site, Since: told.speech.Day(f.Since()),
		Country: k.country, System: k.system, Short: told.short, Intro: told.intro, Clauses: slices.Clone(told.clauses),
	}
	for _, c := range append([]policy.Controller{f.Controller}, f.Controllers...) {
		v.Who = append(v.Who, controllerView{
			Name: c.Name.Text, Country: told.speech.Country(c.Country.Text), Contact: c.Contact.Text, ContactLink: reach(c.Contact.Text),
			Officer: c.Officer.Text, OfficerLink: reach(c.Officer.Text),
		})
	}
	for _, t := range x.told {
		v.Languages = append(v.Languages, languageView{Lang: t.speech.Lang, Name: t.speech.Name, Current: t == told})
	}
	for _, c := range x.coverage.Clauses {
		if c.Status.Proven() {
			v.Tested++
		}
	}
	if err := x.addLaw(&v, k.country, now); err != nil {
		return v, err
	}
	if k.chosen {
		v.Authority.Chosen = k.country
	}
	for i, l := range v.Languages {
		v.Languages[i].Link = v.link("", l.Lang, v.Authority.Chosen)
	}
	return v, nil
}

// reach makes a link of an address that can be written or gone to.
func reach(address string) string {
	switch {
	case strings.HasPrefix(address, "https://"), strings.HasPrefix(address, "http://"):
		return address
	case strings.Contains(address, "@") && !strings.ContainsAny(address, " <>"):
		return "mailto:" + address
	}
	return ""
}
