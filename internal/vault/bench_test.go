package vault_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// record is one of about 400 bytes in canonical form.
func record(t testing.TB) (*ledger.Record, []byte) {
	t.Helper()
	r := &ledger.Record{
		V: 1, Site: "shop", Kind: "consent.granted", At: 1_795_000_000_000_000, Recorded: 1_795_000_000_000_123,
		Version: "2026-11-24.3", Clauses: []string{"newsletter", "newsletter.partners"},
		Body: []byte(`{"categories":["contact.email","contact.name"],"collection":"checkout","pad":"` + string(bytes.Repeat([]byte("x"), 87)) + `","purpose":"direct-marketing.own-similar"}`),
	}
	b, err := r.AppendCanonical(nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, b
}

// BenchmarkSealAndCommit is what a record costs before it reaches the database: canonical form, sealing,
// its entry's key, its leaf. The goal is 250 000 a second and core, 4 µs each.
func BenchmarkSealAndCommit(b *testing.B) {
	k, _ := create(b)
	ring, _, err := k.NewRing(vault.Profile, [16]byte{1})
	if err != nil {
		b.Fatal(err)
	}
	r, canonical := record(b)
	plain, sealed := make([]byte, 0, 1024), make([]byte, 0, 1024)
	var leaf ledger.Leaf
	id := ledger.EntryID{7}
	b.SetBytes(int64(len(canonical)))
	b.ReportAllocs()
	for b.Loop() {
		plain, _ = r.AppendCanonical(plain[:0])
		sealed = ring.Seal(sealed[:0], plain, id)
		leaf = ledger.NewLeaf(ring.EntryKey(id), plain)
	}
	_ = leaf
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkSeal is sealing alone.
func BenchmarkSeal(b *testing.B) {
	k, _ := create(b)
	ring, _, err := k.NewRing(vault.Profile, [16]byte{1})
	if err != nil {
		b.Fatal(err)
	}
	_, plain := record(b)
	sealed := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		sealed = ring.Seal(sealed[:0], plain, ledger.EntryID{7})
	}
}

func BenchmarkNewRing(b *testing.B) {
	k, _ := create(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := k.NewRing(vault.Profile, [16]byte{1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrap(b *testing.B) {
	k, _ := create(b)
	_, w, err := k.NewRing(vault.Profile, [16]byte{1})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Unwrap(vault.Profile, [16]byte{1}, w); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRewrap is one ring moved to a new epoch.
func BenchmarkRewrap(b *testing.B) {
	k, _ := create(b)
	_, w, err := k.NewRing(vault.Profile, [16]byte{1})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := k.Rotate(day(0)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := k.Rewrap(vault.Profile, [16]byte{1}, w); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	k, _ := create(b)
	b.ReportAllocs()
	for b.Loop() {
		k.Hash(vault.ForIdentity, "shop", "email", "somebody@example.org")
	}
}

// BenchmarkJournal is Append by one caller, and by many who share a write.
func BenchmarkJournal(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			j := openJournal(b, filepath.Join(b.TempDir(), vault.JournalName)) // on a disk, unlike in most tests
			e := vault.Entry{Kind: vault.Withdrawn, At: 1_795_000_000_000_000, Index: 5, Subject: [16]byte{1}, ID: ledger.EntryID{2}, Sealed: make([]byte, 200)}
			b.SetParallelism(callers)
			if callers == 1 {
				for b.Loop() {
					if err := j.Append(e); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := j.Append(e); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
