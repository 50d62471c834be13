package vault_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// planted finds secrets in text, in the forms that programs print bytes in.
type planted map[string]string // form → what it is

func (p planted) bytes(name string, secret []byte) {
	// The first ten bytes are enough to find, and not to be found by chance.
	head := secret[:10]
	p[string(head)] = name + " raw"
	p[hex.EncodeToString(head)] = name + " in hex"
	p[strings.ToUpper(hex.EncodeToString(head))] = name + " in upper hex"
	p[base64.StdEncoding.EncodeToString(secret)[:13]] = name + " in base64"
	p[base64.RawURLEncoding.EncodeToString(secret)[:13]] = name + " in URL base64"
	p[strings.Trim(fmt.Sprint(head), "[]")] = name + " as a list"
	p[strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", head), "[]byte{"), "}")] = name + " in Go"
	p[strings.Trim(fmt.Sprintf("%x", fmt.Sprint(head)), "[]")] = name + " as a list in hex"
}

func (p planted) text(name, secret string) { p[secret] = name; p.bytes(name, []byte(secret)) }

// find reports what of it stands in a text.
func (p planted) find(text string) (found []string) {
	for form, what := range p {
		if strings.Contains(text, form) {
			found = append(found, what)
		}
	}
	return found
}

// plant takes every key out of a key file.
func plant(t *testing.T, file []byte) planted {
	t.Helper()
	p := planted{}
	for i, m := range keyMember.FindAllSubmatch(file, -1) {
		key, err := base64.StdEncoding.DecodeString(string(m[1]))
		must(t, err)
		p.bytes(fmt.Sprintf("key %d", i), key)
	}
	_, rest, _ := strings.Cut(string(file), `PRIVATE+KEY+`)
	private, _, _ := strings.Cut(rest, `"`)
	p.text("log key", strings.SplitN(private, "+", 3)[2]) // origin+id+key
	return p
}

const passphrase = "correct horse battery staple"

// TestNothingPrints asks everything here for every print of it.
func TestNothingPrints(t *testing.T) {
	k, dir := create(t)
	p := plant(t, read(t, filepath.Join(dir, "keys.json")))
	path, secret := identity(t)
	p.text("passphrase", passphrase)
	p.text("identity", strings.TrimPrefix(secret, "AGE-SECRET-KEY-1"))
	if len(p) < 60 {
		t.Fatalf("only %d forms are planted", len(p))
	}
	o := vault.Options{Passphrase: passphrase, Identity: path}
	ring, w, err := k.NewRing(vault.Profile, [16]byte{1})
	must(t, err)
	type holder struct { // as a careless caller has them
		k *vault.Keys
		r *vault.Ring
		o vault.Options
	}
	things := []any{k, ring, w, o, &o, o.Passphrase, k.Status(), holder{k, ring, vault.Options{}}, []any{k, ring, o}, map[string]any{"r": ring, "o": o}, k.Signer(), k.Verifier()}
	for _, thing := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%c", "%U", "%t"} {
			text := fmt.Sprintf(verb, thing)
			for _, what := range p.find(text) {
				t.Errorf("%T printed with %s shows the %s", thing, verb, what)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "thing", thing)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "thing", thing)
		for _, what := range p.find(log.String()) {
			t.Errorf("%T in a log shows the %s", thing, what)
		}
		if text, err := json.Marshal(thing); err == nil && len(p.find(string(text))) > 0 {
			t.Errorf("%T as JSON shows the %s", thing, p.find(string(text)))
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, ring); got != "profile ring" {
			t.Errorf("a ring prints as %s", got)
		}
		if got := fmt.Sprintf(verb, o.Passphrase); got != "(passphrase)" {
			t.Errorf("a passphrase prints as %s", got)
		}
	}
}

// TestFindPlanted is the positive control: a leak is found.
func TestFindPlanted(t *testing.T) {
	file := read(t, "testdata/v1/keys.json")
	p := plant(t, file)
	key := keyMember.FindSubmatch(file)[1]
	raw, err := base64.StdEncoding.DecodeString(string(key))
	must(t, err)
	for _, leak := range []string{string(file), fmt.Sprint(raw), fmt.Sprintf("%x", raw), fmt.Sprintf("%#v", raw), fmt.Sprintf("%v", struct{ k []byte }{raw}), string(raw)} {
		if len(p.find("before "+leak+" after")) == 0 {
			t.Errorf("not found: %s", leak)
		}
	}
}

