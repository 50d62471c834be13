package vault_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// A modelRing is what the database would hold of one ring: its latest wrapping, and one entry.
type modelRing struct {
	kind   vault.RingKind
	owner  [16]byte
	now    vault.Wrapped
	older  []vault.Wrapped // in backups
	plain  []byte
	sealed []byte
	id     ledger.EntryID
}

// A modelEpoch is all that an epoch obviously is.
type modelEpoch struct {
	retired, escrow, destroyed bool
	retiredAt, until           time.Time
}

// A machine runs two processes on one folder against the model.
type machine struct {
	dir    string
	keys   [2]*vault.Keys
	now    time.Time
	epochs []modelEpoch
	rings  []*modelRing
}

// TestEpochs rotates, re-wraps, retires and destroys at random, in two processes on one folder. What is
// wrapped under a living epoch opens in both; what is wrapped under a destroyed one opens in neither, nor
// with any key that the folder still has.
func TestEpochs(t *testing.T) {
	root := folder(t)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(root, "")
		check(t, err)
		defer func() { _ = os.RemoveAll(dir) }()
		m := &machine{dir: filepath.Join(dir, "keys"), now: day(0), epochs: make([]modelEpoch, 1)}
		m.keys[0], err = vault.Create(m.dir, vault.Options{Origin: origin})
		check(t, err)
		m.keys[1], err = vault.Open(m.dir, vault.Options{})
		check(t, err)
		t.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"ring":    m.ring,
			"rotate":  m.rotate,
			"rewrap":  m.rewrap,
			"retire":  m.retire,
			"destroy": m.destroy,
			"restart": m.restart,
			"wait":    m.wait,
		})
	})
}

func check(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// process draws which of the two acts.
func (m *machine) process(t *rapid.T) *vault.Keys {
	return m.keys[rapid.IntRange(0, 1).Draw(t, "process")]
}

func (m *machine) epoch(t *rapid.T) (int64, *modelEpoch) {
	n := rapid.IntRange(1, len(m.epochs)).Draw(t, "epoch")
	return int64(n), &m.epochs[n-1]
}

func (m *machine) ring(t *rapid.T) {
	r := &modelRing{
		kind:  vault.RingKind(rapid.IntRange(1, 3).Draw(t, "kind")),
		plain: rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "plain"),
	}
	copy(r.owner[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "owner"))
	k := m.process(t)
	check(t, k.Refresh()) // else it may take the last epoch for the current one, for a second
	ring, w, err := k.NewRing(r.kind, r.owner)
	check(t, err)
	if w.Epoch != int64(len(m.epochs)) {
		t.Fatalf("wrapped under epoch %d of %d", w.Epoch, len(m.epochs))
	}
	r.now, r.sealed = w, ring.Seal(nil, r.plain, r.id)
	m.rings = append(m.rings, r)
}

func (m *machine) rotate(t *rapid.T) {
	n, err := m.process(t).Rotate(m.now)
	check(t, err)
	last := &m.epochs[len(m.epochs)-1]
	last.retired, last.retiredAt = true, m.now
	m.epochs = append(m.epochs, modelEpoch{})
	if n != int64(len(m.epochs)) {
		t.Fatalf("epoch %d, want %d", n, len(m.epochs))
	}
}

func (m *machine) rewrap(t *rapid.T) {
	k := m.process(t)
	check(t, k.Refresh())
	for _, r := range m.rings {
		w, moved, err := k.Rewrap(r.kind, r.owner, r.now)
		if m.epochs[r.now.Epoch-1].destroyed {
			if !errors.Is(err, vault.ErrNoEpoch) {
				t.Fatalf("re-wrapped from destroyed epoch %d: %v", r.now.Epoch, err)
			}
			continue
		}
		check(t, err)
		if moved != (r.now.Epoch != int64(len(m.epochs))) || w.Epoch != int64(len(m.epochs)) {
			t.Fatalf("moved %v from epoch %d to %d of %d", moved, r.now.Epoch, w.Epoch, len(m.epochs))
		}
		if moved {
			r.older, r.now = append(r.older, r.now), w
		}
	}
}

