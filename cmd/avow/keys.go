package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "API keys, and the keys under which people's keys are wrapped",
		Long: `API keys say who may ask what: list, issue, renew, revoke, end. Epochs are the keys outside
the database under which the keys of people are wrapped: rotate, destroy. What was
erased is unreadable in every copy once the epochs from before it are destroyed.`,
		Example: `  avow keys list
  avow keys issue shop --scope decide --scope events:write
  avow keys rotate --escrow 720h`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage{hinted{fmt.Errorf("keys does not do %q", args[0]), "avow keys --help lists what it does"}}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(keysListCommand(), keysIssueCommand(), keysRenewCommand(), keysRevokeCommand(), keysEndCommand(), epochRotateCommand(), epochDestroyCommand())
	return c
}

func keysListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List principals, API keys and epochs; secrets are nowhere",
		Example: "  avow keys list --json",
		Args:    exactly(),
	}
	var server remote
	server.add(c)
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		var callers, vault json.RawMessage
		if err := server.call(c.Context(), "GET", api("principals"), nil, &callers); err != nil {
			return err
		}
		if err := server.call(c.Context(), "GET", api("vault"), nil, &vault); err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), map[string]any{"callers": callers, "vault": vault})
		}
		if err := tellCallers(c.OutOrStdout(), callers); err != nil {
			return err
		}
		return tellEpochs(c.OutOrStdout(), vault)
	}
	return c
}

func tellCallers(w io.Writer, text []byte) error {
	var out struct {
		Principals []struct {
			Name, Kind, Ended string
			Roles             []string
			Keys              []struct {
				ID, State, Expires, Successor string
				Binding                       struct {
					Scopes, Sites, Purposes, Actions []string
					Recipient                        string
				}
			}
		}
	}
	if err := json.Unmarshal(text, &out); err != nil {
		return fmt.Errorf("read the list of principals: %w", err)
	}
	for _, p := range out.Principals {
		fmt.Fprintf(w, "%s (%s)", p.Name, strings.Join(append([]string{p.Kind}, p.Roles...), ", "))
		if p.Ended != "" {
			fmt.Fprintf(w, ", ended %s", p.Ended)
		}
		fmt.Fprintln(w)
		for _, k := range p.Keys {
			fmt.Fprintf(w, "  %s  %s", k.ID, k.State)
			if k.Expires != "" && k.State != "revoked" {
				fmt.Fprintf(w, ", until %s", k.Expires)
			}
			fmt.Fprintf(w, ": %s", strings.Join(k.Binding.Scopes, " "))
			for _, l := range []struct {
				what  string
				names []string
			}{{"site", k.Binding.Sites}, {"purpose", k.Binding.Purposes}, {"action", k.Binding.Actions}, {"recipient", strings.Fields(k.Binding.Recipient)}} {
				if len(l.names) > 0 {
					fmt.Fprintf(w, "; only %s %s", l.what, strings.Join(l.names, ", "))
				}
			}
			if k.Successor != "" {
				fmt.Fprintf(w, "; its successor is %s", k.Successor)
			}
			fmt.Fprintln(w)
		}
	}
	return nil
}

func tellEpochs(w io.Writer, text []byte) error {
	var out struct {
		Epochs []struct {
			Number    int64
			State     string
			Rings     int64
			Escrow    string `json:"escrow_until"`
			Destroyed string
		}
	}
	if err := json.Unmarshal(text, &out); err != nil {
		return fmt.Errorf("read the list of epochs: %w", err)
	}
	for _, e := range out.Epochs {
		fmt.Fprintf(w, "epoch %d: %s", e.Number, e.State)
		switch {
		case e.Destroyed != "":
			fmt.Fprintf(w, " %s\n", e.Destroyed)
			continue
		case e.Escrow != "":
			fmt.Fprintf(w, ", in escrow until %s", e.Escrow)
		}
		fmt.Fprintf(w, "; keys of people under it: %d\n", e.Rings)
	}
	return nil
}

func keysIssueCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "issue NAME",
		Short: "Issue an API key to a machine or a member of staff; the secret is shown once",
		Long: `Issue an API key. NAME is made, as a machine, if there is none of the name. The secret
is shown once, alone on the standard output. The service asks under this NAME: it
sends it as subject.id. The name stands in the log for ever: let it be nobody's own.

Scopes: decide, events:write, disclosures:write, people:read, people:write,
ledger:read, decisions:read, shadow:write, erase, keys:admin; and liberties within
decide: time:any, facts:any, subject:any.`,
		Example: `  avow keys issue shop --scope decide --scope events:write > shop.key
  avow keys issue mailer --scope decide --purpose letter --recipient mailer --expires 2160h`,
		Args: exactly("NAME"),
	}
	var server remote
	server.add(c)
	scopes := c.Flags().StringSlice("scope", nil, "what it opens, at least one")
	sites := c.Flags().StringSlice("site", nil, "only for these sites")
	purposes := c.Flags().StringSlice("purpose", nil, "only for these purposes")
	actions := c.Flags().StringSlice("action", nil, "only for these actions")
	recipient := c.Flags().String("recipient", "", "the recipient it speaks for")
	roles := c.Flags().StringSlice("role", nil, "of a new NAME: a role of the vocabulary in which it may ask")
	staff := c.Flags().Bool("staff", false, "of a new NAME: it is a member of staff, not a machine")
	expires := c.Flags().Duration("expires", 0, "how long it is valid; 0: until it is revoked")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(*scopes) == 0 {
			return usage{hinted{errors.New("the key opens nothing"), "--scope decide; avow keys issue --help lists the scopes"}}
		}
		body := map[string]any{"principal": args[0], "binding": map[string]any{"scopes": *scopes, "sites": *sites, "purposes": *purposes, "actions": *actions, "recipient": *recipient}}
		if *expires > 0 {
			body["expires"] = time.Now().Add(*expires).UTC().Format(time.RFC3339)
		}
		if len(*roles) > 0 || *staff {
			kind := map[bool]string{true: "staff", false: "machine"}[*staff]
			if err := server.call(c.Context(), "POST", api("principals"), map[string]any{"name": args[0], "kind": kind, "roles": *roles}, nil); err != nil {
				return hinted{err, "--role and --staff are for a NAME that there is not yet"}
			}
		}
		return newKey(c, &server, api("keys"), body, *asJSON)
	}
	return c
}

// newKey has a key made and shows its secret, alone on the standard output.
func newKey(c *cobra.Command, server *remote, path string, body any, asJSON bool) error {
	var out struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	if err := server.call(c.Context(), "POST", path, body, &out); err != nil {
		return err
	}
	if asJSON {
		return writeJSON(c.OutOrStdout(), out)
	}
	fmt.Fprintf(c.ErrOrStderr(), "key %s; its secret is shown this once:\n", out.ID)
	fmt.Fprintln(c.OutOrStdout(), out.Secret)
	return nil
}

func keysRenewCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "renew ID",
		Short:   "Issue the successor of an API key, which goes on for a while beside it",
		Example: "  avow keys renew k7m2p4qa --overlap 24h > shop.key",
		Args:    exactly("ID"),
	}
	var server remote
	server.add(c)
	overlap := c.Flags().Duration("overlap", 24*time.Hour, "how long the old one goes on, at most 30 days")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return newKey(c, &server, api("keys", args[0], "rotate"), map[string]any{"overlap_seconds": int64(overlap.Seconds())}, *asJSON)
	}
	return c
}

func keysRevokeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Revoke an API key, at once",
		Example: "  avow keys revoke k7m2p4qa",
		Args:    exactly("ID"),
	}
	var server remote
	server.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := server.call(c.Context(), "POST", api("keys", args[0], "revoke"), struct{}{}, nil); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "key %s is revoked\n", args[0])
		return nil
	}
	return c
}

func keysEndCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "end NAME",
		Short:   "End a machine or a member of staff, with all their keys, for ever",
		Example: "  avow keys end shop --yes",
		Args:    exactly("NAME"),
	}
	var server remote
	server.add(c)
	yes := c.Flags().Bool("yes", false, "do it; without it nothing happens")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !*yes {
			return usage{hinted{errors.New("a name that has ended is never given again"), "add --yes; avow keys revoke ends one key alone"}}
		}
		if err := server.call(c.Context(), "POST", api("principals", args[0], "end"), struct{}{}, nil); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%s has ended, with all keys\n", args[0])
		return nil
	}
	return c
}
