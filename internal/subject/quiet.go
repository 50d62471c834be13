package subject

import (
	"context"
	"slices"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
)

// quietKinds are those of records that say nothing facts know.
var quietKinds = []string{created, identified, accessed, "merged", "split", Permitted, Disclosed}

// longHistory is from how many entries on it is worth to look at the last ones first.
const longHistory = 8

const selectSince = selectPerson + `
	UNION ALL SELECT 3, no, 0, 0, NULL, NULL FROM subject WHERE merged = $2
	UNION ALL SELECT 4, idx, ring, 0, id, record FROM entry WHERE site = $1 AND subject = $2 AND idx >= $3`

// still reports whether facts derived before still hold: only quiet records were written since. A person of
// many disclosures is then not read whole for every further one. It sets the size of the log as of which it
// is so.
func (p *People) still(ctx context.Context, site *Site, x *person, was *derived, seq *int64) (bool, error) {
	r, err := p.read(ctx, selectSince, site, x.no, x, was.seq)
	if err != nil || r.merged || r.moved != x.moved {
		return false, err
	}
	for i := range r.entries {
		quiet, err := r.quiet(&r.entries[i])
		if err != nil || !quiet {
			return false, err
		}
	}
	*seq = r.size
	x.length.Add(int64(len(r.entries)))
	return true, nil
}

func (x *person) quiet(e *store.Stored) (bool, error) {
	plain, err := x.open(e)
	if err != nil {
		return false, err
	}
	r, err := ledger.ParseRecord(plain)
	if err != nil {
		return false, err
	}
	return slices.Contains(quietKinds, r.Kind), nil
}
