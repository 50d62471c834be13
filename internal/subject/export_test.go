package subject

import "context"

// Seal does to an event of somebody known what Append does before it reaches the database.
func (p *People) Seal(ctx context.Context, site *Site, r Report) error {
	var made map[Ref]*newPerson
	_, err := p.prepare(ctx, site, &r, new(write), &made)
	return err
}
