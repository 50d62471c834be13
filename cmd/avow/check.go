package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "check DIR...",
		Short:   "Find everything that is wrong with a policy, at once",
		Example: "  avow check policies/starter\n  avow check --law policies/isodme",
		Args:    dirs,
	}
	asJSON := jsonFlag(c)
	fix := c.Flags().Bool("fix", false, "mend what is mechanical: Unicode forms, line ends, missing anchors")
	withLaw := c.Flags().Bool("law", false, "and hold every clause against the laws the notice lists")
	day := c.Flags().String("at", "", "with --law: the day to ask about; default today")
	c.RunE = func(c *cobra.Command, args []string) error {
		failed := false
		if err := dayFlag(*day, *withLaw); err != nil {
			return err
		}
		all, findings := map[string][]policy.Problem{}, map[string][]policy.Finding{}
		for _, dir := range folders(args) {
			if *fix {
				if err := policy.Fix(dir); err != nil {
					return err
				}
			}
			p, problems, err := check(dir)
			if err != nil {
				return err
			}
			failed = failed || policy.Errors(problems)
			all[dir] = problems
			if !*asJSON {
				policy.Print(c.OutOrStdout(), p.Files, problems)
				fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", dir, sumUp(p, problems))
			}
			if !*withLaw {
				continue
			}
			if found, asked, err := reportLaw(c.OutOrStdout(), dir, p, problems, *day, *asJSON); err != nil {
				return err
			} else if asked {
				findings[dir] = found
			}
		}
		if *asJSON {
			if err := writeJSON(c.OutOrStdout(), reportOf(all, findings, *withLaw)); err != nil {
				return err
			}
		}
		if failed {
			return failure{exitFailed}
		}
		return nil
	}
	return c
}

// compiles reports whether the policy can be asked: examples that fail do not stand in the way. It is
// often the law that makes them fail, and then its findings say why.
func compiles(problems []policy.Problem) bool {
	return !slices.ContainsFunc(problems, func(x policy.Problem) bool { return !x.Warning() && x.Code != policy.FailedExample })
}

// reportOf is the answer in JSON.
func reportOf(problems map[string][]policy.Problem, findings map[string][]policy.Finding, withLaw bool) map[string]any {
	out := map[string]any{"policies": problems}
	if withLaw {
		out["law"] = findings
	}
	return out
}

// check reads a policy and, where it has no errors, runs what needs the engine: examples that fail
// (E16), promises that nothing proves (W19), rules that never decide (W20, W21).
func check(dir string) (*policy.Policy, []policy.Problem, error) {
	p, problems, err := policy.Load(dir)
	if err != nil || policy.Errors(problems) {
		return p, problems, err
	}
	m, err := policy.Lower(p)
	if err != nil {
		return p, nil, err
	}
	program, err := decision.Compile(m)
	if err != nil {
		return p, nil, err
	}
	more, err := policy.CheckRun(p, m, program)
	if err != nil {
		return p, nil, err
	}
	problems = append(problems, more...)
	policy.Sort(problems)
	return p, problems, nil
}

func sumUp(p *policy.Policy, problems []policy.Problem) string {
	errs, warns := 0, 0
	for _, x := range problems {
		if x.Warning() {
			warns++
		} else {
			errs++
		}
	}
	promises := 0
	for _, c := range p.Clauses {
		promises += len(c.Promises)
	}
	return fmt.Sprintf("%d clauses, %d promises; %d errors, %d warnings", len(p.Clauses), promises, errs, warns)
}
