package subject

import (
	"context"
	"errors"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// ErrMerge is why two people cannot be merged, or one not be split.
var ErrMerge = errors.New("cannot be merged")

// Merge says that two records are of one person. Nothing is sealed anew: the history of the second is
// read after the first's from now on, so that Split can undo it. What was withdrawn or objected to in
// either holds for both. By is the handle of who says so, for the record.
func (p *People) Merge(ctx context.Context, site *Site, by string, into, other Ref) error {
	return p.again(ctx, func() error { return p.merge(ctx, site, by, into, other) })
}

func (p *People) merge(ctx context.Context, site *Site, by string, into, other Ref) error {
	a, err := p.find(ctx, site, into)
	if err != nil {
		return err
	}
	b, err := p.find(ctx, site, other)
	if err != nil {
		return err
	}
	if a.no == b.no {
		return fmt.Errorf("%w: they are one person already", ErrMerge)
	}
	var moved []*move
	err = p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.AsOf(a.moved)
		if b.moved != a.moved {
			return store.ErrMoved
		}
		var erased int64
		if err := tx.Row(ctx, `SELECT count(*) FROM subject WHERE (no = $1 OR no = $2) AND erased IS NOT NULL`, []any{a.no, b.no}, &erased); err != nil {
			return err
		}
		if erased > 0 {
			return fmt.Errorf("%w: one of them is erased", ErrMerge)
		}
		if _, err := tx.Exec(ctx, `UPDATE subject SET merged = $1 WHERE no = $2 OR merged = $2`, a.no, b.no); err != nil {
			return err
		}
		moved, err = p.moving(tx, site, by, "merged", a, b)
		return err
	})
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	return p.noteMoves(moved)
}

// A move is one record of a merger or a split, and whose it is.
type move struct {
	entry store.Entry
	index int64
	who   *person
	at    ledger.Instant
}

// noteMoves writes a merger into the journal: with a database that lacks it, a no of the one would be
// forgotten for the other.
func (p *People) noteMoves(moved []*move) error {
	var entries []vault.Entry
	for _, m := range moved {
		entries = append(entries, vault.Entry{Kind: vault.Merged, At: m.at, Subject: m.who.id, ID: m.entry.ID, Index: uint64(m.index), Sealed: m.entry.Record})
	}
	return p.journalize(entries)
}

// Split takes back a merger: the person of the identity stands alone again, with the history from before.
// What was recorded since the merger stays with whom they were merged into.
func (p *People) Split(ctx context.Context, site *Site, by string, who Identity) error {
	err := p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		var no, merged int64
		var err error
		for _, h := range p.keys.Hashes(vault.ForIdentity, site.Name, who.Kind, who.Value) {
			err = tx.Row(ctx, `SELECT s.no, coalesce(s.merged, 0) FROM identity i JOIN subject s ON s.no = i.subject WHERE i.site = $1 AND i.hash = $2`, []any{site.No, h.Sum[:]}, &no, &merged)
			if !errors.Is(err, store.ErrNone) {
				break
			}
		}
		switch {
		case errors.Is(err, store.ErrNone):
			return ErrUnknown
		case err != nil:
			return err
		case merged == 0:
			return fmt.Errorf("%w: the person was not merged into another", ErrMerge)
		}
		if _, err := tx.Exec(ctx, `UPDATE subject SET merged = NULL WHERE no = $1`, no); err != nil {
			return err
		}
		a, b := &person{no: merged}, &person{no: no}
		for _, x := range []*person{a, b} {
			if err := p.readRings(ctx, tx, site, x); err != nil {
				return err
			}
		}
		_, err = p.moving(tx, site, by, "split", a, b) // losing a split forgets nobody's no
		return err
	})
	if err != nil {
		return fmt.Errorf("split: %w", err)
	}
	return nil
}

// moving records a merger or a split in both histories. Facts leave these records out.
func (p *People) moving(tx *store.Tx, site *Site, by, kind string, people ...*person) ([]*move, error) {
	tx.Moves()
	var out []*move
	for _, x := range people {
		m := &move{who: x, at: ledger.InstantOf(tx.Now())}
		var err error
		if m.entry, err = aboutEntry(site, x, kind, m.at, map[string]any{"by": by}); err != nil {
			return nil, err
		}
		m.entry.Index = &m.index
		tx.Append(m.entry)
		out = append(out, m)
	}
	return out, nil
}

// together are the person and everybody merged into them, with their rings.
func (p *People) together(ctx context.Context, tx *store.Tx, site *Site, no int64) ([]*person, error) {
	all := []*person{{no: no}}
	err := tx.Each(ctx, `SELECT no FROM subject WHERE merged = $1 ORDER BY no`, []any{no}, func(scan func(...any) error) error {
		x := &person{}
		all = append(all, x)
		return scan(&x.no)
	})
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if err := p.readRings(ctx, tx, site, x); err != nil {
			return nil, err
		}
	}
	return all, nil
}
