package vault_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// vectors are what another program, testdata/vectors.py, made of the same keys by docs/spec/vault.md.
type vectors struct {
	Log       string
	Rings     []ringVector
	Destroyed ringVector
	Hashes    []struct {
		Use   vault.Use
		Key   int64
		Site  string
		Parts []string
		Sum   hexBytes
	}
}

type ringVector struct {
	Kind      string
	Owner     hexBytes
	Epoch     int64
	Wrapped   hexBytes
	Entry     hexBytes
	EntryKey  hexBytes
	Plain     string
	Sealed    hexBytes
	Month     string
	Pseudonym hexBytes
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func (v ringVector) kind() vault.RingKind {
	return map[string]vault.RingKind{"profile": vault.Profile, "case": vault.Case, "evidence": vault.Evidence}[v.Kind]
}

func (v ringVector) wrapped() vault.Wrapped { return vault.Wrapped{Epoch: v.Epoch, Blob: v.Wrapped} }

// vectorFolder copies testdata/v1, because a checkout has no private files.
func vectorFolder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"keys.json", vault.JournalName} {
		write(t, filepath.Join(dir, name), read(t, filepath.Join("testdata", "v1", name)))
	}
	return dir
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVectors(t *testing.T) {
	var v vectors
	if err := json.Unmarshal(read(t, "testdata/v1/vectors.json"), &v); err != nil {
		t.Fatal(err)
	}
	k := reopen(t, vectorFolder(t))
	if got := k.Status(); got.Key != v.Log || k.Signer().Key() != v.Log || got.Generation != 6 {
		t.Errorf("log key %s of generation %d", got.Key, got.Generation)
	}
	for _, r := range v.Rings {
		checkRing(t, k, r)
	}
	_, err := k.Unwrap(v.Destroyed.kind(), [16]byte(v.Destroyed.Owner), v.Destroyed.wrapped())
	if want := "unwrap profile ring: epoch 1 was destroyed on 2026-11-04: no such epoch key"; !errors.Is(err, vault.ErrNoEpoch) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for _, h := range v.Hashes {
		got, err := k.HashUnder(h.Key, h.Use, h.Site, h.Parts...)
		if want := (vault.LookupHash{KeyID: h.Key, Sum: [32]byte(h.Sum)}); err != nil || !got.Equal(want) {
			t.Errorf("%s key %d of %q: %x, %v", h.Use, h.Key, h.Parts, got.Sum, err)
		}
	}
}

func checkRing(t *testing.T, k *vault.Keys, v ringVector) {
	t.Helper()
	r, err := k.Unwrap(v.kind(), [16]byte(v.Owner), v.wrapped())
	if err != nil {
		t.Errorf("%s: %v", v.Plain, err)
		return
	}
	id := ledger.EntryID(v.Entry)
	if plain, err := r.Open(v.Sealed, id); err != nil || string(plain) != v.Plain {
		t.Errorf("%s: opened %q, %v", v.Plain, plain, err)
	}
	if got := r.EntryKey(id); !bytes.Equal(got[:], v.EntryKey) {
		t.Errorf("%s: entry key %x", v.Plain, got)
	}
	if got := r.Pseudonym(v.Month); !bytes.Equal(got[:], v.Pseudonym) {
		t.Errorf("%s: pseudonym %x", v.Plain, got)
	}
}

func TestJournalVector(t *testing.T) {
	path := filepath.Join(vectorFolder(t), vault.JournalName)
	var got []vault.Entry
	r, err := vault.ReadJournal(bytes.NewReader(read(t, path)), func(e vault.Entry) error {
		got = append(got, e)
		return nil
	})
	if err != nil || r.Lines != 4 || r.Torn != 0 || !r.Since.Equal(time.Unix(0, 0)) {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(got) != 4 || got[1].Kind != vault.Withdrawn || string(got[1].Sealed) != "sealed bytes" || got[1].Index != 12 {
		t.Fatalf("%+v", got)
	}
	if r.Last.Size != 14 || !cmp.Equal(r.Last, got[3]) {
		t.Errorf("last checkpoint %+v", r.Last)
	}

	// The same entries, written by us, are the same bytes.
	own := journal(t)
	for _, write := range [][]vault.Entry{got[:1], got[1:3], got[3:]} {
		if err := own.Append(write...); err != nil {
			t.Fatal(err)
		}
	}
	var again bytes.Buffer
	if err := own.Each(func(e vault.Entry) error { _, err := again.WriteString(string(e.Kind)); return err }); err != nil {
		t.Fatal(err)
	}
	if want := "checkpointwithdrawnerasedcheckpoint"; again.String() != want {
		t.Errorf("%s, want %s", again.String(), want)
	}
	if diff := cmp.Diff(string(read(t, path)), string(read(t, own.Path()))); diff != "" {
		t.Errorf("journal (-vector +ours):\n%s", diff)
	}
}
