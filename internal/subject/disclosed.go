package subject

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
)

// A DisclosureEntry is what the log knows of one disclosure of a person.
type DisclosureEntry struct {
	Disclosure
	Permit  PermitID // of one that was permitted
	Unasked bool     // nobody asked beforehand
	Source  string   // from where an unasked one is known

	Permitted, Until decision.Instant // when it was permitted, and until when it could be made; 0: never
	Confirmed        decision.Instant // when it was made, as claimed; 0: nobody confirmed it
	Recorded         decision.Instant
	Count            int64 // as the caller counted

	Principal    string // who asked, or reported
	ConfirmedBy  string
	Index        int64 // of the entry
	Confirmation int64 // of the entry that confirms it; 0: none
	Clauses      []string
	Version      string
}

// Disclosures are what was permitted, confirmed and learned of about a person and everybody merged into them,
// in the order of the log.
func (p *People) Disclosures(ctx context.Context, site *Site, ref Ref) ([]DisclosureEntry, error) {
	var out []DisclosureEntry
	err := p.eachOf(ctx, site, ref, func(ctx context.Context, tx *store.Tx, x *person) error {
		given := map[[16]byte]int{} // a confirmation is in the same row of people as its permit, and after it
		return tx.Entries(ctx, site.No, x.no, 0, func(s *store.Stored) error {
			r, b, err := x.disclosure(s)
			if b == nil || err != nil {
				return err
			}
			e, err := entryOf(r, b, s.At)
			if err != nil {
				return err
			}
			if r.Kind == Disclosed && !b.Unasked {
				i, ok := given[e.Permit.ID]
				if !ok {
					return fmt.Errorf("entry %d confirms a permit that is not there", s.At)
				}
				out[i].confirm(&e)
				return nil
			}
			if given[e.Permit.ID] = len(out); b.Unasked {
				delete(given, e.Permit.ID)
			}
			out = append(out, e)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read disclosures: %w", err)
	}
	slices.SortFunc(out, func(a, b DisclosureEntry) int { return cmp.Compare(a.Index, b.Index) })
	return out, nil
}

func (e *DisclosureEntry) confirm(c *DisclosureEntry) {
	e.Confirmed, e.Data, e.Count, e.ConfirmedBy, e.Confirmation = c.Confirmed, c.Data, c.Count, c.Principal, c.Index
}

func entryOf(r *ledger.Record, b *disclosureBody, index int64) (DisclosureEntry, error) {
	e := DisclosureEntry{
		Disclosure: b.disclosure(), Index: index, Unasked: b.Unasked, Source: b.Source, Count: b.Count, Principal: b.Principal, Clauses: r.Clauses, Version: r.Version,
		Recorded: decision.Instant(r.Recorded),
	}
	if r.Kind == Disclosed {
		e.Confirmed = decision.Instant(r.At)
	} else {
		e.Permitted = decision.Instant(r.At)
	}
	if b.Unasked {
		return e, nil
	}
	id, err := ParsePermit(fmt.Sprintf("%s-%d", b.Permit, index))
	if err != nil {
		return e, fmt.Errorf("entry %d: %w", index, err)
	}
	e.Permit = id
	if b.Until != "" {
		until, err := ledger.ParseInstant(b.Until)
		if err != nil {
			return e, fmt.Errorf("entry %d: %w", index, err)
		}
		e.Until = decision.Instant(until)
	}
	return e, nil
}
