package subject

import (
	"context"
	"errors"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// A HistoryEntry is one record of a person, opened.
type HistoryEntry struct {
	Index  int64
	ID     ledger.EntryID
	Record []byte // canonical JSON
}

// History opens the records of a person in the order of the log, from an index on, at most most.
func (p *People) History(ctx context.Context, site *Site, ref Ref, from int64, most int) ([]HistoryEntry, error) {
	x, err := p.find(ctx, site, ref)
	if err != nil {
		return nil, err
	}
	var out []HistoryEntry
	full := errors.New("enough")
	err = p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Entries(ctx, site.No, x.no, from, func(e *store.Stored) error {
			if len(out) == most {
				return full
			}
			plain, err := x.open(e)
			out = append(out, HistoryEntry{e.At, ledger.EntryID(e.ID), plain})
			return err
		})
	})
	if err != nil && !errors.Is(err, full) {
		return nil, fmt.Errorf("read a history: %w", err)
	}
	return out, nil
}

// open opens an entry with the ring it names.
func (x *person) open(e *store.Stored) ([]byte, error) {
	ring := x.ring(e.Ring)
	if ring == nil {
		return nil, fmt.Errorf("entry %d is sealed with a ring that the person does not have", e.At)
	}
	plain, err := ring.Open(e.Record, e.ID)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", e.At, err)
	}
	return plain, nil
}

// Receipt opens one entry of a person for the person to keep: the record, the key of its leaf, and the
// proof that it is in the log. The checkpoint in it is written beside the keys first: a database that is
// older than a receipt is found out.
func (p *People) Receipt(ctx context.Context, site *Site, ref Ref, index int64) (ledger.Receipt, error) {
	x, err := p.find(ctx, site, ref)
	if err != nil {
		return ledger.Receipt{}, err
	}
	var r ledger.Receipt
	found := false
	err = p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Entries(ctx, site.No, x.no, index, func(e *store.Stored) (err error) {
			if e.At != index {
				return nil
			}
			found = true
			if r.Record, err = x.open(e); err == nil {
				r.Key = x.ring(e.Ring).EntryKey(e.ID)
			}
			return err
		})
	})
	if err != nil {
		return r, fmt.Errorf("make a receipt: %w", err)
	}
	if !found {
		return r, store.ErrNone
	}
	if r.Proof, err = p.store.Prove(ctx, index); err != nil {
		return r, fmt.Errorf("make a receipt: %w", err)
	}
	return r, p.Checkpoint(r.Proof.Checkpoint)
}

// Checkpoint writes a signed checkpoint of ours into the journal, if it is later than the last there. It
// is refused with a store.Doubt if the log does not continue that last one: then the database was changed
// behind our back, and nobody may be given a second history.
func (p *People) Checkpoint(signed []byte) error {
	if p.journal == nil {
		return nil
	}
	cp, err := p.keys.Verifier().Open(signed)
	if err != nil {
		return fmt.Errorf("note a checkpoint: %w", err)
	}
	p.noting.Lock()
	defer p.noting.Unlock()
	last, ok := p.journal.Last()
	if ok && last.Size >= cp.Size {
		return nil
	}
	if ok {
		err := p.store.View(context.Background(), func(ctx context.Context, tx *store.Tx) error {
			head, err := tx.LogHead(ctx)
			if err != nil {
				return err
			}
			return continues(ctx, tx.Tiles(), head, last.Size, last.Root)
		})
		if err != nil {
			return fmt.Errorf("note a checkpoint: %w", err)
		}
	}
	err = p.journal.Append(vault.Entry{Kind: vault.Checkpoint, At: ledger.InstantOf(p.store.Now()), Size: cp.Size, Root: cp.Root})
	if err != nil {
		return fmt.Errorf("note a checkpoint: %w", err)
	}
	return nil
}
