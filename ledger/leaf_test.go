package ledger_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/avowhq/avow/ledger"
	"pgregory.net/rapid"
)

// The hand-written HMAC and HKDF are those of the standard library, for every length of message.
func TestLeafIsHMACUnderHKDF(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ring := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "ring"))
		id := ledger.EntryID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		record := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "record")

		keys := ledger.NewEntryKeys(ring)
		key := keys.Key(id)
		want, err := hkdf.Key(sha256.New, ring[:], nil, "avow/entry/v1"+string(id[:]), 32)
		if err != nil {
			t.Fatal(err)
		}
		if key != [32]byte(want) {
			t.Fatalf("key %x, want %x", key, want)
		}
		h := hmac.New(sha256.New, key[:])
		h.Write(record)
		if leaf := ledger.NewLeaf(key, record); leaf != ledger.Leaf(h.Sum([]byte{1})) {
			t.Fatalf("leaf %x, want %x", leaf, h.Sum([]byte{1}))
		}
	})
}
