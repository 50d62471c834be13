package vault_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/internal/vault"
)

// TestHashesDiffer hashes two lists under one key: the same hash if and only if they are the same.
func TestHashesDiffer(t *testing.T) {
	k, _ := create(t)
	words := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00")), 0, 3, -1), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		site := rapid.SampledFrom([]string{"", "a", "ab"})
		as, bs := site.Draw(t, "site of a"), site.Draw(t, "site of b")
		same := as == bs && slices.Equal(a, b)
		if got := k.Hash(vault.ForIdentity, as, a...).Equal(k.Hash(vault.ForIdentity, bs, b...)); got != same {
			t.Fatalf("%q %q and %q %q: equal %v", as, a, bs, b, got)
		}
	})
}

func TestUsesAreApart(t *testing.T) {
	k, dir := create(t)
	seen := map[[32]byte]bool{}
	for _, use := range []vault.Use{
		vault.ForIdentity, vault.ForSuppression, vault.ForResurrection, vault.ForFingerprint, vault.ForIdempotency, vault.ForAPIKey,
	} {
		h := k.Hash(use, "shop", "a@example.org")
		if seen[h.Sum] {
			t.Errorf("%s hashes as another use does", use)
		}
		seen[h.Sum] = true
		if again := reopen(t, dir).Hash(use, "shop", "a@example.org"); !again.Equal(h) {
			t.Errorf("%s hashes otherwise after opening again", use)
		}
	}
	other, _ := create(t)
	if seen[other.Hash(vault.ForIdentity, "shop", "a@example.org").Sum] {
		t.Error("two folders hash alike")
	}
	defer func() {
		if fmt.Sprint(recover()) != "vault: marketing is no use of a look-up hash" {
			t.Error("a use that there is not was hashed")
		}
	}()
	k.Hash("marketing", "shop")
}

// TestRotateLookup follows a rotation by the clock, in the process that does it and in another.
func TestRotateLookup(t *testing.T) {
	now := day(0)
	clock := vault.Options{Origin: origin, Clock: func() time.Time { return now }}
	k, err := vault.Create(filepath.Join(t.TempDir(), "keys"), clock)
	must(t, err)
	dir := filepath.Dir(k.Status().File)
	other, err := vault.Open(dir, clock)
	must(t, err)
	hash := func() vault.LookupHash { return k.Hash(vault.ForIdentity, "shop", "a") }
	old := hash()

	if _, err := k.RotateLookup(vault.ForIdentity, now, now.Add(time.Second)); err == nil {
		t.Error("the old key would end before the new one is used")
	}
	if _, err := k.RotateLookup("marketing", now, day(1)); !errors.Is(err, vault.ErrNoLookupKey) {
		t.Error(err)
	}
	id, err := k.RotateLookup(vault.ForIdentity, now, day(10))
	must(t, err)
	if id != 2 || !hash().Equal(old) {
		t.Errorf("key %d is written before other processes know of it", id)
	}
	if all := k.Hashes(vault.ForIdentity, "shop", "a"); len(all) != 2 || all[0].KeyID != 2 || !all[1].Equal(old) {
		t.Errorf("looks for %v", all)
	}
	now = now.Add(10 * time.Second)
	fresh := hash()
	if fresh.KeyID != 2 {
		t.Errorf("key %d is written still", fresh.KeyID)
	}
	if got, err := other.HashUnder(2, vault.ForIdentity, "shop", "a"); err != nil || !got.Equal(fresh) {
		t.Errorf("the other process with a key that it has not met: %v", err)
	}
	if dropped, err := k.DropLookup(day(10).Add(-1)); len(dropped) > 0 || err != nil {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	if dropped, err := k.DropLookup(day(10)); len(dropped) != 1 || dropped[0].ID != 1 || err != nil {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	must(t, other.Refresh())
	for _, k := range []*vault.Keys{k, other} {
		if _, err := k.HashUnder(1, vault.ForIdentity, "shop", "a"); !errors.Is(err, vault.ErrNoLookupKey) {
			t.Error(err)
		}
		if all := k.Hashes(vault.ForIdentity, "shop", "a"); len(all) != 1 || !all[0].Equal(fresh) {
			t.Errorf("looks for %v", all)
		}
	}
	if id, err := k.RotateLookup(vault.ForIdentity, day(11), day(20)); id != 3 || err != nil {
		t.Errorf("id %d, %v", id, err)
	}
	now = day(-1)
	if got := k.Hash(vault.ForIdentity, "shop", "a"); got.KeyID != 2 {
		t.Errorf("key %d when the clock goes back", got.KeyID)
	}
}

// TestNewUse opens a folder from before a use existed: it gets a key, and one only.
func TestNewUse(t *testing.T) {
	_, dir := create(t)
	path := filepath.Join(dir, "keys.json")
	reseal(t, path, func(keys string) string {
		before, rest, _ := strings.Cut(keys, `{"use":"api-key"`)
		_, after, _ := strings.Cut(rest, "}")
		return strings.TrimSuffix(before, ",") + after
	})
	k := reopen(t, dir)
	h := k.Hash(vault.ForAPIKey, "", "x")
	if again := reopen(t, dir); again.Status().Generation != 2 || !again.Hash(vault.ForAPIKey, "", "x").Equal(h) {
		t.Errorf("generation %d", again.Status().Generation)
	}
}
