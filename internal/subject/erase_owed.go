package subject

import (
	"context"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// oweErasure notes in the erasure's own transaction whom the journal has to be told of. Without it a crash
// between the commit and the journal would leave nobody who knows that id: an older backup would bring the
// person back.
func oweErasure(ctx context.Context, tx *store.Tx, site *Site, ids []ID, entry [16]byte) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, `INSERT INTO erasure_owed(id, site, entry) VALUES($1, $2, $3)`, id[:], site.No, entry[:]); err != nil {
			return err
		}
	}
	return nil
}

// erasureTold takes the note away: the journal knows.
func (p *People) erasureTold(ctx context.Context, entry [16]byte) error {
	err := p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM erasure_owed WHERE entry = $1`, entry[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("finish an erasure: %w", err)
	}
	return nil
}

// SettleErasures tells the journal of erasures that a crash kept from it. It comes before Doubts.
func (p *People) SettleErasures(ctx context.Context) error {
	if p.journal == nil {
		return nil
	}
	var entries []vault.Entry
	var ids [][]byte
	err := p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Each(ctx, `SELECT o.id, e.id, e.idx FROM erasure_owed o JOIN entry e ON e.site = o.site AND e.subject = 0 AND e.id = o.entry`, nil, func(scan func(...any) error) error {
			var id, entry []byte
			var idx int64
			if err := scan(&id, &entry, &idx); err != nil {
				return err
			}
			ids = append(ids, entry)
			entries = append(entries, vault.Entry{Kind: vault.Erased, At: ledger.InstantOf(p.store.Now()), Index: uint64(idx), Subject: ID(id)})
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read erasures that the journal lacks: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	if err := p.journal.Append(entries...); err != nil {
		return fmt.Errorf("write erasures into the journal: %w", err)
	}
	for _, entry := range ids {
		if err := p.erasureTold(ctx, [16]byte(entry)); err != nil {
			return err
		}
	}
	return p.store.Truncate(ctx)
}
