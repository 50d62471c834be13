package subject

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
)

// A Confirmation says that what a permit allowed was done.
type Confirmation struct {
	Permit PermitID
	At     decision.Instant // when; 0 is now
	Count  int64            // of messages or records, as the caller counts; 0 is not said
	// What the caller repeats of the permit must be in it; what is left out is as permitted.
	Person Ref
	Data   []string
	For    string
	To     string

	By        string // handle of the caller
	Principal string // by name
	Any       bool   // the caller may act for every principal
	// May is nil if the caller's key may speak of the action, purpose and recipient; nil for any.
	May func(action, purpose, recipient string) error
}

// Confirm records that permitted disclosures were made, each for itself: once, whatever is sent again.
func (p *People) Confirm(ctx context.Context, site *Site, l []Confirmation) ([]Recorded, []error) {
	return p.writeEach(ctx, len(l), func(ctx context.Context, i int, w *write) (*Recorded, error) {
		return p.confirmation(ctx, site, &l[i], w)
	})
}

// writeEach prepares and writes, again for those whose people were moved meanwhile.
func (p *People) writeEach(ctx context.Context, n int, prepare func(ctx context.Context, i int, w *write) (*Recorded, error)) ([]Recorded, []error) {
	out, errs := make([]Recorded, n), make([]error, n)
	err := p.settle()
	todo := make([]int, n)
	for i := range todo {
		todo[i], errs[i] = i, err
	}
	for try := 0; err == nil && len(todo) > 0 && try < movedTries; try++ {
		var writes []*write
		var which, again []int
		for _, i := range todo {
			w := &write{}
			done, err := prepare(ctx, i, w)
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
			break
		}
		lotErr := p.writes.Add(ctx, writes...)
		for n, w := range writes {
			i := which[n]
			if errs[i] = errors.Join(lotErr, w.err); errors.Is(errs[i], errAgain) {
				again = append(again, i)
			}
			out[i] = Recorded{Index: w.index, ID: ledger.EntryID(w.entry.ID)}
		}
		todo = again
	}
	return out, errs
}

// confirmation checks one against its permit and seals its record, or finds that it was confirmed.
func (p *People) confirmation(ctx context.Context, site *Site, c *Confirmation, w *write) (*Recorded, error) {
	done, err := p.confirmOne(ctx, site, c, w)
	if errors.Is(err, ErrUnknown) { // erased in between: that is not told
		err = ErrNoPermit
	}
	return done, err
}

func (p *People) confirmOne(ctx context.Context, site *Site, c *Confirmation, w *write) (*Recorded, error) {
	given, confirmed, err := p.permit(ctx, site, c.Permit)
	if err != nil {
		return nil, err
	}
	x, err := p.person(ctx, site, given.Subject)
	if err != nil {
		return nil, err
	}
	r, b, err := x.disclosure(given)
	if err != nil {
		return nil, err
	}
	if b == nil || r.Kind != Permitted {
		return nil, fmt.Errorf("%w: entry %d is no permit", ErrDisclosure, given.At)
	}
	recorded := decision.InstantOf(p.store.Stamp())
	at := c.At
	if at == 0 {
		at = recorded
	}
	d, err := p.within(ctx, site, c, x, r, b, at, recorded)
	if err != nil {
		return nil, err
	}
	if confirmed != nil {
		return p.confirmedBefore(ctx, site, c, d, x, confirmed)
	}
	w.permit = &permitRow{c.Permit.ID, stepConfirmed}
	body := d.body()
	maps.Copy(body, map[string]any{"by": c.By, "permit": b.Permit, "permitted": given.At, "principal": c.Principal})
	if c.Count > 0 {
		body["count"] = c.Count
	}
	return nil, p.sealDisclosure(site, w, x, &ledger.Record{Kind: Disclosed, At: ledger.Instant(at), Recorded: ledger.Instant(recorded), Clauses: r.Clauses}, body)
}

