package subject

import (
	"context"
	"errors"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// Kinds of records about a person that say nothing facts know: who was made, found by more, looked at.
const (
	created    = "created"
	identified = "identified"
	accessed   = "accessed"
)

// aboutEntry is a record about a person that is no event. It proves what was done with the person's data,
// and so is evidence.
func aboutEntry(site *Site, x *person, kind string, at ledger.Instant, body map[string]any) (store.Entry, error) {
	text, err := bodyOf(kind, body)
	if err != nil {
		return store.Entry{}, err
	}
	ring := x.rings[vault.Evidence]
	if ring == nil {
		return store.Entry{}, fmt.Errorf("%w: the person's keys are gone", ErrUnknown)
	}
	r := ledger.Record{V: ledger.RecordVersion, Site: site.Name, Kind: kind, At: at, Recorded: at, Version: site.Version, Body: text}
	plain, err := r.AppendCanonical(nil)
	if err != nil {
		return store.Entry{}, err
	}
	return sealed(site, x, ring, vault.Evidence, plain), nil
}

// Accessed records that somebody looked at what is known of a person, before they are shown it. By is the
// handle of a principal; what names the view.
func (p *People) Accessed(ctx context.Context, site *Site, ref Ref, by, what string) error {
	for range movedTries {
		err := p.accessed(ctx, site, ref, map[string]any{"by": by, "what": what})
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	return fmt.Errorf("record an access: %w", store.ErrMoved)
}

func (p *People) accessed(ctx context.Context, site *Site, ref Ref, body map[string]any) error {
	x, err := p.find(ctx, site, ref)
	if err != nil {
		return err
	}
	e, err := aboutEntry(site, x, accessed, ledger.InstantOf(p.store.Now()), body)
	if err != nil {
		return err
	}
	w := &write{site: site.No, entry: e, moved: x.moved}
	w.entry.Index = &w.index
	if err := errors.Join(p.writes.Add(ctx, w), w.err); err != nil {
		return fmt.Errorf("record an access: %w", err)
	}
	return nil
}
