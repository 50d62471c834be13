package subject_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// crowd records something about many people.
func (h *house) crowd(n int) {
	h.t.Helper()
	var reports []subject.Report
	for i := range n {
		who := ref(h.t, fmt.Sprintf("customer:person-%d", i/4))
		e := []subject.Event{grant(), {Kind: subject.Happened, Name: "order-placed"}, withdrawal(), {Kind: subject.Described, Residence: "IE"}}[i%4]
		reports = append(reports, subject.Report{Person: who, Event: e, Create: true})
	}
	for lot := range slices.Chunk(reports, 100) {
		if _, errs := h.people.Append(context.Background(), h.site, lot); errors.Join(errs...) != nil {
			h.t.Fatal(errors.Join(errs...))
		}
	}
}

// Every column of a sealed entry, of whom a commit touched, of the rings and of the identities: one
// flipped bit is found by those who have the keys.
func TestFlippedBitUnderSeal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := openHouse(t, setting{url: url, dir: filepath.Join(t.TempDir(), "keys")})
		h.crowd(310)
		if _, err := h.people.Erase(t.Context(), h.site, ref(t, "customer:person-3")); err != nil {
			t.Fatal(err)
		}
		report, err := h.people.Check(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if report.Erased != 2 || report.Entries != report.Size-2 || report.Opened != report.Entries {
			t.Fatalf("%+v", report)
		}
		for table, columns := range map[string][]string{
			"entry":      {"idx", "site", "subject", "ring", "id", "record"},
			"log_commit": {"touched"},
			"ring":       {"site", "subject", "kind", "epoch", "wrapped"},
			"identity":   {"site", "hash", "key", "kind", "subject", "id", "value"},
		} {
			for _, column := range columns {
				for range storetest.Rounds(2, 20) {
					h.flipped(t, table, column)
				}
			}
		}
		if _, err := h.people.Check(t.Context(), nil); err != nil {
			t.Errorf("turned back: %v", err)
		}
	})
}

// flipped turns a bit of a column over in a row of chance, wants it found, and turns it back.
func (h *house) flipped(t *testing.T, table, column string) {
	t.Helper()
	key := map[string]string{"entry": "idx = %d", "log_commit": "first = %d", "ring": "subject = %d AND kind = 3", "identity": "subject = %d"}[table]
	of := map[string]string{"entry": "idx", "log_commit": "first", "ring": "subject", "identity": "subject"}[table]
	lengthOf := "'some'"
	if table == "log_commit" {
		lengthOf = "coalesce(touched, '')" // of a commit that moved people there is none
	}
	var numbers []int64
	var old, to any
	var where string
	err := h.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		err := tx.Each(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE length(%s) > 0`, of, table, lengthOf), nil, func(scan func(...any) error) error {
			var n int64
			err := scan(&n)
			numbers = append(numbers, n)
			return err
		})
		if err != nil {
			return err
		}
		where = fmt.Sprintf(key, numbers[rand.IntN(len(numbers))])
		if old, to, err = h.turned(ctx, tx, table, column, where); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s`, table, column, where), to)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d rows where %s", n, where)
		}
		return err
	})
	if refused, ok := errors.AsType[*store.DatabaseError](err); ok && refused.Unique() {
		return
	}
	if err != nil {
		t.Fatalf("%s.%s: %v", table, column, err)
	}
	_, err = h.people.Check(t.Context(), nil)
	if d, ok := errors.AsType[*store.Defect](err); !ok {
		t.Errorf("%s.%s where %s, from %v to %v: not found (%v)", table, column, where, old, to, err)
	} else if table == "entry" && !strings.Contains(d.Table, "entry") {
		t.Errorf("%s.%s where %s: found as %v", table, column, where, d)
	}
	where = strings.Replace(where, fmt.Sprintf("%s = %v", column, old), fmt.Sprintf("%s = %v", column, to), 1)
	err = h.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s`, table, column, where), old)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d rows", n)
		}
		return err
	})
	if err != nil {
		t.Fatalf("turn back %s.%s where %s: %v", table, column, where, err)
	}
}

func (h *house) turned(ctx context.Context, tx *store.Tx, table, column, where string) (old, to any, err error) {
	var n int64
	var b []byte
	var s string
	text := fmt.Sprintf(`SELECT %s FROM %s WHERE %s`, column, table, where)
	switch {
	case table == "identity" && column == "kind":
		err = tx.Row(ctx, text, nil, &s)
		c := []byte(s)
		c[rand.IntN(len(c))] ^= 1
		return s, string(c), err
	case slices.Contains([]string{"id", "record", "touched", "wrapped", "hash", "value"}, column):
		if err = tx.Row(ctx, text, nil, &b); err != nil {
			return nil, nil, err
		}
		c := slices.Clone(b)
		c[rand.IntN(len(c))] ^= 1 << rand.IntN(8)
		return b, c, nil
	}
	err = tx.Row(ctx, text, nil, &n)
	if slices.Contains([]string{"ring", "kind", "epoch", "key"}, column) {
		return n, n ^ 1<<rand.IntN(40), err
	}
	return n, n ^ 1<<(20+rand.IntN(20)), err // so that it can be told from its neighbours
}

// A byte of the SQLite file that is spoiled is found, or changed nothing that anybody is told.
func TestSpoiledFile(t *testing.T) {
	url, dir := storetest.SQLite(t), filepath.Join(t.TempDir(), "keys")
	h := openHouse(t, setting{url: url, dir: dir})
	h.crowd(600)
	h.close()
	good, err := os.ReadFile(url)
	if err != nil {
		t.Fatal(err)
	}
	for range storetest.Rounds(25, 300) {
		bad := slices.Clone(good)
		at := rand.IntN(len(bad))
		bad[at] ^= 1 << rand.IntN(8)
		for _, left := range []string{"-wal", "-shm"} {
			_ = os.Remove(url + left)
		}
		if err := os.WriteFile(url, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := tryOpen(t, setting{url: url, dir: dir})
		if err != nil {
			continue // found
		}
		if _, err := h.people.Check(t.Context(), nil); err == nil {
			for i := range 150 {
				if h.mayAt(fmt.Sprintf("customer:person-%d", i), decision.InstantOf(h.store.Now())+1) {
					t.Errorf("byte %d: a person who withdrew has consented", at)
				}
			}
		}
		h.close()
	}
}
