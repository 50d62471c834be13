package subject_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
)

// A disk that runs full under the database: an error that says so, nothing half-done, and it goes on
// when there is space again.
func TestDiskFull(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		disk := storetest.NewTiny(t, 6<<20)
		diskFull(t, disk, filepath.Join(disk.Dir, "avow.db"), "13")
	})
	t.Run("postgres", func(t *testing.T) {
		disk := storetest.NewTiny(t, 16<<20)
		diskFull(t, disk, disk.Tablespace(t), "53100")
	})
}

func diskFull(t *testing.T, disk *storetest.Tiny, url, code string) {
	s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys")}
	h := openHouse(t, s)
	told := h.untilFull(t, code)
	if len(told) == 0 {
		t.Fatal("nothing was recorded")
	}
	h.whole(t, told)
	if h.may("customer:0-0") != decision.Unmet {
		t.Error("decisions do not go on while the disk is full")
	}
	disk.Free(t)
	for i := range 50 {
		got := h.record(fmt.Sprintf("customer:after-%d", i), withdrawal())
		told[got.Index] = got.ID.String()
	}
	h.whole(t, told)
	h.close()
	h = openHouse(t, s)
	h.whole(t, told)
}

// untilFull records until nothing more can be, and returns what was told.
func (h *house) untilFull(t *testing.T, code string) map[int64]string {
	t.Helper()
	told := map[int64]string{}
	var mu sync.Mutex
	var failures atomic.Int64
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := 0; failures.Load() < 200; i++ {
				e := withdrawal()
				e.Grounds = strings.Repeat("long ", 200)
				got, errs := h.people.Append(context.Background(), h.site, []subject.Report{{Person: ref(t, fmt.Sprintf("customer:%d-%d", w, i)), Event: e, Create: true}})
				if errs[0] == nil {
					mu.Lock()
					told[got[0].Index] = got[0].ID.String()
					mu.Unlock()
					continue
				}
				failures.Add(1)
				if d, ok := errors.AsType[*store.DatabaseError](errs[0]); !ok || d.Code != code {
					t.Errorf("want an error with code %s, got %v", code, errs[0])
				}
			}
		})
	}
	wg.Wait()
	return told
}

// whole: the log holds exactly what was told, and nothing half.
func (h *house) whole(t *testing.T, told map[int64]string) {
	t.Helper()
	report, err := h.people.Check(t.Context(), nil)
	if err != nil {
		t.Error(err)
	}
	if report.Size != int64(len(told)) {
		t.Errorf("%d entries, and %d were told", report.Size, len(told))
	}
	var people int64
	err = h.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT count(*) FROM subject`, nil, &people)
	})
	if err != nil || people != int64(len(told)) {
		t.Errorf("%d people, and %d were told (%v)", people, len(told), err)
	}
}

// A disk that runs full under the journal: what is in the database holds, nothing more is recorded, and
// what the journal lacks is written when there is space again.
func TestJournalFull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		disk := storetest.NewTiny(t, 1<<20)
		s := setting{url: url, dir: filepath.Join(disk.Dir, "keys")}
		h := openHouse(t, s)
		const ann = "customer:4711"
		h.record(ann, grant())
		disk.Fill(t)
		refused, tries := 0, 0
		for ; refused < 5 && tries < 200; tries++ { // the last page of the file may have room
			_, errs := h.people.Append(t.Context(), h.site, []subject.Report{{Person: ref(t, ann), Event: withdrawal()}})
			if errs[0] == nil {
				continue
			}
			if refused++; !strings.Contains(errs[0].Error(), "journal") {
				t.Errorf("the error does not say what is full: %v", errs[0])
			}
		}
		if refused == 0 {
			t.Fatal("the disk is not full")
		}
		if h.may(ann) == decision.Allow {
			t.Error("a withdrawal that is in the database does not hold")
		}
		head, err := h.store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, errs := h.people.Append(t.Context(), h.site, []subject.Report{{Person: ref(t, ann), Event: grant()}}); errs[0] == nil {
			t.Error("recorded although the journal lags behind")
		}
		if _, err := h.people.Erase(t.Context(), h.site, ref(t, ann)); err == nil {
			t.Error("erased although the journal lags behind")
		}
		if after, err := h.store.Head(t.Context()); err != nil || after.Size != head.Size || head.Size > int64(1+tries-refused+1) {
			t.Errorf("%d entries, then %d: more than one that the journal lacks (%v)", head.Size, after.Size, err)
		}
		disk.Free(t)
		h.record(ann, subject.Event{Kind: subject.Objected, Scope: decision.Scope{For: []string{"similar-offers"}}})
		h.close()
		h = openHouse(t, s)
		told := map[uint64]bool{}
		if err := h.journal.Each(func(e vault.Entry) error { told[e.Index] = told[e.Index] || e.Kind != vault.Checkpoint; return nil }); err != nil {
			t.Fatal(err)
		}
		for i := int64(1); i <= head.Size; i++ {
			if !told[uint64(i)] {
				t.Errorf("the journal lacks entry %d", i)
			}
		}
	})
}