func (m *machine) retire(t *rapid.T) {
	n, e := m.epoch(t)
	until := m.now.Add(time.Duration(rapid.IntRange(-1, 3).Draw(t, "days")) * 24 * time.Hour)
	allowed := e.retired && !e.destroyed && (!e.escrow || !until.After(e.until))
	if err := m.process(t).Retire(n, until); (err == nil) != allowed {
		t.Fatalf("retire epoch %d %+v until %s: %v", n, *e, until, err)
	}
	if allowed {
		e.escrow, e.until = true, until
	}
}

func (m *machine) destroy(t *rapid.T) {
	n, e := m.epoch(t)
	allowed := e.destroyed || e.retired && e.escrow && !m.now.Before(e.until) && m.now.Sub(e.retiredAt) >= 10*time.Second
	if err := m.process(t).Destroy(n, m.now); (err == nil) != allowed {
		t.Fatalf("destroy epoch %d %+v at %s: %v", n, *e, m.now, err)
	}
	e.destroyed = allowed
}

func (m *machine) restart(t *rapid.T) {
	i := rapid.IntRange(0, 1).Draw(t, "process")
	var err error
	m.keys[i], err = vault.Open(m.dir, vault.Options{})
	check(t, err)
}

func (m *machine) wait(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 48).Draw(t, "hours")) * time.Hour)
}

func (m *machine) check(t *rapid.T) {
	file := m.fileKeys(t)
	for _, k := range m.keys {
		check(t, k.Refresh()) // what a second process does every few seconds
		for _, r := range m.rings {
			for _, w := range append(r.older, r.now) {
				m.checkRing(t, k, r, w, file)
			}
		}
		for i, e := range k.Status().Epochs {
			want := m.epochs[i]
			if (e.State == vault.Destroyed) != want.destroyed || (e.State == vault.Current) != (i == len(m.epochs)-1) || want.escrow && !e.Escrow.Equal(want.until) {
				t.Fatalf("epoch %d is %+v, want %+v", i+1, e, want)
			}
		}
	}
}

func (m *machine) checkRing(t *rapid.T, k *vault.Keys, r *modelRing, w vault.Wrapped, file [][]byte) {
	ring, err := k.Unwrap(r.kind, r.owner, w)
	if m.epochs[w.Epoch-1].destroyed {
		if !errors.Is(err, vault.ErrNoEpoch) {
			t.Fatalf("unwrapped under destroyed epoch %d: %v", w.Epoch, err)
		}
		for _, key := range file {
			if opensWith(key, r, w) {
				t.Fatalf("a key of the file opens what epoch %d wrapped", w.Epoch)
			}
		}
		return
	}
	check(t, err)
	if plain, err := ring.Open(r.sealed, r.id); err != nil || !bytes.Equal(plain, r.plain) {
		t.Fatalf("opened %q, want %q: %v", plain, r.plain, err)
	}
	other := r.owner
	other[5]++
	if _, err := k.Unwrap(r.kind, other, w); !errors.Is(err, vault.ErrNotOpened) {
		t.Fatalf("opened as another person's: %v", err)
	}
	if _, err := k.Unwrap(r.kind%3+1, r.owner, w); !errors.Is(err, vault.ErrNotOpened) {
		t.Fatalf("opened as another kind: %v", err)
	}
}

// opensWith tries a key as docs/spec/vault.md says that rings are wrapped, without the code under test.
func opensWith(key []byte, r *modelRing, w vault.Wrapped) bool {
	derived, err := hkdf.Key(sha256.New, key, nil, "avow/wrap/v1", 32)
	if err != nil {
		return false
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return false
	}
	aad := append([]byte("avow/ring/v1"), byte(r.kind))
	_, err = gcm.Open(nil, w.Blob[:12], w.Blob[12:], append(aad, r.owner[:]...))
	return err == nil
}

var keyMember = regexp.MustCompile(`"key": ?"([^"]+)"`)

// fileKeys reads every key out of the key file, and checks that an epoch has one exactly if it lives.
func (m *machine) fileKeys(t *rapid.T) [][]byte {
	text, err := os.ReadFile(filepath.Join(m.dir, "keys.json"))
	check(t, err)
	var file struct {
		Keys struct{ Epochs []struct{ Key []byte } }
	}
	check(t, json.Unmarshal(text, &file))
	for i, e := range file.Keys.Epochs {
		if (len(e.Key) == 32) == m.epochs[i].destroyed {
			t.Fatalf("epoch %d has a key of %d bytes in the file", i+1, len(e.Key))
		}
	}
	var keys [][]byte
	for _, found := range keyMember.FindAllSubmatch(text, -1) {
		key, err := base64.StdEncoding.DecodeString(string(found[1]))
		check(t, err)
		keys = append(keys, key)
	}
	return keys
}

