// Package server answers decisions over AuthZEN, takes events, serves the log and shows notices, for one
// or more sites of one house.
package server

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/policy"
)

//go:embed assets pages openapi.json
var files embed.FS

// maxBody is what a request may send, in bytes.
const maxBody = 1 << 20

// Config is what a Server is made of.
type Config struct {
	Policies []*policy.Policy // checked, without errors
	House    *House
	Clock    func() time.Time // Defaults to time.Now.
}

// A Server is an http.Handler. Run does what is to be done beside answering.
type Server struct {
	mux       *http.ServeMux
	house     *House
	sites     []*site
	clock     func() time.Time
	pages     *pages
	decisions *prometheus.CounterVec
	ids       evaluationIDs
	full      chan struct{} // a log of decisions has a block
	texts     sync.Pool     // of *[]byte, answers, used again
}

// A site is one policy, ready to answer and to be shown.
type site struct {
	policy   *policy.Policy
	model    *decision.Model
	program  *decision.Program
	place    *subject.Site // in the database; nil while sealed
	coverage policy.Coverage
	told     []*toldNotice // in each language of the page, its own first
	found    dayOfLaw
	version  string
	clauseOf map[string]string // promise → clause
	words    vocabularyWords
	counters [decision.Indeterminate + 1]prometheus.Counter // by outcome
	scratch  sync.Pool                                      // of *decision.Decision, used again
	log      decisionLog
	shadow   shadow
}

// New compiles the policies and publishes those that changed. The error names the policy that does not
// compile.
func New(ctx context.Context, c Config) (*Server, error) {
	s := &Server{mux: http.NewServeMux(), house: c.House, clock: c.Clock, ids: newEvaluationIDs(), full: make(chan struct{}, 1)}
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
		if err := s.settle(ctx, x); err != nil {
			return nil, err
		}
		s.sites = append(s.sites, x)
	}
	if len(s.sites) == 0 {
		return nil, fmt.Errorf("no policy to serve")
	}
	s.texts.New = func() any { return new([]byte) }
	var err error
	if s.pages, err = newPages(); err != nil {
		return nil, err
	}
	s.routes(promhttp.HandlerFor(s.metrics(), promhttp.HandlerOpts{}))
	return s, nil
}

// settle gives the site its place in the database, and publishes its notice if that is new.
func (s *Server) settle(ctx context.Context, x *site) error {
	if s.house.Doubt != nil {
		return nil
	}
	err := evenIfTogether(func() (err error) {
		x.place, err = s.house.People.Site(ctx, x.model.Site, x.model, x.program, x.version)
		return err
	})
	if err != nil {
		return err
	}
	x.log.site, x.log.full = x.place.No, s.full
	x.shadow.start = time.Now()
	if err := x.shadow.load(ctx, s.house.Store, x.place.No); err != nil {
		return err
	}
	return evenIfTogether(func() error { return s.publish(ctx, x) })
}

// evenIfTogether does again what another server that starts at the same time was first to do.
func evenIfTogether(do func() error) error {
	var refused *store.DatabaseError
	for range 10 {
		if err := do(); !errors.As(err, &refused) || !refused.Unique() {
			return err
		}
	}
	return refused
}

// metrics are counts and sizes, never of one person.
func (s *Server) metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	s.decisions = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "avow_decisions_total", Help: "Decisions answered, by site and outcome."}, []string{"site", "outcome"})
	registry.MustRegister(s.decisions)
	for _, x := range s.sites {
		for o := range x.counters {
			x.counters[o] = s.decisions.WithLabelValues(x.model.Site, decision.Outcome(o).String())
		}
	}
	gauge := func(name, help string, value func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("avow_sealed", "1 while the database contradicts the keys' journal and nothing is answered.", func() float64 {
		if s.house.Doubt != nil {
			return 1
		}
		return 0
	})
	if s.house.Doubt != nil {
		return registry
	}
	gauge("avow_log_entries", "Entries of the log, as this process knows it.", func() float64 { return float64(s.house.People.Seen()) })
	gauge("avow_clock_behind_seconds", "By how much the machine's clock is behind the log.", func() float64 { return s.house.Store.ClockBehind().Seconds() })
	gauge("avow_decision_lines_lost", "Lines of the log of decisions that the database did not take in time.", func() float64 {
		var n int64
		for _, x := range s.sites {
			x.log.mu.Lock()
			n += x.log.lost
			x.log.mu.Unlock()
		}
		return float64(n)
	})
	return registry
}

