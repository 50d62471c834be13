package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/policy"
)

func coverageCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "coverage DIR...",
		Short: "Say, clause by clause, what software carries it",
		Long: `Say, clause by clause, what software carries it: unbound, statement, declared (no
engine yet), bound (it compiles), tested (its examples pass through Decide) and, with
--live, exercised (a real server answered one of them, and the log proves it). A
clause is as far as the least of its promises, statements aside.`,
		Example: "  avow coverage policies/isodme\n  avow coverage --live policies/starter",
		Args:    dirs,
	}
	asJSON := jsonFlag(c)
	var live liveFlags
	live.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := live.check(); err != nil {
			return err
		}
		args = folders(args)
		var all []policy.Coverage
		if live.live {
			reports, err := runLive(c, &live, args)
			if err != nil {
				return err
			}
			for _, r := range reports {
				all = append(all, policy.CoverLive(r.loaded.policy, r.here(), r.live))
			}
			args = nil
		}
		for _, dir := range args {
			l, err := load(dir, c.ErrOrStderr())
			if err != nil {
				return err
			}
			all = append(all, policy.Cover(l.policy, policy.RunExamples(l.policy, l.program, l.model)))
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), map[string]any{"policies": all})
		}
		for _, one := range all {
			printCoverage(c.OutOrStdout(), one)
		}
		if len(all) > 1 {
			sumUpCoverage(c.OutOrStdout(), all)
		}
		return nil
	}
	return c
}

func printCoverage(w io.Writer, one policy.Coverage) {
	fmt.Fprintf(w, "%s\n\n", one.Site)
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CLAUSE\tKINDS\tREFS\tEXAMPLES\tSTATUS\tFLAGS")
	count := map[policy.Status]int{}
	for _, x := range one.Clauses {
		count[x.Status]++
		examples := fmt.Sprintf("%d/%d", x.Passed, x.Examples)
		if x.Waiting > 0 {
			examples += fmt.Sprintf(" (%d wait)", x.Waiting)
		}
		if x.Live > 0 {
			examples += fmt.Sprintf(", %d live", x.Live)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, strings.Join(x.Kinds, " "), strings.Join(x.Refs, " "), examples, x.Status, strings.Join(x.Flags, " "))
	}
	_ = t.Flush() // it prints to the terminal: there is nothing left to do about an error
	fmt.Fprintf(w, "\n%d clauses:", len(one.Clauses))
	for _, s := range []policy.Status{policy.Exercised, policy.Tested, policy.Bound, policy.Declared, policy.Stated, policy.Unbound} {
		if count[s] > 0 {
			fmt.Fprintf(w, " %d %s", count[s], s)
		}
	}
	fmt.Fprint(w, "\n\n")
}

// sumUpCoverage says of several policies how many outside requirements they are bound to.
func sumUpCoverage(w io.Writer, all []policy.Coverage) {
	clauses, unbound, refs := 0, 0, map[string]bool{}
	for _, one := range all {
		for _, x := range one.Clauses {
			clauses++
			if x.Status == policy.Unbound {
				unbound++
			}
			for _, r := range x.Refs {
				refs[r] = true
			}
		}
	}
	fmt.Fprintf(w, "%d policies: %d refs bound; %d clauses, %d unbound\n", len(all), len(refs), clauses, unbound)
}
