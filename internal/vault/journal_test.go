package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// drawEntry is any entry.
func drawEntry() *rapid.Generator[vault.Entry] {
	return rapid.Custom(func(t *rapid.T) vault.Entry {
		e := vault.Entry{
			Kind: rapid.SampledFrom([]vault.Kind{
				vault.Erased, vault.Withdrawn, vault.Objected, vault.Restricted, vault.Held, vault.Released, vault.Merged, vault.Checkpoint,
			}).Draw(t, "kind"),
			At:    ledger.InstantOf(day(rapid.IntRange(0, 30).Draw(t, "day"))),
			Index: rapid.Uint64().Draw(t, "index"),
		}
		if e.Kind == vault.Checkpoint {
			e.Size = rapid.Uint64().Draw(t, "size")
			copy(e.Root[:], rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "root"))
			return e
		}
		copy(e.Subject[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "subject"))
		copy(e.ID[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "id"))
		if rapid.Bool().Draw(t, "sealed?") {
			e.Sealed = rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "sealed")
		}
		return e
	})
}

// TestJournalIsAList appends, opens again and compacts at random, through two open journals on one file,
// against a list.
func TestJournalIsAList(t *testing.T) {
	root := folder(t)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(root, "")
		check(t, err)
		defer func() { _ = os.RemoveAll(dir) }()
		path := filepath.Join(dir, vault.JournalName)
		var open [2]*vault.Journal
		for i := range open {
			open[i], err = vault.OpenJournal(path)
			check(t, err)
		}
		var want []vault.Entry
		which := func(t *rapid.T) int { return rapid.IntRange(0, 1).Draw(t, "which") }
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				entries := rapid.SliceOfN(drawEntry(), 0, 5).Draw(t, "entries")
				check(t, open[which(t)].Append(entries...))
				want = append(want, entries...)
			},
			"reopen": func(t *rapid.T) {
				i := which(t)
				check(t, open[i].Close())
				open[i], err = vault.OpenJournal(path)
				check(t, err)
			},
			"compact": func(t *rapid.T) {
				before := day(rapid.IntRange(0, 30).Draw(t, "before"))
				dropped, err := open[which(t)].Compact(before, int64(rapid.SampledFrom([]int{0, 2000}).Draw(t, "above")))
				check(t, err)
				if dropped > 0 {
					want = compacted(want, before)
				}
			},
			"": func(t *rapid.T) {
				j := open[which(t)]
				if got := all(t, j); !slices.EqualFunc(want, got, same) {
					t.Fatalf("(-want +got)\n%s", cmp.Diff(want, got))
				}
				last, ok := j.Last()
				if wantLast := lastCheckpoint(want); ok != (wantLast != nil) || ok && !same(last, *wantLast) {
					t.Fatalf("last checkpoint %+v %v, want %+v", last, ok, wantLast)
				}
			},
		})
		for _, j := range open {
			check(t, j.Close())
		}
	})
}