// Run follows the log, writes the log of decisions and does jobs, until ctx ends; then it writes what is
// left.
func (s *Server) Run(ctx context.Context) error {
	if s.house.Doubt != nil {
		<-ctx.Done()
		return nil
	}
	var all sync.WaitGroup
	all.Go(func() { s.house.People.Follow(ctx, s.house.Store.Woken(ctx)) })
	all.Go(func() { s.writeDecisions(ctx) })
	all.Go(func() { s.noteCheckpoints(ctx) })
	all.Go(func() { s.prune(ctx) })
	h := store.NewHandlers()
	s.house.People.Handle(h)
	err := s.house.Store.Work(ctx, h)
	all.Wait()
	return errors.Join(err, s.house.Auth.Flush(context.WithoutCancel(ctx)))
}

// writeDecisions writes blocks of the log of decisions, and at the end what is left.
func (s *Server) writeDecisions(ctx context.Context) {
	tick := time.NewTicker(blockEvery)
	defer tick.Stop()
	full := s.full
	for open := true; open; {
		select {
		case <-ctx.Done():
			open = false
		case <-tick.C:
		case <-full:
		}
		var errs []error
		for _, x := range s.sites {
			errs = append(errs, x.log.flush(context.WithoutCancel(ctx), s.house.Store))
		}
		switch err := errors.Join(errs...); {
		case err == nil:
			full = s.full
		case full != nil:
			s.house.Logger.Error("decisions wait in memory", "err", err)
			full = nil // full blocks wait for the next tick
		}
	}
}

// noteCheckpoints writes the head of the log beside the keys, every few seconds in which it grew, and reads
// the keys again: a key that another process destroyed leaves this one's memory by that.
func (s *Server) noteCheckpoints(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for open := true; open; {
		select {
		case <-ctx.Done():
			open = false
		case <-tick.C:
		}
		if err := s.house.Keys.Refresh(); err != nil {
			s.house.Logger.Error("the keys cannot be read again; those held stay in use", "err", err)
		}
		if err := s.house.People.Tidy(context.WithoutCancel(ctx)); err != nil {
			s.house.Logger.Error("what was erased is still in the write-ahead log", "err", err)
		}
		h, err := s.house.Store.Head(context.WithoutCancel(ctx))
		if err == nil {
			err = s.house.People.Checkpoint(h.Checkpoint)
		}
		if err != nil {
			s.house.Logger.Error("the head of the log cannot be noted beside the keys", "err", err)
		}
	}
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
	results := policy.RunExamples(p, program, m)
	x.coverage = policy.Cover(p, results)
	if err := x.tellAll(results); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	x.version = p.Front.Since().Format(time.DateOnly)
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
	return slices.Concat([]route{
		{"POST /access/v1/evaluation", s.evaluation},
		{"POST /access/v1/evaluations", s.evaluations},
		{"GET /.well-known/authzen-configuration", s.configuration},
		{"POST /{site}/access/v1/evaluation", s.evaluation},
		{"POST /{site}/access/v1/evaluations", s.evaluations},
		{"GET /.well-known/authzen-configuration/{site}", s.configuration},
		{"GET /ledger/checkpoint", s.checkpoint},
		{"GET /ledger/tile/{path...}", s.tile},
		{"GET /ledger/key", s.verifyingKey},
		{"GET /{$}", s.index},
		{"GET /{site}/privacy", s.notice},
		{"GET /assets/avow.css", s.stylesheet},
		{"GET /openapi.json", s.openAPI},
		{"GET /healthz", s.health},
		{"GET /readyz", s.ready},
		{"GET /metrics", metrics.ServeHTTP},
	}, s.apiTable())
}

