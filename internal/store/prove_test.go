package store_test

import (
	"context"
	"testing"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/ledger"
)

func TestEveryEntryIsProven(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		v, err := ledger.NewVerifier(signer().Key())
		if err != nil {
			t.Fatal(err)
		}
		var leaves []ledger.Hash
		for _, n := range []int{1, 1, 3, 250, 1, 1, 500, 0, 70, 1} {
			lot := make([]store.Entry, n)
			for i := range lot {
				lot[i] = entry()
				leaves = append(leaves, ledger.LeafHash(lot[i].Leaf[:]))
			}
			if err := s.Update(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.Append(lot...); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		for i, h := range leaves {
			if i%37 != 0 && i < len(leaves)-3 {
				continue
			}
			p, err := s.Prove(t.Context(), int64(i))
			if err != nil {
				t.Fatal(err)
			}
			cp, err := v.Open(p.Checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			if cp.Size != uint64(len(leaves)) {
				t.Fatalf("checkpoint of %d entries, want %d", cp.Size, len(leaves))
			}
			if err := ledger.VerifyInclusion(uint64(i), cp.Size, h, p.Hashes, cp.Root); err != nil {
				t.Errorf("entry %d: %v", i, err)
			}
		}
	})
}
