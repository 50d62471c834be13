package subject

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// The rows of a person's reading: what they are, three numbers, two values. Each part of it is one look into
// an index.
const (
	rowHead = iota
	rowPerson
	rowRing
	rowMerged
	rowEntry
)

const (
	selectPerson = `SELECT 0, size, moved, at, CAST(NULL AS bytea), CAST(NULL AS bytea) FROM log_head WHERE id = 1
	UNION ALL SELECT 1, no, 0, 0, id, NULL FROM subject WHERE no = $2 AND site = $1
	UNION ALL SELECT 2, kind, epoch, 0, wrapped, NULL FROM ring WHERE site = $1 AND subject = $2`
	selectHistory = selectPerson + `
	UNION ALL SELECT 3, no, 0, 0, NULL, NULL FROM subject WHERE merged = $2
	UNION ALL SELECT 4, idx, ring, 0, id, record FROM entry WHERE site = $1 AND subject = $2`
	selectFound = `SELECT 0, size, moved, at, CAST(NULL AS bytea), CAST(NULL AS bytea) FROM log_head WHERE id = 1
	UNION ALL SELECT 1, s.no, coalesce(s.merged, 0), 0, s.id, NULL FROM identity i JOIN subject s ON s.no = i.subject WHERE i.site = $1 AND i.hash = $2
	UNION ALL SELECT 2, r.kind, r.epoch, 0, r.wrapped, NULL FROM identity i JOIN ring r ON r.site = i.site AND r.subject = i.subject WHERE i.site = $1 AND i.hash = $2`
)

// A reading is one person as of one instant of the log.
type reading struct {
	person
	found   bool
	into    int64 // whom they were merged into, 0 for nobody
	size    int64 // of the log
	at      int64 // its time, µs
	wrapped [4]vault.Wrapped
	merged  bool // others were merged into the person, and their entries are not among these
	entries []store.Stored
}

// read reads a person with one of the statements above, by number or hash. known, if not nil, has rings that
// need not be opened again unless people were erased or merged since.
func (p *People) read(ctx context.Context, text string, site *Site, which any, known *person, more ...any) (*reading, error) {
	var r reading
	if err := p.store.Read(ctx, text, append([]any{site.No, which}, more...), r.row); err != nil {
		return nil, err
	}
	if r.at == 0 {
		return nil, doubt("it has no head")
	}
	p.store.Reached(time.UnixMicro(r.at))
	if !r.found {
		return nil, ErrUnknown
	}
	if known != nil && known.moved == r.moved && known.id == r.id {
		r.rings = known.rings
		return &r, nil
	}
	for kind, w := range r.wrapped {
		if w.Blob == nil {
			continue
		}
		var err error
		if r.rings[kind], err = p.keys.Unwrap(vault.RingKind(kind), r.id, w); err != nil {
			return nil, err
		}
	}
	return &r, nil
}

// keep puts a person who was read where they are looked for, unless others were erased or merged since.
func (p *People) keep(r *reading) *person {
	x := &person{no: r.no, id: r.id, rings: r.rings, moved: r.moved}
	p.known.add(x.no, x, func() bool { return p.moved.Load() == x.moved })
	return x
}

func (r *reading) row(scan func(...any) error) error {
	var what, a, b, c int64
	var d, e []byte
	if err := scan(&what, &a, &b, &c, &d, &e); err != nil {
		return err
	}
	switch what {
	case rowHead:
		r.size, r.moved, r.at = a, b, c
	case rowPerson:
		if len(d) != len(r.id) {
			return fmt.Errorf("person %d has no proper id", a)
		}
		r.no, r.into, r.id, r.found = a, b, ID(d), true
	case rowRing:
		if a < 1 || int(a) >= len(r.wrapped) {
			return fmt.Errorf("a ring of kind %d", a)
		}
		r.wrapped[a] = vault.Wrapped{Epoch: b, Blob: d}
	case rowMerged:
		r.merged = true
	case rowEntry:
		if len(d) != len(ledger.EntryID{}) {
			return fmt.Errorf("entry %d has no proper id", a)
		}
		r.entries = append(r.entries, store.Stored{At: a, Entry: store.Entry{Ring: uint8(b), ID: [16]byte(d), Record: e}})
	}
	return nil
}

// history reads all events of a person, and of those merged into them, in the order of the log.
func (p *People) history(ctx context.Context, site *Site, x *person, seq *int64) ([]recorded, error) {
	r, err := p.read(ctx, selectHistory, site, x.no, x)
	if err == nil && r.merged {
		return p.historyTogether(ctx, site, x.no, seq)
	}
	if err != nil {
		return nil, fmt.Errorf("read a history: %w", err)
	}
	*seq = r.size
	x.length.Store(int64(len(r.entries)))
	out := make([]recorded, 0, len(r.entries))
	for i := range r.entries {
		if out, err = r.event(&r.entries[i], out); err != nil {
			return nil, fmt.Errorf("read a history: %w", err)
		}
	}
	if !slices.IsSortedFunc(out, byIndex) {
		sortByIndex(out)
	}
	return out, nil
}

// historyTogether does so where others were merged into the person.
func (p *People) historyTogether(ctx context.Context, site *Site, no int64, seq *int64) ([]recorded, error) {
	var out []recorded
	err := p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if *seq, err = tx.Size(ctx); err != nil {
			return err
		}
		out, err = p.events(ctx, tx, site, no)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read a history: %w", err)
	}
	return out, nil
}

// events are the history in a transaction.
func (p *People) events(ctx context.Context, tx *store.Tx, site *Site, no int64) ([]recorded, error) {
	all, err := p.together(ctx, tx, site, no)
	if err != nil {
		return nil, err
	}
	var out []recorded
	for _, x := range all {
		err := tx.Entries(ctx, site.No, x.no, 0, func(e *store.Stored) (err error) {
			out, err = x.event(e, out)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(all) > 1 {
		sortByIndex(out)
	}
	return out, nil
}

// event opens one entry and adds what it says. Records that are no events say nothing that facts know.
func (x *person) event(e *store.Stored, out []recorded) ([]recorded, error) {
	plain, err := x.open(e)
	if err != nil {
		return nil, err
	}
	r, err := ledger.ParseRecord(plain)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", e.At, err)
	}
	if slices.Contains(quietKinds, r.Kind) {
		return out, nil
	}
	event, err := readEvent(&r)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", e.At, err)
	}
	return append(out, recorded{*event, decision.Instant(r.Recorded), e.At}), nil
}
