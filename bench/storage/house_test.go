package storage_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/policy"
)

// A house is Avow without its server: people over one database.
type house struct {
	store   *store.Store
	keys    *vault.Keys
	journal *vault.Journal
	people  *subject.People
	site    *subject.Site
	known   []subject.Ref
	filled  bool
}

// engines are the databases, each durable.
var engines = []struct {
	name  string
	url   func(b *testing.B) string
	plain func(b *testing.B, size int) *plain
}{
	{"sqlite", func(b *testing.B) string { return storetest.SQLite(b) }, plainLite},
	{"postgres", func(b *testing.B) string { return storetest.Durable(b) }, plainPostgres},
}

// closeAfter closes when the benchmark has ended.
func closeAfter(b *testing.B, c io.Closer) {
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
}

func newHouse(b *testing.B, url string, people int) *house {
	b.Helper()
	ctx := b.Context()
	dir := filepath.Join(b.TempDir(), "keys")
	var err error
	h := &house{}
	if h.keys, err = vault.Create(dir, vault.Options{Origin: "avow.test/log"}); err != nil {
		b.Fatal(err)
	}
	if h.journal, err = vault.OpenJournal(filepath.Join(dir, vault.JournalName)); err != nil {
		b.Fatal(err)
	}
	closeAfter(b, h.journal)
	if h.store, err = store.Open(ctx, store.Config{URL: url, Signer: h.keys.Signer()}); err != nil {
		b.Fatal(err)
	}
	closeAfter(b, h.store)
	h.people = h.peopleOf(b, 0)
	m, program := starter(b)
	if h.site, err = h.people.Site(ctx, m.Site, m, program, "2026-01-01"); err != nil {
		b.Fatal(err)
	}
	h.grow(b, people)
	return h
}

// peopleOf makes People who follow the log until the end.
func (h *house) peopleOf(b *testing.B, cached int) *subject.People {
	b.Helper()
	p, err := subject.New(b.Context(), subject.Config{Store: h.store, Keys: h.keys, Journal: h.journal, Cached: cached})
	if err != nil {
		b.Fatal(err)
	}
	follow, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { p.Follow(follow, nil); close(done) }()
	b.Cleanup(func() { stop(); <-done })
	return p
}

func starter(b *testing.B) (*decision.Model, *decision.Program) {
	b.Helper()
	p, problems, err := policy.Read(os.DirFS("../../policies/starter"))
	if err != nil || policy.Errors(problems) {
		b.Fatal(err, problems)
	}
	m, err := policy.Lower(p)
	if err != nil {
		b.Fatal(err)
	}
	program, err := decision.Compile(m)
	if err != nil {
		b.Fatal(err)
	}
	return m, program
}

// grow makes people until there are so many, each with one identity.
func (h *house) grow(b *testing.B, people int) {
	b.Helper()
	first := len(h.known)
	for i := first; i < people; i++ {
		h.known = append(h.known, subject.Ref{Kind: "customer", Value: fmt.Sprintf("c-%08d", i)})
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	next.Store(int64(first))
	for range 512 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(people); i = next.Add(1) - 1 {
				if _, _, err := h.people.Create(b.Context(), h.site, "bench", h.known[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

var letter = decision.Scope{For: []string{"letter"}}

// add records one consent of one person, durable and in the log when it returns.
func (h *house) add(ctx context.Context, person int) error {
	_, errs := h.people.Append(ctx, h.site, []subject.Report{{Person: h.known[person], Event: subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn}}})
	return errs[0]
}

// recordSize is how long the sealed record is that add writes.
func (h *house) recordSize(b *testing.B) int {
	b.Helper()
	if err := h.add(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	size := 0
	err := h.store.View(b.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT length(record) FROM entry ORDER BY idx DESC LIMIT 1`, nil, &size)
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}
