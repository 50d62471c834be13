package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/ledger"
)

// logSource is the one argument as a log, if it is one.
func logSource(args []string) (ledger.Source, bool) {
	if len(args) != 1 {
		return nil, false
	}
	if strings.Contains(args[0], "://") {
		return webLog{base: strings.TrimSuffix(args[0], "/"), client: &http.Client{Timeout: 30 * time.Second}}, true
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		return ledger.Files(os.DirFS(args[0])), true
	}
	return nil, false
}

func verifyLog(ctx context.Context, c *cobra.Command, source ledger.Source, v *ledger.Verifier, older []string, records string, asJSON bool) error {
	check := ledger.LogCheck{Verifier: v}
	for _, file := range older {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the older checkpoint: %w", err)
		}
		check.Older = append(check.Older, text)
	}
	if records != "" {
		f, err := os.Open(records)
		if err != nil {
			return fmt.Errorf("read the records: %w", err)
		}
		defer f.Close()
		check.Opened = ledger.ReadOpened(f)
	}
	report, err := ledger.CheckLog(ctx, source, check)
	if why, ok := unread(err); ok {
		return hinted{fmt.Errorf("read the log: %w", why), "is it a log? its address ends in /ledger, and its folder holds a file checkpoint"}
	}
	if asJSON {
		out := map[string]any{"holds": err == nil, "origin": report.Checkpoint.Origin, "size": report.Checkpoint.Size, "entries": report.Entries, "tiles": report.Tiles, "older": report.Older}
		if err != nil {
			out["why"] = err.Error()
		}
		if err := writeJSON(c.OutOrStdout(), out); err != nil {
			return err
		}
	}
	switch {
	case err != nil && !asJSON:
		fmt.Fprintf(c.OutOrStdout(), "DOES NOT HOLD: %v\n", err)
		fallthrough
	case err != nil:
		return failure{exitUnverified}
	case !asJSON:
		fmt.Fprintf(c.OutOrStdout(), "the log holds: %s, %d entries, %d tiles recomputed, the root is the signed one", report.Checkpoint.Origin, report.Entries, report.Tiles)
		if report.Records > 0 {
			fmt.Fprintf(c.OutOrStdout(), "; %d records are what their leaves commit to", report.Records)
		}
		if report.Older > 0 {
			fmt.Fprintf(c.OutOrStdout(), "; it begins with %d older checkpoints", report.Older)
		}
		fmt.Fprintln(c.OutOrStdout())
	}
	return nil
}

// A webLog reads a log over HTTP.
type webLog struct {
	base   string
	client *http.Client
}

// Checkpoint reads the newest signed checkpoint.
func (l webLog) Checkpoint(ctx context.Context) ([]byte, error) { return l.read(ctx, "checkpoint") }

// Tile reads a hash tile.
func (l webLog) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	return l.read(ctx, ledger.TilePath(level, n, width))
}

// Bundle reads a bundle of entries.
func (l webLog) Bundle(ctx context.Context, n uint64, width int) ([]byte, error) {
	return l.read(ctx, ledger.BundlePath(n, width))
}

func (l webLog) read(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, unanswered{err}
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, fmt.Errorf("the server has none: %w", fs.ErrNotExist)
	default:
		return nil, unanswered{fmt.Errorf("the server answers %s", resp.Status)}
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, unanswered{err}
	}
	return text, nil
}

// unanswered is why a log could not be read, which says nothing about the log.
type unanswered struct{ error }

// unread reports whether a check ended because there is no log, or because it could not be read on.
func unread(err error) (error, bool) {
	if why, ok := errors.AsType[unanswered](err); ok {
		return why.error, true
	}
	d, ok := errors.AsType[*ledger.Defect](err)
	return err, ok && d.Path == "checkpoint" && errors.Is(err, fs.ErrNotExist)
}
