package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "API keys, and the keys under which people's keys are wrapped",
		Long: `API keys: who may ask what. Epochs: the keys outside the database under which the keys
of people are wrapped. What was erased is unreadable in every copy once the epochs
from before it are destroyed.`,
		Example: "  avow keys list",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(keysListCommand(), keysIssueCommand(), keysRevokeCommand(), epochRotateCommand(), epochDestroyCommand())
	return c
}

func keysListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List principals, API keys and epochs", Example: "  avow keys list --json", Args: cobra.NoArgs}
	var server remote
	server.add(c)
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		var out struct {
			Principals []struct {
				Name string
				Kind string
				Keys []struct {
					ID      string
					Binding struct{ Scopes []string }
					Expires string
					State   string
				}
			}
		}
		var vault struct {
			Epochs []struct {
				Number int64
				State  string
				Rings  int64
			}
		}
		if err := server.call(c.Context(), "GET", "/api/v1/principals", nil, &out); err != nil {
			return err
		}
		if err := server.call(c.Context(), "GET", "/api/v1/vault", nil, &vault); err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), map[string]any{"principals": out.Principals, "epochs": vault.Epochs})
		}
		w := c.OutOrStdout()
		for _, p := range out.Principals {
			fmt.Fprintf(w, "%s (%s)\n", p.Name, p.Kind)
			for _, k := range p.Keys {
				fmt.Fprintf(w, "  %s  %s  %s", k.ID, k.State, strings.Join(k.Binding.Scopes, " "))
				if k.Expires != "" {
					fmt.Fprintf(w, "  until %s", k.Expires)
				}
				fmt.Fprintln(w)
			}
		}
		for _, e := range vault.Epochs {
			fmt.Fprintf(w, "epoch %d: %s, %d keys of people under it\n", e.Number, e.State, e.Rings)
		}
		return nil
	}
	return c
}

func keysIssueCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "issue NAME",
		Short: "Issue an API key to a machine, made if there is none of the name; the secret is shown once",
		Example: `  avow keys issue mailer --scope decide --purpose letter --recipient mailer
  avow keys issue shop --scope decide --scope events:write --expires 2160h`,
		Args: cobra.ExactArgs(1),
	}
	var server remote
	server.add(c)
	scopes := c.Flags().StringSlice("scope", nil, "what it opens: decide, events:write, people:read, …")
	sites := c.Flags().StringSlice("site", nil, "only for these sites")
	purposes := c.Flags().StringSlice("purpose", nil, "only for these purposes")
	actions := c.Flags().StringSlice("action", nil, "only for these actions")
	recipient := c.Flags().String("recipient", "", "the recipient it speaks for")
	expires := c.Flags().Duration("expires", 0, "how long it is valid; 0: until it is revoked")
	c.RunE = func(c *cobra.Command, args []string) error {
		body := map[string]any{"principal": args[0], "binding": map[string]any{"scopes": *scopes, "sites": *sites, "purposes": *purposes, "actions": *actions, "recipient": *recipient}}
		if *expires > 0 {
			body["expires"] = time.Now().Add(*expires).UTC().Format(time.RFC3339)
		}
		var out struct{ ID, Secret string }
		if err := server.call(c.Context(), "POST", "/api/v1/keys", body, &out); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%s\n", out.Secret)
		return nil
	}
	return c
}

func keysRevokeCommand() *cobra.Command {
	c := &cobra.Command{Use: "revoke ID", Short: "Revoke an API key, at once", Example: "  avow keys revoke k7m2p4qa", Args: cobra.ExactArgs(1)}
	var server remote
	server.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return server.call(c.Context(), "POST", "/api/v1/keys/"+args[0]+"/revoke", struct{}{}, nil)
	}
	return c
}

func epochRotateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Begin a new epoch and wrap the keys of all living people under it",
		Long: `Begin a new epoch and wrap the keys of all living people under it. The old epoch is
kept in escrow as long as backups that need it may be restored, then destroy it.`,
		Example: "  avow keys rotate --escrow 720h",
		Args:    cobra.NoArgs,
	}
	var server remote
	server.add(c)
	escrow := c.Flags().Duration("escrow", 30*24*time.Hour, "how long backups from before may be restored")
	c.RunE = func(c *cobra.Command, _ []string) error {
		var out struct {
			Epoch   int64
			Retired int64
			Until   string
		}
		if err := server.call(c.Context(), "POST", "/api/v1/vault/rotate", map[string]any{"escrow_seconds": int64(escrow.Seconds())}, &out); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "epoch %d; epoch %d is kept until %s\n", out.Epoch, out.Retired, out.Until)
		return nil
	}
	return c
}

func epochDestroyCommand() *cobra.Command {
	c := &cobra.Command{Use: "destroy EPOCH", Short: "Destroy an old epoch's key: what only it opened is gone in every copy", Example: "  avow keys destroy 1", Args: cobra.ExactArgs(1)}
	var server remote
	server.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return server.call(c.Context(), "POST", "/api/v1/vault/"+args[0]+"/destroy", struct{}{}, nil)
	}
	return c
}
