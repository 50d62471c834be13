package auth_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// TestSecretsAreNowhere looks for secrets in everything that is written: tables, records, the files of
// SQLite, the key folder, errors, logs, print. A leak on purpose shows that the search finds.
func TestSecretsAreNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		var out bytes.Buffer
		p.Auth = auth.New(p.store, p.keys, auth.Options{Logger: slog.New(slog.NewJSONHandler(&out, nil))})
		secrets := live(t, p, &out)
		written := everything(t, p, out.Bytes())
		for i, s := range secrets {
			for name, form := range formsOf(t, s) {
				for where, text := range written {
					if bytes.Contains(text, form) {
						t.Errorf("secret %d stands in %s, %s", i, where, name)
					}
				}
			}
		}
		leak(t, p, secrets[0])
	})
}

// live leads a life of keys, prints all that comes back but secrets, and returns these.
func live(t *testing.T, p *process, out *bytes.Buffer) []string {
	say := func(values ...any) {
		for _, v := range values {
			fmt.Fprintf(out, "%v %+v %#v %s\n", v, v, v, v)
			text, err := json.Marshal(v)
			fmt.Fprintln(out, string(text), err)
		}
	}
	first, admin := p.first(t)
	no := p.create(t, "shop")
	id, issued := p.issue(t, admin, no, decide(), time.Time{})
	who := p.in(t, issued)
	second, rotated, err := p.Rotate(t.Context(), who, id, time.Hour)
	say(admin, who, second, err, p.Auth, *p.in(t, rotated))
	say(p.Revoke(t.Context(), admin, second))
	for _, s := range []string{first, issued, rotated} {
		for _, wrong := range []string{s + " ", "Bearer " + s, s[:40], strings.ToUpper(s), "avow_aaaaaaaa" + s[13:], s} {
			_, err := p.Authenticate(t.Context(), wrong)
			say(err)
			_, _, err = p.Rotate(t.Context(), admin, wrong, 0)
			say(err, p.Revoke(t.Context(), admin, wrong))
			_, err = p.Create(t.Context(), admin, wrong+"!", auth.Machine, nil)
			say(err)
		}
	}
	all, err := p.List(t.Context())
	say(all, err, p.Flush(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = auth.New(p.store, p.keys, auth.Options{}).Authenticate(ctx, issued)
	say(err)
	return []string{first, issued, rotated}
}

// formsOf are what a secret might be written as.
func formsOf(t *testing.T, secret string) map[string][]byte {
	body := secret[len("avow_")+9:]
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(body))
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{"in plain": []byte(body), "in capitals": []byte(strings.ToUpper(body)), "its beginning": []byte(body[:20])}
	sum, sum1, of, id := sha256.Sum256([]byte(secret)), sha1.Sum([]byte(secret)), sha256.Sum256([]byte(body)), sha256.Sum256(raw[:32])
	for name, b := range map[string][]byte{"as bytes": raw[:32], "as the text's bytes": []byte(body), "as SHA-256": sum[:], "as SHA-1": sum1[:], "as SHA-256 of the body": of[:], "as SHA-256 of the bytes": id[:]} {
		forms[name] = b
		forms[name+" in hexadecimal"] = []byte(hex.EncodeToString(b))
		forms[name+" in base64"] = []byte(base64.RawStdEncoding.EncodeToString(b))
		forms[name+" in base64url"] = []byte(base64.RawURLEncoding.EncodeToString(b))
		forms[name+" as numbers"] = []byte(strings.Trim(fmt.Sprint(b), "[]"))
	}
	return forms
}

// everything is all that was written, by place; compressed files are opened.
func everything(t *testing.T, p *process, printed []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"what was printed": printed, "the tables": dump(t, p)}
	for _, dir := range []string{p.dir, filepath.Dir(p.url)} {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				continue // a folder
			}
			all[f] = text
			if z, err := gzip.NewReader(bytes.NewReader(text)); err == nil {
				plain, err := io.ReadAll(z)
				if err != nil {
					t.Fatal(err)
				}
				all[f+", opened"] = plain
			}
		}
	}
	return all
}

// dump writes every row of every table as text; on SQLite the files say the same.
func dump(t *testing.T, p *process) []byte {
	t.Helper()
	if !p.store.Postgres() {
		return nil
	}
	var out bytes.Buffer
	err := p.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		lines := func(text string) (all []string, err error) {
			err = tx.Each(ctx, text, nil, func(scan func(...any) error) error {
				var s string
				err := scan(&s)
				all = append(all, s)
				return err
			})
			return all, err
		}
		tables, err := lines(`SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()`)
		if err == nil && len(tables) < 10 {
			err = errors.New("not all tables are listed")
		}
		for _, table := range tables {
			rows, e := lines(`SELECT t::text FROM "` + table + `" t`)
			err = errors.Join(err, e)
			fmt.Fprintln(&out, table, strings.Join(rows, "\n"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// leak writes a secret's hash where it should not be, and wants it found.
func leak(t *testing.T, p *process, secret string) {
	t.Helper()
	sum := sha256.Sum256([]byte(secret))
	err := p.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO job_cursor(job, cursor) VALUES(1, $1)`, sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	forms := formsOf(t, secret)
	for _, text := range everything(t, p, nil) {
		if bytes.Contains(text, forms["as SHA-256"]) || bytes.Contains(text, forms["as SHA-256 in hexadecimal"]) {
			return
		}
	}
	t.Error("a leak is not found")
}
