package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/avowhq/avow/ledger"
)

// entryPage is how many rows are read at a time.
const entryPage = 256

// ErasedKind is the kind of the records that tell of an erasure: the member records of their body is how
// many entries lost their rows by it.
const ErasedKind = "erased"

// entryRows are the rows of entries in the order of the log.
type entryRows struct {
	begun bool
	last  int64            // index of the latest row, -1 at first
	names map[int64]string // of sites
	plain bool             // the latest row is a record of nobody
}

func entryDefect(index int64, column, what string) *Defect {
	return &Defect{Table: "entry", Row: fmt.Sprintf("idx = %d", index), Column: column, Index: index, What: what}
}

func (k *checker) sites(ctx context.Context) error {
	k.rows = entryRows{last: -1, names: map[int64]string{0: ""}}
	return k.tx.Each(ctx, `SELECT no, name FROM site`, nil, func(scan func(...any) error) error {
		var no int64
		var name string
		err := scan(&no, &name)
		k.rows.names[no] = name
		return err
	})
}

// entries yields the records that can be opened, in the order of the log, and checks what every row says
// of itself on the way.
func (k *checker) entries(ctx context.Context) iter.Seq2[ledger.Opened, error] {
	return func(yield func(ledger.Opened, error) bool) {
		for {
			page, err := k.page(ctx)
			if err != nil {
				yield(ledger.Opened{}, err)
				return
			}
			if len(page) == 0 {
				break
			}
			opened, err := k.open(ctx, page)
			if err != nil {
				yield(ledger.Opened{}, err)
				return
			}
			for i := range page {
				if !k.entry(ctx, &page[i], &opened[i], yield) {
					return
				}
			}
		}
		for !k.touched.none {
			if err := k.nextTouched(ctx); err != nil {
				yield(ledger.Opened{}, err)
				return
			}
		}
	}
}

// page reads the next rows. PostgreSQL has no index by which the log's order is cheap: a cursor has it
// sorted once, on its own disk if need be.
func (k *checker) page(ctx context.Context) ([]Stored, error) {
	const columns = `SELECT idx, site, subject, ring, id, record, key FROM entry`
	text, args := columns+` WHERE idx > $1 ORDER BY idx LIMIT $2`, []any{k.rows.last, entryPage}
	if k.tx.Postgres() {
		if !k.rows.begun {
			if _, err := k.tx.Exec(ctx, `DECLARE checked NO SCROLL CURSOR FOR `+columns+` ORDER BY idx`); err != nil {
				return nil, err
			}
		}
		text, args = fmt.Sprintf(`FETCH %d FROM checked`, entryPage), nil
	} else if !k.rows.begun {
		args[0] = int64(-1) << 63
	}
	k.rows.begun = true
	page := make([]Stored, 0, entryPage)
	last := k.rows.last
	err := k.tx.Each(ctx, text, args, func(scan func(...any) error) error {
		var e Stored
		var ring int64
		var id []byte
		if err := scan(&e.At, &e.Site, &e.Subject, &ring, &id, &e.Record, &e.Key); err != nil {
			return err
		}
		switch {
		case e.At < 0 || e.At >= k.head.Size:
			return entryDefect(e.At, "idx", fmt.Sprintf("is not in the log of %d", k.head.Size))
		case e.At <= last:
			return entryDefect(e.At, "idx", "stands in two rows")
		case len(id) != len(e.ID):
			return entryDefect(e.At, "id", fmt.Sprintf("has %d bytes", len(id)))
		case ring < 0 || ring > 3 || (ring == 0) != (e.Key != nil):
			return entryDefect(e.At, "ring, key", "a record is sealed under a ring, or has its key beside it")
		case ring == 0 && (e.Subject != 0 || len(e.Key) != 32):
			return entryDefect(e.At, "subject, key", "an open record is of nobody, and has a key of 32 bytes")
		case ring != 0 && e.Subject == 0:
			return entryDefect(e.At, "subject", "a sealed record is of somebody")
		}
		e.ID, e.Ring, last = [16]byte(id), uint8(ring), e.At
		page = append(page, e)
		return nil
	})
	return page, err
}

// open opens a page as far as it can.
func (k *checker) open(ctx context.Context, page []Stored) ([]Opened, error) {
	out := make([]Opened, len(page))
	var sealed []Stored
	for i := range page {
		if e := &page[i]; e.Ring == 0 {
			out[i] = Opened{Record: e.Record, Key: [32]byte(e.Key)}
		} else {
			sealed = append(sealed, *e)
		}
	}
	if k.c.Open == nil || len(sealed) == 0 {
		return out, nil
	}
	opened, err := k.c.Open(ctx, k.tx, sealed)
	if err != nil {
		return nil, fmt.Errorf("open records: %w", err)
	}
	for i := range page {
		if page[i].Ring != 0 {
			out[i], opened = opened[0], opened[1:]
		}
	}
	return out, nil
}

// entry checks one row; false ends the walk.
func (k *checker) entry(ctx context.Context, e *Stored, o *Opened, yield func(ledger.Opened, error) bool) bool {
	k.report.Erased += e.At - k.rows.last - 1
	k.rows.last, k.rows.plain = e.At, e.Ring == 0
	k.report.Entries++
	if err := k.see(ctx, e); err != nil {
		return yield(ledger.Opened{}, err)
	}
	if o.Err != nil {
		return yield(ledger.Opened{}, entryDefect(e.At, "site, subject, ring, id, record", "it does not open: "+o.Err.Error()))
	}
	if o.Record == nil {
		return true
	}
	if !yield(ledger.Opened{Index: uint64(e.At), Record: o.Record, Key: o.Key}, nil) {
		return false
	}
	if err := k.says(e, o); err != nil {
		return yield(ledger.Opened{}, err)
	}
	return true
}

// says holds what a proven record says against its row.
func (k *checker) says(e *Stored, o *Opened) error {
	r, err := ledger.ParseRecord(o.Record)
	if err != nil {
		return err // the walk has parsed it already
	}
	if name, ok := k.rows.names[e.Site]; !ok || name != r.Site {
		return entryDefect(e.At, "site", "is not the one that the record has")
	}
	if e.Ring != 0 {
		return nil
	}
	if leaf := ledger.NewLeaf(o.Key, o.Record); string(e.ID[:]) != string(leaf[1:1+len(e.ID)]) {
		return entryDefect(e.At, "id", "is not the beginning of the leaf, as that of an open record is")
	}
	if r.Kind == ErasedKind {
		var body struct{ Records int64 }
		if err := json.Unmarshal(r.Body, &body); err != nil {
			return entryDefect(e.At, "record", "an erasure without numbers")
		}
		k.told += body.Records
	}
	return nil
}

// erasures compares the entries that have no row with what the log's erasures say.
func (k *checker) erasures() error {
	k.report.Erased += k.head.Size - k.rows.last - 1
	if k.report.Erased != k.told {
		return &Defect{Table: "entry", Index: -1, What: fmt.Sprintf("%d entries have no row, and the erasures in the log tell of %d", k.report.Erased, k.told)}
	}
	return nil
}
