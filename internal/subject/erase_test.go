package subject_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// What an erasure deletes is in neither of SQLite's files afterwards: not the sealed row, not the wrapped
// key. The same search finds both before. (On PostgreSQL the epoch's end does that: docs/spec/vault.md.)
func TestNothingIsLeftInTheFiles(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	const ann = "email:ann@mail.example"
	h.record(ann, subject.Event{Kind: subject.Happened, Name: "account-opened"})
	h.record(ann, subject.Event{Kind: subject.Described, Residence: "IE", Born: "1990-02-28"})
	h.record("customer:2", subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn})
	var traces [][]byte
	for _, text := range []string{`SELECT record FROM entry WHERE ring = 1`, `SELECT wrapped FROM ring WHERE subject = 1`, `SELECT value FROM identity WHERE subject = 1`, `SELECT id FROM subject WHERE no = 1`} {
		err := h.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Each(ctx, text, nil, func(scan func(...any) error) error {
				var b []byte
				err := scan(&b)
				traces = append(traces, b)
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(traces) != 6 {
		t.Fatalf("%d traces to look for", len(traces))
	}
	found := func() int {
		n := 0
		for _, file := range []string{h.url, h.url + "-wal"} {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, trace := range traces {
				n += bytes.Count(text, trace)
			}
		}
		return n
	}
	if n := found(); n < len(traces) {
		t.Fatalf("the search finds %d of %d before", n, len(traces))
	}
	e, err := h.people.Erase(t.Context(), h.site, ref(t, ann))
	if err != nil || e.Since == 0 {
		t.Fatal(e, err)
	}
	if n := found(); n != 0 {
		t.Errorf("%d traces are left", n)
	}
	if h.may("customer:2") != decision.Allow {
		t.Error("somebody else was touched")
	}
}

// A reader that holds the truncation up does not fail the erasure; it is made up for.
func TestErasureWithAReader(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.record("customer:1", subject.Event{Kind: subject.Happened, Name: "account-opened"})
	reading, read, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- h.store.View(context.Background(), func(ctx context.Context, tx *store.Tx) error {
			var n int
			err := tx.Row(ctx, `SELECT count(*) FROM entry`, nil, &n)
			close(reading)
			<-read
			return err
		})
	}()
	<-reading
	e, err := h.people.Erase(t.Context(), h.site, ref(t, "customer:1"))
	if err != nil || e.Records != 1 || e.Since != 0 {
		t.Errorf("erased %+v, %v", e, err)
	}
	close(read)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := h.people.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(h.url + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("the write-ahead log: %v, %v", info, err)
	}
}
