package ledger_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/avowhq/avow/ledger"
)

// What is read is written back as it was: no parser takes two texts for one thing, and none panics.

func FuzzRecord(f *testing.F) {
	for _, r := range recordCases() {
		f.Add(must(r.AppendCanonical(nil)))
	}
	for _, c := range refusedRecords() {
		f.Add([]byte(c.Canonical))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ledger.ParseRecord(b)
		if err != nil {
			return
		}
		if again, err := r.AppendCanonical(nil); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%s\nread and written: %s, %v", b, again, err)
		}
		if other := canonical(t, json.RawMessage(b)); !bytes.Equal(other, b) {
			t.Fatalf("%s\nelsewhere: %s", b, other)
		}
	})
}

// FuzzReceipt reads, writes and reads again: the same receipt.
func FuzzReceipt(f *testing.F) {
	m := makeLog(9)
	for _, c := range append(goodReceipts(makeLog(vectorLog)), receiptVector{Receipt: textOf(m.receipt(3, 9))}) {
		f.Add([]byte(c.Receipt))
	}
	for _, c := range badReceipts(makeLog(vectorLog)) {
		f.Add([]byte(c.Receipt))
	}
	v := verifier(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ledger.ParseReceipt(b)
		if err != nil {
			return
		}
		written, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ledger.ParseReceipt(written)
		if err != nil || !bytes.Equal(must(again.JSON()), written) {
			t.Fatalf("%s\n%v", written, err)
		}
		record, head, err := r.Verify(v)
		if err == nil && (head.Origin != origin || record.Kind == "") {
			t.Fatalf("%+v, %+v", record, head)
		}
	})
}

func FuzzProof(f *testing.F) {
	m := makeLog(9)
	f.Add(m.receipt(3, 9).Proof.Text())
	f.Add(ledger.Proof{Extra: []byte("x"), Checkpoint: []byte("y")}.Text())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ledger.ParseProof(b); err == nil && !bytes.Equal(p.Text(), b) {
			t.Fatalf("%q\nread and written: %q", b, p.Text())
		}
	})
}

// FuzzCheckpoint opens notes; only one that was signed opens.
func FuzzCheckpoint(f *testing.F) {
	m := makeLog(3)
	genuine := map[ledger.Checkpoint]bool{}
	v := must(verifier(f).WithWitnesses(0, witnessKey(witness1)))
	for size := range 4 {
		f.Add(m.checkpoint(size))
		f.Add(cosign(m.checkpoint(size), witness1, witness1, witnessed))
		genuine[must(v.Open(m.checkpoint(size)))] = true
	}
	f.Add(otherCheckpoint(2))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := v.Open(b); err == nil && !genuine[c] {
			t.Fatalf("%q opened as %+v", b, c)
		}
		if text, err := v.OpenText(b); err == nil {
			t.Fatalf("%q opened as %q", b, text)
		}
		if c, err := ledger.ParseCheckpoint(b); err == nil {
			if want := ledgerBody(c.Origin, int(c.Size), c.Root); c.Size < 1<<63 && !bytes.HasPrefix(b, []byte(want)) {
				t.Fatalf("%q read as %+v", b, c)
			}
		}
	})
}

func FuzzTilePath(f *testing.F) {
	for _, path := range []string{"tile/0/x001/x234/067.p/3", "tile/entries/000", "tile/63/x072/x057/x594/x037/x927/935"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		level, n, width, err := ledger.ParseTilePath(path)
		if err != nil {
			return
		}
		again := ledger.BundlePath(n, width)
		if level >= 0 {
			again = ledger.TilePath(level, n, width)
		}
		if again != path {
			t.Fatalf("%q read and written: %q", path, again)
		}
	})
}

func FuzzEdge(f *testing.F) {
	m := makeLog(7)
	f.Add(m.edge.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ledger.ParseEdge(b)
		if err != nil {
			return
		}
		if again := e.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x read and written: %x", b, again)
		}
		e.Root()
	})
}

func FuzzBundle(f *testing.F) {
	f.Add(ledger.AppendBundle(ledger.AppendBundle(nil, []byte("a")), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		err := ledger.ReadBundle(b, func(_ int, entry []byte) bool {
			again = ledger.AppendBundle(again, entry)
			return true
		})
		if !bytes.HasPrefix(b, again) || err == nil && len(again) != len(b) {
			t.Fatalf("%x read and written: %x", b, again)
		}
	})
}

func FuzzOpened(f *testing.F) {
	m := makeLog(2)
	f.Add(ledger.AppendOpened(nil, ledger.Opened{Index: 1, Record: m.records[1], Key: m.keys[1]}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		for o, err := range ledger.ReadOpened(bytes.NewReader(b)) {
			if err != nil {
				return
			}
			again = ledger.AppendOpened(again, o)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%q read and written: %q", b, again)
		}
	})
}

func FuzzInstant(f *testing.F) {
	f.Add("2026-11-24T09:30:00.000000Z")
	f.Fuzz(func(t *testing.T, s string) {
		if i, err := ledger.ParseInstant(s); err == nil && i.String() != s {
			t.Fatalf("%q read and written: %q", s, i)
		}
	})
}

func FuzzKey(f *testing.F) {
	skey, vkey := keyPair(origin, 1, "log")
	f.Add(skey)
	f.Add(vkey)
	f.Add(witnessKey(witness1))
	v := verifier(f)
	f.Fuzz(func(t *testing.T, key string) {
		if s, err := ledger.NewSigner(key); err == nil {
			if _, err := ledger.NewVerifier(s.Key()); err != nil {
				t.Fatalf("%q makes a signer whose key is none: %v", key, err)
			}
		}
		_, _ = ledger.NewVerifier(key)
		_, _ = v.WithWitnesses(1, key)
	})
}
