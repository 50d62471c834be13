package client

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// folder is a shelf on disk: <person>/<purpose>-<question>, names in hexadecimal, each file sealed under the folder's
// key with its own place as associated data. Several processes may share it: what one drops is gone for all.
type folder struct {
	dir   string
	names names

	mu    sync.Mutex
	order fifo[slot]
}

const (
	keyFile  = "key"
	halfMade = ".half-" // begins the name of a file that is being written
)

// openFolderKey makes the folder and its key, or reads the key of one that is there.
func openFolderKey(dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("look at folder: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the folder is open to others (%v): chmod 700 it, or name one of its own", info.Mode().Perm())
	}
	path := filepath.Join(dir, keyFile)
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(dir, path); err != nil {
			return nil, fmt.Errorf("make key: %w", err)
		}
		secret, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if len(secret) != keySize {
		return nil, fmt.Errorf("read key: it has not %d bytes; remove the folder to begin anew", keySize)
	}
	return secret, nil
}

// makeKey puts a key into its place whole, or leaves the one that another process put there.
func makeKey(dir, path string) error {
	secret := make([]byte, keySize)
	rand.Read(secret)
	half, err := writeHalf(dir, secret, true)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(half) }()
	if err := os.Link(half, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(dir)
}

// openFolder counts what is there and removes what is older than before.
func openFolder(dir string, n names, most int, before time.Time) (*folder, error) {
	f := &folder{dir: dir, names: n, order: newFifo[slot](most)}
	type aged struct {
		slot
		at time.Time
	}
	var all []aged
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another process was quicker
		}
		if err != nil || d.IsDir() || path == filepath.Join(dir, keyFile) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // another process was quicker
		}
		s, ours := f.slotAt(path)
		switch old := info.ModTime().Before(before); {
		case ours && !old:
			all = append(all, aged{s, info.ModTime()})
		case ours, strings.HasPrefix(d.Name(), halfMade) && time.Since(info.ModTime()) > time.Minute:
			return remove(path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read folder: %w", err)
	}
	slices.SortFunc(all, func(a, b aged) int { return a.at.Compare(b.at) })
	for _, a := range all {
		if oldest, full := f.order.add(a.slot); full {
			if err := remove(f.path(oldest)); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

func (f *folder) person(n name) string { return filepath.Join(f.dir, hex.EncodeToString(n[:])) }

func (f *folder) path(s slot) string {
	return filepath.Join(f.person(s.person), hex.EncodeToString(s.purpose[:])+"-"+hex.EncodeToString(s.question[:]))
}

// slotAt reads a path back.
func (f *folder) slotAt(path string) (s slot, ok bool) {
	person := filepath.Base(filepath.Dir(path))
	purpose, question, ok := strings.Cut(filepath.Base(path), "-")
	for _, part := range []struct {
		text string
		to   *name
	}{{person, &s.person}, {purpose, &s.purpose}, {question, &s.question}} {
		b, err := hex.DecodeString(part.text)
		if err != nil || len(b) != len(part.to) {
			return s, false
		}
		*part.to = name(b)
	}
	return s, ok && f.path(s) == path
}

// aad binds a sealed file to its place.
func (s slot) aad() []byte { return slices.Concat(s.person[:], s.purpose[:], s.question[:]) }

func (f *folder) put(s slot, k kept) error {
	plain := binary.BigEndian.AppendUint64(nil, uint64(k.received.UnixMicro()))
	sealed := f.names.seal.Seal(nil, nil, append(plain, k.note...), s.aad())
	half, err := writeHalf(f.dir, sealed, false)
	if err != nil {
		return err
	}
	for range 3 { // another process may remove the person's folder in between
		if err = os.Mkdir(f.person(s.person), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			break
		}
		if err = os.Rename(half, f.path(s)); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		_ = os.Remove(half)
		return fmt.Errorf("keep snapshot: %w", err)
	}
	f.mu.Lock()
	oldest, full := f.order.add(s)
	f.mu.Unlock()
	if !full {
		return nil
	}
	// The oldest makes room. It is forgotten for want of space, so it need not be gone for good yet.
	if err := remove(f.path(oldest)); err != nil {
		return fmt.Errorf("make room for snapshot: %w", err)
	}
	_ = os.Remove(f.person(oldest.person)) // goes if that was the last
	return nil
}

func (f *folder) look(s slot) (kept, bool, error) {
	sealed, err := os.ReadFile(f.path(s))
	if errors.Is(err, fs.ErrNotExist) {
		return kept{}, false, nil
	}
	if err != nil {
		return kept{}, false, fmt.Errorf("read snapshot: %w", err)
	}
	plain, err := f.names.seal.Open(nil, nil, sealed, s.aad())
	if err != nil || len(plain) < 8 {
		return kept{}, false, errors.New("read snapshot: it is damaged, or not of this folder")
	}
	return kept{time.UnixMicro(int64(binary.BigEndian.Uint64(plain))), plain[8:]}, true, nil
}

func (f *folder) drop(person name, doomed func(slot, kept) bool) error {
	dir := f.person(person)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read snapshots of a person: %w", err)
	}
	left := 0
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if s, ours := f.slotAt(path); ours {
			k, there, err := f.look(s)
			if err == nil && there && !doomed(s, k) {
				left++
				continue
			}
			f.mu.Lock()
			f.order.remove(s)
			f.mu.Unlock()
		}
		if err := remove(path); err != nil {
			return err
		}
	}
	if left == len(entries) {
		return nil
	}
	if left > 0 {
		return syncFolder(dir)
	}
	// The files first: a folder that comes back after the power failed must come back empty.
	if err := syncFolder(dir); err != nil {
		return err
	}
	_ = os.Remove(dir) // stays if another process kept something meanwhile
	return nil
}

func (f *folder) clear() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("read folder: %w", err)
	}
	for _, e := range entries {
		if b, err := hex.DecodeString(e.Name()); e.IsDir() && err == nil && len(b) == len(name{}) {
			if err := f.drop(name(b), func(slot, kept) bool { return true }); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeHalf writes a new file of another name in the folder, for this user alone.
func writeHalf(dir string, content []byte, durable bool) (path string, err error) {
	half, err := os.CreateTemp(dir, halfMade+"*") // 0600
	if err != nil {
		return "", fmt.Errorf("write file: %w", err)
	}
	_, err = half.Write(content)
	if err == nil && durable {
		err = half.Sync()
	}
	if closed := half.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(half.Name())
		return "", fmt.Errorf("write file: %w", err)
	}
	return half.Name(), nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove snapshot: %w", err)
	}
	return nil
}

// syncFolder makes what was removed stay removed if the power fails.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) || runtime.GOOS == "windows" {
		if d != nil {
			d.Close()
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
