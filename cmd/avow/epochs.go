package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func epochRotateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Begin a new epoch and wrap the keys of all living people under it",
		Long: `Begin a new epoch and wrap the keys of all living people under it, which goes on in
the background: avow keys list shows how far it is. The old epoch is kept in escrow
as long as backups that need it may be restored; then destroy it. Back up the folder
of the keys after each change.`,
		Example: "  avow keys rotate --escrow 720h",
		Args:    exactly(),
	}
	var server remote
	server.add(c)
	escrow := c.Flags().Duration("escrow", 30*24*time.Hour, "how long backups from before may be restored")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		var out struct {
			Epoch   int64  `json:"epoch"`
			Retired int64  `json:"retired"`
			Until   string `json:"until"`
		}
		if err := server.call(c.Context(), "POST", api("vault", "rotate"), map[string]any{"escrow_seconds": int64(escrow.Seconds())}, &out); err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), out)
		}
		fmt.Fprintf(c.OutOrStdout(), "epoch %d begins; epoch %d is in escrow until %s\nback up the folder of the keys now, in place of its older backup\n", out.Epoch, out.Retired, out.Until)
		return nil
	}
	return c
}

func epochDestroyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "destroy EPOCH",
		Short: "Destroy an old epoch's key: what only it opened is gone in every copy",
		Long: `Destroy an old epoch's key: what only it opened is gone, in this database and in every
backup of it. It is refused before the end of the escrow, and while keys of people
are wrapped under the epoch. Destroy the backups of the key folder from before, too.`,
		Example: "  avow keys destroy 1 --yes",
		Args:    exactly("EPOCH"),
	}
	var server remote
	server.add(c)
	yes := c.Flags().Bool("yes", false, "do it; without it nothing happens")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !*yes {
			return usage{hinted{errors.New("destroying an epoch cannot be undone"), "add --yes"}}
		}
		if err := server.call(c.Context(), "POST", api("vault", args[0], "destroy"), struct{}{}, nil); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "epoch %s is destroyed; back up the folder of the keys now, and let no older copy of it exist\n", args[0])
		return nil
	}
	return c
}
