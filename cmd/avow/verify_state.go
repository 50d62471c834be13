package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/internal/store"
)

// isState reports whether the folder is a server's.
func isState(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "avow.db"))
	return err == nil
}

// verifyState recomputes the database of a server that does not run.
func verifyState(ctx context.Context, c *cobra.Command, state *stateFlags, asJSON bool) (err error) {
	if _, err := os.Stat(state.keysDir()); err != nil {
		return hinted{fmt.Errorf("no keys to open the database with: %w", err), "--keys names their folder, where it is not keys in " + state.dir}
	}
	house, err := state.house(ctx, nil)
	if errors.Is(err, store.ErrInUse) {
		return hinted{err, "stop its server first, or verify the log that it serves: avow verify http://…/ledger --key …"}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	doubt := house.Doubt
	var report store.Report
	if doubt == nil {
		report, doubt = house.People.Check(ctx, progress(c))
	}
	if asJSON {
		out := map[string]any{"holds": doubt == nil, "size": report.Size, "entries": report.Entries, "opened": report.Opened, "erased": report.Erased, "tiles": report.Tiles}
		if doubt != nil {
			out["why"] = doubt.Error()
		}
		if err := writeJSON(c.OutOrStdout(), out); err != nil {
			return err
		}
	}
	if doubt != nil {
		if !asJSON {
			fmt.Fprintf(c.OutOrStdout(), "DOES NOT HOLD: %v\n", doubt)
		}
		return failure{exitUnverified}
	}
	if !asJSON {
		fmt.Fprintf(c.OutOrStdout(), "the database holds: %d entries, %d tiles recomputed, the root is the signed one; %d records are what their leaves commit to, %d are erased, as the log says\n",
			report.Size, report.Tiles, report.Opened, report.Erased)
	}
	return nil
}

// progress tells on a terminal how far a long check has come.
func progress(c *cobra.Command) func(done, total int64) {
	f, ok := c.ErrOrStderr().(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(done, total int64) { fmt.Fprintf(f, "\r%d of %d entries", done, total) }
}
