package subject

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// Rewrap is the job that wraps all rings under the current epoch, so that an older one can be destroyed.
type Rewrap struct{}

// Kind names the job.
func (Rewrap) Kind() string { return "rewrap" }

// rewrapLot is how many people a transaction takes.
const rewrapLot = 1000

// Handle registers the jobs of people.
func (p *People) Handle(h *store.Handlers) {
	store.Handle(h, func(ctx context.Context, _ Rewrap, run *store.Run) error { return p.rewrap(ctx, run) })
}

// rewrap goes through the people by number. How far it has come is kept in the transaction that brought
// it there.
func (p *People) rewrap(ctx context.Context, run *store.Run) error {
	for more := true; more && ctx.Err() == nil; {
		err := p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			cursor, err := run.Cursor(ctx, tx)
			if err != nil {
				return err
			}
			var after int64
			if len(cursor) == 8 {
				after = int64(binary.BigEndian.Uint64(cursor))
			}
			last, err := p.rewrapSome(ctx, tx, after)
			if more = last > 0; !more || err != nil {
				return err
			}
			return run.Keep(ctx, tx, binary.BigEndian.AppendUint64(nil, uint64(last)))
		})
		if err != nil {
			return fmt.Errorf("wrap keys anew: %w", err)
		}
	}
	return ctx.Err()
}

// rewrapSome wraps the rings of the next people and returns the last number, 0 when there are none.
func (p *People) rewrapSome(ctx context.Context, tx *store.Tx, after int64) (last int64, err error) {
	type old struct {
		site, kind int64
		no         int64
		owner      ID
		w          vault.Wrapped
	}
	var rings []old
	err = tx.Each(ctx, `SELECT s.no, s.site, s.id, r.kind, r.epoch, r.wrapped FROM subject s JOIN ring r ON r.site = s.site AND r.subject = s.no
		WHERE s.no > $1 AND s.no <= (SELECT coalesce(max(no), 0) FROM (SELECT no FROM subject WHERE no > $1 ORDER BY no LIMIT $2) AS lot)`, []any{after, int64(rewrapLot)}, func(scan func(...any) error) error {
		var o old
		var id []byte
		if err := scan(&o.no, &o.site, &id, &o.kind, &o.w.Epoch, &o.w.Blob); err != nil {
			return err
		}
		o.owner, last = ID(id), max(last, o.no)
		rings = append(rings, o)
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, o := range rings {
		w, changed, err := p.keys.Rewrap(vault.RingKind(o.kind), o.owner, o.w)
		if err != nil {
			return 0, err
		}
		if !changed {
			continue
		}
		// A ring that an erasure has given another owner meanwhile is left alone: it is wrapped anew already.
		const text = `UPDATE ring SET epoch = $1, wrapped = $2 WHERE site = $3 AND subject = $4 AND kind = $5 AND wrapped = $6`
		if _, err := tx.Exec(ctx, text, w.Epoch, w.Blob, o.site, o.no, o.kind, o.w.Blob); err != nil {
			return 0, err
		}
	}
	return last, nil
}

// Wrapped counts the rings under an epoch: it can be destroyed without loss when there are none.
func (p *People) Wrapped(ctx context.Context, epoch int64) (n int64, err error) {
	err = p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT count(*) FROM ring WHERE epoch = $1`, []any{epoch}, &n)
	})
	if err != nil {
		return 0, fmt.Errorf("count rings: %w", err)
	}
	return n, nil
}

// Seen is the size of the log as this process knows it.
func (p *People) Seen() int64 { return p.seen.Load() }

// Epoch is the newest epoch that the log knows of. A key folder that knows fewer is older than the
// database.
func (p *People) Epoch(ctx context.Context) (newest int64, err error) {
	newest = 1
	err = p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Entries(ctx, 0, 0, 0, func(e *store.Stored) error {
			r, err := ledger.ParseRecord(e.Record)
			if err != nil || r.Kind != EpochRotated {
				return err
			}
			var body struct{ Epoch int64 }
			if err := json.Unmarshal(r.Body, &body); err != nil {
				return fmt.Errorf("entry %d cannot be read", e.At)
			}
			newest = max(newest, body.Epoch)
			return nil
		})
	})
	if err != nil {
		return 0, fmt.Errorf("read the latest epoch: %w", err)
	}
	return newest, nil
}

// EpochRotated is the kind of the record of a new epoch.
const EpochRotated = "epoch.rotated"
