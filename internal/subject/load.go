package subject

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
)

// A person is what is held in memory of one: opened rings, and the facts once they were asked for.
type person struct {
	no    int64
	id    ID
	rings [4]*vault.Ring // by kind; nil where there is none
	moved int64          // erasures and merges as of which this was read

	touched atomic.Uint64 // how often something happened with the person since
	derived atomic.Pointer[derived]
	length  atomic.Int64 // entries when they were last read
}

// derived facts hold as long as nothing has happened with the person since.
type derived struct {
	facts   decision.Facts
	by      *decision.Program
	touched uint64
	seq     int64 // size of the log as of which they were read
}

// Ref is how a caller names a person; Facts and events take it.
type Ref = Identity

// find has the person of a reference, or whom they were merged into: from memory, or with one journey.
func (p *People) find(ctx context.Context, site *Site, ref Ref) (*person, error) {
	if ref.Kind == idKind {
		no, err := p.numberOfID(ctx, site, ref.Value)
		if err != nil {
			return nil, err
		}
		return p.person(ctx, site, no)
	}
	fresh := p.confirmed()
	for _, h := range p.keys.Hashes(vault.ForIdentity, site.Name, ref.Kind, ref.Value) {
		key := hashKey{site.No, h.Sum}
		if no, ok := p.byHash.find(key); ok && fresh {
			return p.person(ctx, site, no)
		}
		r, err := p.read(ctx, selectFound, site, h.Sum[:], nil)
		if errors.Is(err, ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look a person up: %w", err)
		}
		no := r.no
		if r.into != 0 {
			no = r.into
		}
		p.byHash.add(key, no, func() bool { return p.moved.Load() == r.moved })
		if r.into != 0 {
			return p.person(ctx, site, no)
		}
		if x, ok := p.known.find(no); ok && fresh {
			return x, nil // with facts
		}
		return p.keep(r), nil
	}
	return nil, ErrUnknown
}

// numberOfID is the number of the person of an id, or of whom they were merged into.
func (p *People) numberOfID(ctx context.Context, site *Site, value string) (no int64, err error) {
	id, err := ParseID(value)
	if err != nil {
		return 0, err
	}
	const text = `SELECT coalesce(merged, no) FROM subject WHERE site = $1 AND id = $2`
	if err := p.store.Read(ctx, text, []any{site.No, id[:]}, func(scan func(...any) error) error { return scan(&no) }); err != nil {
		return 0, fmt.Errorf("look a person up: %w", err)
	}
	if no == 0 {
		return 0, ErrUnknown
	}
	return no, nil
}

// person has the rings of a person, from memory or read.
func (p *People) person(ctx context.Context, site *Site, no int64) (*person, error) {
	if x, ok := p.known.find(no); ok && p.confirmed() {
		return x, nil
	}
	r, err := p.read(ctx, selectPerson, site, no, nil)
	if err != nil {
		return nil, fmt.Errorf("read a person: %w", err)
	}
	return p.keep(r), nil
}

func (p *People) readRings(ctx context.Context, tx *store.Tx, site *Site, x *person) error {
	var id []byte
	err := tx.Row(ctx, `SELECT id FROM subject WHERE no = $1 AND site = $2`, []any{x.no, site.No}, &id)
	if errors.Is(err, store.ErrNone) {
		return ErrUnknown
	}
	if err != nil {
		return err
	}
	x.id = ID(id)
	return tx.Each(ctx, `SELECT kind, epoch, wrapped FROM ring WHERE site = $1 AND subject = $2`, []any{site.No, x.no}, func(scan func(...any) error) error {
		var kind int64
		var w vault.Wrapped
		if err := scan(&kind, &w.Epoch, &w.Blob); err != nil {
			return err
		}
		if kind < 1 || kind > 3 {
			return fmt.Errorf("a ring of kind %d", kind)
		}
		x.rings[kind], err = p.keys.Unwrap(vault.RingKind(kind), x.id, w)
		return err
	})
}

// A Known is a person as of an instant of the log.
type Known struct {
	Facts decision.Facts
	Seq   int64 // size of the log as of which it is so
	Known bool  // somebody has told us of them; else the facts are a stranger's
	x     *person
}

// Facts are what decisions about the person stand on. atLeast, if not 0, is a size of the log that the
// answer must know of; ErrBehind if the log is not that far.
func (p *People) Facts(ctx context.Context, site *Site, ref Ref, atLeast int64) (Known, error) {
	if atLeast > p.seen.Load() {
		if err := p.look(ctx); err != nil {
			return Known{}, err
		}
		if atLeast > p.seen.Load() {
			return Known{}, ErrBehind
		}
	}
	seen := p.seen.Load()
	x, err := p.find(ctx, site, ref)
	if errors.Is(err, ErrUnknown) {
		return Known{Seq: seen}, nil
	}
	if err != nil {
		return Known{}, err
	}
	d, err := p.factsOf(ctx, site, x)
	if errors.Is(err, ErrUnknown) {
		return Known{Seq: seen}, nil
	}
	if err != nil {
		return Known{}, err
	}
	return Known{Facts: d.facts, Seq: max(seen, d.seq), Known: true, x: x}, nil
}

// ErrBehind is returned where an answer must know more of the log than there is.
var ErrBehind = errors.New("the log is not that far")

// factsOf derives the facts, or has them.
func (p *People) factsOf(ctx context.Context, site *Site, x *person) (*derived, error) {
	touched := x.touched.Load()
	was := x.derived.Load()
	if was != nil && was.by != site.Program {
		was = nil
	}
	if was != nil && was.touched == touched {
		return was, nil
	}
	d := &derived{by: site.Program, touched: touched}
	seen := p.seen.Load()
	if was != nil && x.length.Load() >= longHistory {
		switch still, err := p.still(ctx, site, x, was, &d.seq); {
		case err != nil:
			return nil, fmt.Errorf("read on in a history: %w", err)
		case still && d.seq >= seen:
			d.facts = was.facts
			x.derived.Store(d)
			return d, nil
		}
	}
	events, err := p.history(ctx, site, x, &d.seq)
	if err != nil {
		return nil, err
	}
	if d.seq < seen {
		return nil, doubt("it has %d entries and had %d: the database was set back", d.seq, seen)
	}
	if d.facts, err = site.Program.Facts(declared(site.Model, derive(events, site.Zone))); err != nil {
		return nil, fmt.Errorf("derive facts: %w", err)
	}
	x.derived.Store(d) // holds only as long as touched is what it was
	return d, nil
}

func (x *person) ring(kind uint8) *vault.Ring {
	if int(kind) >= len(x.rings) {
		return nil
	}
	return x.rings[kind]
}

// Pseudonym names the person in logs of one month.
func (k Known) Pseudonym(at time.Time) [16]byte {
	if k.x == nil || k.x.rings[vault.Profile] == nil {
		return [16]byte{}
	}
	return k.x.rings[vault.Profile].Pseudonym(at.UTC().Format("2006-01"))
}
