package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// dayFlag refuses an --at that nothing would ask about, before anything is printed.
func dayFlag(day string, withLaw bool) error {
	if day == "" {
		return nil
	}
	if !withLaw {
		return usage{hinted{errors.New("--at is for --law"), "add --law"}}
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return usage{fmt.Errorf("--at %q: want a day, as 2026-03-01", day)}
	}
	return nil
}

// reportLaw asks the law about one policy and, unless it is for JSON, writes what it says. A policy
// that does not compile cannot be asked about.
func reportLaw(w io.Writer, dir string, p *policy.Policy, problems []policy.Problem, day string, quiet bool) (found []policy.Finding, asked bool, err error) {
	if !compiles(problems) {
		if !quiet {
			fmt.Fprintf(w, "%s: the law was not asked: mend the errors first\n", dir)
		}
		return nil, false, nil
	}
	at, err := instantFlag(day, p)
	if err != nil {
		return nil, false, err
	}
	if found, err = lawCheck(p, at); err != nil || quiet {
		return found, true, err
	}
	printFindings(w, found)
	if err := printLaws(w, dir, p); err != nil {
		return nil, false, err
	}
	fmt.Fprintf(w, "%s: law as of %s: %s\n", dir, at.Time().Format(time.DateOnly), sumFindings(found))
	return found, true, nil
}

// lawCheck is what the listed laws say of one policy at an instant.
func lawCheck(p *policy.Policy, at decision.Instant) ([]policy.Finding, error) {
	m, err := policy.Lower(p)
	if err != nil {
		return nil, err
	}
	return policy.Findings(p, m, at)
}

// instantFlag reads --at: a day, midnight in the notice's zone; nothing is now.
func instantFlag(text string, p *policy.Policy) (decision.Instant, error) {
	if text == "" {
		return decision.InstantOf(time.Now()), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, p.Front.Location)
	if err != nil {
		return 0, usage{fmt.Errorf("--at %q: want a day, as 2026-03-01", text)}
	}
	return decision.InstantOf(day), nil
}

// printFindings writes them by clause, in the order of the notice.
func printFindings(w io.Writer, found []policy.Finding) {
	clause := "-"
	for _, x := range found {
		if x.Clause != clause {
			clause = x.Clause
			name := "#" + clause
			if clause == "" {
				name = "the notice as a whole"
			}
			fmt.Fprintf(w, "\n%s\n", name)
		}
		fmt.Fprintf(w, "  %s: %s", x.Kind, x.Message)
		if x.Pos.Line > 0 {
			fmt.Fprintf(w, "  (%s:%d)", x.Pos.File, x.Pos.Line)
		}
		fmt.Fprintf(w, "\n    %s: ", x.Word)
		for i, v := range x.Provisions {
			if i > 0 {
				fmt.Fprint(w, "; ")
			}
			fmt.Fprint(w, v)
			if v.Unchecked {
				fmt.Fprint(w, " (unchecked)")
			}
		}
		fmt.Fprintln(w)
		if x.Proposal != "" {
			fmt.Fprintf(w, "    hint: %s\n", x.Proposal)
		}
	}
}

// sumFindings counts them by kind.
func sumFindings(found []policy.Finding) string {
	n := map[policy.FindingKind]int{}
	for _, x := range found {
		n[x.Kind]++
	}
	return fmt.Sprintf("%d overridden, %d missing, %d suspicious", n[policy.Overridden], n[policy.Lacking], n[policy.Suspicious])
}

// printLaws names the laws that the notice was held against: which revision, and how much of each was
// not read in its source.
func printLaws(w io.Writer, dir string, p *policy.Policy) error {
	profiles, err := p.Profiles()
	if err != nil {
		return err
	}
	var out []string
	for _, l := range profiles {
		out = append(out, fmt.Sprintf("%s revision %d (%d of %d rows unchecked)", l.ID, l.Revision, len(l.Unchecked()), len(l.Rows())))
	}
	fmt.Fprintf(w, "%s: laws: %s\n", dir, strings.Join(out, ", "))
	return nil
}
