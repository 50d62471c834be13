//go:build unix

package vault_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// TestMain lets the test binary be a second process: AVOW_VAULT_CHILD names what it does.
func TestMain(m *testing.M) {
	children := map[string]func(dir string) error{
		"change keys": changeKeys, "short writes": shortWrites, "append": appendCounted, "full disk": fullDisk,
	}
	what := os.Getenv("AVOW_VAULT_CHILD")
	if what == "" {
		os.Exit(m.Run())
	}
	if err := children[what](os.Getenv("AVOW_VAULT_DIR")); err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, what, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	c := exec.CommandContext(t.Context(), exe)
	c.Env = append(os.Environ(), "AVOW_VAULT_CHILD="+what, "AVOW_VAULT_DIR="+dir)
	return c
}

// changeKeys changes the key file again and again, until it is killed.
func changeKeys(dir string) error {
	k, err := vault.Open(dir, vault.Options{})
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if _, err := k.Rotate(day(n)); err != nil {
			return err
		}
		if _, err := k.RotateLookup(vault.ForIdentity, day(n), day(n+2)); err != nil {
			return err
		}
		if _, err := k.DropLookup(day(n)); err != nil {
			return err
		}
	}
}

// TestKilledWhileChanging kills a process that changes the key file, at twenty instants. The file is
// always whole, and nothing that holds keys is left beside it.
func TestKilledWhileChanging(t *testing.T) {
	k, dir := create(t)
	_, w, err := k.NewRing(vault.Profile, [16]byte{1})
	must(t, err)
	for n := range 20 {
		c := child(t, "change keys", dir)
		must(t, c.Start())
		time.Sleep(time.Duration(15+n*3) * time.Millisecond)
		must(t, c.Process.Kill())
		_ = c.Wait()
		again := reopen(t, dir)
		if _, err := again.Unwrap(vault.Profile, [16]byte{1}, w); err != nil {
			t.Fatal(err)
		}
		onlyKeyFile(t, dir)
	}
	if s := reopen(t, dir).Status(); len(s.Epochs) < 20 {
		t.Errorf("only %d epochs were made", len(s.Epochs))
	}
}

