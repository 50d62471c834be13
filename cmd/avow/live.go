package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// A liveCase is one example on its way through a server.
type liveCase struct {
	example   *policy.Example
	situation policy.Situation
	site      string // at the server: the policy's own, or that of a variant
	way       string // how the server was told what is given
	here      policy.Result
	answer    string // of this process, on one line

	person  string // id of the made-up person
	events  []eventFlags
	indexes []int64 // of the events, in the log
	seq     int64

	there  policy.Result
	said   string // the server's answer, on one line
	laws   []string
	permit string // of a disclosure that is allowed now too
	proven int    // entries of the person that were read back and whose receipts hold
}

// A liveReport is what a run showed of one policy.
type liveReport struct {
	dir    string
	loaded *loaded
	cases  []*liveCase
	live   policy.Live
	took   time.Duration
}

// count is how many examples came out so.
func (r *liveReport) count(v policy.Verdict) int {
	n := 0
	for _, c := range r.cases {
		if c.there.Verdict == v {
			n++
		}
	}
	return n
}

// runLive runs the examples of policies against a server.
func runLive(c *cobra.Command, f *liveFlags, dirs []string) ([]*liveReport, error) {
	ctx := c.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var reports []*liveReport
	var serve []*policy.Policy
	latest := time.Time{}
	for _, dir := range dirs {
		l, err := load(dir, c.ErrOrStderr())
		if err != nil {
			return nil, err
		}
		r := &liveReport{dir: dir, loaded: &l}
		serve = append(append(serve, l.policy), r.prepare(f.url == "")...)
		for _, x := range r.cases {
			if at := x.latest(); at.After(latest) {
				latest = at
			}
		}
		reports = append(reports, r)
	}
	s, err := f.open(ctx, serve, latest)
	if err != nil {
		return nil, err
	}
	progress := newProgress(c.ErrOrStderr())
	for _, r := range reports {
		if err = r.run(ctx, s, progress); err != nil {
			err = fmt.Errorf("%s: %w", r.dir, err)
			break
		}
	}
	return reports, errors.Join(err, s.close())
}

// prepare sets the examples up, runs them in this process, and makes the variants of the policy that some need.
func (r *liveReport) prepare(variants bool) []*policy.Policy {
	l := r.loaded
	made := map[string]*policy.Policy{}
	for _, here := range policy.RunExamples(l.policy, l.program, l.model) {
		c := &liveCase{example: here.Example, here: here, site: l.model.Site, way: "events"}
		r.cases = append(r.cases, c)
		var err error
		if c.situation, err = policy.SituationOf(l.policy, l.model, here.Example); err != nil {
			c.fail(err.Error())
			continue
		}
		if why := waits(c); why != "" {
			c.wait(why)
			continue
		}
		if c.answer, err = l.brief(&c.situation); err != nil {
			c.fail(err.Error())
			continue
		}
		if ended := c.situation.Request.Ended; len(ended) > 0 {
			if !variants {
				c.wait("only a server for the run can be served a notice in which an agreement has ended")
				continue
			}
			if err := c.variant(l.policy, ended, made); err != nil {
				c.wait(err.Error())
			}
		}
	}
	var out []*policy.Policy
	for _, site := range slices.Sorted(maps.Keys(made)) {
		out = append(out, made[site])
	}
	return out
}

// variant sends the case to a notice in which the agreements have ended: no event can say so, since agreements
// are declared by the notice itself.
func (c *liveCase) variant(p *policy.Policy, ended []string, made map[string]*policy.Policy) error {
	site := fmt.Sprintf("%s-without-%s-%d", c.site, strings.Join(ended, "-"), c.situation.At/1e6)
	if made[site] == nil {
		v, err := p.WithEnded(site, ended, c.situation.At)
		if err != nil {
			return err
		}
		made[site] = v
	}
	c.site, c.way = site, "events, at the same notice with "+strings.Join(ended, ", ")+" ended"
	return nil
}

// waits says why no server can be asked the example's question yet, or "".
func waits(c *liveCase) string {
	if c.here.Verdict == policy.Waiting {
		return "its engine is still to come"
	}
	switch c.situation.Kind {
	case "action", "cookie", "kept", "status":
		return ""
	case "collect":
		return "no address takes in what arrives at a collection point yet"
	case "right", "refuse":
		return "no address takes in requests of people yet"
	case "law-check":
		return "it asks about the notice, which avow check --law answers, and no server"
	}
	return "no address answers this kind of question yet"
}

