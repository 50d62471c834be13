package subject

import (
	"context"
	"errors"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
)

// Check recomputes the whole log inside the database, with every record that there is a key for, and then
// looks at the keys and identities of everybody; see store.Check. progress may be nil.
func (p *People) Check(ctx context.Context, progress func(done, total int64)) (store.Report, error) {
	o := opener{p: p, people: newCache[int64, *person](checkKept), wrong: map[int64]error{}}
	report, err := p.store.Check(ctx, store.Check{Deep: true, Open: o.open, Progress: progress})
	if err == nil {
		err = p.checkPeople(ctx)
	}
	if err == nil {
		err = p.unclaimed(ctx)
	}
	return report, err
}

// checkKept is how many people's keys a check keeps: each is read again where the log comes back to them.
const checkKept = 4096

// An opener opens records of many people.
type opener struct {
	p      *People
	people *cache[int64, *person]
	wrong  map[int64]error // whose rings do not unwrap
}

var errShredded = errors.New("the person's keys are gone")

func (o *opener) open(ctx context.Context, tx *store.Tx, entries []store.Stored) ([]store.Opened, error) {
	out := make([]store.Opened, len(entries))
	here, err := o.of(ctx, tx, entries)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		e := &entries[i]
		x := here[e.Subject]
		if x.ring(e.Ring) == nil {
			if out[i].Err = o.wrong[x.no]; out[i].Err == nil {
				out[i].Err = errShredded
			}
			continue
		}
		plain, err := x.open(e)
		if err != nil {
			out[i].Err = err
			continue
		}
		out[i] = store.Opened{Record: plain, Key: x.ring(e.Ring).EntryKey(e.ID)}
	}
	return out, nil
}

// of has the keys of those whom the entries are about.
func (o *opener) of(ctx context.Context, tx *store.Tx, entries []store.Stored) (map[int64]*person, error) {
	here := map[int64]*person{}
	missing := map[int64][]int64{} // by site
	for i := range entries {
		no, site := entries[i].Subject, entries[i].Site
		if here[no] != nil {
			continue
		}
		x, ok := o.people.find(no)
		if !ok {
			x = &person{no: no}
			missing[site] = append(missing[site], no)
			o.people.add(no, x, func() bool { return true })
		}
		here[no] = x
	}
	for site, all := range missing {
		for len(all) > 0 {
			n := min(doubtLot, len(all))
			if err := o.read(ctx, tx, site, all[:n], here); err != nil {
				return nil, err
			}
			all = all[n:]
		}
	}
	return here, nil
}

// read unwraps the rings of some people of a site; they are found by their numbers, not by the site's
// index. A ring that does not unwrap is left out: what it sealed
// will not open.
func (o *opener) read(ctx context.Context, tx *store.Tx, site int64, people []int64, into map[int64]*person) error {
	args := []any{site}
	for i := range doubtLot {
		args = append(args, people[min(i, len(people)-1)])
	}
	return tx.Each(ctx, `SELECT s.no, s.id, r.kind, r.epoch, r.wrapped FROM subject s JOIN ring r ON r.site = s.site AND r.subject = s.no WHERE s.site + 0 = $1 AND s.no IN (`+placeholders(2, doubtLot)+`)`, args, func(scan func(...any) error) error {
		var no, kind int64
		var id []byte
		var w vault.Wrapped
		if err := scan(&no, &id, &kind, &w.Epoch, &w.Blob); err != nil {
			return err
		}
		x := into[no]
		if x == nil || kind < 1 || kind > 3 || len(id) != len(x.id) {
			return &store.Defect{Table: "ring", Row: fmt.Sprintf("subject = %d", no), Column: "kind", Index: -1, What: "there is no such ring, or no such person"}
		}
		x.id = ID(id)
		ring, err := o.p.keys.Unwrap(vault.RingKind(kind), x.id, w)
		if err != nil {
			o.wrong[no] = err
			return nil
		}
		x.rings[kind] = ring
		return nil
	})
}
