package subject_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// People are erased while others write about them: nothing of them is left behind that no key opens, and
// each erasure counts exactly what went with it.
func TestErasedAmongWriters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys")}
		h := openHouse(t, s)
		var wg sync.WaitGroup
		for person := range storetest.Rounds(12, 100) {
			who := fmt.Sprintf("customer:%d", person)
			h.record(who, grant())
			for writer := range 4 {
				wg.Go(func() {
					for i := range 8 {
						e := []subject.Event{grant(), withdrawal(), {Kind: subject.Happened, Name: "account-opened"}, {Kind: subject.Described, Residence: "IE"}}[i%4]
						if _, errs := h.people.Append(context.Background(), h.site, []subject.Report{{Person: ref(t, who), Event: e, Create: writer == 0}}); errs[0] != nil && !errors.Is(errs[0], subject.ErrUnknown) {
							t.Errorf("write: %v", errs[0])
						}
					}
				})
			}
			wg.Go(func() {
				more := subject.Identity{Kind: "phone", Value: fmt.Sprintf("+4930%06d", person)}
				if err := h.people.Identify(context.Background(), h.site, "test", ref(t, who), more); err != nil && !errors.Is(err, subject.ErrUnknown) {
					t.Errorf("identify: %v", err)
				}
			})
			wg.Go(func() {
				if _, err := h.people.Erase(context.Background(), h.site, ref(t, who)); err != nil && !errors.Is(err, subject.ErrUnknown) {
					t.Errorf("erase: %v", err)
				}
			})
		}
		wg.Wait()
		if _, err := h.people.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
		for _, q := range []string{
			`SELECT count(*) FROM identity i WHERE NOT EXISTS (SELECT 1 FROM ring r WHERE r.site = i.site AND r.subject = i.subject AND r.kind = 1)`,
			`SELECT count(*) FROM entry e WHERE e.subject <> 0 AND NOT EXISTS (SELECT 1 FROM ring r WHERE r.site = e.site AND r.subject = e.subject AND r.kind = e.ring)`,
			`SELECT count(*) FROM ring r WHERE NOT EXISTS (SELECT 1 FROM subject s WHERE s.no = r.subject)`,
		} {
			var n int64
			err := h.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.Row(ctx, q, nil, &n) })
			if err != nil || n != 0 {
				t.Errorf("%d rows are left behind (%v): %s", n, err, q)
			}
		}
		h.close()
		openHouse(t, s)
	})
}
