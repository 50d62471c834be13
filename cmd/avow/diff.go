package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

func diffCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say exactly what a new version allows or denies that the old one did not",
		Long: `Say exactly what a new version allows or denies that the old one did not, with a
smallest example each. Nothing is sampled: questions that neither version can tell
apart form classes, and the sets of classes that the versions allow are compared
whole. Exit status 0, also when they differ.`,
		Example: "  avow diff policies/starter new-starter",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage{hinted{fmt.Errorf("diff compares two policies; %d named", len(args)), "avow diff OLD NEW"}}
			}
			return nil
		},
	}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		old, err := load(args[0], c.ErrOrStderr())
		if err != nil {
			return err
		}
		new, err := load(args[1], c.ErrOrStderr())
		if err != nil {
			return err
		}
		diff, err := policy.Compare(old.model, new.model, decision.InstantOf(time.Now()))
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), diff)
		}
		printDiff(c.OutOrStdout(), diff)
		return nil
	}
	return c
}

// printDiff tells the changes, those of one verb, purpose and recipient together.
func printDiff(w io.Writer, diff *policy.Comparison) {
	if len(diff.Changes) == 0 {
		fmt.Fprintln(w, "no question is answered differently")
		return
	}
	type group struct {
		first   policy.Change
		objects []string
	}
	var groups []*group
	index := map[string]*group{}
	for _, ch := range diff.Changes {
		key := fmt.Sprint(ch.Allowed, ch.Verb, ch.Purpose, ch.Recipient, ch.Witness.Old.Promises, ch.Witness.New.Promises, ch.Witness.Person)
		g := index[key]
		if g == nil {
			g = &group{first: ch}
			index[key] = g
			groups = append(groups, g)
		}
		g.objects = append(g.objects, ch.Object)
	}
	for _, g := range groups {
		ch := g.first
		head := "newly denied: "
		if ch.Allowed {
			head = "newly allowed:"
		}
		fmt.Fprintf(w, "%s %s %s", head, ch.Verb, strings.Join(g.objects, ", "))
		if ch.Purpose != "" {
			fmt.Fprintf(w, " for %s", ch.Purpose)
		}
		if ch.Recipient != "" {
			fmt.Fprintf(w, " to %s", ch.Recipient)
		}
		fmt.Fprintf(w, "\n  for example: %s\n  before: %s\n  after:  %s\n\n", policy.Describe(ch.Witness.Request, ch.Witness.Person), policy.Brief(ch.Witness.Old), policy.Brief(ch.Witness.New))
	}
	fmt.Fprintf(w, "%d changes; %d classes of questions compared\n", len(groups), diff.Classes)
}