func onlyKeyFile(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if e.Name() != "keys.json" && e.Name() != "keys.lock" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// limitFiles lets no file of this process grow beyond n bytes: a write stops there, in its middle, as on
// a full disk.
func limitFiles(n uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = n
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// shortWrites lets each write of the key file stop after n bytes, for every n.
func shortWrites(dir string) error {
	path := filepath.Join(dir, "keys.json")
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	k, err := vault.Open(dir, vault.Options{})
	if err != nil {
		return err
	}
	for n := range len(before) {
		if err := limitFiles(uint64(n)); err != nil {
			return err
		}
		if _, err := k.Rotate(day(n)); err == nil {
			return fmt.Errorf("rotated with %d bytes", n)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(before, after) {
			return fmt.Errorf("the file changed with %d bytes: %w", n, err)
		}
		if k.Status().Epochs[0].State != vault.Current {
			return fmt.Errorf("the process took epoch 2 into use with %d bytes", n)
		}
	}
	if err := limitFiles(1 << 30); err != nil {
		return err
	}
	_, err = k.Rotate(day(0))
	return err
}

func TestWriteStopsAtEveryByte(t *testing.T) {
	_, dir := create(t)
	if out, err := child(t, "short writes", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	onlyKeyFile(t, dir)
	if s := reopen(t, dir).Status(); len(s.Epochs) != 2 {
		t.Errorf("%d epochs", len(s.Epochs))
	}
}

// TestLeftBehind makes what a crash can leave at each step of replacing the key file.
func TestLeftBehind(t *testing.T) {
	_, dir := create(t)
	path := filepath.Join(dir, "keys.json")
	older := read(t, path)
	_, err := reopen(t, dir).Rotate(day(0))
	must(t, err)
	tests := []struct {
		name  string
		leave func()
	}{
		{"half of the next file", func() { write(t, path+".new", older[:100]) }},
		{"a second name for the file itself", func() { must(t, os.Link(path, path+".old")) }},
		{"both", func() { write(t, path+".new", older); must(t, os.Link(path, path+".old")) }},
		{"the replaced file", func() { write(t, path+".old", older) }},
	}
	for _, tt := range tests {
		before := len(reopen(t, dir).Status().Epochs)
		tt.leave()
		left, err := os.Open(path + ".old") // what it holds is seen through this, when the name is gone
		if errors.Is(err, os.ErrNotExist) {
			left, err = os.Open(path + ".new")
		}
		must(t, err)
		if got := len(reopen(t, dir).Status().Epochs); got != before {
			t.Errorf("%s: %d epochs, want %d", tt.name, got, before)
		}
		onlyKeyFile(t, dir)
		wiped(t, tt.name, left)
	}
}

// TestCreateAfterCrash makes keys where making them broke off.
func TestCreateAfterCrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	must(t, os.Mkdir(dir, 0o700))
	write(t, filepath.Join(dir, "keys.json.new"), []byte("half"))
	_, err := vault.Create(dir, vault.Options{Origin: origin})
	must(t, err)
	onlyKeyFile(t, dir)
}

// wiped reads a file that has no name any more.
func wiped(t *testing.T, name string, f *os.File) {
	t.Helper()
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	must(t, err)
	content := make([]byte, info.Size())
	if _, err := f.ReadAt(content, 0); err != nil {
		t.Fatal(err)
	}
	if len(content) == 0 || len(bytes.Trim(content, "\x00")) > 0 {
		t.Errorf("%s: %d bytes are not wiped", name, len(content))
	}
}

// TestDestroyWipes holds the old file open while an epoch is destroyed: where it lay there are zeros.
func TestDestroyWipes(t *testing.T) {
	k, dir := create(t)
	_, err := k.Rotate(day(0))
	must(t, err)
	must(t, k.Retire(1, day(0)))
	old, err := os.Open(filepath.Join(dir, "keys.json"))
	must(t, err)
	must(t, k.Destroy(1, day(1)))
	wiped(t, "the file before", old)
}

// TestOwner lets root change the keys of another account, which must be able to read them afterwards.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	k, dir := create(t)
	must(t, os.Chown(dir, 4321, 4322))
	must(t, os.Chown(filepath.Join(dir, "keys.lock"), 4321, 4322))
	_, err := k.Rotate(day(0))
	must(t, err)
	openJournal(t, filepath.Join(dir, vault.JournalName))
	for _, name := range []string{"keys.json", "keys.lock", vault.JournalName, vault.JournalName + ".lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 4321 {
			t.Errorf("%s belongs to %d", name, s.Uid)
		}
	}
}

// TestProcessesShareKeys has processes change one folder together: no change is lost.
func TestProcessesShareKeys(t *testing.T) {
	k, dir := create(t)
	other := reopen(t, dir)
	var together sync.WaitGroup
	for _, k := range []*vault.Keys{k, k, other, other} {
		together.Go(func() {
			for n := range 10 {
				if _, err := k.Rotate(day(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	together.Wait()
	s := reopen(t, dir).Status()
	if len(s.Epochs) != 41 || s.Generation != 41 {
		t.Errorf("%d epochs in generation %d, want 41 of each", len(s.Epochs), s.Generation)
	}
}

// appendCounted appends entries numbered from 1, and says each number when it is told that it is there.
func appendCounted(dir string) error {
	j, err := vault.OpenJournal(filepath.Join(dir, vault.JournalName))
	if err != nil {
		return err
	}
	self := [16]byte{byte(os.Getpid()), byte(os.Getpid() >> 8), byte(os.Getpid() >> 16)}
	var together sync.WaitGroup
	for caller := range uint64(8) {
		together.Go(func() {
			for n := caller + 1; ; n += 8 {
				if err := j.Append(vault.Entry{Kind: vault.Withdrawn, Index: n, Subject: self, Sealed: make([]byte, 300)}); err != nil {
					fmt.Println("child:", err)
					return
				}
				fmt.Println(n)
			}
		})
	}
	together.Wait()
	return nil
}

// TestKilledWhileAppending kills one of two processes that append to one journal, ten times. All that
// either was told of is there.
func TestKilledWhileAppending(t *testing.T) {
	dir := folder(t)
	told := map[[16]byte]map[uint64]bool{}
	survivor, said := startAppending(t, dir)
	for n := range 10 {
		victim, out := startAppending(t, dir)
		time.Sleep(time.Duration(20+5*n) * time.Millisecond)
		must(t, victim.Process.Kill())
		_ = victim.Wait()
		told[pidSubject(victim)] = numbers(t, out)
	}
	must(t, survivor.Process.Kill())
	_ = survivor.Wait()
	told[pidSubject(survivor)] = numbers(t, said)

	j := openJournal(t, filepath.Join(dir, vault.JournalName))
	entries, all := 0, 0
	must(t, j.Each(func(e vault.Entry) error {
		entries++
		delete(told[e.Subject], e.Index)
		return nil
	}))
	for subject, missing := range told {
		all += len(missing)
		for n := range missing {
			t.Errorf("process %x was told of %d, which is not there", subject[:3], n)
		}
	}
	if entries < 100 {
		t.Errorf("only %d entries", entries)
	}
}

func startAppending(t *testing.T, dir string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	c := child(t, "append", dir)
	out := &bytes.Buffer{}
	c.Stdout = out
	must(t, c.Start())
	return c, out
}

func pidSubject(c *exec.Cmd) [16]byte {
	return [16]byte{byte(c.Process.Pid), byte(c.Process.Pid >> 8), byte(c.Process.Pid >> 16)}
}

// numbers are the whole lines of what a child said.
func numbers(t *testing.T, out *bytes.Buffer) map[uint64]bool {
	t.Helper()
	all := map[uint64]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out.Bytes()[:bytes.LastIndexByte(out.Bytes(), '\n')+1]))
	for lines.Scan() {
		n, err := strconv.ParseUint(lines.Text(), 10, 64)
		must(t, err)
		all[n] = true
	}
	return all
}

// fullDisk appends while the disk is full after n bytes, for many n, and then while it is not.
func fullDisk(dir string) error {
	j, err := vault.OpenJournal(filepath.Join(dir, vault.JournalName))
	if err != nil {
		return err
	}
	e := vault.Entry{Kind: vault.Erased, At: 1, Subject: [16]byte{1}}
	for n := uint64(1); n <= 100; n++ {
		size, err := os.Stat(j.Path())
		if err != nil {
			return err
		}
		if err := limitFiles(uint64(size.Size()) + n); err != nil {
			return err
		}
		e.Index = 1000 + n
		if err := j.Append(e); err == nil {
			return fmt.Errorf("appended with %d bytes", n)
		}
		if now, err := os.Stat(j.Path()); err != nil || now.Size() != size.Size() {
			return fmt.Errorf("the journal is longer after an error: %w", err)
		}
		if err := limitFiles(1 << 30); err != nil {
			return err
		}
		e.Index, e.ID = n, ledger.EntryID{byte(n)}
		if err := j.Append(e); err != nil {
			return err
		}
	}
	return nil
}

func TestFullDisk(t *testing.T) {
	dir := folder(t)
	if out, err := child(t, "full disk", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	j := openJournal(t, filepath.Join(dir, vault.JournalName))
	var n uint64
	must(t, j.Each(func(e vault.Entry) error {
		if n++; e.Index != n {
			t.Errorf("entry %d is %d", n, e.Index)
		}
		return nil
	}))
	if n != 100 || j.Cut() != 0 {
		t.Errorf("%d entries, %d bytes cut", n, j.Cut())
	}
}