// permit is the entry of a permit, and the id of the one that confirms it, nil for none.
func (p *People) permit(ctx context.Context, site *Site, id PermitID) (given *store.Stored, confirmed []byte, err error) {
	given = &store.Stored{At: id.Index}
	var entry []byte
	var ring int64
	err = p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT e.subject, e.ring, e.id, e.record, (SELECT c.entry FROM permit c WHERE c.site = p.site AND c.id = p.id AND c.step = 1)
			FROM permit p JOIN entry e ON e.site = p.site AND e.subject = p.subject AND e.idx = $3 AND e.id = p.entry WHERE p.site = $1 AND p.id = $2 AND p.step = 0`,
			[]any{site.No, id.ID[:], id.Index}, &given.Subject, &ring, &entry, &given.Record, &confirmed)
	})
	if errors.Is(err, store.ErrNone) {
		return nil, nil, ErrNoPermit
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look a permit up: %w", err)
	}
	if len(entry) != len(given.ID) {
		return nil, nil, fmt.Errorf("entry %d has no proper id", given.At)
	}
	given.Site, given.ID, given.Ring = site.No, [16]byte(entry), uint8(ring)
	return given, confirmed, nil
}

// within checks what is confirmed against what was permitted, and is what was disclosed.
func (p *People) within(ctx context.Context, site *Site, c *Confirmation, x *person, r *ledger.Record, b *disclosureBody, at, recorded decision.Instant) (*Disclosure, error) {
	if !c.Any && c.Principal != b.Principal {
		return nil, ErrNotYours
	}
	if c.May != nil {
		if err := c.May(b.Action, b.For, b.To); err != nil {
			return nil, err
		}
	}
	until, err := ledger.ParseInstant(b.Until)
	if err != nil {
		return nil, fmt.Errorf("read until of a permit: %w", err)
	}
	switch {
	case at > recorded+skew:
		return nil, fmt.Errorf("%w: at is more than two minutes ahead of this server's clock", ErrDisclosure)
	case ledger.Instant(at+skew) < r.Recorded:
		return nil, fmt.Errorf("%w: it was done before it was permitted; report it as unasked", ErrBeyond)
	case ledger.Instant(at) >= until:
		return nil, ErrExpired
	case c.Count < 0 || c.Count > disclosedMax:
		return nil, fmt.Errorf("%w: count is a whole number, not negative", ErrDisclosure)
	case c.To != "" && c.To != b.To:
		return nil, fmt.Errorf("%w: the recipient is another", ErrBeyond)
	case c.For != "" && c.For != b.For:
		return nil, fmt.Errorf("%w: the purpose is another", ErrBeyond)
	}
	if c.Person != (Ref{}) {
		if err := p.samePerson(ctx, site, c.Person, x.no); err != nil {
			return nil, err
		}
	}
	d := b.disclosure()
	if c.Data != nil {
		d.Data = slices.Compact(slices.Sorted(slices.Values(c.Data)))
		if len(d.Data) == 0 {
			return nil, fmt.Errorf("%w: data is empty", ErrDisclosure)
		}
		for i, word := range d.Data {
			if !slices.ContainsFunc(b.Data, func(above string) bool { return below(word, above) }) {
				return nil, fmt.Errorf("%w: category number %d, in the order of the alphabet, was not in the question", ErrBeyond, i+1)
			}
		}
		if i := slices.IndexFunc(d.Data, func(word string) bool { return !site.hasCategory(word) }); i >= 0 {
			return nil, fmt.Errorf("%w: category number %d, in the order of the alphabet, is not declared", ErrDisclosure, i+1)
		}
	}
	return &d, nil
}

// samePerson: the reference leads to the one whose number it is, also since mergers. Whether there is such a
// person at all is not told.
func (p *People) samePerson(ctx context.Context, site *Site, ref Ref, no int64) error {
	x, err := p.find(ctx, site, ref)
	if errors.Is(err, ErrUnknown) {
		return fmt.Errorf("%w: the person is another", ErrBeyond)
	}
	if err != nil || x.no == no {
		return err
	}
	var into int64
	err = p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT coalesce(merged, no) FROM subject WHERE no = $1`, []any{no}, &into)
	})
	if err == nil && into != x.no {
		err = fmt.Errorf("%w: the person is another", ErrBeyond)
	}
	return err
}

// confirmedBefore is the confirmation that is there, if it says the same.
func (p *People) confirmedBefore(ctx context.Context, site *Site, c *Confirmation, d *Disclosure, x *person, entry []byte) (*Recorded, error) {
	s := store.Stored{Entry: store.Entry{Site: site.No, Subject: x.no}}
	var ring int64
	err := p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT idx, ring, record FROM entry WHERE site = $1 AND subject = $2 AND id = $3`, []any{site.No, x.no, entry}, &s.At, &ring, &s.Record)
	})
	if err != nil {
		return nil, fmt.Errorf("look a confirmation up: %w", err)
	}
	s.ID, s.Ring = [16]byte(entry), uint8(ring)
	r, b, err := x.disclosure(&s)
	if err != nil {
		return nil, err
	}
	was := b.disclosure()
	if !was.same(d) || b.Count != c.Count || c.At != 0 && ledger.Instant(c.At) != r.At {
		return nil, ErrConfirmed
	}
	return &Recorded{Index: s.At, ID: ledger.EntryID(s.ID), Again: true}, nil
}

func below(word, above string) bool {
	return word == above || len(word) > len(above) && word[:len(above)] == above && word[len(above)] == '.'
}

func (s *Site) hasCategory(word string) bool {
	return slices.ContainsFunc(s.Model.Vocabulary.Data, func(c decision.Category) bool { return c.Name == word })
}