// TestNoErrorTells moves keys to where they do not belong, and damages the file in other ways: the error
// never quotes it.
func TestNoErrorTells(t *testing.T) {
	k, dir := create(t)
	path := filepath.Join(dir, "keys.json")
	file := string(read(t, path))
	p := plant(t, []byte(file))
	key := string(keyMember.FindSubmatch([]byte(file))[1])
	_, rest, _ := strings.Cut(file, `"private": "`)
	private, _, _ := strings.Cut(rest, `"`)
	var errs []string
	try := func(text string) {
		write(t, path, []byte(text))
		_, err := vault.Open(dir, vault.Options{})
		if err == nil {
			t.Errorf("opened what is damaged")
		}
		errs = append(errs, fmt.Sprint(err))
	}
	for _, secret := range []string{key, private} {
		for _, into := range []string{`"created": "`, `"state": "`, `"public": "`, `"from": "`, `"private": "`} {
			text := strings.Replace(file, into, into+secret, 1)
			try(text)
			write(t, path, []byte(text))
			reseal(t, path, func(keys string) string { return keys })
			try(string(read(t, path)))
		}
		try(secret)
		try(`"` + secret + `"`)
		try(strings.Replace(file, "{", "{"+secret, 1))
		try(strings.Replace(file, `"version": 1`, `"version": "`+secret+`"`, 1))
		try(strings.Replace(file, `"avow": "keys"`, `"avow": "`+secret+`"`, 1))
		try(strings.Replace(file, `"sum": "`, `"sum": "`+secret, 1))
		for _, member := range []string{"number", "id", "generation"} {
			write(t, path, []byte(file))
			reseal(t, path, func(keys string) string {
				return strings.Replace(keys, `"`+member+`":1`, `"`+member+`":"`+secret+`"`, 1)
			})
			try(string(read(t, path)))
		}
		write(t, path, []byte(file))
		reseal(t, path, func(keys string) string {
			return strings.Replace(keys, `"generation":`, `"`+secret+`":1,"generation":`, 1)
		})
		try(string(read(t, path)))
	}
	errs = append(errs, fmt.Sprint(k.Refresh()), fmt.Sprint(k.Status().Trouble))
	errs = append(errs, sealedErrors(t, p)...)
	for _, e := range errs {
		for _, what := range p.find(e) {
			t.Errorf("the error %q shows the %s", e, what)
		}
	}
	if len(errs) < 40 {
		t.Errorf("only %d errors were provoked", len(errs))
	}
}

// sealedErrors are those about passphrases, identities and rings.
func sealedErrors(t *testing.T, p planted) (errs []string) {
	t.Helper()
	k, dir := create(t)
	p.text("passphrase", passphrase)
	id, secret := identity(t)
	p.text("identity", strings.TrimPrefix(secret, "AGE-SECRET-KEY-1"))
	note := func(err error) {
		if err == nil {
			t.Error("no error")
		}
		errs = append(errs, fmt.Sprint(err))
	}
	open := func(o vault.Options) error { _, err := vault.Open(dir, o); return err }
	note(open(vault.Options{Passphrase: passphrase}))
	must(t, k.Protect(vault.Options{Passphrase: passphrase, Work: quick}))
	note(open(vault.Options{Passphrase: passphrase + "x"}))
	note(open(vault.Options{Identity: id}))
	note(open(vault.Options{Identity: id, Passphrase: passphrase}))
	for _, bad := range []string{"X" + secret, secret + "x", secret[:20], "AGE-SECRET-KEY-PQ-1" + secret} {
		write(t, id, []byte(bad))
		note(open(vault.Options{Identity: id}))
	}
	must(t, os.Chmod(id, 0o644))
	note(open(vault.Options{Identity: id}))

	ring, w, err := k.NewRing(vault.Case, [16]byte{1})
	must(t, err)
	_, err = k.Unwrap(vault.Case, [16]byte{2}, w)
	note(err)
	sealed := ring.Seal(nil, []byte(secret), ledger.EntryID{1})
	_, err = ring.Open(sealed, ledger.EntryID{2})
	note(err)
	note(k.Destroy(1, day(0)))
	return errs
}
