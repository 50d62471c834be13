package vault_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

const origin = "log.example/avow"

func create(t testing.TB) (*vault.Keys, string) {
	t.Helper()
	dir := filepath.Join(folder(t), "keys")
	k, err := vault.Create(dir, vault.Options{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	return k, dir
}

func reopen(t testing.TB, dir string) *vault.Keys {
	t.Helper()
	k, err := vault.Open(dir, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestFromEndToEnd follows one ring through sealing, another process, rotation and destruction.
func TestFromEndToEnd(t *testing.T) {
	k, dir := create(t)
	owner, id := [16]byte{1}, ledger.EntryID{2}
	r, w, err := k.NewRing(vault.Profile, owner)
	if err != nil {
		t.Fatal(err)
	}
	sealed := r.Seal(nil, []byte("hello"), id)
	k = reopen(t, dir)
	again, err := k.Unwrap(vault.Profile, owner, w)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(sealed, id); err != nil || string(plain) != "hello" {
		t.Fatalf("%q, %v", plain, err)
	}
	if again.EntryKey(id) != r.EntryKey(id) || again.Pseudonym("2026-11") != r.Pseudonym("2026-11") {
		t.Error("the same ring has other keys")
	}
	now := time.Now()
	if epoch, err := k.Rotate(now); err != nil || epoch != 2 {
		t.Fatal(epoch, err)
	}
	moved, changed, err := k.Rewrap(vault.Profile, owner, w)
	if err != nil || !changed || moved.Epoch != 2 {
		t.Fatal(moved.Epoch, changed, err)
	}
	if err := k.Destroy(1, now.Add(time.Hour)); !errors.Is(err, vault.ErrEscrow) {
		t.Fatal(err)
	}
	if err := k.Retire(1, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := k.Destroy(1, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Unwrap(vault.Profile, owner, w); !errors.Is(err, vault.ErrNoEpoch) {
		t.Error(err)
	}
	if _, err := k.Unwrap(vault.Profile, owner, moved); err != nil {
		t.Error(err)
	}
	if k.Hash(vault.ForIdentity, "shop", "a@example.org") != k.Hashes(vault.ForIdentity, "shop", "a@example.org")[0] {
		t.Error("what is written is not looked for")
	}
	j, err := vault.OpenJournal(filepath.Join(dir, vault.JournalName))
	if err != nil {
		t.Fatal(err)
	}
	want := vault.Entry{Kind: vault.Checkpoint, At: ledger.InstantOf(now), Size: 7, Root: ledger.Hash{9}}
	if err := j.Append(want); err != nil {
		t.Fatal(err)
	}
	if last, ok := j.Last(); !ok || last.Size != 7 {
		t.Error(last, ok)
	}
}

// day is midnight of a day, counted from 1 November 2026.
func day(n int) time.Time { return time.Date(2026, 11, 1+n, 0, 0, 0, 0, time.UTC) }

func journal(t testing.TB) *vault.Journal {
	t.Helper()
	return openJournal(t, filepath.Join(folder(t), vault.JournalName))
}

func openJournal(t testing.TB, path string) *vault.Journal {
	t.Helper()
	j, err := vault.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// folder is a new one, in memory where there is room for it: most tests wait for the disk and need none.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "avow-vault-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
