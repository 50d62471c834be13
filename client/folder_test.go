package client_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
)

func filesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	if dir == "" {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// again is a client that starts with the folder of another.
func (d *downs) again(t *testing.T, folder string) {
	t.Helper()
	d.client = d.start(t, func(c *client.Config) { c.Clock, c.Folder = d.clock, folder })
}

func TestFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "snapshots")
	d := newDowns(t, func(c *client.Config) { c.Folder = folder })
	ask(t, d.client, letter("customer:1"))
	d.again(t, folder)
	if !d.down(t, letter("customer:1")) {
		t.Error("it did not outlive the program")
	}
	d.cannotRecord(t, client.Event{Person: "customer:1", Kind: client.Withdrawn})
	d.again(t, folder)
	if d.down(t, letter("customer:1")) || len(filesIn(t, folder)) != 1 {
		t.Errorf("what was dropped is there again: %v", filesIn(t, folder))
	}
	ask(t, d.client, letter("customer:1"))
	d.now = d.now.Add(2 * time.Hour)
	old := time.Now().Add(-2 * time.Hour)
	for _, f := range filesIn(t, folder) {
		if err := os.Chtimes(f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	d.now = time.Now()
	d.again(t, folder)
	if n := len(filesIn(t, folder)); n != 1 {
		t.Errorf("%d files, but all were too old", n)
	}
}

// What one process drops is gone for those that share the folder.
func TestSharedFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "snapshots")
	d := newDowns(t, func(c *client.Config) { c.Folder = folder })
	first := d.client
	d.again(t, folder)
	ask(t, d.client, letter("customer:1"))
	if err := first.Forget("customer:1"); err != nil {
		t.Fatal(err)
	}
	if d.down(t, letter("customer:1")) {
		t.Error("it is used still")
	}
}

