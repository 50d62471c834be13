package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/avowhq/avow/ledger"
)

func commitRow(first int64, column, what string) *Defect {
	return &Defect{Table: "log_commit", Row: fmt.Sprintf("first = %d", first), Column: column, Index: first, What: what}
}

// commits checks the numbers of the last commits' rows: they follow each other without a hole, from the
// incomplete tile's beginning or before it up to the head.
func (k *checker) commits(ctx context.Context) error {
	next, begin, last, at := int64(-1), int64(0), int64(0), int64(0)
	err := k.tx.Each(ctx, `SELECT first, n, at, length(leaves), coalesce(length(touched), 0) FROM log_commit ORDER BY first`, nil, func(scan func(...any) error) error {
		var first, n, when, leaves, people int64
		if err := scan(&first, &n, &when, &leaves, &people); err != nil {
			return err
		}
		switch {
		case n < 1 || n*leafSize != leaves:
			return commitRow(first, "n", fmt.Sprintf("is %d, and there are %d bytes of leaves", n, leaves))
		case first < 0 || first+n > k.head.Size:
			return commitRow(first, "first", fmt.Sprintf("its entries %d to %d are not all in the log of %d", first, first+n-1, k.head.Size))
		case next >= 0 && first != next:
			return commitRow(first, "first", fmt.Sprintf("the row before ends before entry %d", next))
		case people%8 != 0:
			return commitRow(first, "touched", "is not a list of numbers")
		case when < at:
			return commitRow(first, "at", "is before that of the row before")
		}
		if next < 0 {
			begin = first
		}
		next, last, at = first+n, first, when
		k.report.Commits++
		return nil
	})
	switch {
	case err != nil:
		return err
	case k.head.Size == 0:
		return nil
	case next < 0 || begin > k.head.Size/ledger.TileWidth*ledger.TileWidth:
		return &Defect{Table: "log_commit", Index: k.head.Size / ledger.TileWidth * ledger.TileWidth, What: "the rows of the incomplete tile are missing"}
	case next != k.head.Size:
		return commitRow(last, "", fmt.Sprintf("it is the last row and ends before entry %d of %d", next, k.head.Size))
	case at != k.head.At.UnixMicro():
		return &Defect{Table: "log_head, log_commit", Row: fmt.Sprintf("id = 1, first = %d", last), Column: "at", Index: last, What: "differ about when the last commit was"}
	}
	return nil
}

// commitLeaves holds the leaves of rows that are kept for the feed against the bundles, which are proven
// by now. Those of the incomplete tile were what the tree was made of.
func (k *checker) commitLeaves(ctx context.Context) error {
	full := k.head.Size / ledger.TileWidth * ledger.TileWidth
	bundle, number := []byte(nil), int64(-1)
	for at := int64(-1); at < full; {
		var first int64
		var leaves []byte
		err := k.tx.Row(ctx, `SELECT first, leaves FROM log_commit WHERE first > $1 ORDER BY first LIMIT 1`, []any{at}, &first, &leaves)
		if errors.Is(err, ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := first; i < min(first+int64(len(leaves))/leafSize, full); i++ {
			if n := i / ledger.TileWidth; n != number {
				number = n
				if err := k.tx.Row(ctx, `SELECT data FROM log_bundle WHERE n = $1`, []any{n}, &bundle); err != nil {
					return err
				}
			}
			if string(leaves[(i-first)*leafSize:][:leafSize]) != string(bundle[i%ledger.TileWidth*(2+leafSize)+2:][:leafSize]) {
				d := commitRow(first, "leaves", fmt.Sprintf("the leaf of entry %d is not the one in its bundle", i))
				d.Index = i
				return d
			}
		}
		at = first
	}
	return nil
}

// touchedRows hold the lists of whom commits touched against the entries, as these go by in their order.
type touchedRows struct {
	known       bool // the row below was read
	none        bool // there is no further row
	first, end  int64
	void        bool // it says that everybody was touched
	said, found []int64
	rows        int64 // entries of the commit that have a row
}

// see takes note of an entry.
func (k *checker) see(ctx context.Context, e *Stored) error {
	t := &k.touched
	for !t.none && (!t.known || e.At >= t.end) {
		if err := k.nextTouched(ctx); err != nil {
			return err
		}
	}
	if t.none || e.At < t.first {
		return nil
	}
	t.rows++
	if e.Subject != 0 && (len(t.found) == 0 || t.found[len(t.found)-1] != e.Subject) {
		t.found = append(t.found, e.Subject)
	}
	return nil
}

// nextTouched ends with one row of commits and goes on to the next.
func (k *checker) nextTouched(ctx context.Context) error {
	t := &k.touched
	if t.known && !t.matches() {
		return commitRow(t.first, "touched", "is not whom its entries are about")
	}
	after := int64(-1)
	if t.known {
		after = t.first
	}
	*t = touchedRows{known: true}
	var n int64
	var people []byte
	err := k.tx.Row(ctx, `SELECT first, n, touched FROM log_commit WHERE first > $1 ORDER BY first LIMIT 1`, []any{after}, &t.first, &n, &people)
	if errors.Is(err, ErrNone) {
		t.none = true
		return nil
	}
	t.end, t.void = t.first+n, people == nil
	for ; len(people) >= 8; people = people[8:] {
		t.said = append(t.said, int64(binary.BigEndian.Uint64(people)))
	}
	return err
}

// matches: the list is whom the entries are about. Of entries that were erased since it may know more.
func (t *touchedRows) matches() bool {
	if t.none || t.void || t.rows == t.end-t.first {
		return t.none || t.void || slices.Equal(t.said, t.found)
	}
	left := t.said
	for _, no := range t.found {
		i := slices.Index(left, no)
		if i < 0 {
			return false
		}
		left = left[i:]
	}
	return true
}
