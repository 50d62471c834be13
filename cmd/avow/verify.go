package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

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
  avow verify http://127.0.0.1:8080/ledger --key log.vkey --older last-week.checkpoint
  avow verify avow-data`,
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
	var state stateFlags
	c.Flags().StringVar(&state.db, "db", "", "of STATE: address of its PostgreSQL, if that is where it lies")
	c.Flags().StringVar(&state.keys, "keys", "", "of STATE: folder of its keys; else keys in STATE")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		if len(args) == 1 && (state.db != "" || isState(args[0])) {
			state.dir = args[0]
			return verifyState(ctx, c, &state, *asJSON)
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
			return hinted{fmt.Errorf("read the receipt: %w", err), "name a receipt, or the folder or address of a log"}
		}
		r := result{File: file}
		receipt, err := ledger.ParseReceipt(text)
		var record ledger.Record
		var head ledger.Checkpoint
		if err == nil {
			record, head, err = receipt.Verify(v)
		}
		if err != nil {
			r.Why = unproven(err)
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

// unproven is why a receipt does not hold, for people.
func unproven(err error) string {
	switch {
	case errors.Is(err, ledger.ErrNotIncluded):
		return "this record is not in the log that was signed: record, key or proof were changed"
	case errors.Is(err, ledger.ErrUnknownLog):
		return "none of the keys given with --key has signed it"
	case errors.Is(err, ledger.ErrSignature):
		return "the signature under the log is false"
	}
	return err.Error()
}

func tellReceipt(w io.Writer, file string, r ledger.Record, index uint64, head ledger.Checkpoint, err error) {
	if err != nil {
		fmt.Fprintf(w, "%s: DOES NOT HOLD: %s\n", file, unproven(err))
		return
	}
	fmt.Fprintf(w, "%s: holds. %s at %s, recorded %s by %s\n  %s\n  entry %d of %d in the log %s\n", file, r.Kind, r.At, r.Recorded, r.Site, r.Body, index, head.Size, head.Origin)
}