func all(t interface{ Fatal(...any) }, j *vault.Journal) (got []vault.Entry) {
	err := j.Each(func(e vault.Entry) error {
		got = append(got, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func same(a, b vault.Entry) bool {
	return a.Kind == b.Kind && a.At == b.At && a.Index == b.Index && a.Size == b.Size && a.Root == b.Root &&
		a.Subject == b.Subject && a.ID == b.ID && bytes.Equal(a.Sealed, b.Sealed)
}

func lastCheckpoint(entries []vault.Entry) (last *vault.Entry) {
	for i := range entries {
		if entries[i].Kind == vault.Checkpoint {
			last = &entries[i]
		}
	}
	return last
}

func compacted(entries []vault.Entry, before time.Time) (kept []vault.Entry) {
	last := lastCheckpoint(entries)
	for _, e := range entries {
		if e.At >= ledger.InstantOf(before) || last != nil && same(e, *last) {
			kept = append(kept, e)
		}
	}
	return kept
}

// three is a journal of three lines and its text.
func three(t testing.TB) (*vault.Journal, []byte) {
	t.Helper()
	j := journal(t)
	for n := range 3 {
		must(t, j.Append(
			vault.Entry{Kind: vault.Checkpoint, At: 5, Size: uint64(n)},
			vault.Entry{Kind: vault.Held, At: 5, Index: uint64(n), Sealed: []byte("abc")}))
	}
	return j, read(t, j.Path())
}

// TestTornTail cuts a journal at every byte. Whole lines stay, what is broken off is cut and told, and
// the journal can be used again.
func TestTornTail(t *testing.T) {
	whole, text := three(t)
	head := bytes.IndexByte(text, '\n') + 1
	for n := range text {
		path := filepath.Join(folder(t), vault.JournalName)
		write(t, path, text[:n])
		j, err := vault.OpenJournal(path)
		if n < head {
			if !errors.Is(err, vault.ErrJournal) {
				t.Errorf("%d bytes: %v", n, err)
			}
			continue
		}
		must(t, err)
		lines := bytes.Count(text[:n], []byte("\n"))
		want := all(t, whole)[:2*(lines-1)]
		if diff := cmp.Diff(want, all(t, j), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d bytes (-want +got)\n%s", n, diff)
		}
		if tail := n - bytes.LastIndexByte(text[:n], '\n') - 1; j.Cut() != int64(tail) {
			t.Errorf("%d bytes: cut %d, want %d", n, j.Cut(), tail)
		}
		must(t, j.Append(vault.Entry{Kind: vault.Released}))
		must(t, j.Close())
		if got := all(t, openJournal(t, path)); len(got) != len(want)+1 {
			t.Errorf("%d bytes: %d entries after one more", n, len(got))
		}
	}
}

// TestHoles lets the last write have a hole of zeros, as a file system leaves that had room for it on
// the disk and not yet its content.
func TestHoles(t *testing.T) {
	_, text := three(t)
	last := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	for _, hole := range [][2]int{{last, last + 1}, {last + 20, last + 60}, {last, len(text)}, {len(text) - 1, len(text)}} {
		holed := bytes.Clone(text)
		clear(holed[hole[0]:hole[1]])
		path := filepath.Join(folder(t), vault.JournalName)
		write(t, path, holed)
		j, err := vault.OpenJournal(path)
		if err != nil || j.Cut() != int64(len(text)-last) {
			t.Errorf("hole at %v: %v", hole, err)
			continue
		}
		must(t, j.Close())
	}

	// A hole further up is no crash.
	holed := bytes.Clone(text)
	clear(holed[last-30 : last-20])
	path := filepath.Join(folder(t), vault.JournalName)
	write(t, path, holed)
	if _, err := vault.OpenJournal(path); !errors.Is(err, vault.ErrJournal) || !strings.Contains(err.Error(), "line 3: ") {
		t.Error(err)
	}
}

// TestDefects flips every byte, takes out and swaps lines: the error names the line, and the file stays.
func TestDefects(t *testing.T) {
	_, text := three(t)
	lines := bytes.SplitAfter(text, []byte("\n"))
	refuse := func(what string, damaged []byte, line int) {
		path := filepath.Join(folder(t), vault.JournalName)
		write(t, path, damaged)
		_, err := vault.OpenJournal(path)
		if !errors.Is(err, vault.ErrJournal) || !strings.Contains(err.Error(), fmt.Sprintf("line %d: ", line)) {
			t.Errorf("%s: %v, want line %d", what, err, line)
		}
		if !bytes.Equal(read(t, path), damaged) {
			t.Errorf("%s: the file was changed", what)
		}
	}
	for i := range len(text) - 1 { // without its end, the last line is one that a crash broke off
		damaged := bytes.Clone(text)
		damaged[i] ^= 1
		refuse(fmt.Sprintf("byte %d", i), damaged, bytes.Count(text[:i], []byte("\n"))+1)
	}
	refuse("without line 2", bytes.Join([][]byte{lines[0], lines[2], lines[3]}, nil), 2)
	refuse("2 and 3 swapped", bytes.Join([][]byte{lines[0], lines[2], lines[1], lines[3]}, nil), 2)
	refuse("without the head", bytes.Join(lines[1:], nil), 1)
	refuse("line 2 twice", bytes.Join([][]byte{lines[0], lines[1], lines[1], lines[2]}, nil), 3)
}

func TestJournalRefuses(t *testing.T) {
	j := journal(t)
	for _, e := range []vault.Entry{{}, {Kind: "lost"}, {Kind: vault.Held, Sealed: make([]byte, 1<<20+1)}} {
		if err := j.Append(vault.Entry{Kind: vault.Held}, e); err == nil {
			t.Errorf("appended %q with %d bytes", e.Kind, len(e.Sealed))
		}
	}
	big := make([]vault.Entry, 20)
	for i := range big {
		big[i] = vault.Entry{Kind: vault.Held, Sealed: make([]byte, 1<<20)}
	}
	if err := j.Append(big...); err == nil {
		t.Error("appended 20 MiB at once")
	}
	must(t, j.Append(big[:5]...))
	if got := all(t, j); len(got) != 5 {
		t.Errorf("%d entries", len(got))
	}
	must(t, os.Chmod(j.Path(), 0o640))
	if _, err := vault.OpenJournal(j.Path()); !errors.Is(err, vault.ErrPermissions) {
		t.Error(err)
	}
	must(t, j.Close())
	if err := j.Append(big[0]); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	later := filepath.Join(folder(t), vault.JournalName)
	write(t, later, []byte("4a0ba8e9f9a8b4d5d2ab9ba9da9e3c1d {}\n"))
	if _, err := vault.OpenJournal(later); !errors.Is(err, vault.ErrJournal) {
		t.Error(err)
	}
	boom := errors.New("boom")
	j, _ = three(t)
	if err := j.Each(func(vault.Entry) error { return boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
}

// TestGroupCommit has many callers append at once: all is there, in far fewer writes.
func TestGroupCommit(t *testing.T) {
	j := journal(t)
	const callers, each = 64, 20
	var together sync.WaitGroup
	for c := range callers {
		together.Go(func() {
			for n := range each {
				if err := j.Append(vault.Entry{Kind: vault.Withdrawn, Index: uint64(c*each + n)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	together.Wait()
	seen := map[uint64]bool{}
	for _, e := range all(t, j) {
		seen[e.Index] = true
	}
	if len(seen) != callers*each {
		t.Errorf("%d entries, want %d", len(seen), callers*each)
	}
	if writes := bytes.Count(read(t, j.Path()), []byte("\n")); writes >= callers*each { // how many share a write depends on the machine
		t.Errorf("%d writes for %d entries: callers do not share", writes, callers*each)
	}
}

func TestCompact(t *testing.T) {
	j := journal(t)
	must(t, j.Append(vault.Entry{Kind: vault.Checkpoint, At: ledger.InstantOf(day(0)), Size: 1}))
	for n := range 10 {
		must(t, j.Append(vault.Entry{Kind: vault.Erased, At: ledger.InstantOf(day(n)), Index: uint64(n)}))
	}
	if dropped, err := j.Compact(day(5), 1<<20); dropped != 0 || err != nil || !j.Since().Equal(time.Unix(0, 0)) {
		t.Errorf("a short journal was compacted: %d, %v", dropped, err)
	}
	if dropped, err := j.Compact(day(5), 100); dropped != 5 || err != nil {
		t.Errorf("dropped %d, %v", dropped, err)
	}
	if !j.Since().Equal(day(5)) {
		t.Errorf("complete since %s", j.Since())
	}
	if last, ok := j.Last(); !ok || last.Size != 1 {
		t.Errorf("the last checkpoint is gone: %+v", last)
	}
	if dropped, err := j.Compact(day(3), 0); dropped != 0 || err != nil || !j.Since().Equal(day(5)) {
		t.Errorf("an older instant: %d, %v, %s", dropped, err, j.Since())
	}
	left := j.Path() + ".new" // as a crash in the middle would leave it
	write(t, left, []byte("half"))
	again := openJournal(t, j.Path())
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", left, err)
	}
	if got := all(t, again); len(got) != 6 || !again.Since().Equal(day(5)) {
		t.Errorf("%d entries since %s", len(got), again.Since())
	}
}
