package vault_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// identity writes an age identity file.
func identity(t testing.TB) (path, secret string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	path = filepath.Join(t.TempDir(), "identity")
	write(t, path, []byte("# comment\n"+id.String()+"\n"))
	return path, id.String()
}

// TestProtections goes through every change of protection, and a ring opens under each.
func TestProtections(t *testing.T) {
	k, dir := create(t)
	_, w, err := k.NewRing(vault.Evidence, [16]byte{1})
	must(t, err)
	id, _ := identity(t)
	hybrid, err := age.GenerateHybridIdentity()
	must(t, err)
	second := filepath.Join(t.TempDir(), "hybrid")
	write(t, second, []byte(hybrid.String()))
	for _, o := range []vault.Options{{Passphrase: "one"}, {Passphrase: "two"}, {Identity: id}, {}, {Identity: second}, {Passphrase: "three"}, {}} {
		o.Work = quick
		must(t, k.Protect(o))
		if _, err := k.Unwrap(vault.Evidence, [16]byte{1}, w); err != nil {
			t.Fatal(err)
		}
		k, err = vault.Open(dir, o)
		must(t, err)
		if _, err := k.Unwrap(vault.Evidence, [16]byte{1}, w); err != nil {
			t.Fatal(err)
		}
		if s := k.Status(); s.Protected != (o.Passphrase != "" || o.Identity != "") {
			t.Errorf("%s: protected: %v", s.File, s.Protected)
		}
		if _, err := k.Rotate(day(0)); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "keys.[ja]*"))
		if err != nil || len(files) != 1 {
			t.Errorf("key files %v, %v", files, err)
		}
		if _, err := vault.Open(dir, vault.Options{Passphrase: "wrong", Work: quick}); !errors.Is(err, vault.ErrPassphrase) {
			t.Error(err)
		}
	}
}

// TestProtectBrokenOff leaves the plain file where a crash would: the next who opens the sealed one wipes it.
func TestProtectBrokenOff(t *testing.T) {
	k, dir := create(t)
	plain := filepath.Join(dir, "keys.json")
	text := read(t, plain)
	o := vault.Options{Passphrase: "right", Work: quick}
	must(t, k.Protect(o))
	write(t, plain, text)
	if _, err := vault.Open(dir, o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(plain); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the plain file is there still: %v", err)
	}
}

func TestFromEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passphrase")
	write(t, file, []byte("from a file\nand more"))
	empty := filepath.Join(t.TempDir(), "empty")
	write(t, empty, []byte("\n"))
	tests := []struct {
		env  map[string]string
		o    vault.Options
		want vault.Options
		ok   bool
	}{
		{nil, vault.Options{}, vault.Options{}, true},
		{map[string]string{"AVOW_KEYS_PASSPHRASE": "a"}, vault.Options{}, vault.Options{Passphrase: "a"}, true},
		{map[string]string{"AVOW_KEYS_PASSPHRASE": "a"}, vault.Options{Passphrase: "b"}, vault.Options{Passphrase: "b"}, true},
		{map[string]string{"AVOW_KEYS_PASSPHRASE_FILE": file}, vault.Options{}, vault.Options{Passphrase: "from a file"}, true},
		{map[string]string{"AVOW_KEYS_PASSPHRASE_FILE": empty}, vault.Options{}, vault.Options{}, false},
		{map[string]string{"AVOW_KEYS_PASSPHRASE_FILE": "/nowhere"}, vault.Options{}, vault.Options{}, false},
		{map[string]string{"AVOW_KEYS_IDENTITY": "/id"}, vault.Options{}, vault.Options{Identity: "/id"}, true},
	}
	for _, tt := range tests {
		got, err := tt.o.FromEnvironment(func(name string) string { return tt.env[name] })
		if (err == nil) != tt.ok || tt.ok && (got.Passphrase != tt.want.Passphrase || got.Identity != tt.want.Identity) {
			t.Errorf("%v: %q %q, %v", tt.env, string(got.Passphrase), got.Identity, err)
		}
	}
}

// TestTrouble takes the file away from a process that holds it: it works on, says what is wrong, and
// refuses a file that is older than what it holds.
func TestTrouble(t *testing.T) {
	k, dir := create(t)
	path := filepath.Join(dir, "keys.json")
	older := read(t, path)
	_, w, err := k.NewRing(vault.Profile, [16]byte{1})
	must(t, err)
	_, err = k.Rotate(day(0))
	must(t, err)
	_, fresh, err := k.NewRing(vault.Profile, [16]byte{1})
	must(t, err)
	newer := read(t, path)

	tests := []struct {
		name    string
		trouble func()
		want    error
	}{
		{"older", func() { write(t, path, older) }, vault.ErrOlder},
		{"damaged", func() { write(t, path, older[:100]) }, vault.ErrDamaged},
		{"open to all", func() { must(t, os.Chmod(path, 0o644)) }, vault.ErrPermissions},
		{"gone", func() { must(t, os.Remove(path)) }, os.ErrNotExist},
		{"sealed by another process", func() { write(t, filepath.Join(dir, "keys.age"), nil) }, vault.ErrPassphrase},
	}
	for _, tt := range tests {
		tt.trouble()
		for range 2 {
			if err := k.Refresh(); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if err := k.Status().Trouble; !errors.Is(err, tt.want) {
			t.Errorf("%s: status says %v", tt.name, err)
		}
		if _, err := k.Unwrap(vault.Profile, [16]byte{1}, fresh); err != nil {
			t.Errorf("%s: what is held is not in use: %v", tt.name, err)
		}
		if _, err := k.Unwrap(vault.Profile, [16]byte{1}, w); !errors.Is(err, tt.want) {
			t.Errorf("%s: a retired epoch, which may be destroyed: %v", tt.name, err)
		}
		if _, err := k.Rotate(day(1)); err == nil {
			t.Errorf("%s: rotated", tt.name)
		}
	}
	must(t, os.Remove(filepath.Join(dir, "keys.age")))
	write(t, path, newer)
	must(t, k.Refresh())
	if _, err := k.Unwrap(vault.Profile, [16]byte{1}, w); err != nil || k.Status().Trouble != nil {
		t.Error(err, k.Status().Trouble)
	}
}

// TestRenewLog gives the log a new generation: old signatures verify, the old private key is gone.
func TestRenewLog(t *testing.T) {
	k, dir := create(t)
	first := k.Signer()
	old, err := first.Checkpoint(1, ledger.Hash{})
	must(t, err)
	private := string(read(t, filepath.Join(dir, "keys.json")))
	_, private, _ = strings.Cut(private, "PRIVATE+KEY+")
	private, _, _ = strings.Cut(private, `"`)
	if err := k.RenewLog(origin, day(0)); err == nil {
		t.Error("the same origin twice")
	}
	if err := k.RenewLog("two words", day(0)); err == nil {
		t.Error("an origin with a space")
	}
	must(t, k.RenewLog(origin+"/2", day(0)))
	k = reopen(t, dir)
	if s := k.Status(); s.Origin != origin+"/2" || len(s.Former) != 1 || s.Former[0] != first.Key() {
		t.Errorf("%+v", s)
	}
	fresh, err := k.Signer().Checkpoint(1, ledger.Hash{})
	must(t, err)
	for _, signed := range [][]byte{old, fresh} {
		if _, err := k.Verifier().Open(signed); err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(string(read(t, filepath.Join(dir, "keys.json"))), private) {
		t.Error("the old private key is in the file")
	}
}
