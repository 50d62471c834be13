package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/avowhq/avow/ledger"
)

// A Head is where the log stands: what the one row of log_head says.
type Head struct {
	Size       int64 // entries; the next has this index
	Edge       ledger.Edge
	At         time.Time // of the latest commit, UTC
	Moved      int64     // how many transactions have erased or merged people
	Checkpoint []byte    // signed, of Size
	Origin     string
}

const selectHead = `SELECT size, edge, at, moved, checkpoint, origin FROM log_head WHERE id = 1`

// Head reads the head. It is ErrNone before the log has begun.
func (s *Store) Head(ctx context.Context) (*Head, error) {
	var h *Head
	err := s.View(ctx, func(ctx context.Context, tx *Tx) (err error) {
		h, err = readHead(func(dest ...any) error { return tx.Row(ctx, selectHead, nil, dest...) })
		return err
	})
	return h, err
}

func readHead(scan func(dest ...any) error) (*Head, error) {
	var h Head
	var edge []byte
	var at int64
	if err := scan(&h.Size, &edge, &at, &h.Moved, &h.Checkpoint, &h.Origin); err != nil {
		return nil, err
	}
	var err error
	if h.Edge, err = ledger.ParseEdge(edge); err != nil || h.Edge.Size != uint64(h.Size) {
		return nil, Doubt{"its size and its edge differ"}
	}
	h.At = time.UnixMicro(at).UTC()
	return &h, nil
}

// lockHead reads the head for a commit: from here on this transaction is the only one that commits
// entries. On PostgreSQL what was queued goes with it.
func (s *Store) lockHead(ctx context.Context, tx *Tx) (*Head, error) {
	if tx.pg == nil {
		return readHead(func(dest ...any) error { return tx.Row(ctx, selectHead, nil, dest...) })
	}
	var h *Head
	tx.locked = true
	tx.queue(selectHead + ` FOR UPDATE`)
	err := tx.sendReading(ctx, func(rows pgx.Rows) (err error) {
		if rows.Next() {
			h, err = readHead(rows.Scan)
			return err
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return ErrNone
	})
	return h, err
}

// found begins the log: an empty tree under a signed checkpoint.
func (s *Store) found(ctx context.Context) error {
	var empty ledger.Edge
	signed, err := s.signer.Checkpoint(0, empty.Root())
	if err != nil {
		return fmt.Errorf("sign the first checkpoint: %w", err)
	}
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		var rows int64
		if err := tx.Row(ctx, `SELECT CASE WHEN EXISTS (SELECT 1 FROM log_head) THEN 0
			ELSE (SELECT count(*) FROM log_commit) + (SELECT count(*) FROM log_bundle) + (SELECT count(*) FROM log_tile) END`, nil, &rows); err != nil {
			return err
		}
		if rows > 0 {
			return Doubt{"there are entries, and no head over them"}
		}
		_, err := tx.Exec(ctx, `INSERT INTO log_head(id, size, edge, at, moved, checkpoint, origin) VALUES(1, 0, $1, $2, 0, $3, $4) ON CONFLICT DO NOTHING`,
			empty.AppendBinary(nil), tx.now.UnixMicro(), signed, s.signer.Origin())
		return err
	})
}

// A Doubt is a reason not to go on with a log.
type Doubt struct{ What string }

func (d Doubt) Error() string { return "the log is in doubt: " + d.What }

// checkHead finds out whether the row is what its checkpoint says, and whether the checkpoint is ours.
func (s *Store) checkHead(h *Head) error {
	v, err := ledger.NewVerifier(s.signer.Key())
	if err != nil {
		return err
	}
	if h.Origin != s.signer.Origin() {
		return Doubt{"it began with another origin than the keys are for"}
	}
	cp, err := v.Open(h.Checkpoint)
	if err != nil {
		return Doubt{"its checkpoint is not signed with our key: " + err.Error()}
	}
	if cp.Size != uint64(h.Size) || cp.Root != h.Edge.Root() {
		return Doubt{"its head is not what the checkpoint says"}
	}
	return nil
}
