package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func shadowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "shadow SITE [observe|warn|enforce]",
		Short: "Show what enforcing would have denied, or say how far answers are enforced",
		Long: `Show what enforcing would have denied, or say how far answers are enforced: observe
answers yes and records what would be denied; warn says so as well; enforce denies.
The most exact of site, key and clause holds.`,
		Example: `  avow shadow starter
  avow shadow starter observe --clause letter`,
		Args: cobra.RangeArgs(1, 2),
	}
	var server remote
	server.add(c)
	key := c.Flags().String("key-id", "", "only for this API key")
	clause := c.Flags().String("clause", "", "only for denials that this clause determines")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		path := "/api/v1/" + args[0] + "/shadow"
		if len(args) == 2 {
			return server.call(c.Context(), "PUT", path, map[string]string{"mode": args[1], "key": *key, "clause": *clause}, nil)
		}
		var out struct {
			Asked     int64 `json:"asked"`
			WouldDeny []struct {
				Action  string   `json:"action"`
				For     string   `json:"for"`
				To      string   `json:"to"`
				Kind    string   `json:"kind"`
				Clauses []string `json:"clauses"`
				Missing []string `json:"missing"`
				Times   int64    `json:"times"`
				People  int      `json:"people"`
			} `json:"would_deny"`
		}
		if err := server.call(c.Context(), "GET", path+"/report", nil, &out); err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), out)
		}
		fmt.Fprintf(c.OutOrStdout(), "%d questions in the last seven days\n", out.Asked)
		for _, d := range out.WouldDeny {
			fmt.Fprintf(c.OutOrStdout(), "would deny %d times, to %d people: %s for %s", d.Times, d.People, d.Action, d.For)
			if d.To != "" {
				fmt.Fprintf(c.OutOrStdout(), " to %s", d.To)
			}
			fmt.Fprintf(c.OutOrStdout(), ": %s", d.Kind)
			if len(d.Clauses) > 0 {
				fmt.Fprintf(c.OutOrStdout(), " (clause %s)", strings.Join(d.Clauses, ", "))
			}
			if len(d.Missing) > 0 {
				fmt.Fprintf(c.OutOrStdout(), "; missing: %s", strings.Join(d.Missing, ", "))
			}
			fmt.Fprintln(c.OutOrStdout())
		}
		return nil
	}
	return c
}
