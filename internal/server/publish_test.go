package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/policy/law"
)

// A release as the log has it.
type release struct {
	Number int64
	Digest string
	Laws   []string
}

func releases(t *testing.T, house *server.House) []release {
	t.Helper()
	var out []release
	err := house.Store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var n int64
		if err := tx.Row(ctx, `SELECT coalesce(max(number), 0) FROM release`, nil, &n); err != nil {
			return err
		}
		for i := range n + 8 { // site entries come among the first
			var record []byte
			err := tx.Row(ctx, `SELECT record FROM entry WHERE idx = $1 AND subject = 0`, []any{i}, &record)
			if err != nil || len(record) == 0 {
				continue
			}
			var r struct {
				Kind string
				Body release
			}
			if err := json.Unmarshal(record, &r); err != nil {
				return err
			}
			if r.Kind == "published" {
				out = append(out, r.Body)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A release names each law by revision and digest of its text. A law file of the policy that changes makes
// the next release, even where it decides nothing; serving the same again makes none.
func TestReleaseNamesItsLaws(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(starterDir)); err != nil {
		t.Fatal(err)
	}
	house, err := server.OpenHouse(t.Context(), server.HouseConfig{Dir: t.TempDir(), Database: storetest.SQLite(t), Keys: filepath.Join(t.TempDir(), "keys")})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, house)
	serve(t, house, dir)
	serve(t, house, dir)

	old, err := law.Library{}.Find("eu-eprivacy")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(old.Text()), fmt.Sprintf(`"revision": %d`, old.Revision), fmt.Sprintf(`"revision": %d`, old.Revision+1), 1)
	if err := os.MkdirAll(filepath.Join(dir, law.Folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, law.Folder, "eu-eprivacy.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	serve(t, house, dir)

	got := releases(t, house)
	if len(got) != 2 || got[0].Number != 1 || got[1].Number != 2 || got[0].Digest == got[1].Digest {
		t.Fatalf("releases: %+v", got)
	}
	var ids []string
	for _, l := range got[0].Laws {
		id, _, _ := strings.Cut(l, " ")
		ids = append(ids, id)
	}
	if !slices.Equal(ids, []string{"eu-gdpr", "eu-eprivacy", law.Strict}) {
		t.Errorf("laws of the first release: %v", got[0].Laws)
	}
	if want := fmt.Sprintf("eu-eprivacy %d %s", old.Revision, old.Digest()); got[0].Laws[1] != want {
		t.Errorf("got %s, want %s", got[0].Laws[1], want)
	}
	if want := fmt.Sprintf("eu-eprivacy %d %x", old.Revision+1, sha256.Sum256([]byte(text))); got[1].Laws[1] != want {
		t.Errorf("got %s, want %s", got[1].Laws[1], want)
	}
	if got[0].Laws[0] != got[1].Laws[0] {
		t.Error("a law that did not change is named otherwise")
	}
}
