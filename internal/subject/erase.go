package subject

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// An Erasure tells what was erased of a person, in numbers.
type Erasure struct {
	Records    int64 // sealed under profile and case, gone with their keys
	Identities int64
	Evidence   int64 // records that stay, restricted, until their own end
	Index      int64 // of the erasure's own entry
	At         ledger.Instant
	// Since is from when on nothing here can be read. On SQLite that is when the write-ahead log was
	// emptied: zero if a reader holds it up, which is then tried again.
	Since ledger.Instant
}

// Erase deletes what is sealed under the person's profile and case rings, the rings, the identities and
// the id itself, with everybody who was merged into the person. Evidence stays under restriction: under a
// new id that nothing leads to but its own index. The entry in the log says numbers only.
func (p *People) Erase(ctx context.Context, site *Site, ref Ref) (Erasure, error) {
	if err := p.settle(); err != nil {
		return Erasure{}, err
	}
	var e Erasure
	var ids []ID
	var entry store.Entry
	err := p.again(ctx, func() (err error) {
		e, ids, entry, err = p.erase(ctx, site, ref)
		return err
	})
	if err != nil {
		return Erasure{}, err
	}
	if err := p.noteErased(ids, &e); err != nil {
		return e, err
	}
	if err := p.erasureTold(ctx, entry.ID); err != nil {
		return e, err
	}
	e.Since, err = p.truncate(ctx, e.At)
	return e, err
}

// erase is the erasure's transaction. What somebody else records meanwhile is in it, or is refused.
func (p *People) erase(ctx context.Context, site *Site, ref Ref) (e Erasure, ids []ID, entry store.Entry, err error) {
	x, err := p.find(ctx, site, ref)
	if err != nil {
		return e, nil, entry, err
	}
	err = p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, ids = Erasure{At: ledger.InstantOf(tx.Now())}, nil
		tx.AsOf(x.moved)
		tx.Moves()
		if err := tx.Alone(ctx); err != nil {
			return err
		}
		if err := p.checkHold(ctx, tx, site, x.no); err != nil {
			return err
		}
		all, err := p.together(ctx, tx, site, x.no)
		if err != nil {
			return err
		}
		for _, one := range all {
			ids = append(ids, one.id)
			if err := p.eraseOne(ctx, tx, site, one, &e); err != nil {
				return err
			}
		}
		entry, err = SiteEntry(site, "erased", e.At, map[string]any{"evidence": e.Evidence, "identities": e.Identities, "records": e.Records})
		if err != nil {
			return err
		}
		entry.Index = new(int64)
		tx.Append(entry)
		return oweErasure(ctx, tx, site, ids, entry.ID)
	})
	if err != nil {
		return e, nil, entry, fmt.Errorf("erase a person: %w", err)
	}
	e.Index = *entry.Index
	return e, ids, entry, nil
}

// truncateTries is how often an erasure waits for readers, a tenth of a second each.
const truncateTries = 10

// truncate empties the write-ahead log of SQLite. Where readers hold that up for long, Tidy does it later.
func (p *People) truncate(ctx context.Context, at ledger.Instant) (ledger.Instant, error) {
	if p.store.Postgres() {
		return at, nil
	}
	for range truncateTries {
		err := p.store.Truncate(ctx)
		if err == nil {
			return ledger.InstantOf(p.store.Now()), nil
		}
		if !errors.Is(err, store.ErrBusy) {
			return 0, err
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.untidy.Store(true)
	return 0, nil
}

// Tidy does what an erasure could not: it is to be called every few seconds.
func (p *People) Tidy(ctx context.Context) error {
	if !p.untidy.Load() {
		return nil
	}
	err := p.store.Truncate(ctx)
	if errors.Is(err, store.ErrBusy) {
		return nil
	}
	p.untidy.Store(err != nil)
	return err
}

// eraseOne erases one row of people and what hangs on it.
func (p *People) eraseOne(ctx context.Context, tx *store.Tx, site *Site, x *person, e *Erasure) error {
	args := []any{site.No, x.no, int64(vault.Evidence)}
	records, err := tx.Exec(ctx, `DELETE FROM entry WHERE site = $1 AND subject = $2 AND ring <> $3`, args...)
	if err != nil {
		return err
	}
	identities, err := tx.Exec(ctx, `DELETE FROM identity WHERE site = $1 AND subject = $2`, site.No, x.no)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM ring WHERE site = $1 AND subject = $2 AND kind <> $3`, args...); err != nil {
		return err
	}
	for _, text := range []string{`DELETE FROM idempotency WHERE site = $1 AND subject = $2`, `DELETE FROM permit WHERE site = $1 AND subject = $2`} {
		if _, err := tx.Exec(ctx, text, site.No, x.no); err != nil {
			return err
		}
	}
	var kept int64
	if err := tx.Row(ctx, `SELECT count(*) FROM entry WHERE site = $1 AND subject = $2`, []any{site.No, x.no}, &kept); err != nil {
		return err
	}
	e.Records, e.Identities, e.Evidence = e.Records+records, e.Identities+identities, e.Evidence+kept
	if kept == 0 || x.rings[vault.Evidence] == nil {
		if _, err := tx.Exec(ctx, `DELETE FROM ring WHERE site = $1 AND subject = $2`, site.No, x.no); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM subject WHERE no = $1`, x.no)
		return err
	}
	return p.restrict(ctx, tx, site, x)
}

// restrict leaves the evidence under a new id and an owner that is marked as erased.
func (p *People) restrict(ctx context.Context, tx *store.Tx, site *Site, x *person) error {
	var id ID
	rand.Read(id[:])
	w := p.keys.WrapFor(x.rings[vault.Evidence], id)
	if _, err := tx.Exec(ctx, `UPDATE ring SET epoch = $1, wrapped = $2 WHERE site = $3 AND subject = $4`, w.Epoch, w.Blob, site.No, x.no); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE subject SET id = $1, merged = NULL, erased = $2 WHERE no = $3`, id[:], tx.Now().UnixMicro(), x.no)
	return err
}

// noteErased writes the erasure beside the keys, so that a restored database does it again.
func (p *People) noteErased(ids []ID, e *Erasure) error {
	entries := make([]vault.Entry, len(ids))
	for i, id := range ids {
		entries[i] = vault.Entry{Kind: vault.Erased, At: e.At, Index: uint64(e.Index), Subject: id}
	}
	return p.journalize(entries)
}
