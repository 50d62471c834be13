package subject

import (
	"context"
	"errors"

	"github.com/avowhq/avow/internal/store"
)

// movedTries is how often something is done again because other people were erased or merged meanwhile.
// Of those who try at once one succeeds each time.
const movedTries = 100

// again does something that stands on what is known of people, and does it again where that was void.
func (p *People) again(ctx context.Context, do func() error) error {
	for range movedTries {
		if err := do(); !errors.Is(err, store.ErrMoved) {
			return err
		}
		if err := p.look(ctx); err != nil {
			return err
		}
	}
	return store.ErrMoved
}
