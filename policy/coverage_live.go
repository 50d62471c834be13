package policy

import "slices"

// Live is what a run of the examples against a real server showed.
type Live struct {
	// Results are those of the examples, in the order of RunExamples. One passed only if the server's answer
	// was right, the same as this process's, and proven by the log as far as it left entries there.
	Results []Result
	// Shown are the ids of the statements that the served page holds.
	Shown []string
	// Laws are the profiles that some answer of the server named.
	Laws []string
}

// CoverLive is Cover with what a real server showed: promises that decided a live example are exercised, and
// statements that the served page holds are shown.
func CoverLive(p *Policy, results []Result, live Live) Coverage {
	out := Cover(p, results)
	out.Laws = live.Laws
	for i, c := range p.Clauses {
		coverLive(&out.Clauses[i], c, live)
	}
	return out
}

func coverLive(out *ClauseCoverage, c *Clause, live Live) {
	proven := map[string][]*Example{}
	failed := false
	for _, r := range live.Results {
		if r.Example.Clause != c {
			continue
		}
		switch r.Verdict {
		case Passed:
			out.Live++
			for _, id := range r.Promises {
				proven[id] = append(proven[id], r.Example)
			}
		case Waiting:
			out.LiveWaiting++
		case Failed:
			failed = true
		}
	}
	for i, x := range c.Promises {
		one := &out.Promises[i]
		if x.Statement != nil {
			one.Shown = slices.Contains(live.Shown, x.ID)
		}
		if by := proven[x.ID]; one.Status == Tested && len(by) > 0 && !failed {
			one.Status, one.By = Exercised, 1+slices.Index(c.Examples, by[0])
		}
	}
	if failed {
		out.Flags = appendNew(out.Flags, FlagBroken)
		slices.Sort(out.Flags)
	}
	out.Status = clauseStatus(out.Promises)
}
