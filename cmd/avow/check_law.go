package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

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
