package subject

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// doubtLot is how many entries of the journal are looked up at once.
const doubtLot = 64

// Doubts compares the database with the journal beside the keys, before anything is answered: the log must
// continue what the journal has of it, whoever was erased must be gone, and every withdrawal, objection,
// restriction and hold must be there, with the leaf that the log commits to. Otherwise the error wraps a
// store.Doubt that says what is wrong without personal data, and the database must not be used: it was set
// back, belongs to other keys, or was changed. It reads what the journal holds since it was compacted, and
// of the log only what that needs; store.Check recomputes the whole.
//
// Without doubt the present head is written into the journal.
func (p *People) Doubts(ctx context.Context) error {
	if p.journal == nil {
		return nil
	}
	d := doubts{p: p, erased: map[ID]uint64{}}
	if err := d.survey(); err != nil {
		return fmt.Errorf("compare the database with the journal: %w", err)
	}
	err := p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		d.tx, d.tiles = tx, &rememberedTiles{tiles: tx.Tiles()}
		return d.look(ctx)
	})
	if err != nil {
		return fmt.Errorf("compare the database with the journal: %w", err)
	}
	if err := p.journalize(d.late); err != nil {
		return err
	}
	return p.Checkpoint(d.head.Checkpoint)
}

// doubts is one comparison. The journal is read before the database: what other processes write meanwhile
// is then in both, or in the database alone.
type doubts struct {
	p     *People
	tx    *store.Tx
	tiles *rememberedTiles
	head  *store.Head
	root  ledger.Hash

	known  int           // entries of the journal when it was read first
	last   vault.Entry   // the checkpoint of the largest size
	latest vault.Entry   // the event of the largest index
	erased map[ID]uint64 // whom the journal says erased, and by which entry
	sites  []int64
	late   []vault.Entry // erasures that the log has and the journal lacks
}

func doubt(format string, args ...any) error { return store.Doubt{What: fmt.Sprintf(format, args...)} }

func (d *doubts) look(ctx context.Context) (err error) {
	if d.head, err = d.tx.LogHead(ctx); err != nil {
		return err
	}
	d.root = d.head.Edge.Root()
	if err := continues(ctx, d.tiles, d.head, uint64(d.head.Size), d.root); err != nil {
		return err
	}
	err = d.tx.Each(ctx, `SELECT no FROM site ORDER BY no`, nil, func(scan func(...any) error) error {
		var no int64
		err := scan(&no)
		d.sites = append(d.sites, no)
		return err
	})
	if err != nil {
		return err
	}
	if err := d.reaches(ctx); err != nil {
		return err
	}
	if err := d.lots(ctx, func(e *vault.Entry) bool { return e.Kind == vault.Erased }, d.gone); err != nil {
		return err
	}
	return d.lots(ctx, func(e *vault.Entry) bool { return e.Kind != vault.Erased && e.Kind != vault.Checkpoint }, d.there)
}

// survey goes through the journal once.
func (d *doubts) survey() error {
	return d.p.journal.Each(func(e vault.Entry) error {
		d.known++
		switch {
		case e.Kind == vault.Checkpoint:
			if d.last.Kind == "" || e.Size >= d.last.Size {
				d.last = e
			}
			return nil
		case e.Kind == vault.Erased:
			d.erased[e.Subject] = e.Index
		}
		if d.latest.Kind == "" || e.Index >= d.latest.Index {
			d.latest = e
		}
		return nil
	})
}

// reaches: nothing in the journal lies beyond the log, and the log continues what was signed.
func (d *doubts) reaches(ctx context.Context) error {
	size := uint64(d.head.Size)
	if e := &d.latest; e.Kind != "" && e.Index >= size {
		return doubt("the journal has a %s event at entry %d, and the log ends before entry %d: the database is older than the journal", e.Kind, e.Index, size)
	}
	if d.last.Kind == "" && size == 0 {
		return nil
	}
	if d.last.Kind == "" {
		return doubt("the log has %d entries, and the journal beside the keys knows of none: it was lost, or is another's", size)
	}
	return continues(ctx, d.tiles, d.head, d.last.Size, d.last.Root)
}

// continues finds out whether the log once had that root, read off the tiles.
func continues(ctx context.Context, tiles ledger.Tiles, head *store.Head, size uint64, root ledger.Hash) error {
	if size > uint64(head.Size) {
		return doubt("the log has %d entries, and had %d: the database was set back", head.Size, size)
	}
	got, err := ledger.TreeRoot(ctx, tiles, size)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return doubt("the log's tiles cannot be read: %v", err)
	}
	if got != root {
		return doubt("its first %d entries are not those that were signed before", size)
	}
	return nil
}

// lots calls fn for some entries of the journal at a time.
func (d *doubts) lots(ctx context.Context, which func(*vault.Entry) bool, fn func(context.Context, []vault.Entry) error) error {
	var lot []vault.Entry
	seen := 0
	err := d.p.journal.Each(func(e vault.Entry) error {
		if seen++; seen > d.known || !which(&e) {
			return nil
		}
		if lot = append(lot, e); len(lot) < doubtLot {
			return nil
		}
		full := lot
		lot = nil
		return fn(ctx, full)
	})
	if err != nil || len(lot) == 0 {
		return err
	}
	return fn(ctx, lot)
}

