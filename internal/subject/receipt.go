package subject

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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

// History opens the records of a person, and of everybody merged into them, in the order of the log: from an
// index on, at most most.
func (p *People) History(ctx context.Context, site *Site, ref Ref, from int64, most int) ([]HistoryEntry, error) {
	var out []HistoryEntry
	err := p.eachOf(ctx, site, ref, func(ctx context.Context, tx *store.Tx, x *person) error {
		n := 0
		err := tx.Entries(ctx, site.No, x.no, from, func(e *store.Stored) error {
			if n == most {
				return errEnough
			}
			n++
			plain, err := x.open(e)
			out = append(out, HistoryEntry{e.At, ledger.EntryID(e.ID), plain})
			return err
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read a history: %w", err)
	}
	slices.SortFunc(out, func(a, b HistoryEntry) int { return cmp.Compare(a.Index, b.Index) })
	return out[:min(len(out), most)], nil
}

var errEnough = errors.New("enough")

// eachOf calls fn, in one snapshot, for the person and for everybody merged into them.
func (p *People) eachOf(ctx context.Context, site *Site, ref Ref, fn func(ctx context.Context, tx *store.Tx, x *person) error) error {
	person, err := p.find(ctx, site, ref)
	if err != nil {
		return err
	}
	return p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		all, err := p.together(ctx, tx, site, person.no)
		if err != nil {
			return err
		}
		for _, x := range all {
			if err := fn(ctx, tx, x); err != nil {
				return err
			}
		}
		return nil
	})
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

// ErrNoEntry is returned where a person has no entry at an index.
var ErrNoEntry = errors.New("the person has no such entry")

// Receipt opens one entry of a person for the person to keep: the record, the key of its leaf, and the
// proof that it is in the log. The checkpoint in it is written beside the keys first: a database that is
// older than a receipt is found out.
func (p *People) Receipt(ctx context.Context, site *Site, ref Ref, index int64) (ledger.Receipt, error) {
	var r ledger.Receipt
	found := false
	err := p.eachOf(ctx, site, ref, func(ctx context.Context, tx *store.Tx, x *person) error {
		err := tx.Entries(ctx, site.No, x.no, index, func(e *store.Stored) (err error) {
			if e.At != index {
				return errEnough
			}
			found = true
			if r.Record, err = x.open(e); err == nil {
				r.Key = x.ring(e.Ring).EntryKey(e.ID)
			}
			return err
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
	if err != nil {
		return r, fmt.Errorf("make a receipt: %w", err)
	}
	if !found {
		return r, fmt.Errorf("make a receipt: %w", ErrNoEntry)
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
