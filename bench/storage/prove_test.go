package storage_test

import (
	"context"
	"crypto/rand"
	"flag"
	mathrand "math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

var entries = flag.Int("entries", 100_000, "how many entries BenchmarkProve has")

// BenchmarkProve makes the proof of one entry of many, read off the tiles of the database.
func BenchmarkProve(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			keys, err := vault.Create(filepath.Join(b.TempDir(), "keys"), vault.Options{Origin: "avow.test/log"})
			if err != nil {
				b.Fatal(err)
			}
			s, err := store.Open(b.Context(), store.Config{URL: e.url(b), Signer: keys.Signer()})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.Close() })
			for n := 0; n < *entries; n += 500 {
				write(b, s, min(500, *entries-n))
			}
			b.ResetTimer()
			for b.Loop() {
				if _, err := s.Prove(b.Context(), mathrand.Int64N(int64(*entries))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// write appends entries whose leaves commit to nothing: proofs do not ask.
func write(b *testing.B, s *store.Store, n int) {
	b.Helper()
	all := make([]store.Entry, n)
	for i := range all {
		all[i] = store.Entry{Site: 1, Record: []byte("{}"), Key: make([]byte, 32)}
		_, _ = rand.Read(all[i].Leaf[1:])
		all[i].Leaf[0] = ledger.NewLeaf([32]byte{}, nil)[0]
	}
	if err := s.Update(b.Context(), func(_ context.Context, tx *store.Tx) error { tx.Append(all...); return nil }); err != nil {
		b.Fatal(err)
	}
}
