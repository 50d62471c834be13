package subject

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// lotMax is about how many events are written together.
const lotMax = 2048

// A Report is one event as a caller tells it.
type Report struct {
	Person Ref
	Event  Event
	Key    string // the caller's own, under which the event is recorded once; "" for none
	Caller string // whose key that is
	By     string // handle of the principal who tells us
	Create bool   // make the person if nobody knows them
}

// A Recorded event has its place in the log.
type Recorded struct {
	Index int64          // in the log
	ID    ledger.EntryID // of the entry
	Again bool           // it was recorded before, under the same key
}

// A write is one event, or one new person, sealed and ready for the database.
type write struct {
	site    int64
	entry   store.Entry
	moved   int64      // as of which its person was read
	person  *newPerson // to be made with it
	needs   *newPerson // made by an earlier write of the lot
	key     []byte     // hash of the caller's key, nil for none
	permit  *permitRow // a step of a permit, nil for none
	journal *vault.Entry

	index int64
	err   error
}

// errAgain asks to read the person again and seal anew.
var errAgain = errors.New("the person was moved meanwhile")

// Append records events. Each has its own error; nothing of one that has is recorded. The others are in
// the log, and hold for decisions of this process, when it returns.
func (p *People) Append(ctx context.Context, site *Site, reports []Report) ([]Recorded, []error) {
	out, errs := make([]Recorded, len(reports)), make([]error, len(reports))
	if err := p.settle(); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return out, errs
	}
	var few [1]int
	todo := few[:0]
	for i := range reports {
		todo = append(todo, i)
	}
	for range movedTries {
		todo = p.appendSome(ctx, site, reports, todo, out, errs)
		if len(todo) == 0 {
			break
		}
	}
	return out, errs
}

// appendSome records those of the reports that are still to do, and returns those to do again.
func (p *People) appendSome(ctx context.Context, site *Site, reports []Report, todo []int, out []Recorded, errs []error) (again []int) {
	all := make([]write, len(todo))
	writes, which := make([]*write, 0, len(todo)), make([]int, 0, len(todo))
	var made map[Ref]*newPerson
	for n, i := range todo {
		w := &all[n]
		done, err := p.prepare(ctx, site, &reports[i], w, &made)
		switch {
		case err != nil:
			errs[i] = err
		case done != nil:
			out[i], errs[i] = *done, nil
		default:
			writes, which = append(writes, w), append(which, i)
		}
	}
	if len(writes) == 0 {
		return nil
	}
	lotErr := p.writes.Add(ctx, writes...)
	for n, w := range writes {
		i := which[n]
		if w.err == nil {
			w.err = lotErr
		}
		if errs[i] = w.err; errors.Is(w.err, errAgain) {
			again = append(again, i)
		}
		out[i] = Recorded{Index: w.index, ID: ledger.EntryID(w.entry.ID)}
	}
	return again
}

// prepare checks an event, finds its person and seals its record.
func (p *People) prepare(ctx context.Context, site *Site, r *Report, w *write, made *map[Ref]*newPerson) (*Recorded, error) {
	recorded := decision.InstantOf(p.store.Stamp())
	e := r.Event
	if e.By = r.By; e.At == 0 && e.Source == "" {
		e.At = recorded
	}
	if err := e.check(site.Model, recorded); err != nil {
		return nil, err
	}
	w.site = site.No
	if r.Key != "" {
		done, err := p.before(ctx, site, r, &e, w)
		if done != nil || err != nil {
			return done, err
		}
	}
	x, err := p.whose(ctx, site, r, w, made)
	if err != nil {
		return nil, err
	}
	ring := x.rings[e.Kind.ring()]
	if ring == nil {
		return nil, fmt.Errorf("%w: the person's %s keys are gone", ErrUnknown, e.Kind.ring())
	}
	w.moved = x.moved
	return nil, p.seal(site, w, &e, recorded, x, ring)
}

// whose is the person of the report: known, made by an earlier event of the lot, or new.
func (p *People) whose(ctx context.Context, site *Site, r *Report, w *write, made *map[Ref]*newPerson) (*person, error) {
	if n := (*made)[r.Person]; n != nil {
		w.needs = n
		return n.person, nil
	}
	x, err := p.find(ctx, site, r.Person)
	if err == nil {
		return x, nil
	}
	if !errors.Is(err, ErrUnknown) || !r.Create || r.Person.Kind == idKind {
		return nil, err
	}
	if w.person, err = p.newPerson(ctx, site, r.Person); err != nil {
		return nil, err
	}
	if *made == nil {
		*made = map[Ref]*newPerson{}
	}
	(*made)[r.Person] = w.person
	return w.person.person, nil
}

