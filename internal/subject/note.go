package subject

import (
	"fmt"
	"slices"
	"sync"

	"github.com/avowhq/avow/internal/vault"
)

// owed is what is in the database and could not be written beside the keys: a full disk, for instance.
// Nothing more is recorded until it is there.
type owed struct {
	mu      sync.Mutex
	entries []vault.Entry
}

// owedLot is how many entries are written at once, far below what the journal takes.
const owedLot = 256

// settle writes what is owed to the journal.
func (p *People) settle() error {
	p.owed.mu.Lock()
	defer p.owed.mu.Unlock()
	for len(p.owed.entries) > 0 {
		n := min(owedLot, len(p.owed.entries))
		if err := p.journal.Append(p.owed.entries[:n]...); err != nil {
			return fmt.Errorf("write the journal, which lags behind the database: %w", err)
		}
		p.owed.entries = slices.Clone(p.owed.entries[n:])
	}
	return nil
}

// journalize writes beside the keys what a restored database must not forget. It comes after the commit:
// a journal that knows more than the database means that the database was set back.
func (p *People) journalize(entries []vault.Entry) error {
	if p.journal == nil || len(entries) == 0 {
		return nil
	}
	err := p.journal.Append(entries...)
	if err == nil {
		return nil
	}
	p.owed.mu.Lock()
	p.owed.entries = append(p.owed.entries, entries...)
	p.owed.mu.Unlock()
	return fmt.Errorf("write the journal, after the database: %w", err)
}

// note writes a lot that is committed into the journal. Where that is not possible the caller is told of
// an error, although the event is recorded and holds: it would be lost with a database that is restored.
func (p *People) note(lot []*write) {
	var entries []vault.Entry
	for _, w := range lot {
		if w.journal != nil {
			w.journal.Index = uint64(w.index)
			entries = append(entries, *w.journal)
		}
	}
	err := p.journalize(entries)
	for _, w := range lot {
		if err != nil && w.journal != nil {
			w.err = err
		}
	}
}
