package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func shadowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "shadow SITE [observe|warn|enforce]",
		Short: "Show what enforcing would have denied, or say how far answers are enforced",
		Long: `Show what enforcing would have denied, or say how far answers are enforced: observe
answers yes and records what would be denied; warn says so as well; enforce denies.
The most exact of site, key and clause holds. A site enforces until it is told
otherwise.`,
		Example: `  avow shadow starter
  avow shadow starter observe --key-id k7m2p4qa
  avow shadow starter enforce --clause letter`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 2 && !slices.Contains([]string{"observe", "warn", "enforce"}, args[1]) {
				return usage{hinted{fmt.Errorf("%q is no mode", args[1]), "observe, warn or enforce"}}
			}
			if len(args) == 2 {
				return nil
			}
			return exactly("SITE")(c, args)
		},
	}
	var server remote
	server.add(c)
	key := c.Flags().String("key-id", "", "only for this API key")
	clause := c.Flags().String("clause", "", "only for denials that this clause determines")
	since := c.Flags().Duration("since", 7*24*time.Hour, "how far the report looks back")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 2 {
			if err := server.call(c.Context(), "PUT", api(args[0], "shadow"), map[string]string{"mode": args[1], "key": *key, "clause": *clause}, nil); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: %s%s\n", args[0], args[1], whom(*key, *clause))
			return nil
		}
		if *key != "" || *clause != "" {
			return usage{hinted{errors.New("--key-id and --clause say for what a mode is set"), "avow shadow " + args[0] + " observe --key-id …"}}
		}
		return reportShadow(c, &server, args[0], time.Now().Add(-*since), *asJSON)
	}
	return c
}

func whom(key, clause string) string {
	out := ""
	if clause != "" {
		out += " for clause " + clause
	}
	if key != "" {
		out += " for key " + key
	}
	return out
}

type shadowReport struct {
	Asked     int64 `json:"asked"`
	WouldDeny []struct {
		Key, Action, For, To, Kind string
		Clauses, Missing           []string
		Times                      int64
		People                     int
	} `json:"would_deny"`
}

func reportShadow(c *cobra.Command, server *remote, site string, since time.Time, asJSON bool) error {
	var set, report json.RawMessage
	if err := server.call(c.Context(), "GET", api(site, "shadow"), nil, &set); err != nil {
		return err
	}
	if err := server.call(c.Context(), "GET", api(site, "shadow", "report")+"?since="+url.QueryEscape(since.UTC().Format(time.RFC3339)), nil, &report); err != nil {
		return err
	}
	if asJSON {
		return writeJSON(c.OutOrStdout(), map[string]any{"shadow": set, "report": report})
	}
	var modes struct {
		Modes []struct{ Key, Clause, Mode string }
	}
	var r shadowReport
	if err := errors.Join(json.Unmarshal(set, &modes), json.Unmarshal(report, &r)); err != nil {
		return fmt.Errorf("read the report: %w", err)
	}
	for _, m := range modes.Modes {
		fmt.Fprintf(c.OutOrStdout(), "%s%s\n", m.Mode, whom(m.Key, m.Clause))
	}
	if len(modes.Modes) == 0 {
		fmt.Fprintln(c.OutOrStdout(), "enforce: no mode is set")
	}
	r.tell(c.OutOrStdout(), since)
	return nil
}

func (r *shadowReport) tell(w io.Writer, since time.Time) {
	fmt.Fprintf(w, "%s since %s\n", counted(r.Asked, "question", "questions"), since.UTC().Format("2006-01-02 15:04 UTC"))
	for _, d := range r.WouldDeny {
		fmt.Fprintf(w, "would deny %s, to %s: %s for %s", counted(d.Times, "time", "times"), counted(int64(d.People), "person known here", "people known here"), d.Action, d.For)
		if d.To != "" {
			fmt.Fprintf(w, " to %s", d.To)
		}
		fmt.Fprintf(w, ", by key %s: %s", d.Key, d.Kind)
		if len(d.Clauses) > 0 {
			fmt.Fprintf(w, " (clause %s)", strings.Join(d.Clauses, ", "))
		}
		if len(d.Missing) > 0 {
			fmt.Fprintf(w, "; missing: %s", strings.Join(d.Missing, ", "))
		}
		fmt.Fprintln(w)
	}
}
