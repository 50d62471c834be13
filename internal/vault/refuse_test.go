package vault_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/vault"
)

// quick makes scrypt cheap, for tests.
const quick = 4

// TestRefusals wants a clear error, of its kind and with advice, for each thing that can be wrong.
func TestRefusals(t *testing.T) {
	at := filepath.Join
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		o      vault.Options
		is     error
		want   string
	}{
		{"no folder", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, vault.Options{}, vault.ErrMissing, "restore it from your backup"},
		{"a file for a folder", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); write(t, dir, nil) }, vault.Options{}, vault.ErrDamaged, "not a folder"},
		{"no key file", func(t *testing.T, dir string) { must(t, os.Remove(at(dir, "keys.json"))) }, vault.Options{}, vault.ErrMissing, "restore it from your backup of keys"},
		{"folder open to the group", func(t *testing.T, dir string) { must(t, os.Chmod(dir, 0o750)) }, vault.Options{}, vault.ErrPermissions, "chmod 700 "},
		{"file open to all", func(t *testing.T, dir string) { must(t, os.Chmod(at(dir, "keys.json"), 0o644)) }, vault.Options{}, vault.ErrPermissions, "chmod 600 "},
		{"a link", func(t *testing.T, dir string) {
			must(t, os.Rename(at(dir, "keys.json"), at(dir, "elsewhere")))
			must(t, os.Symlink("elsewhere", at(dir, "keys.json")))
		}, vault.Options{}, vault.ErrDamaged, "not a plain file"},
		{"empty", edit(func(string) string { return "" }), vault.Options{}, vault.ErrDamaged, "half-written"},
		{"half", edit(func(s string) string { return s[:len(s)/2] }), vault.Options{}, vault.ErrDamaged, "half-written; restore it from your backup"},
		{"another file", edit(func(string) string { return `{"avow":"notice"}` }), vault.Options{}, vault.ErrDamaged, "no key file of avow"},
		{"a newer version", edit(func(s string) string { return strings.Replace(s, `"version": 1`, `"version": 2`, 1) }), vault.Options{}, vault.ErrVersion, "unknown version 2: this avow knows version 1; a newer one wrote the file"},
		{"a changed key", edit(func(s string) string { return strings.Replace(s, `"generation": 1`, `"generation": 9`, 1) }), vault.Options{}, vault.ErrDamaged, "checksum"},
		{"plain, with a passphrase", nothing, vault.Options{Passphrase: "x"}, vault.ErrPassphrase, "it is not sealed"},
		{"sealed, without passphrase", seal, vault.Options{}, vault.ErrPassphrase, "AVOW_KEYS_PASSPHRASE"},
		{"sealed, with another passphrase", seal, vault.Options{Passphrase: "wrong"}, vault.ErrPassphrase, "keys.age"},
		{"sealed, and half", func(t *testing.T, dir string) {
			seal(t, dir)
			text := read(t, at(dir, "keys.age"))
			write(t, at(dir, "keys.age"), text[:len(text)-20])
		}, vault.Options{Passphrase: "right"}, vault.ErrDamaged, "not whole; restore it"},
		{"sealed, and its head gone", func(t *testing.T, dir string) {
			seal(t, dir)
			write(t, at(dir, "keys.age"), []byte("age-encryption.org/v1\n"))
		}, vault.Options{Passphrase: "right"}, vault.ErrDamaged, "no whole age file"},
		{"two files, one not known to be older", func(t *testing.T, dir string) {
			text := read(t, at(dir, "keys.json"))
			seal(t, dir)
			write(t, at(dir, "keys.json"), text)
		}, vault.Options{}, vault.ErrDamaged, "keys.json and keys.age are both there"},
		{"a passphrase and an identity", nothing, vault.Options{Passphrase: "x", Identity: "y"}, nil, "give one of them"},
		{"no identity file", nothing, vault.Options{Identity: "/nowhere/at/all"}, os.ErrNotExist, "age identity: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, dir := create(t)
			tt.damage(t, dir)
			tt.o.Work = quick
			k, err := vault.Open(dir, tt.o)
			if err == nil {
				t.Fatalf("opened %v", k)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
			if !strings.HasPrefix(err.Error(), "open keys: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q in it", err, tt.want)
			}
		})
	}
}

func nothing(*testing.T, string) {}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// edit changes the text of the key file.
func edit(how func(string) string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		path := filepath.Join(dir, "keys.json")
		write(t, path, []byte(how(string(read(t, path)))))
	}
}

func seal(t *testing.T, dir string) {
	must(t, reopen(t, dir).Protect(vault.Options{Passphrase: "right", Work: quick}))
}

func TestCreateRefuses(t *testing.T) {
	_, dir := create(t)
	before := read(t, filepath.Join(dir, "keys.json"))
	for _, o := range []vault.Options{{Origin: origin}, {Origin: origin, Passphrase: "x", Work: quick}} {
		if _, err := vault.Create(dir, o); !errors.Is(err, vault.ErrExists) {
			t.Error(err)
		}
	}
	if string(before) != string(read(t, filepath.Join(dir, "keys.json"))) {
		t.Error("the keys have changed")
	}

	// A journal without keys has lost them: new ones would hide that.
	must(t, os.Remove(filepath.Join(dir, "keys.json")))
	openJournal(t, filepath.Join(dir, vault.JournalName))
	if _, err := vault.Create(dir, vault.Options{Origin: origin}); !errors.Is(err, vault.ErrExists) {
		t.Error(err)
	}

	for _, bad := range []string{"", "two words", "a+b"} {
		if _, err := vault.Create(filepath.Join(t.TempDir(), "k"), vault.Options{Origin: bad}); err == nil {
			t.Errorf("made keys for the origin %q", bad)
		}
	}
	open := t.TempDir()
	must(t, os.Chmod(open, 0o755))
	if _, err := vault.Create(open, vault.Options{Origin: origin}); !errors.Is(err, vault.ErrPermissions) {
		t.Error(err)
	}
}

func TestCreateIsPrivate(t *testing.T) {
	_, dir := create(t)
	openJournal(t, filepath.Join(dir, vault.JournalName))
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v %v", info.Mode(), err)
	}
}

// TestEveryDamage flips each byte of the file, and cuts it at each: it is refused, or means the same.
func TestEveryDamage(t *testing.T) {
	k, dir := create(t)
	_, w, err := k.NewRing(vault.Profile, [16]byte{1})
	must(t, err)
	path := filepath.Join(dir, "keys.json")
	whole := read(t, path)
	opens := func(what string, i int) {
		k, err := vault.Open(dir, vault.Options{})
		if err == nil {
			_, err = k.Unwrap(vault.Profile, [16]byte{1}, w)
		} else if errors.Is(err, vault.ErrDamaged) || errors.Is(err, vault.ErrVersion) {
			err = nil
		}
		if err != nil {
			t.Errorf("byte %d %s: %v", i, what, err)
		}
	}
	for i := range whole {
		for _, bit := range []byte{0x01, 0x20} {
			damaged := append([]byte(nil), whole...)
			damaged[i] ^= bit
			write(t, path, damaged)
			opens("flipped", i)
		}
		write(t, path, whole[:i])
		if _, err := vault.Open(dir, vault.Options{}); i < len(whole)-1 && !errors.Is(err, vault.ErrDamaged) {
			t.Errorf("cut at byte %d: %v", i, err)
		}
	}
}
