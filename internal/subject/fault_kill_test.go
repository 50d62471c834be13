package subject_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// The variable that makes the test binary a writer, which is killed: the database and the folder of keys.
const writerVariable = "AVOW_TEST_WRITER"

// An acknowledged line is what the writer was told: a kind, an index, an entry, a person.
type acknowledged struct {
	kind  string
	index int64
	entry string
	who   string
}

// TestWriterProcess is the process that TestKilledAmongWriters kills. It writes with 64 goroutines and
// says what was acknowledged, a line each, until it dies.
func TestWriterProcess(t *testing.T) {
	url, dir, ok := strings.Cut(os.Getenv(writerVariable), "\n")
	if !ok {
		return // it is only for the other test
	}
	h := openHouse(t, setting{url: url, dir: dir})
	out := os.NewFile(3, "acknowledged")
	for w := range 64 {
		go func() {
			for i := 0; ; i++ {
				writeOne(t, h, out, fmt.Sprintf("customer:%d-%d-%d", os.Getpid(), w, i/5), i)
			}
		}()
	}
	time.Sleep(time.Minute)
	t.Error("nobody killed the writer")
}

// writeOne records something, or erases, and says so in one write, which a kill does not tear.
func writeOne(t *testing.T, h *house, out *os.File, who string, i int) {
	e := []subject.Event{grant(), {Kind: subject.Happened, Name: "account-opened"}, withdrawal(), {Kind: subject.Objected, Scope: decision.Scope{For: []string{"similar-offers"}}}, grant()}[i%5]
	if i%25 == 24 {
		erased, err := h.people.Erase(context.Background(), h.site, ref(t, who))
		if err != nil {
			fmt.Fprintf(out, "! erase: %v\n", err)
			return
		}
		fmt.Fprintf(out, "erased %d - %s\n", erased.Index, who)
		return
	}
	got, errs := h.people.Append(context.Background(), h.site, []subject.Report{{Person: ref(t, who), Event: e, Create: true}})
	if errs[0] != nil {
		fmt.Fprintf(out, "! %v\n", errs[0])
		return
	}
	fmt.Fprintf(out, "%s %d %s %s\n", e.Kind, got[0].Index, got[0].ID, who)
	if i%20 != 0 {
		return
	}
	if r, err := h.people.Receipt(context.Background(), h.site, ref(t, who), got[0].Index); err == nil {
		text, err := r.JSON()
		if err == nil {
			fmt.Fprintf(out, "receipt %d %x -\n", got[0].Index, text)
		}
	}
}

// A process that is killed among 64 writers, again and again: everything that was acknowledged is there,
// no index is missing, the log verifies, every receipt is of this log, and the journal agrees.
func TestKilledAmongWriters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		dir := filepath.Join(t.TempDir(), "keys")
		openHouse(t, setting{url: url, dir: dir}).close()
		var all []acknowledged
		for range storetest.Rounds(6, 20) {
			all = append(all, killWriter(t, url, dir)...)
			h := openHouse(t, setting{url: url, dir: dir})
			h.holds(t, all)
			h.close()
		}
		if len(all) < 500 {
			t.Errorf("only %d events were acknowledged", len(all))
		}
		t.Logf("%d acknowledged", len(all))
	})
}

// killWriter starts a writer, kills it in the middle, and returns what it was told before.
func killWriter(t *testing.T, url, dir string) []acknowledged {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriterProcess$", "-test.timeout=2m")
	child.Env = append(os.Environ(), writerVariable+"="+url+"\n"+dir)
	child.ExtraFiles = []*os.File{w}
	var said strings.Builder
	child.Stdout, child.Stderr = &said, &said
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var out []acknowledged
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	first := time.Duration(20+rand.IntN(250)) * time.Millisecond
	for lines.Scan() {
		if len(out) == 0 {
			time.AfterFunc(first, func() { _ = child.Process.Kill() })
		}
		var a acknowledged
		if _, err := fmt.Sscan(lines.Text(), &a.kind, &a.index, &a.entry, &a.who); err != nil {
			t.Errorf("the writer says %q", lines.Text())
			continue
		}
		out = append(out, a)
	}
	_ = child.Wait() // it was killed
	if len(out) == 0 {
		t.Fatalf("the writer said nothing: %s", said.String())
	}
	return out
}

// holds checks the house after a crash.
func (h *house) holds(t *testing.T, all []acknowledged) {
	t.Helper()
	report, err := h.people.Check(t.Context(), nil)
	if err != nil {
		t.Fatalf("after the crash: %v", err)
	}
	if report.Entries+report.Erased != report.Size {
		t.Errorf("%d of %d entries, and %d erased", report.Entries, report.Size, report.Erased)
	}
	ids, gone := map[int64]string{}, map[string]bool{}
	err = h.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Each(ctx, `SELECT idx, id FROM entry`, nil, func(scan func(...any) error) error {
			var idx int64
			var id []byte
			err := scan(&idx, &id)
			ids[idx] = hex.EncodeToString(id)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	journal := map[uint64]vault.Kind{}
	if err := h.journal.Each(func(e vault.Entry) error { journal[e.Index] = e.Kind; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.kind == "erased" {
			gone[a.who] = true
		}
	}
	for _, a := range all {
		h.stillThere(t, a, gone, ids, journal)
	}
}

// stillThere checks one thing that was acknowledged.
func (h *house) stillThere(t *testing.T, a acknowledged, gone map[string]bool, ids map[int64]string, journal map[uint64]vault.Kind) {
	t.Helper()
	switch subject.Kind(a.kind) {
	case "erased":
		if journal[uint64(a.index)] != vault.Erased {
			t.Errorf("the erasure at entry %d is not in the journal", a.index)
		}
		if _, err := h.people.Find(t.Context(), h.site, ref(t, a.who)); !errors.Is(err, subject.ErrUnknown) {
			t.Errorf("somebody erased is found: %v", err)
		}
		return
	case "receipt":
		h.proves(t, a)
		return
	case subject.Withdrawn, subject.Objected:
		if k := journal[uint64(a.index)]; k != vault.Withdrawn && k != vault.Objected {
			t.Errorf("the %s event at entry %d is not in the journal", a.kind, a.index)
		}
	case subject.Happened:
		// Sealed with the profile: gone with an erasure, also one that was killed before it was acknowledged.
		if _, err := h.people.Find(t.Context(), h.site, ref(t, a.who)); gone[a.who] || errors.Is(err, subject.ErrUnknown) {
			return
		}
	}
	if ids[a.index] != a.entry {
		t.Errorf("entry %d was acknowledged as %s and is %q", a.index, a.entry, ids[a.index])
	}
}

// proves: the receipt verifies, and what it proves is a beginning of the log that there is.
func (h *house) proves(t *testing.T, a acknowledged) {
	t.Helper()
	text, err := hex.DecodeString(a.entry)
	if err != nil {
		t.Fatal(err)
	}
	_, cp, err := ledger.CheckReceipt(text, h.keys.Verifier())
	if err != nil {
		t.Errorf("the receipt for entry %d: %v", a.index, err)
		return
	}
	root, err := ledger.TreeRoot(t.Context(), h.store.Log(), cp.Size)
	if err != nil || root != cp.Root {
		t.Errorf("the receipt for entry %d is of another log (%v)", a.index, err)
	}
}