// Files that were changed, moved or damaged are not used.
func TestTamperedFolder(t *testing.T) {
	for name, tamper := range map[string]func(t *testing.T, folder string, one, two string){
		"cut":        func(t *testing.T, _, one, _ string) { must(t, os.Truncate(one, 5)) },
		"emptied":    func(t *testing.T, _, one, _ string) { must(t, os.Truncate(one, 0)) },
		"one bit":    func(t *testing.T, _, one, _ string) { flip(t, one) },
		"another's":  func(t *testing.T, _, one, two string) { must(t, os.Rename(two, one)) },
		"a folder":   func(t *testing.T, _, one, _ string) { must(t, os.Remove(one)); must(t, os.Mkdir(one, 0o700)) },
		"new key":    func(t *testing.T, folder, _, _ string) { flip(t, filepath.Join(folder, "key")) },
		"not at all": nil,
	} {
		folder := filepath.Join(t.TempDir(), "snapshots")
		var log bytes.Buffer
		quiet := func(c *client.Config) { c.Folder, c.Log = folder, slog.New(slog.NewTextHandler(&log, nil)) }
		d := newDowns(t, quiet)
		ask(t, d.client, letter("customer:1"))
		one := theFile(t, folder)
		d.say("customer:2", "letter", true)
		ask(t, d.client, letter("customer:2"))
		two := ""
		for _, f := range filesIn(t, folder) {
			if f != one && filepath.Base(f) != "key" {
				two = f
			}
		}
		if tamper != nil {
			tamper(t, folder, one, two)
		}
		d.client = d.start(t, quiet, func(c *client.Config) { c.Clock = d.clock })
		if got := d.down(t, letter("customer:1")); got != (tamper == nil) {
			t.Errorf("%s: %v", name, got)
		}
		if err := d.client.Forget("customer:1", "customer:2"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func theFile(t *testing.T, folder string) string {
	t.Helper()
	for _, f := range filesIn(t, folder) {
		if filepath.Base(f) != "key" {
			return f
		}
	}
	t.Fatal("nothing is kept")
	return ""
}

func flip(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	b[len(b)/2] ^= 4
	must(t, os.WriteFile(path, b, 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFolderIsForOneUser(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("has no such permissions")
	}
	folder := t.TempDir()
	must(t, os.Chmod(folder, 0o755)) //nolint:gosec // that is the point
	h := newHouse(t)
	config := client.Config{URL: "http://localhost", Site: "shop", Key: houseKey, LogKeys: []string{h.signer.Key()}, Folder: folder, Purposes: map[string]client.Down{"x": client.Snapshot(1)}}
	if _, err := client.New(config); err == nil {
		t.Error("a folder that is open to others is taken")
	}
	must(t, os.Chmod(folder, 0o700))
	must(t, os.WriteFile(filepath.Join(folder, "key"), []byte("short"), 0o600))
	if _, err := client.New(config); err == nil {
		t.Error("a short key is taken")
	}
}

// Nothing on disk or in the log tells whom snapshots are about, in any form that can be searched for.
func TestFolderNamesNobody(t *testing.T) {
	const planted = "email:ann.lee@planted.example"
	folder := filepath.Join(t.TempDir(), "snapshots")
	var log bytes.Buffer
	d := newDowns(t, func(c *client.Config) { c.Folder, c.Log = folder, slog.New(slog.NewTextHandler(&log, nil)) })
	d.say(planted, "letter", true)
	q := letter(planted)
	ask(t, d.client, q)
	d.down(t, q)
	flip(t, theFile(t, folder))
	d.down(t, q) // is logged
	if !strings.Contains(log.String(), "damaged") {
		t.Errorf("nothing is told of the damage: %s", log.String())
	}
	ask(t, d.client, q)
	var written bytes.Buffer
	written.Write(log.Bytes())
	for _, f := range filesIn(t, folder) {
		b, err := os.ReadFile(f)
		must(t, err)
		written.WriteString(f)
		written.Write(b)
	}
	hash, err := q.Hash(keyID)
	must(t, err)
	of := func(s string) [32]byte { return sha256.Sum256([]byte(s)) }
	one := of(planted)
	for _, form := range []string{
		planted, "planted", "customer:", strings.ToUpper(planted), base64.StdEncoding.EncodeToString([]byte(planted))[:20], hex.EncodeToString([]byte(planted)),
		string(one[:]), hex.EncodeToString(one[:8]), string(hash[:]), hex.EncodeToString(hash[:8]), base64.StdEncoding.EncodeToString(hash[:])[:20], "avow/answer",
	} {
		if bytes.Contains(bytes.ToLower(written.Bytes()), bytes.ToLower([]byte(form))) {
			t.Errorf("%q is in what was written", form)
		}
	}
}

// A disk that takes nothing is told of, and costs no answer.
func TestFolderCannotBeWritten(t *testing.T) {
	// A file in the way of the person's folder stops even root.
	folder := filepath.Join(t.TempDir(), "snapshots")
	var log bytes.Buffer
	d := newDowns(t, func(c *client.Config) { c.Folder, c.Log = folder, slog.New(slog.NewTextHandler(&log, nil)) })
	ask(t, d.client, letter("customer:1"))
	person := filepath.Dir(theFile(t, folder))
	must(t, os.RemoveAll(person))
	must(t, os.WriteFile(person, nil, 0o600))
	if a := ask(t, d.client, letter("customer:1")); !a.Allowed {
		t.Errorf("%+v", a)
	}
	if !strings.Contains(log.String(), "not kept") {
		t.Errorf("log: %s", log.String())
	}
	// What cannot be removed is not used again, and the caller hears of it.
	if err := d.client.Forget("customer:1"); err == nil {
		t.Error("nobody is told that snapshots cannot be removed")
	}
	must(t, os.Remove(person))
	ask(t, d.client, letter("customer:1"))
	if d.down(t, letter("customer:1")) {
		t.Error("used, although some could not be removed")
	}
}
