// Package server answers decisions over AuthZEN and shows notices, for one or more sites. It keeps no
// state: everything about a person comes with the request.
package server

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

//go:embed assets pages openapi.json
var files embed.FS

// maxBody is what a request may send, in bytes.
const maxBody = 1 << 20

// Config is what a Server is made of. The zero value of every field but Policies works.
type Config struct {
	Policies []*policy.Policy // checked, without errors
	Clock    func() time.Time // Defaults to time.Now.
}

// A Server is an http.Handler. It is immutable after New.
type Server struct {
	mux       *http.ServeMux
	sites     []*site
	clock     func() time.Time
	pages     *pages
	decisions *prometheus.CounterVec
	ids       evaluationIDs
}

// A site is one policy, ready to answer and to be shown.
type site struct {
	policy   *policy.Policy
	model    *decision.Model
	program  *decision.Program
	coverage policy.Coverage
	version  string
	clauseOf map[string]string // promise → clause
	words    vocabularyWords
	counters [decision.Indeterminate + 1]prometheus.Counter // by outcome
	scratch  sync.Pool                                      // of *decision.Decision, used again
}

// New compiles the policies. The error names the policy that does not compile.
func New(c Config) (*Server, error) {
	s := &Server{mux: http.NewServeMux(), clock: c.Clock, ids: newEvaluationIDs()}
	if s.clock == nil {
		s.clock = time.Now
	}
	for _, p := range c.Policies {
		x, err := newSite(p)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(s.sites, func(o *site) bool { return o.model.Site == x.model.Site }) {
			return nil, fmt.Errorf("two policies of site %s", x.model.Site)
		}
		s.sites = append(s.sites, x)
	}
	if len(s.sites) == 0 {
		return nil, fmt.Errorf("no policy to serve")
	}
	var err error
	if s.pages, err = newPages(); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	s.decisions = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "avow_decisions_total", Help: "Decisions answered, by site and outcome."}, []string{"site", "outcome"})
	registry.MustRegister(s.decisions)
	for _, x := range s.sites {
		for o := range x.counters {
			x.counters[o] = s.decisions.WithLabelValues(x.model.Site, decision.Outcome(o).String())
		}
	}
	s.routes(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return s, nil
}

func newSite(p *policy.Policy) (*site, error) {
	m, err := policy.Lower(p)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", p.Front.Site.Text, err)
	}
	program, err := decision.Compile(m)
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	x := &site{policy: p, model: m, program: program, clauseOf: map[string]string{}, words: wordsOf(p, m)}
	x.scratch.New = func() any { return new(decision.Decision) }
	x.coverage = policy.Cover(p, policy.RunExamples(p, program, m))
	x.version = p.Front.Effective.Time().Format(time.DateOnly)
	for _, n := range program.Promises() {
		x.clauseOf[n.ID] = n.Clause
	}
	return x, nil
}

// A route is one address, in the one table of them. Every one is in openapi.json.
type route struct {
	pattern string
	handler http.HandlerFunc
}

func (s *Server) table(metrics http.Handler) []route {
	return []route{
		{"POST /access/v1/evaluation", s.evaluation},
		{"POST /access/v1/evaluations", s.evaluations},
		{"GET /.well-known/authzen-configuration", s.configuration},
		{"POST /{site}/access/v1/evaluation", s.evaluation},
		{"POST /{site}/access/v1/evaluations", s.evaluations},
		{"GET /.well-known/authzen-configuration/{site}", s.configuration},
		{"GET /{$}", s.index},
		{"GET /{site}/privacy", s.notice},
		{"GET /assets/avow.css", s.stylesheet},
		{"GET /openapi.json", s.openAPI},
		{"GET /healthz", s.health},
		{"GET /metrics", metrics.ServeHTTP},
	}
}

func (s *Server) routes(metrics http.Handler) {
	for _, r := range s.table(metrics) {
		s.mux.HandleFunc(r.pattern, r.handler)
	}
}

// Routes lists the patterns that are served.
func (s *Server) Routes() []string {
	var out []string
	for _, r := range s.table(http.NotFoundHandler()) {
		out = append(out, r.pattern)
	}
	return out
}

// ServeHTTP answers one request. What a caller sent is never told in an answer's error.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id := r.Header.Get("X-Request-ID"); id != "" && len(id) <= 200 {
		w.Header().Set("X-Request-ID", id)
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	s.file(w, "openapi.json", "application/json")
}

func (s *Server) stylesheet(w http.ResponseWriter, _ *http.Request) {
	s.file(w, "assets/avow.css", "text/css; charset=utf-8")
}

func (s *Server) file(w http.ResponseWriter, name, kind string) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		http.Error(w, "the file is missing from the program", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "max-age=300")
	w.Write(text)
}

// site finds the one a request is for: by path, by context.site, or the only one.
func (s *Server) site(path, context string) (*site, error) {
	name := path
	if name == "" {
		name = context
	}
	if name == "" && len(s.sites) == 1 {
		return s.sites[0], nil
	}
	for _, x := range s.sites {
		if x.model.Site == name {
			return x, nil
		}
	}
	if name == "" {
		return nil, fmt.Errorf("several sites are served: name one in the path or in context.site")
	}
	return nil, fmt.Errorf("no such site is served")
}