// apiTable are the operations of /api/v1, each under the scope that a key needs.
func (s *Server) apiTable() []route {
	return []route{
		{"POST /api/v1/{site}/people", s.api(auth.WritePeople, s.createPerson)},
		{"POST /api/v1/{site}/people/find", s.api(auth.ReadPeople, s.findPerson)},
		{"POST /api/v1/{site}/people/split", s.api(auth.WritePeople, s.splitPerson)},
		{"GET /api/v1/{site}/people/{person}", s.api(auth.ReadPeople, s.showPerson)},
		{"POST /api/v1/{site}/people/{person}/identities", s.api(auth.WritePeople, s.identify)},
		{"POST /api/v1/{site}/people/{person}/merge", s.api(auth.WritePeople, s.mergePeople)},
		{"GET /api/v1/{site}/people/{person}/history", s.api(auth.ReadLedger, s.history)},
		{"GET /api/v1/{site}/people/{person}/kept", s.api(auth.ReadPeople, s.kept)},
		{"GET /api/v1/{site}/people/{person}/receipts/{index}", s.api(auth.ReadLedger, s.receipt)},
		{"GET /api/v1/{site}/people/{person}/disclosures", s.api(auth.ReadPeople, s.disclosed)},
		{"POST /api/v1/{site}/disclosures", s.api(auth.WriteDisclosures, s.disclosures)},
		{"POST /api/v1/{site}/people/{person}/erase", s.api(auth.Erase, s.erase)},
		{"POST /api/v1/{site}/events", s.api(auth.WriteEvents, s.events)},
		{"GET /api/v1/{site}/decisions", s.api(auth.ReadDecisions, s.decisionList)},
		{"GET /api/v1/{site}/measures", s.api(auth.ReadDecisions, s.measures)},
		{"GET /api/v1/{site}/shadow", s.api(auth.ReadDecisions, s.modeList)},
		{"PUT /api/v1/{site}/shadow", s.api(auth.WriteShadow, s.setMode)},
		{"GET /api/v1/{site}/shadow/report", s.api(auth.ReadDecisions, s.shadowReport)},
		{"GET /api/v1/ledger", s.ledgerHead},
		{"GET /api/v1/sites", s.siteList},
		{"GET /api/v1/principals", s.api(auth.AdminKeys, s.principalList)},
		{"POST /api/v1/principals", s.api(auth.AdminKeys, s.createPrincipal)},
		{"POST /api/v1/principals/{name}/end", s.api(auth.AdminKeys, s.endPrincipal)},
		{"POST /api/v1/keys", s.api(auth.AdminKeys, s.issueKey)},
		{"POST /api/v1/keys/{id}/rotate", s.api(auth.AdminKeys, s.rotateKey)},
		{"POST /api/v1/keys/{id}/revoke", s.api(auth.AdminKeys, s.revokeKey)},
		{"GET /api/v1/vault", s.api(auth.AdminKeys, s.vaultStatus)},
		{"POST /api/v1/vault/rotate", s.api(auth.AdminKeys, s.rotateEpoch)},
		{"POST /api/v1/vault/{epoch}/destroy", s.api(auth.AdminKeys, s.destroyEpoch)},
	}
}

func (s *Server) routes(metrics http.Handler) {
	for _, r := range s.table(metrics) {
		s.mux.HandleFunc(r.pattern, r.handler)
	}
	s.mux.HandleFunc("/api/v1/", s.nowhere)
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
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 200 {
		w.Header().Set("X-Request-Id", id)
	}
	if s.lost(r) {
		s.nothing(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// ready reports whether requests can be answered: not sealed, and the database is there.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if s.house.Doubt != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "sealed:", s.house.Doubt)
		return
	}
	if _, err := s.house.Store.Head(r.Context()); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "the database does not answer")
		return
	}
	fmt.Fprintln(w, "ready")
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	s.file(w, "openapi.json", "application/json")
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
