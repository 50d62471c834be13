package auth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store/storetest"
)

// form is what a scanner for leaked keys looks for.
var form = regexp.MustCompile(`^avow_[a-z2-7]{8}_[a-z2-7]{56}$`)

func TestTyposAreToldFromUnknownKeys(t *testing.T) {
	p := begin(t, storetest.SQLite(t))
	secret, _ := p.first(t)
	if !form.MatchString(secret) {
		t.Error("a secret of another form")
	}
	other := begin(t, storetest.SQLite(t))
	unknown, _ := other.first(t)
	p.refuses(t, unknown, auth.ErrUnknown)
	p.refuses(t, secret[:13]+unknown[13:], auth.ErrMistyped) // another's id
	for _, s := range []string{
		"", "avow_", "Bearer " + secret, secret + " ", secret[:len(secret)-1], secret + "a", strings.Repeat("a", len(secret)), strings.Repeat("a", 1<<20),
		"AVOW_" + secret[5:], strings.Replace(secret, "_", "-", 2),
	} {
		p.refuses(t, s, auth.ErrMalformed)
	}
	for i := len("avow_"); i < len(secret); i++ {
		if secret[i] == '_' {
			continue
		}
		for _, c := range "a7A0\n\x00=" {
			if byte(c) != secret[i] {
				p.refuses(t, secret[:i]+string(c)+secret[i+1:], auth.ErrMistyped)
			}
		}
	}
	for i := len("avow_"); i < len(secret)-1; i++ { // neighbours swapped
		if secret[i] != secret[i+1] && secret[i] != '_' && secret[i+1] != '_' {
			p.refuses(t, secret[:i]+secret[i+1:i+2]+secret[i:i+1]+secret[i+2:], auth.ErrMistyped)
		}
	}
	p.in(t, secret)
}

// TestAForgedSecret makes a secret by the form alone, with the id of a key that lives.
func TestAForgedSecret(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		secret, who := p.first(t)
		coding := base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
		raw, err := coding.DecodeString(secret[len("avow_")+9:])
		if err != nil {
			t.Fatal(err)
		}
		make := func(chance []byte) string {
			sum := sha256.Sum256(append([]byte("avow/api-key/v1"+who.Key), chance...))
			return "avow_" + who.Key + "_" + coding.EncodeToString(append(bytes.Clone(chance), sum[:3]...))
		}
		chance := raw[:32]
		if make(chance) != secret {
			t.Fatal("the form is another")
		}
		for i := range chance {
			chance[i] ^= 1
			p.refuses(t, make(chance), auth.ErrUnknown)
			chance[i] ^= 1
		}
		p.in(t, make(chance))
	})
}

func FuzzAuthenticate(f *testing.F) {
	p := begin(f, storetest.SQLite(f))
	secret, _ := p.first(f)
	other, _ := begin(f, storetest.SQLite(f)).first(f)
	for _, s := range []string{"", "avow_", other, strings.ToUpper(other), other[:len(other)-1], "avow_" + strings.Repeat("\n", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		who, err := p.Authenticate(t.Context(), s)
		if s == secret {
			return
		}
		if who != nil || !errors.Is(err, auth.ErrMalformed) && !errors.Is(err, auth.ErrMistyped) && !errors.Is(err, auth.ErrUnknown) {
			t.Error(who, err)
		}
		if len(s) > 20 && strings.Contains(err.Error(), s) {
			t.Error("the error repeats what was sent")
		}
	})
}
