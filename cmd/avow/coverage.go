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
engine yet), bound (it compiles), tested (its examples pass through Decide). A
clause is as far as the least of its promises, statements aside.`,
		Example: "  avow coverage policies/isodme",
		Args:    dirs,
	}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var all []policy.Coverage
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
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, strings.Join(x.Kinds, " "), strings.Join(x.Refs, " "), examples, x.Status, strings.Join(x.Flags, " "))
	}
	_ = t.Flush() // it prints to the terminal: there is nothing left to do about an error
	fmt.Fprintf(w, "\n%d clauses:", len(one.Clauses))
	for _, s := range []policy.Status{policy.Tested, policy.Bound, policy.Declared, policy.Stated, policy.Unbound} {
		if count[s] > 0 {
			fmt.Fprintf(w, " %d %s", count[s], s)
		}
	}
	fmt.Fprint(w, "\n\n")
}
