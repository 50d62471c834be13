package subject

import (
	"context"
	"errors"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
)

// ErrHeld is returned for an act that ends data of a person whose data a legal hold keeps.
var ErrHeld = errors.New("a legal hold stops it; release the hold first")

// checkHold asks, about every category, whether a hold stops erasing it. It reads in the transaction that
// erases, which is alone among writers: no hold is recorded between the question and the act.
func (p *People) checkHold(ctx context.Context, tx *store.Tx, site *Site, no int64) error {
	events, err := p.events(ctx, tx, site, no)
	if err != nil {
		return err
	}
	facts, err := site.Program.Facts(declared(site.Model, derive(events, site.Zone)))
	if err != nil {
		return err
	}
	var d decision.Decision
	for _, c := range site.Model.Vocabulary.Data {
		q := decision.Request{Action: decision.VerbErase, Data: []string{c.Name}, At: decision.InstantOf(tx.Now())}
		site.Program.Decide(&q, &facts, &d)
		if slices.ContainsFunc(d.Answer().Laws, func(r decision.Reason) bool { return r.Law == "hold" }) {
			return ErrHeld
		}
	}
	return nil
}
