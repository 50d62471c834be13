package vault_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// TestSealOpens seals anything, and opens it as it was sealed and in no other way.
func TestSealOpens(t *testing.T) {
	k, _ := create(t)
	ring, _, err := k.NewRing(vault.Profile, [16]byte{1})
	must(t, err)
	other, _, err := k.NewRing(vault.Profile, [16]byte{1})
	must(t, err)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 500).Draw(t, "plain")
		before := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "before")
		var id ledger.EntryID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		sealed := ring.Seal(bytes.Clone(before), plain, id)
		if !bytes.HasPrefix(sealed, before) || len(sealed) != len(before)+len(plain)+vault.SealOverhead {
			t.Fatalf("%d bytes sealed behind %d make %d", len(plain), len(before), len(sealed))
		}
		sealed = sealed[len(before):]
		if opened, err := ring.Open(sealed, id); err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("opened %x, %v", opened, err)
		}
		if bytes.Equal(ring.Seal(nil, plain, id), sealed) {
			t.Fatal("sealed twice alike")
		}
		refused := func(what string, r *vault.Ring, sealed []byte, id ledger.EntryID) {
			if _, err := r.Open(sealed, id); !errors.Is(err, vault.ErrNotOpened) {
				t.Fatalf("%s: %v", what, err)
			}
		}
		refused("another ring", other, sealed, id)
		flipped := bytes.Clone(sealed)
		flipped[rapid.IntRange(0, len(sealed)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		refused("changed", ring, flipped, id)
		refused("cut", ring, sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")], id)
		id[rapid.IntRange(0, 15).Draw(t, "byte of the id")]++
		refused("another entry", ring, sealed, id)
	})
}

func TestRings(t *testing.T) {
	k, _ := create(t)
	seen := map[[16]byte]bool{}
	for _, kind := range []vault.RingKind{vault.Profile, vault.Case, vault.Evidence} {
		r, w, err := k.NewRing(kind, [16]byte{1})
		must(t, err)
		if r.Kind() != kind || w.Epoch != 1 || len(w.Blob) != 60 {
			t.Errorf("%s ring under epoch %d in %d bytes", r.Kind(), w.Epoch, len(w.Blob))
		}
		for _, month := range []string{"2026-11", "2026-12"} {
			p := r.Pseudonym(month)
			if seen[p] || p != r.Pseudonym(month) {
				t.Errorf("pseudonym of %s of the %s ring", month, kind)
			}
			seen[p] = true
		}
	}
	if got := vault.RingKind(9).String(); got != "ring kind 9" {
		t.Error(got)
	}
}

// TestWrapFor gives a ring to another owner: it opens as theirs, and the old wrapping as the first one's.
func TestWrapFor(t *testing.T) {
	k, _ := create(t)
	r, w, err := k.NewRing(vault.Evidence, [16]byte{1})
	must(t, err)
	moved := k.WrapFor(r, [16]byte{2})
	for owner, w := range map[[16]byte]vault.Wrapped{{1}: w, {2}: moved} {
		again, err := k.Unwrap(vault.Evidence, owner, w)
		if err != nil || again.EntryKey(ledger.EntryID{3}) != r.EntryKey(ledger.EntryID{3}) {
			t.Errorf("owner %d: %v", owner[0], err)
		}
	}
	if _, err := k.Unwrap(vault.Evidence, [16]byte{1}, moved); !errors.Is(err, vault.ErrNotOpened) {
		t.Error(err)
	}
}
