package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "check DIR...",
		Short:   "Find everything that is wrong with a policy, at once",
		Example: "  avow check policies/starter",
		Args:    dirs,
	}
	asJSON := jsonFlag(c)
	fix := c.Flags().Bool("fix", false, "mend what is mechanical: Unicode forms, line ends, missing anchors")
	c.RunE = func(c *cobra.Command, args []string) error {
		failed := false
		all := map[string][]policy.Problem{}
		for _, dir := range args {
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
		}
		if *asJSON {
			if err := writeJSON(c.OutOrStdout(), map[string]any{"policies": all}); err != nil {
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
