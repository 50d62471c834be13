package ledger_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/ledger"
)

// A fresh key signs heads and texts, and its public half opens them.
func TestSignAndOpen(t *testing.T) {
	skey, vkey, err := ledger.GenerateKey("log.example.com/one")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	if s.Key() != vkey || s.Origin() != "log.example.com/one" {
		t.Errorf("%s, %s", s.Key(), s.Origin())
	}
	v, err := ledger.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.Checkpoint{Origin: s.Origin(), Size: 1 << 63, Root: leafHash(1)}
	signed, err := s.Checkpoint(want.Size, want.Root)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Open(signed); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := v.OpenText(signed); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("a checkpoint as text: %v", err)
	}
	for _, text := range []string{"a\n", "\n", "\n\n", "a\n\nb\n\n", "ü 𝄞\n"} {
		signed, err := s.Sign(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, err := v.OpenText(signed); err != nil || got != text {
			t.Errorf("%q came back as %q, %v", text, got, err)
		}
		if _, err := v.Open(signed); err == nil {
			t.Errorf("%q opened as a checkpoint", text)
		}
	}
	for _, text := range []string{"", "a", "a\tb\n", "a\r\n", "\xff\n", s.Origin() + "\n", s.Origin() + "\n3\n" + leafHash(1).String() + "\n"} {
		if _, err := s.Sign(text); err == nil {
			t.Errorf("signed %q", text)
		}
	}
	// Each key is another.
	if other, _, err := ledger.GenerateKey("log.example.com/one"); err != nil || other == skey {
		t.Errorf("%v", err)
	}
}

// Keys that are none are refused, and no error repeats a secret.
func TestKeysRefused(t *testing.T) {
	skey, vkey := keyPair(origin, 1, "log")
	for _, name := range []string{"", "a b", "a+b", "a\u00a0b", "\xff"} {
		if _, _, err := ledger.GenerateKey(name); err == nil {
			t.Errorf("a key for %q", name)
		}
	}
	for name, k := range map[string]string{
		"empty": "", "public": vkey, "cut": skey[:len(skey)-4], "another id": strings.Replace(skey, "avow+", "avow+0", 1), "loose bits": looseEnd(skey),
		"another type": strings.Replace(skey, "+A", "+B", 1), "another name": strings.Replace(skey, "example", "examples", 1), "no key": "PRIVATE+KEY+a+00000000+",
	} {
		_, err := ledger.NewSigner(k)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if len(k) > 20 && strings.Contains(err.Error(), k[len(k)-20:]) {
			t.Errorf("%s: the error has the key: %v", name, err)
		}
	}
	_, witness := keyPair(witness1, 4, witness1)
	for name, k := range map[string]string{"empty": "", "private": skey, "cut": vkey[:len(vkey)-4], "witness": witness, "another name": "x" + vkey} {
		if _, err := ledger.NewVerifier(k); err == nil {
			t.Errorf("%s: accepted as a log's", name)
		}
	}
	v := verifier(t)
	for name, keys := range map[string][]string{
		"empty": {""}, "log": {vkey}, "cut": {witness[:len(witness)-4]}, "another name": {"x" + witness}, "twice": {witness, witness}, "spaces": {strings.Replace(witness, "/", " ", 1)},
		"an id in capitals": {strings.Replace(witness, "+", "+A", 1)}, "not base64": {witness + "!"}, "no name": {witness[strings.IndexByte(witness, '+'):]},
	} {
		if _, err := v.WithWitnesses(0, keys...); err == nil {
			t.Errorf("%s: accepted as a witness's", name)
		}
	}
	for _, n := range []int{-1, 2} {
		if _, err := v.WithWitnesses(n, witness); err == nil {
			t.Errorf("%d of 1 demanded", n)
		}
	}
	if _, err := ledger.NewVerifier(vkey, vkey); err == nil {
		t.Error("one key twice")
	}
}

func looseEnd(s string) string {
	i := strings.LastIndexByte(s, '+') + 1
	if !strings.Contains(s[i:], "=") {
		return s + "="
	}
	return s[:i] + loose(s[i:])
}

// Cosignatures are told with their witnesses and times; a verifier that demands them stands beside one that does not.
func TestCosignatures(t *testing.T) {
	signed := makeLog(5).checkpoint(5)
	both := cosign(cosign(signed, witness1, witness1, witnessed), witness2, witness2, witnessed+1)
	plain := verifier(t)
	strict, err := plain.WithWitnesses(2, witnessKey(witness1), witnessKey(witness2), witnessKey(witness3))
	if err != nil {
		t.Fatal(err)
	}
	got, err := strict.Cosignatures(both)
	want := []ledger.Cosignature{{Witness: witness1, Time: time.Unix(witnessed, 0).UTC()}, {Witness: witness2, Time: time.Unix(witnessed+1, 0).UTC()}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := strict.Cosignatures(signed); !errors.Is(err, ledger.ErrWitnesses) {
		t.Error(err)
	}
	if got, err := plain.Cosignatures(both); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
	// A time beyond 2^63 seconds is none.
	far := cosign(signed, witness1, witness1, 1<<63)
	one := must(plain.WithWitnesses(0, witnessKey(witness1)))
	if _, err := one.Open(far); !errors.Is(err, ledger.ErrSignature) {
		t.Error(err)
	}
	// A signature that is a log's by its type, under a witness's name, is a witness's no more.
	if _, err := one.Open(append(bytes.Clone(signed), lastLine(signNote(witness1, witness1, "x\n"))...)); err != nil {
		t.Error(err)
	}
}

// A checkpoint is three lines, each in one form.
func TestCheckpointsRefused(t *testing.T) {
	root := leafHash(1).String()
	empty := makeLog(0).roots[0].String()
	for _, body := range []string{
		"", "\n", "log\n", "log\n1\n", "log\n1\n" + root, "\n1\n" + root + "\n", "log\n01\n" + root + "\n", "log\n+1\n" + root + "\n", "log\n 1\n" + root + "\n",
		"log\n18446744073709551616\n" + root + "\n", "log\n1\n" + root[:40] + "\n", "log\n1\n" + loose(root) + "\n", "log\n1\n" + root + "\n\n", "log\n1\n" + root + "\nmore",
		"log\n0\n" + root + "\n",
	} {
		if c, err := ledger.ParseCheckpoint([]byte(body)); err == nil {
			t.Errorf("%q read as %+v", body, c)
		}
	}
	for _, body := range []string{"log\n0\n" + empty + "\n", "log\n18446744073709551615\n" + root + "\n", "a log\n1\n" + root + "\nmore\nand more\n"} {
		if _, err := ledger.ParseCheckpoint([]byte(body)); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
}

// Notes have a limit, which a text of the size of a policy does not reach.
func TestNotesHaveALimit(t *testing.T) {
	m := makeLog(0)
	for size, fits := range map[int]bool{1 << 20: true, 5 << 20: false} {
		signed := must(m.signer.Sign(strings.Repeat("a", size) + "\n"))
		if _, err := verifier(t).OpenText(signed); (err == nil) != fits {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// What a receipt cannot hold is said when it is written.
func TestReceiptNotWritten(t *testing.T) {
	r := makeLog(1).receipt(0, 1)
	r.Record = append(r.Record, ' ')
	if b, err := r.JSON(); err == nil {
		t.Errorf("%s", b)
	}
	if _, _, err := r.Verify(verifier(t)); !errors.Is(err, ledger.ErrMalformed) {
		t.Error(err)
	}
	if l, err := ledger.ParseLeaf(make([]byte, 33)); err == nil {
		t.Errorf("%x", l)
	}
}