// latest is the last instant that the case speaks of.
func (c *liveCase) latest() time.Time {
	at := c.situation.At
	for _, e := range c.situation.Person.Events {
		at = max(at, e.At)
	}
	for _, x := range c.situation.Person.Choices {
		at = max(at, x.At)
	}
	return at.Time()
}

func (c *liveCase) wait(why string) {
	c.there = policy.Result{Example: c.example, Verdict: policy.Waiting, Why: why}
}

func (c *liveCase) fail(why string) {
	c.there = policy.Result{Example: c.example, Verdict: policy.Failed, Why: why}
}

// brief is what this process answers, on one line.
func (l *loaded) brief(s *policy.Situation) (string, error) {
	facts, err := l.program.Facts(s.Person)
	if err != nil {
		return "", err
	}
	switch s.Kind {
	case "kept":
		k, _ := l.program.Kept(s.Category, s.At, &facts)
		return briefKept(&k), nil
	case "status":
		return statusOf(policy.Measures(l.policy), s.Measure), nil
	}
	var d decision.Decision
	l.program.Decide(&s.Request, &facts, &d)
	a := d.Answer()
	return briefAnswer(&a), nil
}

// run takes the cases that do not wait through the server: everybody is made up, then everything told, then
// asked, then read back. People have nothing to do with each other, so each step goes for all at once.
func (r *liveReport) run(ctx context.Context, s *liveServer, p *liveProgress) error {
	start := time.Now()
	site := r.loaded.model.Site
	if err := s.serves(ctx, site, r.loaded); err != nil {
		return err
	}
	var cases []*liveCase
	for _, c := range r.cases {
		if c.there.Verdict == "" {
			cases = append(cases, c)
		}
	}
	for _, step := range []struct {
		does string
		do   func(context.Context, *liveCase) error
	}{
		{"people made", s.makePerson},
		{"told", nil},
		{"asked", func(ctx context.Context, c *liveCase) error { return s.ask(ctx, c, r.loaded) }},
		{"read back", s.prove},
	} {
		if step.do == nil {
			if err := s.tell(ctx, cases, r.loaded, p); err != nil {
				return err
			}
			continue
		}
		p.begin(site, step.does, len(cases))
		if err := together(cases, func(c *liveCase) error { defer p.one(); return step.do(ctx, c) }); err != nil {
			return err
		}
	}
	if err := r.page(ctx, s); err != nil {
		return err
	}
	for _, c := range r.cases {
		r.live.Results = append(r.live.Results, c.there)
		for _, law := range c.laws {
			if !slices.Contains(r.live.Laws, law) {
				r.live.Laws = append(r.live.Laws, law)
			}
		}
	}
	r.took = time.Since(start)
	return nil
}

// serves makes sure that the server serves this very version of the site.
func (s *liveServer) serves(ctx context.Context, site string, l *loaded) error {
	var out struct {
		Sites []struct{ Site, Version string }
	}
	if err := s.http.do(ctx, "GET", "/api/v1/sites", nil, &out); err != nil {
		return err
	}
	version := l.policy.Front.Since().Format(time.DateOnly)
	for _, x := range out.Sites {
		if x.Site == site && x.Version == version {
			return nil
		}
	}
	return hinted{fmt.Errorf("the server serves no site %s in the version of %s", site, version), "serve the same policy there, or leave --url out"}
}

// together does something for all cases, several at once, and returns the first error.
func together(cases []*liveCase, do func(*liveCase) error) error {
	var wait sync.WaitGroup
	next, errs := make(chan *liveCase), make(chan error, len(cases)+1)
	for range liveAtOnce {
		wait.Go(func() {
			for c := range next {
				if err := do(c); err != nil {
					errs <- err
				}
			}
		})
	}
	for _, c := range cases {
		if len(errs) > 0 {
			break
		}
		next <- c
	}
	close(next)
	wait.Wait()
	close(errs)
	return <-errs
}

// makePerson makes a person up of whom the server knows nothing else.
func (s *liveServer) makePerson(ctx context.Context, c *liveCase) error {
	b := make([]byte, 12)
	rand.Read(b)
	var out personMade
	err := s.http.do(ctx, "POST", api(c.site, "people"), map[string]any{"identities": []string{"avow-test:" + hex.EncodeToString(b)}}, &out)
	c.person = out.ID
	return err
}

type personMade struct{ ID string }

// sitePath is an address below a site.
func sitePath(site, rest string) string { return "/" + url.PathEscape(site) + rest }
