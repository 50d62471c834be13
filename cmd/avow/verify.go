package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/ledger"
)

// exitUnverified is the status where a proof does not hold.
const exitUnverified = 3

func verifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify RECEIPT... | LOG | STATE",
		Short: "Check receipts, or a whole log, without asking anybody",
		Long: `Check receipts, or a whole log, without asking anybody. A receipt is a file; a log is a
folder laid out as C2SP tiles, or the address of one, as http://host/ledger. The key
of the log is given with --key: as text, or as the file that holds it. STATE is the
--dir of a server that does not run: its whole database is recomputed, with every
record that its keys open.

A receipt proves that its record is in the log, word for word. It does not prove that
the record is true. Exit status 3: the proof does not hold.`,
		Example: `  avow verify receipt.json --key log.vkey
  avow verify http://127.0.0.1:8080/ledger --key log.vkey --older last-week.checkpoint`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage{hinted{errors.New("nothing to verify"), "name a receipt, or the folder or address of a log"}}
			}
			return nil
		},
	}
	key := c.Flags().String("key", "", "the log's verification key, or the file that holds it")
	older := c.Flags().StringArray("older", nil, "a checkpoint that somebody kept; the log must begin with it")
	records := c.Flags().String("records", "", "records of the log with their keys, one JSON line each, to hold against their leaves")
	witnesses := c.Flags().StringArray("witness", nil, "verification key of a witness whose cosignature counts")
	demand := c.Flags().Int("witnesses", 0, "how many of them must have cosigned")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		if len(args) == 1 && isState(args[0]) {
			return verifyState(ctx, c, args[0], *asJSON)
		}
		v, err := verifier(*key)
		if err != nil {
			return err
		}
		if v, err = v.WithWitnesses(*demand, *witnesses...); err != nil {
			return usage{fmt.Errorf("read the witness's key: %w", err)}
		}
		if source, ok := logSource(args); ok {
			return verifyLog(ctx, c, source, v, *older, *records, *asJSON)
		}
		return verifyReceipts(c, args, v, *asJSON)
	}
	return c
}

func verifier(key string) (*ledger.Verifier, error) {
	if key == "" {
		return nil, usage{hinted{errors.New("no key to check against"), "--key log.vkey; a server shows its own at /ledger/key, but take it from who published it"}}
	}
	if text, err := os.ReadFile(key); err == nil {
		key = string(text)
	} else if !strings.Contains(key, "+") {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	v, err := ledger.NewVerifier(strings.Fields(key)...)
	if err != nil {
		return nil, usage{fmt.Errorf("read the key: %w", err)}
	}
	return v, nil
}

// logSource is the one argument as a log, if it is one.
func logSource(args []string) (ledger.Source, bool) {
	if len(args) != 1 {
		return nil, false
	}
	if base, ok := strings.CutSuffix(args[0], "/"); ok || strings.Contains(args[0], "://") {
		if strings.Contains(args[0], "://") {
			return webLog{base: base, client: &http.Client{Timeout: 30 * time.Second}}, true
		}
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		return ledger.Files(os.DirFS(args[0])), true
	}
	return nil, false
}

func verifyReceipts(c *cobra.Command, files []string, v *ledger.Verifier, asJSON bool) error {
	type result struct {
		File   string          `json:"file"`
		Holds  bool            `json:"holds"`
		Why    string          `json:"why,omitempty"`
		Record json.RawMessage `json:"record,omitempty"`
		Index  uint64          `json:"index"`
		Size   uint64          `json:"size,omitempty"`
		Origin string          `json:"origin,omitempty"`
	}
	var all []result
	bad := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the receipt: %w", err)
		}
		r := result{File: file}
		receipt, err := ledger.ParseReceipt(text)
		var record ledger.Record
		var head ledger.Checkpoint
		if err == nil {
			record, head, err = receipt.Verify(v)
		}
		if err != nil {
			r.Why = err.Error()
			bad++
		} else {
			r.Holds, r.Record, r.Index, r.Size, r.Origin = true, receipt.Record, receipt.Proof.Index, head.Size, head.Origin
		}
		if all = append(all, r); !asJSON {
			tellReceipt(c.OutOrStdout(), file, record, r.Index, head, err)
		}
	}
	if asJSON {
		if err := writeJSON(c.OutOrStdout(), map[string]any{"receipts": all}); err != nil {
			return err
		}
	}
	if bad > 0 {
		return failure{exitUnverified}
	}
	return nil
}

func tellReceipt(w io.Writer, file string, r ledger.Record, index uint64, head ledger.Checkpoint, err error) {
	if err != nil {
		fmt.Fprintf(w, "%s: DOES NOT HOLD: %v\n", file, err)
		return
	}
	fmt.Fprintf(w, "%s: holds. %s at %s, recorded %s by %s\n  %s\n  entry %d of %d in the log %s\n", file, r.Kind, r.At, r.Recorded, r.Site, r.Body, index, head.Size, head.Origin)
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
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s", resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}
