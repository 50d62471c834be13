package ledger

import (
	"context"
	"fmt"
	"iter"
)

// A LogCheck says what a whole log is checked against.
type LogCheck struct {
	// Verifier knows the log's key, and the witnesses demanded. It must be given.
	Verifier *Verifier

	// Older are checkpoints that were signed before and that somebody kept, such as a witness's last. The log
	// must begin with each of them. They need the log's signature, and no witnesses.
	Older [][]byte

	// Opened are records with their keys, in the order of the log; not all need be there, since some are erased.
	// Each must be what its leaf commits to. Nothing of them is kept.
	Opened iter.Seq2[Opened, error]

	// From is the log's minimum index, if it was pruned: what lies wholly before is not read. The hashes that
	// stand for it count as they are; the signed root covers them. Defaults to 0, the whole log.
	From uint64
}

// Opened is a record with the key of its entry.
type Opened struct {
	Index  uint64
	Record []byte // canonical
	Key    [32]byte
}

// A LogReport counts what was checked, up to the end or the first defect.
type LogReport struct {
	Checkpoint   Checkpoint    // whose signature is good
	Cosignatures []Cosignature // of known witnesses
	Pruned       uint64        // entries before From, not read
	Entries      uint64        // whose leaf hashes were recomputed
	Bundles      uint64        // that were read
	Tiles        uint64        // of all levels, that were recomputed
	Older        int           // checkpoints that the log was found to begin with
	Records      uint64        // found to be what their leaves commit to
}

// A Defect is the first place where a log is not what it should be.
type Defect struct {
	Path  string // below the log's prefix: "checkpoint", "tile/0/x001/234"; "record" for one that was handed in
	Index uint64 // the first entry concerned
	Err   error  // what is wrong, or why it could not be read
}

// Error names the place.
func (d *Defect) Error() string { return fmt.Sprintf("%s, entry %d: %v", d.Path, d.Index, d.Err) }

// Unwrap is the reason.
func (d *Defect) Unwrap() error { return d.Err }

// CheckLog recomputes a log from its entries: every leaf hash, every tile of every level, the root, and compares
// with the signed checkpoint. It needs the memory of two files, whatever the size of the log. It ends at the first
// defect, as a [*Defect] within the error, and says how far it came.
func CheckLog(ctx context.Context, log Source, c LogCheck) (LogReport, error) {
	w := walk{log: log}
	if err := w.run(ctx, c); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // not a defect of the log
		}
		return w.report, fmt.Errorf("check log: %w", err)
	}
	return w.report, nil
}

// defect puts a place to what is wrong.
func defect(path string, index uint64, err error) error {
	return &Defect{Path: path, Index: index, Err: err}
}
