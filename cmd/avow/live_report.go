package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/avowhq/avow/policy"
)

// A liveExample is one example of a run, in JSON.
type liveExample struct {
	Site    string         `json:"site"`
	Clause  string         `json:"clause"`
	Line    int            `json:"line"`
	Verdict policy.Verdict `json:"verdict"` // against the server
	Why     string         `json:"why,omitempty"`
	Here    policy.Verdict `json:"here"` // in this process
	Way     string         `json:"way,omitempty"`
	Answer  string         `json:"answer,omitempty"`
	Entries int            `json:"entries"` // of the log, read back and verified
	Permit  string         `json:"permit,omitempty"`
}

func (r *liveReport) examples() []liveExample {
	out := []liveExample{}
	for _, c := range r.cases {
		x := liveExample{
			Site: r.loaded.model.Site, Clause: c.example.Clause.ID, Line: c.example.Pos.Line, Verdict: c.there.Verdict, Why: c.there.Why,
			Here: c.here.Verdict, Answer: c.said, Entries: c.proven, Permit: c.permit,
		}
		if c.there.Verdict != policy.Waiting {
			x.Way = c.way
		}
		out = append(out, x)
	}
	return out
}

// here are the results of this process.
func (r *liveReport) here() []policy.Result {
	var out []policy.Result
	for _, c := range r.cases {
		out = append(out, c.here)
	}
	return out
}

// print writes the report of a run for people.
func (r *liveReport) print(w io.Writer) {
	for _, c := range r.cases {
		if c.there.Verdict == policy.Failed {
			policy.Print(w, r.loaded.policy.Files, []policy.Problem{{Code: "E16", Pos: c.example.Pos, Message: "clause " + c.example.Clause.ID + ", against the server: " + c.there.Why}})
		}
	}
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CLAUSE\tEXAMPLES\tLIVE\tPASSED\tWAITING\tWHY THEY WAIT")
	proven, permits := 0, 0
	for _, clause := range r.loaded.policy.Clauses {
		var passed, failed, waiting int
		var whys []string
		for _, c := range r.cases {
			if c.example.Clause != clause {
				continue
			}
			proven += c.proven
			if c.permit != "" {
				permits++
			}
			switch c.there.Verdict {
			case policy.Passed:
				passed++
			case policy.Failed:
				failed++
			case policy.Waiting:
				waiting++
				if !slices.Contains(whys, c.there.Why) {
					whys = append(whys, c.there.Why)
				}
			}
		}
		if n := passed + failed + waiting; n > 0 {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\n", clause.ID, n, passed+failed, passed, waiting, strings.Join(whys, "; "))
		}
	}
	_ = t.Flush() // it prints to the terminal: there is nothing left to do about an error
	fmt.Fprintf(w, "%s against a server: %d passed, %d failed, %d waiting; %d entries of the log read back and proven, %d permits among them; %s; %.1f s\n\n", r.dir,
		r.count(policy.Passed), r.count(policy.Failed), r.count(policy.Waiting), proven, permits, r.statements(), r.took.Seconds())
}

// statements says how many of the notice's statements its page shows, and which it does not.
func (r *liveReport) statements() string {
	hidden, all := r.hidden()
	s := fmt.Sprintf("%d of %d statements on the page", all-len(hidden), all)
	if len(hidden) > 0 {
		s += " (not: " + strings.Join(hidden, ", ") + ")"
	}
	return s
}

// hidden are the statements that the page does not show, of all that there are.
func (r *liveReport) hidden() (hidden []string, all int) {
	for _, c := range r.loaded.policy.Clauses {
		for _, x := range c.Promises {
			if x.Statement == nil {
				continue
			}
			if all++; !slices.Contains(r.live.Shown, x.ID) {
				hidden = append(hidden, x.ID)
			}
		}
	}
	return hidden, all
}

// failed reports whether an example failed or a statement is not shown.
func (r *liveReport) failed() bool {
	hidden, _ := r.hidden()
	return r.count(policy.Failed) > 0 || len(hidden) > 0
}

// liveProgress tells on a terminal how far a run is, where it takes over a second.
type liveProgress struct {
	w     io.Writer
	mu    sync.Mutex
	since time.Time
	what  string
	done  int
	all   int
	told  time.Time
}

func newProgress(w io.Writer) *liveProgress {
	now := time.Now()
	return &liveProgress{w: w, since: now, told: now}
}

func (p *liveProgress) begin(site, what string, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.done, p.all = site+": "+what, 0, all
}

func (p *liveProgress) one() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if now := time.Now(); now.Sub(p.told) >= time.Second {
		p.told = now
		fmt.Fprintf(p.w, "avow: %s %d of %d, after %.0f s\n", p.what, p.done, p.all, now.Sub(p.since).Seconds())
	}
}
