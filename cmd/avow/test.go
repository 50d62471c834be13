package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/policy"
)

func testCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "test DIR...",
		Short: "Run the examples of a policy",
		Long: `Run the examples of a policy. An example passes only if the answer is right and a
promise of its own clause is among those that determined it. Examples that ask
what a later engine answers wait, and are counted apart.

With --live they are also run against a real server over HTTP: one that is started
for the run on a state of its own, or the one at --url. For each example a person
is made up; what is given is told as events, imported from the past; the question
is asked as of the example's time; and the entries are read back from the log and
their receipts verified. The server's answer must be the same as this process's.`,
		Example: "  avow test policies/starter\n  avow test --live policies/starter",
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
		if live.live {
			return testLive(c, &live, args, *asJSON)
		}
		return testHere(c, args, *asJSON)
	}
	return c
}

// testHere runs the examples in this process and reports.
func testHere(c *cobra.Command, dirs []string, asJSON bool) error {
	type outcome struct {
		Site    string `json:"site"`
		Clause  string `json:"clause"`
		Line    int    `json:"line"`
		Verdict string `json:"verdict"`
		Why     string `json:"why,omitempty"`
	}
	results := []outcome{}
	failed := 0
	for _, dir := range dirs {
		l, err := load(dir, c.ErrOrStderr())
		if err != nil {
			return err
		}
		count := map[policy.Verdict]int{}
		for _, r := range policy.RunExamples(l.policy, l.program, l.model) {
			count[r.Verdict]++
			results = append(results, outcome{l.model.Site, r.Example.Clause.ID, r.Example.Pos.Line, string(r.Verdict), r.Why})
			if r.Verdict == policy.Failed && !asJSON {
				policy.Print(c.OutOrStdout(), l.policy.Files, []policy.Problem{{Code: "E16", Pos: r.Example.Pos, Message: "clause " + r.Example.Clause.ID + ": " + r.Why}})
			}
		}
		failed += count[policy.Failed]
		if !asJSON {
			fmt.Fprintf(c.OutOrStdout(), "%s: %d passed, %d failed, %d waiting for a later engine\n", dir, count[policy.Passed], count[policy.Failed], count[policy.Waiting])
		}
	}
	if asJSON {
		if err := writeJSON(c.OutOrStdout(), map[string]any{"examples": results}); err != nil {
			return err
		}
	}
	if failed > 0 {
		return failure{exitFailed}
	}
	return nil
}

// testLive runs the examples against a server and reports.
func testLive(c *cobra.Command, f *liveFlags, dirs []string, asJSON bool) error {
	reports, err := runLive(c, f, dirs)
	if err != nil {
		return err
	}
	failed, all, hidden := false, []liveExample{}, map[string][]string{}
	for _, r := range reports {
		failed = failed || r.failed()
		if ids, _ := r.hidden(); len(ids) > 0 {
			hidden[r.loaded.model.Site] = ids // statements that the page does not show
		}
		if all = append(all, r.examples()...); !asJSON {
			r.print(c.OutOrStdout())
		}
	}
	if asJSON {
		if err := writeJSON(c.OutOrStdout(), map[string]any{"examples": all, "hidden": hidden}); err != nil {
			return err
		}
	}
	if failed {
		return failure{exitFailed}
	}
	return nil
}
