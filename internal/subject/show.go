package subject

import (
	"context"

	"github.com/avowhq/avow/decision"
)

// Find is the id of the person who has the identity.
func (p *People) Find(ctx context.Context, site *Site, ref Ref) (ID, error) {
	x, err := p.find(ctx, site, ref)
	if err != nil {
		return ID{}, err
	}
	return x.id, nil
}

// Person is what is known of a person, in names, as of a size of the log.
func (p *People) Person(ctx context.Context, site *Site, ref Ref) (decision.Person, int64, error) {
	x, err := p.find(ctx, site, ref)
	if err != nil {
		return decision.Person{}, 0, err
	}
	var seq int64
	events, err := p.history(ctx, site, x, &seq)
	if err != nil {
		return decision.Person{}, 0, err
	}
	return derive(events, site.Zone), seq, nil
}
