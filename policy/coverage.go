package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

// Status says how far a promise is carried by software, in this order.
type Status string

// The statuses (design: one ordered status per clause). Exercised and kept need a running server and
// its evidence.
const (
	Unbound   Status = "unbound"   // nothing stands under the clause
	Stated    Status = "statement" // it informs; nothing to enforce
	Declared  Status = "declared"  // it parses and type-checks; no engine carries it yet
	Bound     Status = "bound"     // it compiles
	Tested    Status = "tested"    // its examples pass through Decide
	Exercised Status = "exercised"
	Kept      Status = "kept"
)

func (s Status) rank() int {
	return slices.Index([]Status{Unbound, Stated, Declared, Bound, Tested, Exercised, Kept}, s)
}

// Proven reports whether examples that ran show it, at the least.
func (s Status) Proven() bool { return s.rank() >= Tested.rank() }

// Flags beside a status.
const (
	FlagBroken     = "broken"            // an example fails
	FlagSuspended  = "suspended"         // the clause's promises stop
	FlagOverridden = "overridden-by-law" // an example shows the law denying what the clause says
)

// Coverage is the state of one policy, clause by clause.
type Coverage struct {
	Site    string           `json:"site"`
	Clauses []ClauseCoverage `json:"clauses"`
	Laws    []string         `json:"laws,omitempty"` // that answers of a real server named
}

// ClauseCoverage is one clause: its status is the lowest of its promises, statements aside.
type ClauseCoverage struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Kinds    []string `json:"kinds"`
	Refs     []string `json:"refs"`
	Examples int      `json:"examples"`
	Passed   int      `json:"passed"`
	Waiting  int      `json:"waiting"` // ask what a later engine answers
	// Live examples passed against a real server; those of LiveWaiting ask what it has no address for yet.
	Live        int               `json:"live,omitempty"`
	LiveWaiting int               `json:"live_waiting,omitempty"`
	Status      Status            `json:"status"`
	Flags       []string          `json:"flags"`
	Promises    []PromiseCoverage `json:"promises"`
	Laws        []decision.Reason `json:"-"`
}

// PromiseCoverage is one promise.
type PromiseCoverage struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Refs   []string `json:"refs"`
	Status Status   `json:"status"`
	Shown  bool     `json:"shown,omitempty"` // of a statement: the served page holds it
	By     int      `json:"by,omitempty"`    // of exercised: which example of the clause did it, from 1
}

// Cover sums up the results of RunExamples.
func Cover(p *Policy, results []Result) Coverage {
	out := Coverage{Site: p.Front.Site.Text, Clauses: []ClauseCoverage{}}
	for _, c := range p.Clauses {
		out.Clauses = append(out.Clauses, coverClause(p, c, results))
	}
	return out
}

func coverClause(p *Policy, c *Clause, results []Result) ClauseCoverage {
	out := ClauseCoverage{ID: c.ID, Title: c.Title, Kinds: []string{}, Refs: []string{}, Flags: []string{}, Promises: []PromiseCoverage{}}
	proven := map[string]bool{}
	broken, overridden := false, false
	for _, r := range results {
		if r.Example.Clause != c {
			continue
		}
		out.Examples++
		switch r.Verdict {
		case Passed:
			out.Passed++
			overridden = overridden || r.Law
			for _, id := range r.Promises {
				proven[id] = true
			}
		case Waiting:
			out.Waiting++
		case Failed:
			broken = true
		}
	}
	for _, x := range c.Promises {
		s := promiseStatus(x, proven[x.ID] && !broken)
		out.Promises = append(out.Promises, PromiseCoverage{ID: x.ID, Kind: x.Kind, Refs: append([]string{}, texts(x.Refs)...), Status: s})
		out.Kinds = appendNew(out.Kinds, x.Kind)
		for _, ref := range texts(x.Refs) {
			out.Refs = appendNew(out.Refs, ref)
		}
	}
	out.Status = clauseStatus(out.Promises)
	for flag, on := range map[string]bool{FlagBroken: broken, FlagSuspended: p.suspended(c.ID), FlagOverridden: overridden} {
		if on {
			out.Flags = append(out.Flags, flag)
		}
	}
	slices.Sort(out.Flags)
	return out
}

func appendNew(l []string, s string) []string {
	if slices.Contains(l, s) {
		return l
	}
	return append(l, s)
}

func promiseStatus(x *Promise, proven bool) Status {
	switch {
	case x.Statement != nil:
		return Stated
	case x.Right != nil && proven: // what it offers is answered; carrying it out is another engine's
		return Tested
	case x.Rule == nil && x.Collect == nil && x.Keep == nil && x.Cookie == nil && (x.Measure == nil || !x.Measure.computed()):
		return Declared
	case proven:
		return Tested
	}
	return Bound
}

// clauseStatus is the lowest of the promises, statements aside where there is more.
func clauseStatus(promises []PromiseCoverage) Status {
	if len(promises) == 0 {
		return Unbound
	}
	status := Stated
	for _, x := range promises {
		switch {
		case x.Status == Stated:
		case status == Stated || x.Status.rank() < status.rank():
			status = x.Status
		}
	}
	return status
}
