package vault_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/avowhq/avow/internal/vault"
)

// envelope is the key file by docs/spec/vault.md.
type envelope struct {
	Avow    string          `json:"avow"`
	Version int             `json:"version"`
	Sum     string          `json:"sum"`
	Keys    json.RawMessage `json:"keys"`
}

// reseal changes the keys in a key file, compact, and makes the checksum fit.
func reseal(t testing.TB, path string, how func(keys string) string) {
	t.Helper()
	var e envelope
	must(t, json.Unmarshal(read(t, path), &e))
	var compact bytes.Buffer
	must(t, json.Compact(&compact, e.Keys))
	write(t, path, wrapped(how(compact.String())))
}

// wrapped is a key file around any keys, with a checksum that fits.
func wrapped(keys string) []byte {
	sum := sha256.Sum256([]byte(keys))
	return []byte(`{"avow":"keys","version":1,"sum":"` + hex.EncodeToString(sum[:]) + `","keys":` + keys + `}`)
}

// FuzzKeyFile opens any file, and any keys with a fitting checksum. It is refused as damaged, or can be
// used and changed.
func FuzzKeyFile(f *testing.F) {
	text := read(f, "testdata/v1/keys.json")
	var e envelope
	must(f, json.Unmarshal(text, &e))
	var compact bytes.Buffer
	must(f, json.Compact(&compact, e.Keys))
	f.Add(text, false)
	f.Add(compact.Bytes(), true)
	f.Add([]byte("age-encryption.org/v1\n-> scrypt"), false)
	f.Add([]byte(`{"generation":1,"log":[],"epochs":[],"lookup":[null]}`), true)
	dir := filepath.Join(f.TempDir(), "keys")
	must(f, os.Mkdir(dir, 0o700))
	f.Fuzz(func(t *testing.T, text []byte, fits bool) {
		if fits {
			text = wrapped(string(text))
		}
		write(t, filepath.Join(dir, "keys.json"), text)
		k, err := vault.Open(dir, vault.Options{})
		if err != nil {
			if !errors.Is(err, vault.ErrDamaged) && !errors.Is(err, vault.ErrVersion) {
				t.Fatalf("refused for no good reason: %v", err)
			}
			return
		}
		_, w, err := k.NewRing(vault.Profile, [16]byte{1})
		must(t, err)
		_, err = k.Rotate(day(0))
		must(t, err)
		if _, err := reopen(t, dir).Unwrap(vault.Profile, [16]byte{1}, w); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzJournal reads any text, and lines of any content with fitting checksums. It is refused, or a second
// reading finds the same, and what is read can be written.
func FuzzJournal(f *testing.F) {
	f.Add(read(f, "testdata/v1/journal.log"), false)
	f.Add([]byte(`{"avow":"journal","version":1,"since":0}`+"\n"+`{"entries":[{"kind":"held","at":1}]}`), true)
	f.Add([]byte(`{"avow":"journal","version":1,"since":-5}`+"\n"+`{"entries":null}`+"\n"+`{"entries":[{"kind":"checkpoint","root":"00"}]}`), true)
	f.Fuzz(func(t *testing.T, text []byte, fits bool) {
		if fits {
			text = chained(text)
		}
		var entries []vault.Entry
		got, err := vault.ReadJournal(bytes.NewReader(text), func(e vault.Entry) error {
			entries = append(entries, e)
			return nil
		})
		if err != nil {
			if !errors.Is(err, vault.ErrJournal) {
				t.Fatalf("refused for no good reason: %v", err)
			}
			return
		}
		whole, err := vault.ReadJournal(bytes.NewReader(text[:int64(len(text))-got.Torn]), func(vault.Entry) error { return nil })
		if err != nil || whole.Torn != 0 || whole.Lines != got.Lines {
			t.Fatalf("without the torn end: %+v, was %+v: %v", whole, got, err)
		}
		j := journal(t)
		must(t, j.Append(entries...))
		if again := all(t, j); len(again) != len(entries) {
			t.Fatalf("%d entries written, %d read", len(entries), len(again))
		}
	})
}

// chained gives each line the checksum that docs/spec/vault.md says.
func chained(text []byte) (out []byte) {
	last := make([]byte, 16)
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		h := sha256.New()
		h.Write([]byte("avow/journal/v1"))
		h.Write(last)
		h.Write(line)
		last = h.Sum(nil)[:16]
		out = hex.AppendEncode(out, last)
		out = append(append(append(out, ' '), line...), '\n')
	}
	return out
}
