package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/avowhq/avow/ledger"
)

// Log reads the log as its readers see it: as tiles. It is a ledger.Tiles.
type Log struct{ s *Store }

// Log returns the log's reader.
func (s *Store) Log() Log { return Log{s} }

// Tile returns width hashes of a tile, 32 bytes each. A tile that is not full yet is made of the tiles
// below it, or of the latest leaves.
func (l Log) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	var out []byte
	err := l.s.View(ctx, func(ctx context.Context, tx *Tx) (err error) {
		out, err = tile(ctx, tx, int64(level), int64(n), int64(width))
		return err
	})
	return out, err
}

func tile(ctx context.Context, tx *Tx, level, n, width int64) ([]byte, error) {
	if width < 1 || width > ledger.TileWidth {
		return nil, fmt.Errorf("a tile has 1 to %d hashes", ledger.TileWidth)
	}
	var data []byte
	err := tx.Row(ctx, `SELECT data FROM log_tile WHERE level = $1 AND n = $2`, []any{level, n}, &data)
	if err == nil {
		if len(data) != ledger.TileWidth*len(ledger.Hash{}) {
			return nil, fmt.Errorf("tile %d of level %d is damaged", n, level)
		}
		return data[:width*int64(len(ledger.Hash{}))], nil
	}
	if !errors.Is(err, ErrNone) {
		return nil, err
	}
	from := n * ledger.TileWidth
	var hashes []ledger.Hash
	if level > 0 {
		hashes, err = tileRoots(ctx, tx, level-1, from, from+width)
	} else {
		var leaves []ledger.Leaf
		leaves, err = leavesOf(ctx, tx, from, from+width)
		for i := range leaves {
			hashes = append(hashes, ledger.LeafHash(leaves[i][:]))
		}
	}
	for _, h := range hashes {
		data = append(data, h[:]...)
	}
	return data, err
}

// Bundle returns width entries of the log from n·256 on, as tile/entries serves them.
func (l Log) Bundle(ctx context.Context, n uint64, width int) ([]byte, error) {
	var out []byte
	err := l.s.View(ctx, func(ctx context.Context, tx *Tx) error {
		err := tx.Row(ctx, `SELECT data FROM log_bundle WHERE n = $1`, []any{int64(n)}, &out)
		const each = 2 + len(ledger.Leaf{})
		if err == nil {
			if len(out) != ledger.TileWidth*each {
				return fmt.Errorf("bundle %d is damaged", n)
			}
			out = out[:width*each]
		}
		if !errors.Is(err, ErrNone) {
			return err
		}
		from := int64(n) * ledger.TileWidth
		leaves, err := leavesOf(ctx, tx, from, from+int64(width))
		for i := range leaves {
			out = ledger.AppendBundle(out, leaves[i][:])
		}
		return err
	})
	return out, err
}

// Changes are whom commits touched.
type Changes struct {
	Size, Moved int64   // of the log, as of which the changes are complete
	Subjects    []int64 // touched since
	Void        bool    // everybody may have been touched: forget all
}

// Changes reads what happened since the log had a size. It is the feed that caches live on. From here on
// our time is not before the log's, so that what another process recorded lies in the past here too.
func (s *Store) Changes(ctx context.Context, since int64) (Changes, error) {
	var c Changes
	err := s.View(ctx, func(ctx context.Context, tx *Tx) error {
		var head int64
		if err := tx.Row(ctx, `SELECT size, moved, at FROM log_head WHERE id = 1`, nil, &c.Size, &c.Moved, &head); err != nil {
			return err
		}
		s.reached(time.UnixMicro(head))
		if c.Size == since {
			return nil
		}
		if c.Size < since {
			return Doubt{fmt.Sprintf("it has %d entries and had %d: the database was set back", c.Size, since)}
		}
		at := since
		err := tx.Each(ctx, `SELECT first, n, touched FROM log_commit WHERE first >= $1 ORDER BY first`, []any{since}, func(scan func(...any) error) error {
			var first, n int64
			var people []byte
			if err := scan(&first, &n, &people); err != nil {
				return err
			}
			c.Void = c.Void || first != at || people == nil
			at = first + n
			for ; len(people) >= 8; people = people[8:] {
				c.Subjects = append(c.Subjects, int64(binary.BigEndian.Uint64(people)))
			}
			return nil
		})
		c.Void = c.Void || at != c.Size
		return err
	})
	if err != nil {
		return c, fmt.Errorf("read the feed of changes: %w", err)
	}
	return c, nil
}

// A Stored is an entry as its row has it.
type Stored struct {
	Entry
	At int64 // its index
}

const selectEntries = `SELECT idx, ring, id, record, key FROM entry WHERE site = $1 AND subject = $2 AND idx >= $3 ORDER BY idx`

// Entries calls fn for the entries of one person, or of a site's own (subject 0), in their order.
func (tx *Tx) Entries(ctx context.Context, site, subject, from int64, fn func(e *Stored) error) error {
	var e Stored
	var id []byte
	var ring int64
	return tx.Each(ctx, selectEntries, []any{site, subject, from}, func(scan func(...any) error) error {
		e.Site, e.Subject, id, e.Record, e.Key = site, subject, nil, nil, nil
		if err := scan(&e.At, &ring, &id, &e.Record, &e.Key); err != nil {
			return err
		}
		if len(id) != len(e.ID) {
			return fmt.Errorf("entry %d has no proper id", e.At)
		}
		e.ID, e.Ring = [16]byte(id), uint8(ring)
		return fn(&e)
	})
}
