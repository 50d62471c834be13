package subject

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// A Permission is an allowed question that lets data of a known person out, to be recorded before it is
// answered.
type Permission struct {
	Disclosure
	Person    Known // as of the decision
	At        decision.Instant
	Clauses   []string // that determined it
	By        string   // handle of the caller
	Principal string   // who asks, by name
	Key       string   // the caller's own, under which it is permitted once; "" for none
	Caller    string   // whose key that is
}

// permitRow is a step of a permit: given, then confirmed.
type permitRow struct {
	id   [16]byte
	step int64
}

const (
	stepGiven     = 0
	stepConfirmed = 1
)

// Permit records permissions, each for itself, and gives each its permit. Without an error the record is in
// the log. With ErrStale nothing is, and the question has to be decided again.
func (p *People) Permit(ctx context.Context, site *Site, l []Permission) ([]PermitID, []error) {
	out, errs := make([]PermitID, len(l)), make([]error, len(l))
	if err := p.settle(); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return out, errs
	}
	writes, which := make([]*write, 0, len(l)), make([]int, 0, len(l))
	for i := range l {
		w := &write{}
		done, err := p.permission(ctx, site, &l[i], w)
		switch {
		case err != nil:
			errs[i] = err
		case done != nil:
			out[i] = *done
		default:
			writes, which = append(writes, w), append(which, i)
		}
	}
	if len(writes) == 0 {
		return out, errs
	}
	lotErr := p.writes.Add(ctx, writes...)
	for n, w := range writes {
		i := which[n]
		switch err := errors.Join(lotErr, w.err); {
		case errors.Is(err, errAgain):
			errs[i] = ErrStale
		case err != nil:
			errs[i] = fmt.Errorf("record a permit: %w", err)
		}
		out[i] = PermitID{w.permit.id, w.index}
	}
	return out, errs
}

// permission seals the record of one, or finds the permit that was given under the caller's key.
func (p *People) permission(ctx context.Context, site *Site, r *Permission, w *write) (*PermitID, error) {
	x := r.Person.x
	if x == nil {
		return nil, ErrUnknown
	}
	if r.Key != "" {
		done, err := p.permittedBefore(ctx, site, r, w)
		if done != nil || err != nil {
			return done, err
		}
	}
	recorded := decision.InstantOf(p.store.Stamp())
	w.permit = &permitRow{step: stepGiven}
	rand.Read(w.permit.id[:])
	body := r.body()
	maps.Copy(body, map[string]any{
		"by": r.By, "permit": fmt.Sprintf("%x", w.permit.id), "principal": r.Principal, "seq": r.Person.Seq,
		"until": ledger.InstantOf(recorded.Time().Add(PermitFor)).String(),
	})
	return nil, p.sealDisclosure(site, w, x, &ledger.Record{Kind: Permitted, At: ledger.Instant(min(r.At, recorded)), Recorded: ledger.Instant(recorded), Clauses: r.Clauses}, body)
}

// sealDisclosure makes the entry of a record about where data goes. It is evidence: what a person may be told
// of, and a controller has to show.
func (p *People) sealDisclosure(site *Site, w *write, x *person, r *ledger.Record, body map[string]any) error {
	ring := x.rings[vault.Evidence]
	if ring == nil || x.rings[vault.Profile] == nil {
		return fmt.Errorf("%w: the person's keys are gone", ErrUnknown)
	}
	var err error
	if r.Body, err = bodyOf(r.Kind, body); err != nil {
		return err
	}
	r.V, r.Site, r.Version = ledger.RecordVersion, site.Name, site.Version
	plain, err := r.AppendCanonical(nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDisclosure, err)
	}
	w.site, w.moved, w.entry = site.No, x.moved, sealed(site, x, ring, vault.Evidence, plain)
	w.entry.Index = &w.index
	return nil
}

// permittedBefore is the permit that was given under the caller's key for the same question about the same
// person. For another question it is ErrOtherEvent.
func (p *People) permittedBefore(ctx context.Context, site *Site, r *Permission, w *write) (*PermitID, error) {
	for i, h := range p.keys.Hashes(vault.ForIdempotency, site.Name, Permitted, r.Caller, r.Key) {
		if i == 0 {
			w.key = h.Sum[:]
		}
		s, whose, err := p.recordedUnder(ctx, site, h.Sum[:])
		if errors.Is(err, store.ErrNone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look a permit up: %w", err)
		}
		if whose != r.Person.x.no {
			return nil, ErrOtherEvent
		}
		x, err := p.person(ctx, site, s.Subject)
		if err != nil {
			return nil, err
		}
		_, b, err := x.disclosure(s)
		if err != nil {
			return nil, err
		}
		was := b.disclosure()
		id, err := ParsePermit(fmt.Sprintf("%s-%d", b.Permit, s.At))
		if err != nil || !was.same(&r.Disclosure) {
			return nil, ErrOtherEvent
		}
		return &id, nil
	}
	return nil, nil
}

// disclosure opens an entry of either kind. It is nil for entries of others.
func (x *person) disclosure(s *store.Stored) (*ledger.Record, *disclosureBody, error) {
	plain, err := x.open(s)
	if err != nil {
		return nil, nil, err
	}
	r, err := ledger.ParseRecord(plain)
	if err != nil {
		return nil, nil, fmt.Errorf("entry %d: %w", s.At, err)
	}
	if !slices.Contains([]string{Permitted, Disclosed}, r.Kind) {
		return &r, nil, nil
	}
	b, err := readDisclosure(&r)
	if err != nil {
		return nil, nil, fmt.Errorf("entry %d: %w", s.At, err)
	}
	return &r, b, nil
}

// permitRows are the steps of permits in a lot.
type permitRows struct {
	site, step, subject, at []int64
	id, entry               [][]byte
}

var permitTable = &store.Table{Name: "permit", Columns: []string{"site", "id", "step", "subject", "entry", "at"}, Types: []string{"bigint", "bytea", "bigint", "bigint", "bytea", "bigint"}}

func (l *permitRows) add(w *write) {
	if w.permit == nil {
		return
	}
	l.site, l.step, l.subject = append(l.site, w.site), append(l.step, w.permit.step), append(l.subject, w.entry.Subject)
	l.id, l.entry = append(l.id, w.permit.id[:]), append(l.entry, w.entry.ID[:])
}

func (l *permitRows) insert(ctx context.Context, tx *store.Tx) error {
	l.at = slices.Repeat([]int64{tx.Now().UnixMicro()}, len(l.site))
	if len(l.site) == 0 {
		return nil
	}
	return tx.Insert(ctx, permitTable, l.site, l.id, l.step, l.subject, l.entry, l.at)
}
