package subject_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
)

// Each way in which a database can contradict the journal is found at the start, and said.
func TestDoubts(t *testing.T) {
	const ann, bob = "customer:ann", "customer:bob"
	exec := func(text string) func(*testing.T, *house) {
		return func(t *testing.T, h *house) {
			err := h.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.Exec(ctx, text)
				if err == nil && n == 0 {
					err = errors.New("nothing was changed")
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name, why string
		spoil     func(*testing.T, *house)
	}{
		{"a withdrawal is gone", "the journal has a withdrawn event at entry 1, and the database does not have it", exec(`DELETE FROM entry WHERE idx = 1`)},
		{"it stands at another place", "does not have it", exec(`UPDATE entry SET idx = 100000 WHERE idx = 1`)},
		{"it was put to somebody else", "does not have it", exec(`UPDATE entry SET subject = subject + 1 WHERE idx = 1`)},
		{"it is another record", "does not have it", exec(`UPDATE entry SET record = (SELECT record FROM entry WHERE idx = 0) WHERE idx = 1`)},
		{"its ring is gone", "cannot open it", exec(`DELETE FROM ring WHERE kind = 3`)},
		{"the person is gone", "the person is not in the database", exec(`DELETE FROM subject WHERE erased IS NULL`)},
		{"somebody erased is back", "somebody whom the journal says erased", func(t *testing.T, h *house) {
			h.bringBack(t)
		}},
		{"leaves were changed", "not those that were signed before", exec(`UPDATE log_commit SET leaves = (SELECT leaves FROM log_commit WHERE first = 0) WHERE first = 1`)},
		{"the log is shorter", "the database", func(t *testing.T, h *house) { h.journalAhead(t) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys")}
				h := openHouse(t, s)
				h.record(ann, grant())
				h.record(ann, withdrawal())
				h.record(bob, subject.Event{Kind: subject.Objected, Scope: decision.Scope{For: []string{"similar-offers"}}})
				if _, err := h.people.Erase(t.Context(), h.site, ref(t, bob)); err != nil {
					t.Fatal(err)
				}
				h.close()
				h = openHouse(t, s) // it is in no doubt before
				c.spoil(t, h)
				h.close()
				doubted(t, s, c.why)
			})
		})
	}
}

// bringBack makes a row for everybody whom the journal says erased.
func (h *house) bringBack(t *testing.T) {
	t.Helper()
	var ids [][]byte
	if err := h.journal.Each(func(e vault.Entry) error {
		if e.Kind == vault.Erased {
			ids = append(ids, e.Subject[:])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	err := h.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for i, id := range ids {
			if _, err := tx.Exec(ctx, `INSERT INTO subject(no, site, id, created) VALUES($1, $2, $3, 1)`, 900000+i, h.site.No, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		t.Fatal(len(ids), err)
	}
}

// journalAhead writes what a later database would have been told.
func (h *house) journalAhead(t *testing.T) {
	t.Helper()
	err := h.journal.Append(vault.Entry{Kind: vault.Objected, At: 1, Index: 1000, Subject: [16]byte{1}, ID: [16]byte{2}, Sealed: []byte("sealed")})
	if err != nil {
		t.Fatal(err)
	}
}

// An erasure whose line in the journal a crash has cut off is in no doubt, and is made up for: a copy of
// the database from before it then is.
func TestErasureBeforeTheJournal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys")}
		h := openHouse(t, s)
		const ann = "customer:ann"
		h.record(ann, grant())
		h.record(ann, withdrawal())
		id, err := h.people.Find(t.Context(), h.site, ref(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		before := storetest.Take(t, url)
		h.close()
		s.noJournal = true
		h = openHouse(t, s)
		if _, err := h.people.Erase(t.Context(), h.site, ref(t, ann)); err != nil {
			t.Fatal(err)
		}
		h.close()
		s.noJournal = false
		h = openHouse(t, s)
		found := false
		err = h.journal.Each(func(e vault.Entry) error {
			found = found || e.Kind == vault.Erased && hex.EncodeToString(e.Subject[:]) == id.String()
			return nil
		})
		if err != nil || !found {
			t.Errorf("the journal does not know of the erasure (%v)", err)
		}
		h.close()
		before.Restore(t)
		doubted(t, s, "")
	})
}

// Many events in the journal are looked up in lots; all of them are there.
func TestDoubtsOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys")}
		h := openHouse(t, s)
		var reports []subject.Report
		for i := range 700 {
			reports = append(reports, subject.Report{Person: ref(t, fmt.Sprintf("customer:%d", i/2)), Event: withdrawal(), Create: true})
		}
		if _, errs := h.people.Append(t.Context(), h.site, reports); errors.Join(errs...) != nil {
			t.Fatal(errors.Join(errs...))
		}
		for i := range 70 {
			if _, err := h.people.Erase(t.Context(), h.site, ref(t, fmt.Sprintf("customer:%d", i*3))); err != nil {
				t.Fatal(err)
			}
		}
		h.close()
		h = openHouse(t, s)
		if _, err := h.people.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
		err := h.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM entry WHERE idx = 641`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.close()
		doubted(t, s, "at entry 641, and the database does not have it")
	})
}
