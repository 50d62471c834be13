package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/ledger"
)

func TestC2SPNotes(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Note, Want, Text, Skey string
			NoteBase64                   string `json:"note_b64"`
			WantNote                     string `json:"want_note"`
			Vkeys                        []string
		}
	}
	vectors(t, "c2sp/signed-note.json", &file)
	for _, c := range file.Cases {
		if c.Skey != "" {
			signer, err := ledger.NewSigner(c.Skey)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := signer.Sign(c.Text); err != nil || string(got) != c.WantNote {
				t.Errorf("%s: %v\n%s", c.Name, err, got)
			}
			continue
		}
		signed := []byte(c.Note)
		if c.NoteBase64 != "" {
			signed = decode(t, c.NoteBase64)
		}
		if len(c.Vkeys) == 0 {
			if _, err := ledger.NewVerifier(); err == nil {
				t.Errorf("%s: a verifier without keys", c.Name)
			}
			continue
		}
		v, err := ledger.NewVerifier(c.Vkeys...)
		if err != nil {
			t.Fatal(err)
		}
		text, err := v.OpenText(signed)
		switch {
		case c.Want == "valid" && (err != nil || !strings.HasPrefix(string(signed), text+"\n")):
			t.Errorf("%s: %v", c.Name, err)
		case c.Want == "malformed" && !errors.Is(err, ledger.ErrMalformed):
			t.Errorf("%s: %v", c.Name, err)
		case c.Want == "reject" && !errors.Is(err, ledger.ErrSignature) && !errors.Is(err, ledger.ErrUnknownLog):
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// The vectors test the shape of a body; their roots are no hashes, which we refuse. So each is tried as it
// stands, which nobody may accept, and with a hash in place of what they call a root.
func TestC2SPCheckpointBodies(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Body, Origin string
			Valid              bool
			Size               uint64
		}
	}
	vectors(t, "c2sp/checkpoint-body.json", &file)
	root := leafHash(0)
	for _, c := range file.Cases {
		if _, err := ledger.ParseCheckpoint([]byte(c.Body)); err == nil {
			t.Errorf("%s: a root that is no hash", c.Name)
		}
		body := strings.NewReplacer("YmFuYW5hcw==", root.String(), "dGhlIHZpZXcgZnJvbSB0aGUgdHJlZSB0b3BzIGlzIGdyZWF0IQ==", root.String()).Replace(c.Body)
		got, err := ledger.ParseCheckpoint([]byte(body))
		if want := (ledger.Checkpoint{Origin: c.Origin, Size: c.Size, Root: root}); c.Valid && (err != nil || got != want) {
			t.Errorf("%s: %v, %v", c.Name, got, err)
		} else if !c.Valid && err == nil {
			t.Errorf("%s: accepted", c.Name)
		}
	}
}

func TestC2SPProofs(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Proof, Checkpoint string
			Extra                   string `json:"extra_b64"`
			Valid                   bool
			Index                   uint64
			Hashes                  []string
		}
	}
	vectors(t, "c2sp/tlog-proof.json", &file)
	for _, c := range file.Cases {
		p, err := ledger.ParseProof([]byte(c.Proof))
		if !c.Valid {
			if !errors.Is(err, ledger.ErrMalformed) {
				t.Errorf("%s: %v", c.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		want, _ := hashes(c.Hashes...)
		if p.Index != c.Index || !slices.Equal(p.Hashes, want) || string(p.Checkpoint) != c.Checkpoint || !bytes.Equal(p.Extra, decode(t, c.Extra)) {
			t.Errorf("%s: %+v", c.Name, p)
		}
		if string(p.Text()) != c.Proof {
			t.Errorf("%s: written as %s", c.Name, p.Text())
		}
	}
}

// A log that others wrote has our paths, our leaf hashes and our roots, at each of its sizes.
func TestC2SPTesseraLog(t *testing.T) {
	const dir = "testdata/c2sp/tessera-log"
	var index struct {
		Vkey    string
		Entries []string
	}
	vectors(t, "c2sp/tessera-log/INDEX.json", &index)
	v, err := ledger.NewVerifier(index.Vkey)
	if err != nil {
		t.Fatal(err)
	}
	var edge ledger.Edge
	var bundle, tile []byte
	for size := 0; size <= len(index.Entries); size++ {
		if size > 0 {
			entry := []byte(index.Entries[size-1])
			h := ledger.LeafHash(entry)
			edge.Append(h)
			bundle, tile = ledger.AppendBundle(bundle, entry), append(tile, h[:]...)
			for path, want := range map[string][]byte{ledger.BundlePath(0, size): bundle, ledger.TilePath(0, 0, size): tile} {
				if got, err := os.ReadFile(filepath.Join(dir, path)); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %v, or not what we write", path, err)
				}
			}
		}
		signed, err := os.ReadFile(fmt.Sprintf("%s/checkpoint.%d", dir, size))
		if err != nil {
			t.Fatal(err)
		}
		c, err := v.Open(signed)
		if err != nil || c.Size != uint64(size) || c.Root != edge.Root() {
			t.Errorf("checkpoint %d: %+v, %v", size, c, err)
		}
		if root, err := ledger.TreeRoot(context.Background(), folder(dir), uint64(size)); err != nil || root != edge.Root() {
			t.Errorf("tiles of %d: %s, %v", size, root, err)
		}
	}
	err = filepath.WalkDir(dir+"/tile", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			_, _, _, err = ledger.ParseTilePath(strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// folder reads tiles below a path.
type folder string

func (f folder) Tile(_ context.Context, level int, n uint64, width int) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), ledger.TilePath(level, n, width)))
}