// TestOpensWith is the positive control of opensWith: the living key does open.
func TestOpensWith(t *testing.T) {
	dir := vectorFolder(t)
	k := reopen(t, dir)
	r := &modelRing{kind: vault.Case, owner: [16]byte{4}}
	_, w, err := k.NewRing(r.kind, r.owner)
	must(t, err)
	key := sha256.Sum256([]byte("vector epoch 3"))
	if !opensWith(key[:], r, w) {
		t.Error("the key of the epoch does not open what it wrapped")
	}
}

// TestSecondProcessLearns has one process destroy an epoch that another holds in memory.
func TestSecondProcessLearns(t *testing.T) {
	first, dir := create(t)
	second := reopen(t, dir)
	owner := [16]byte{1}
	_, w, err := first.NewRing(vault.Profile, owner)
	must(t, err)
	_, err = first.Rotate(day(0))
	must(t, err)
	_, fresh, err := first.NewRing(vault.Profile, owner)
	must(t, err)
	if _, err := second.Unwrap(vault.Profile, owner, fresh); err != nil {
		t.Errorf("an epoch that it has not met: %v", err)
	}
	must(t, first.Retire(1, day(1)))
	must(t, first.Destroy(1, day(1)))
	if _, err := second.Unwrap(vault.Profile, owner, w); !errors.Is(err, vault.ErrNoEpoch) {
		t.Errorf("a retired epoch that was destroyed: %v", err)
	}

	// One that slept through rotation and destruction takes the epoch for current, for a second.
	third := reopen(t, dir)
	_, err = first.Rotate(day(1))
	must(t, err)
	must(t, first.Retire(2, day(2)))
	must(t, first.Destroy(2, day(2)))
	time.Sleep(1100 * time.Millisecond)
	if _, err := third.Unwrap(vault.Profile, owner, fresh); !errors.Is(err, vault.ErrNoEpoch) {
		t.Errorf("a current epoch that was destroyed: %v", err)
	}
}

func TestUnknownEpoch(t *testing.T) {
	k, _ := create(t)
	for _, epoch := range []int64{-1, 0, 2, 1 << 60} {
		_, err := k.Unwrap(vault.Profile, [16]byte{1}, vault.Wrapped{Epoch: epoch, Blob: make([]byte, 60)})
		if !errors.Is(err, vault.ErrNoEpoch) {
			t.Errorf("epoch %d: %v", epoch, err)
		}
	}
	for _, n := range []int{0, 1, 27, 28, 59, 60, 61} {
		_, err := k.Unwrap(vault.Profile, [16]byte{1}, vault.Wrapped{Epoch: 1, Blob: make([]byte, n)})
		if !errors.Is(err, vault.ErrNotOpened) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if err := k.Destroy(1, day(0)); !errors.Is(err, vault.ErrCurrent) {
		t.Error(err)
	}
	if err := k.Retire(1, day(0)); !errors.Is(err, vault.ErrCurrent) {
		t.Error(err)
	}
	if err := k.Destroy(9, day(0)); !errors.Is(err, vault.ErrNoEpoch) {
		t.Error(err)
	}
}

// TestEscrowSaysWhen wants the date in the error, because an operator will ask.
func TestEscrowSaysWhen(t *testing.T) {
	k, _ := create(t)
	_, err := k.Rotate(day(0))
	must(t, err)
	must(t, k.Retire(1, day(30)))
	want := "destroy epoch 1: its escrow is not over: it ends 2026-12-01T00:00:00Z"
	if err := k.Destroy(1, day(29)); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := k.Retire(1, day(31)); err == nil {
		t.Error("put off an escrow that certificates name")
	}
	must(t, k.Retire(1, day(0)))
	if err := k.Destroy(1, day(0).Add(9*time.Second)); !errors.Is(err, vault.ErrEscrow) {
		t.Errorf("destroyed while other processes may take it for current: %v", err)
	}
	must(t, k.Destroy(1, day(0).Add(10*time.Second)))
	if err := k.Retire(1, day(0)); !errors.Is(err, vault.ErrNoEpoch) {
		t.Error(err)
	}
}
