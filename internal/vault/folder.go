package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Beside a file that is being replaced lie, for a moment, its next and its last content. Both hold keys:
// what a crash leaves of them is wiped by the next who opens the folder.
const (
	nextSuffix = ".new"
	lastSuffix = ".old"
	lockName   = "keys.lock"
	lockWait   = 10 * time.Second
	lockPause  = 5 * time.Millisecond // at most, between two tries
	maxKeyFile = 16 << 20
)

// A folder is where keys lie: 0700, its files 0600.
type folder string

func (d folder) at(name string) string { return filepath.Join(string(d), name) }

func (d folder) has(name string) bool {
	_, err := os.Lstat(d.at(name))
	return !errors.Is(err, fs.ErrNotExist)
}

// check refuses a folder that is missing or that others may enter.
func (d folder) check() error {
	info, err := os.Stat(string(d))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: create the folder, or restore it from your backup of keys", d, ErrMissing)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: %w: it is not a folder", d, ErrDamaged)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s: %w: %#o lets others in; chmod 700 %[1]s", d, ErrPermissions, info.Mode().Perm())
	}
	return nil
}

// private refuses what is not a plain file that only its owner may read.
func private(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w: it is not a plain file", path, ErrDamaged)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s: %w: %#o lets others read it; chmod 600 %[1]s, and rotate the keys if somebody could", path, ErrPermissions, info.Mode().Perm())
	}
	return nil
}

// read returns a file of the folder with what tells it from its successors.
func (d folder) read(name string) ([]byte, fs.FileInfo, error) {
	path := d.at(name)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %w: restore it from your backup of keys; a new key cannot open what the old one sealed", path, ErrMissing)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := private(path, info); err != nil {
		return nil, nil, err
	}
	if info.Size() > maxKeyFile {
		return nil, nil, fmt.Errorf("%s: %w: %d bytes are more than any key file has", path, ErrDamaged, info.Size())
	}
	text, err := os.ReadFile(path)
	return text, info, err
}

// replace writes a file so that a reader, after a crash at any instant too, finds the old content or the
// new. The old content is then overwritten where it lay. The caller holds the lock.
func (d folder) replace(name string, content []byte) error {
	path := d.at(name)
	next, last := path+nextSuffix, path+lastSuffix
	if err := d.wipeLeft(name); err != nil {
		return err
	}
	if err := d.write(next, content); err != nil {
		return errors.Join(err, wipe(next))
	}
	// A second name keeps the old file in reach, so that it can be wiped even after a crash.
	if err := os.Link(path, last); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, wipe(next))
	}
	if err := os.Rename(next, path); err != nil {
		return errors.Join(err, wipe(next), os.Remove(last))
	}
	if err := d.sync(); err != nil {
		return err
	}
	if err := wipe(last); err != nil {
		return fmt.Errorf("%w: %w", errNotWiped, err)
	}
	return d.sync()
}

// write makes a new private file and sees it onto the disk.
func (d folder) write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = inherit(f, string(d))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// wipeLeft wipes what a crash left beside a file.
func (d folder) wipeLeft(name string) error {
	for _, suffix := range []string{nextSuffix, lastSuffix} {
		if err := d.wipeOne(d.at(name), suffix); err != nil {
			return fmt.Errorf("wipe %s: %w", d.at(name)+suffix, err)
		}
	}
	return nil
}

// wipeOne spares the content where a crash came between giving it its second name and replacing it:
// then both names are the same file, and only the name goes.
func (d folder) wipeOne(path, suffix string) error {
	left, err := os.Lstat(path + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if kept, err := os.Lstat(path); err == nil && os.SameFile(kept, left) {
		return os.Remove(path + suffix)
	}
	if err := d.sync(); err != nil { // first be sure that the name has its new content
		return err
	}
	return wipe(path + suffix)
}

// leftovers reports whether a crash left something to wipe.
func (d folder) leftovers(name string) bool {
	for _, suffix := range []string{nextSuffix, lastSuffix} {
		if d.has(name + suffix) {
			return true
		}
	}
	return false
}

// wipe overwrites a file with zeros, sees them onto the disk, and removes it. A missing file is wiped.
func wipe(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, info.Size()))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(path))
}

// sync sees the names of the folder onto the disk.
func (d folder) sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// lock holds the folder against other processes, and other users of it in this one, until the returned
// function is called. A shared lock keeps out who wants it alone.
func (d folder) lock(alone bool) (func(), error) { return lockFile(d.at(lockName), alone) }

// lockFile waits a while for a lock on a file, which it creates.
func lockFile(path string, alone bool) (func(), error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := inherit(f, filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	end, pause := time.Now().Add(lockWait), lockPause/64
	for ; ; time.Sleep(pause) {
		pause = min(2*pause, lockPause)
		switch taken, err := tryLock(f, alone); {
		case err != nil:
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
		case taken:
			return func() { _ = f.Close() }, nil // closing releases it
		case time.Now().After(end):
			return nil, errors.Join(fmt.Errorf("%s: %w for %s: see whether an avow process hangs", path, ErrLocked, lockWait), f.Close())
		}
	}
}
