package storetest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A Tiny is a folder on a disk of its own, which is soon full.
type Tiny struct{ Dir string }

// NewTiny makes one of so many bytes, a part of them taken away already: Free gives that back. Only root
// may: for others the test is skipped.
func NewTiny(t testing.TB, size int) *Tiny {
	t.Helper()
	d := &Tiny{t.TempDir()}
	if err := syscall.Mount("tmpfs", d.Dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", size)); err != nil {
		t.Skipf("no disk to fill: only root may mount one (%v)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.Dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount the tiny disk: %v", err)
		}
	})
	if err := os.WriteFile(d.ballast(), make([]byte, size/2), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *Tiny) ballast() string { return filepath.Join(d.Dir, "ballast") }

// Fill takes all that is left.
func (d *Tiny) Fill(t testing.TB) {
	t.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}

// Free gives space back.
func (d *Tiny) Free(t testing.TB) {
	t.Helper()
	if err := os.Truncate(d.ballast(), 0); err != nil {
		t.Fatal(err)
	}
}

// Tablespace is the address of a PostgreSQL database whose tables lie on the tiny disk.
func (d *Tiny) Tablespace(t testing.TB) string {
	t.Helper()
	address := Postgres(t)
	name := fmt.Sprintf("tiny_%d_%d", os.Getpid(), number.Add(1))
	dir := filepath.Join(d.Dir, "tables")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	as, err := account()
	if err == nil && as != nil {
		err = os.Chown(dir, int(as.Uid), int(as.Gid))
	}
	if err != nil {
		t.Fatal(err)
	}
	for at := filepath.Dir(d.Dir); len(at) > len(os.TempDir()); at = filepath.Dir(at) { // the server must get there
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "CREATE TABLESPACE "+name+" LOCATION '"+dir+"'")
	t.Cleanup(func() {
		schema, _ := schemaOf(t, address)
		run(t, "DROP SCHEMA "+schema+" CASCADE")
		run(t, "CREATE SCHEMA "+schema) // for who drops it after us
		run(t, "DROP TABLESPACE "+name)
	})
	return address + "&default_tablespace=" + name
}