// A holder is the row of a person, as the journal's id leads to it.
type holder struct{ no, site int64 }

// holders finds the people of a lot.
func (d *doubts) holders(ctx context.Context, lot []vault.Entry) (map[ID]holder, error) {
	out := map[ID]holder{}
	for _, site := range d.sites {
		args := []any{site}
		for i := range doubtLot {
			args = append(args, lot[min(i, len(lot)-1)].Subject[:])
		}
		err := d.tx.Each(ctx, `SELECT no, id FROM subject WHERE site = $1 AND id IN (`+placeholders(2, doubtLot)+`)`, args, func(scan func(...any) error) error {
			h := holder{site: site}
			var id []byte
			err := scan(&h.no, &id)
			out[ID(id)] = h
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// gone finds people who were erased and are there.
func (d *doubts) gone(ctx context.Context, lot []vault.Entry) error {
	found, err := d.holders(ctx, lot)
	if err != nil {
		return err
	}
	for _, e := range lot {
		if _, ok := found[e.Subject]; ok {
			return doubt("somebody whom the journal says erased, at entry %d, is in the database", e.Index)
		}
	}
	return nil
}

// there finds events of the journal that are not in the log as they were.
func (d *doubts) there(ctx context.Context, lot []vault.Entry) error {
	found, err := d.holders(ctx, lot)
	if err != nil {
		return err
	}
	for i := range lot {
		e := &lot[i]
		if _, erased := d.erased[e.Subject]; erased {
			continue
		}
		h, ok := found[e.Subject]
		if !ok {
			err = d.vanished(ctx, e)
		} else {
			err = d.stands(ctx, e, h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stands checks that the event is in its row, opens, and has the leaf that the log commits to.
func (d *doubts) stands(ctx context.Context, e *vault.Entry, h holder) error {
	lacks := func(why string) error {
		return doubt("the journal has a %s event at entry %d, and the database %s", e.Kind, e.Index, why)
	}
	found := false
	var stored store.Stored
	enough := errors.New("enough")
	err := d.tx.Entries(ctx, h.site, h.no, int64(e.Index), func(s *store.Stored) error {
		stored, found = *s, s.At == int64(e.Index)
		return enough
	})
	if err != nil && !errors.Is(err, enough) {
		return err
	}
	if !found || stored.ID != e.ID || !slices.Equal(stored.Record, e.Sealed) {
		return lacks("does not have it")
	}
	x := &person{no: h.no}
	err = d.p.readRings(ctx, d.tx, &Site{No: h.site}, x)
	if _, broken := errors.AsType[*store.DatabaseError](err); broken || ctx.Err() != nil {
		return err
	}
	if err != nil {
		return lacks("does not have the keys for it: " + err.Error())
	}
	plain, err := x.open(&stored)
	if err != nil {
		return lacks("cannot open it: " + err.Error())
	}
	leaf := ledger.NewLeaf(x.ring(stored.Ring).EntryKey(stored.ID), plain)
	proof, err := d.tiles.prove(ctx, e.Index, uint64(d.head.Size))
	if err != nil {
		return lacks("cannot prove it: " + err.Error())
	}
	if ledger.VerifyInclusion(e.Index, uint64(d.head.Size), leaf.Hash(), proof, d.root) != nil {
		return lacks("has another leaf for it")
	}
	return nil
}

// vanished looks for the erasure of a person whom the journal knows by an event and the database not at
// all. A crash between the commit of an erasure and its line in the journal leaves that behind: the log
// says that somebody was erased, and the journal does not; it is then made up for.
func (d *doubts) vanished(ctx context.Context, e *vault.Entry) error {
	for _, site := range d.sites {
		index, at, err := d.untold(ctx, site, int64(e.Index))
		if err != nil {
			return err
		}
		if index > 0 {
			d.erased[e.Subject] = uint64(index)
			d.late = append(d.late, vault.Entry{Kind: vault.Erased, At: at, Index: uint64(index), Subject: e.Subject})
			return nil
		}
	}
	return doubt("the journal has a %s event at entry %d, and the person is not in the database", e.Kind, e.Index)
}

// untold finds an erasure in the log, after an entry, that the journal does not tell of.
func (d *doubts) untold(ctx context.Context, site, after int64) (index int64, at ledger.Instant, err error) {
	told := map[uint64]bool{}
	for _, i := range d.erased {
		told[i] = true
	}
	for _, l := range d.late {
		delete(told, l.Index) // several may have been erased by one entry
	}
	enough := errors.New("enough")
	err = d.tx.Entries(ctx, site, 0, after+1, func(s *store.Stored) error {
		r, err := ledger.ParseRecord(s.Record)
		if err != nil {
			return doubt("entry %d is no record", s.At)
		}
		if r.Kind != store.ErasedKind || told[uint64(s.At)] {
			return nil
		}
		index, at = s.At, r.Recorded
		return enough
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return index, at, err
}
