package subject_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// A sealedDump is every sealed thing of a database, as somebody who stole a copy has it.
type sealedDump struct {
	rings  []stolenRing
	things []stolenThing
	owners [][16]byte
}

type stolenRing struct {
	no   int64
	kind vault.RingKind
	w    vault.Wrapped
}

type stolenThing struct {
	id     ledger.EntryID
	sealed []byte
}

func (h *house) dump(t *testing.T) *sealedDump {
	t.Helper()
	d := &sealedDump{}
	err := h.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		err := tx.Each(ctx, `SELECT subject, kind, epoch, wrapped FROM ring`, nil, func(scan func(...any) error) error {
			var r stolenRing
			var kind int64
			err := scan(&r.no, &kind, &r.w.Epoch, &r.w.Blob)
			r.kind = vault.RingKind(kind)
			d.rings = append(d.rings, r)
			return err
		})
		if err != nil {
			return err
		}
		err = tx.Each(ctx, `SELECT id FROM subject`, nil, func(scan func(...any) error) error {
			var id []byte
			err := scan(&id)
			d.owners = append(d.owners, [16]byte(id))
			return err
		})
		if err != nil {
			return err
		}
		return tx.Each(ctx, `SELECT id, record FROM entry WHERE ring > 0 UNION ALL SELECT id, value FROM identity`, nil, func(scan func(...any) error) error {
			var id, sealed []byte
			err := scan(&id, &sealed)
			d.things = append(d.things, stolenThing{ledger.EntryID(id), sealed})
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// opens counts what opens with every key that there is: each ring is tried for each owner, kind and epoch,
// and each opened ring on each sealed thing.
func (d *sealedDump) opens(keys *vault.Keys) (rings, things int) {
	for _, r := range d.rings {
		for _, owner := range d.owners {
			for _, epoch := range keys.Status().Epochs {
				for _, kind := range []vault.RingKind{vault.Profile, vault.Case, vault.Evidence} {
					ring, err := keys.Unwrap(kind, owner, vault.Wrapped{Epoch: epoch.Number, Blob: r.w.Blob})
					if err != nil {
						continue
					}
					rings++
					for _, x := range d.things {
						if _, err := ring.Open(x.sealed, x.id); err == nil {
							things++
						}
					}
				}
			}
		}
	}
	return rings, things
}

// A dump from before an erasure, opened with every key that is left once the old epoch is destroyed:
// nothing opens. What stays in the files of PostgreSQL does not either; those of SQLite hold nothing.
func TestDumpFromBeforeShred(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		c := newClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
		s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys"), clock: c}
		h := openHouse(t, s)
		for _, who := range []string{"email:ann@mail.example", "email:bob@mail.example"} {
			h.record(who, grant())
			h.record(who, subject.Event{Kind: subject.Described, Residence: "IE"})
		}
		ann := h.dump(t)
		stolen := storetest.Take(t, url)
		if !h.store.Postgres() && filesWith(t, url, ann.without(&sealedDump{})) == 0 {
			t.Fatal("the files are not searched where things are")
		}
		if _, err := h.people.Erase(t.Context(), h.site, ref(t, "email:ann@mail.example")); err != nil {
			t.Fatal(err)
		}
		if rings, things := ann.opens(h.keys); rings != 4 || things != 6 {
			t.Errorf("while the epoch is in escrow %d rings and %d things open, want 4 and 6", rings, things)
		}
		gone := ann.without(h.dump(t))
		if len(gone) < 4 {
			t.Fatalf("%d blobs went with the person", len(gone))
		}
		left := filesWith(t, url, gone)
		t.Logf("%d of %d blobs that were deleted are still in the files", left, len(gone))
		if !h.store.Postgres() && left > 0 {
			t.Error("SQLite keeps what was deleted")
		}

		h.rewrapped(t, c)
		if rings, things := ann.opens(h.keys); rings+things != 0 {
			t.Errorf("after the epoch is destroyed %d rings and %d things open", rings, things)
		}
		if h.may("email:bob@mail.example") != decision.Allow {
			t.Error("those who were not erased do not open any more")
		}
		if _, err := h.people.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
		h.close()

		// The stolen copy itself, with the keys, past all doubt.
		stolen.Restore(t)
		doubted(t, s, "")
		s.noJournal = true
		h = openHouse(t, s)
		for _, who := range []string{"email:ann@mail.example", "email:bob@mail.example"} {
			if _, err := h.people.Identities(t.Context(), h.site, ref(t, who)); !errors.Is(err, vault.ErrNoEpoch) {
				t.Errorf("identities of %s: %v", who, err)
			}
			if _, err := h.people.History(t.Context(), h.site, ref(t, who), 0, 10); !errors.Is(err, vault.ErrNoEpoch) {
				t.Errorf("history of %s: %v", who, err)
			}
			if _, err := h.people.Facts(t.Context(), h.site, ref(t, who), 0); !errors.Is(err, vault.ErrNoEpoch) {
				t.Errorf("facts of %s: %v", who, err)
			}
		}
	})
}

// without are the blobs that are not in the later dump.
func (d *sealedDump) without(later *sealedDump) [][]byte {
	still := map[string]bool{}
	for _, r := range later.rings {
		still[string(r.w.Blob)] = true
	}
	for _, x := range later.things {
		still[string(x.sealed)] = true
	}
	var out [][]byte
	for _, r := range d.rings {
		if !still[string(r.w.Blob)] {
			out = append(out, r.w.Blob)
		}
	}
	for _, x := range d.things {
		if !still[string(x.sealed)] {
			out = append(out, x.sealed)
		}
	}
	return out
}

// rewrapped rotates the epoch, has all living rings wrapped anew, and destroys the one before.
func (h *house) rewrapped(t *testing.T, c *clock) {
	t.Helper()
	if _, err := h.keys.Rotate(c.now()); err != nil {
		t.Fatal(err)
	}
	handlers := store.NewHandlers()
	h.people.Handle(handlers)
	err := h.store.Update(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.Enqueue(subject.Rewrap{}, time.Time{})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.store.Work(ctx, handlers) }()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		n, err := h.people.Wrapped(t.Context(), 1)
		if err != nil || time.Since(start) > 20*time.Second {
			t.Fatalf("%d rings are still under the first epoch (%v)", n, err)
		}
		if n == 0 {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := h.keys.Retire(1, c.now()); err != nil {
		t.Fatal(err)
	}
	c.step(time.Minute)
	if err := h.keys.Destroy(1, c.now()); err != nil {
		t.Fatal(err)
	}
}

// filesWith counts the blobs that stand somewhere in the files of the database: for PostgreSQL, of the
// whole server, as far as we may read them.
func filesWith(t *testing.T, address string, blobs [][]byte) (n int) {
	t.Helper()
	dir := filepath.Dir(address)
	if _, query, ok := strings.Cut(address, "?"); ok && strings.HasPrefix(address, "postgres") {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(q.Get("host"), "data")
	}
	found := make([]bool, len(blobs))
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // another test's file that has gone meanwhile
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		for i, b := range blobs {
			found[i] = found[i] || bytes.Contains(content, b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f {
			n++
		}
	}
	return n
}