// seal makes the record of the event, its leaf, and what the journal keeps of it.
func (p *People) seal(site *Site, w *write, e *Event, recorded decision.Instant, x *person, ring *vault.Ring) error {
	record := ledger.Record{V: ledger.RecordVersion, Site: site.Name, Kind: string(e.Kind), At: ledger.Instant(e.At), Recorded: ledger.Instant(recorded), Version: site.Version}
	if e.Kind.ring() == vault.Evidence { // it is about a scope
		scope := p.scopes.of(site.Model, &e.Scope, e.Kind == Granted || e.Kind == Renewed)
		e.Scope, record.Clauses = scope.Scope, scope.clauses
	}
	space := p.space.Get().(*[]byte)
	defer p.space.Put(space)
	body := e.appendBody((*space)[:0])
	record.Body = body
	plain, err := record.AppendCanonical(body[len(body):])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrEvent, err)
	}
	if need := len(body) + len(plain); need > cap(*space) && need <= spaceMost {
		*space = make([]byte, 0, need)
	}
	w.entry = sealed(site, x, ring, e.Kind.ring(), plain)
	w.entry.Index = &w.index
	if kind := e.Kind.journal(); kind != "" {
		w.journal = &vault.Entry{Kind: kind, At: ledger.Instant(recorded), Subject: x.id, ID: w.entry.ID, Sealed: w.entry.Record}
	}
	return nil
}

// spaceMost is how much space for one record is kept for the next, in bytes.
const spaceMost = 64 << 10

// sealed is the entry of a person's record.
func sealed(site *Site, x *person, ring *vault.Ring, kind vault.RingKind, plain []byte) store.Entry {
	var id ledger.EntryID
	rand.Read(id[:])
	return store.Entry{
		Site: site.No, Subject: x.no, Ring: uint8(kind), ID: id,
		Leaf: ledger.NewLeaf(ring.EntryKey(id), plain), Record: ring.Seal(make([]byte, 0, len(plain)+vault.SealOverhead), plain, id),
	}
}

// write writes a lot in one transaction. If the database refuses one of it, or people were moved, each is
// tried by itself. After any other error nobody knows whether the lot was written, and what is written
// twice stands twice.
func (p *People) write(ctx context.Context, lot []*write) error {
	err := p.writeTogether(ctx, lot)
	if err == nil {
		return nil
	}
	if len(lot) == 1 || !refused(err) {
		return p.explain(ctx, lot[0], err)
	}
	for _, w := range lot {
		if w.needs != nil && w.needs.failed {
			w.err = errAgain
			continue
		}
		if err := p.writeTogether(ctx, []*write{w}); err != nil {
			w.err = p.explain(ctx, w, err)
		}
		if w.person != nil {
			w.person.failed = w.err != nil
		}
	}
	return nil
}

// refused: the database was there and would not have it, so that nothing was written.
func refused(err error) bool {
	var e *store.DatabaseError
	return errors.Is(err, store.ErrMoved) || errors.As(err, &e) && e.Refusal()
}

// explain turns what the database refused into what it means.
func (p *People) explain(ctx context.Context, w *write, err error) error {
	var refused *store.DatabaseError
	switch {
	case errors.Is(err, store.ErrMoved):
		if err := p.look(ctx); err != nil {
			return err
		}
		return errAgain
	case errors.As(err, &refused) && refused.Unique() && (w.person != nil || w.key != nil || w.permit != nil):
		return errAgain // another call was first: find what it made
	}
	return fmt.Errorf("record: %w", err)
}

func (p *People) writeTogether(ctx context.Context, lot []*write) error {
	err := p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.AsOf(lot[0].moved)
		var people newPeople
		var keys usedKeys
		var permits permitRows
		entries := make([]store.Entry, 0, len(lot))
		for _, w := range lot {
			if w.moved != lot[0].moved {
				return store.ErrMoved
			}
			people.add(w.person)
			keys.add(w)
			permits.add(w)
			if w.entry.Record != nil {
				entries = append(entries, w.entry)
			}
		}
		tx.Append(entries...)
		if err := people.insert(ctx, tx); err != nil {
			return err
		}
		if err := permits.insert(ctx, tx); err != nil {
			return err
		}
		return keys.insert(ctx, tx)
	})
	if err != nil {
		return err
	}
	for _, w := range lot {
		if w.person != nil {
			p.remember(w.person)
		}
	}
	p.note(lot)
	return nil
}

// usedKeys are the callers' keys of a lot.
type usedKeys struct {
	site, subject, at []int64
	hash, id          [][]byte
}

var keyTable = &store.Table{Name: "idempotency", Columns: []string{"site", "hash", "subject", "id", "at"}, Types: []string{"bigint", "bytea", "bigint", "bytea", "bigint"}}

func (k *usedKeys) add(w *write) {
	if w.key == nil {
		return
	}
	k.site, k.subject = append(k.site, w.site), append(k.subject, w.entry.Subject)
	k.hash, k.id = append(k.hash, w.key), append(k.id, w.entry.ID[:])
}

func (k *usedKeys) insert(ctx context.Context, tx *store.Tx) error {
	if len(k.site) == 0 {
		return nil
	}
	k.at = make([]int64, len(k.site))
	for i := range k.at {
		k.at[i] = tx.Now().UnixMicro()
	}
	return tx.Insert(ctx, keyTable, k.site, k.hash, k.subject, k.id, k.at)
}
