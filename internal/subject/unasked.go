package subject

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// An Unasked disclosure is one that nobody asked about before: the house learned of it afterwards. It is
// recorded, since the person must be told of it, and never counts as permitted.
type Unasked struct {
	Disclosure
	Person    Ref
	At        decision.Instant
	Source    string // from where it is known
	Count     int64
	By        string
	Principal string
	Key       string // the caller's own, under which it is recorded once; "" for none
	Caller    string
}

// ReportUnasked records disclosures that were not asked beforehand. Their people must be known.
func (p *People) ReportUnasked(ctx context.Context, site *Site, l []Unasked) ([]Recorded, []error) {
	return p.writeEach(ctx, len(l), func(ctx context.Context, i int, w *write) (*Recorded, error) {
		return p.unasked(ctx, site, &l[i], w)
	})
}

func (p *People) unasked(ctx context.Context, site *Site, u *Unasked, w *write) (*Recorded, error) {
	recorded := decision.InstantOf(p.store.Stamp())
	d := u.Disclosure
	d.Data = slices.Compact(slices.Sorted(slices.Values(d.Data)))
	if err := u.check(site, &d, recorded); err != nil {
		return nil, err
	}
	x, err := p.find(ctx, site, u.Person)
	if err != nil {
		return nil, err
	}
	if u.Key != "" {
		done, err := p.unaskedBefore(ctx, site, u, &d, x, w)
		if done != nil || err != nil {
			return done, err
		}
	}
	body := d.body()
	maps.Copy(body, map[string]any{"by": u.By, "principal": u.Principal, "source": u.Source, "unasked": true})
	if u.Count > 0 {
		body["count"] = u.Count
	}
	return nil, p.sealDisclosure(site, w, x, &ledger.Record{Kind: Disclosed, At: ledger.Instant(u.At), Recorded: ledger.Instant(recorded)}, body)
}

// check finds what is wrong with it. A word that is not declared is not repeated.
func (u *Unasked) check(site *Site, d *Disclosure, recorded decision.Instant) error {
	v := &site.Model.Vocabulary
	why := ""
	switch {
	case u.At <= 0 || u.At > lastInstant:
		why = "at is missing: when it happened"
	case u.At > recorded+skew:
		why = "at is more than two minutes ahead of this server's clock"
	case u.Source == "":
		why = "source is missing: from where it is known"
	case u.Count < 0 || u.Count > disclosedMax:
		why = "count is a whole number, not negative"
	case len(d.Data) == 0:
		why = "data is missing"
	case !slices.Contains([]string{decision.VerbDisclose, decision.VerbSell, decision.VerbPublish}, d.Action):
		why = "action is disclose, sell or publish"
	case !slices.ContainsFunc(v.Recipients, func(r decision.Recipient) bool { return r.Name == d.To }):
		why = "the recipient is not declared"
	case !slices.ContainsFunc(v.Purposes, func(q decision.Purpose) bool { return q.Name == d.For }):
		why = "the purpose is not declared"
	case d.Ground != "" && !slices.ContainsFunc(v.Grounds, func(g decision.Ground) bool { return g.Name == d.Ground }):
		why = "the ground is not declared"
	case slices.ContainsFunc(d.Data, func(word string) bool { return !site.hasCategory(word) }):
		why = "a category of data is not declared"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrDisclosure, why)
}

// unaskedBefore is what is recorded under the caller's key, if it says the same.
func (p *People) unaskedBefore(ctx context.Context, site *Site, u *Unasked, d *Disclosure, x *person, w *write) (*Recorded, error) {
	for i, h := range p.keys.Hashes(vault.ForIdempotency, site.Name, Disclosed, u.Caller, u.Key) {
		if i == 0 {
			w.key = h.Sum[:]
		}
		s, whose, err := p.recordedUnder(ctx, site, h.Sum[:])
		if errors.Is(err, store.ErrNone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look a disclosure up: %w", err)
		}
		if whose != x.no {
			return nil, ErrOtherEvent
		}
		owner, err := p.person(ctx, site, s.Subject)
		if err != nil {
			return nil, err
		}
		r, b, err := owner.disclosure(s)
		if err != nil {
			return nil, err
		}
		was := b.disclosure()
		if !was.same(d) || b.Source != u.Source || b.Count != u.Count || r.At != ledger.Instant(u.At) {
			return nil, ErrOtherEvent
		}
		return &Recorded{Index: s.At, ID: ledger.EntryID(s.ID), Again: true}, nil
	}
	return nil, nil
}
