package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/avowhq/avow/ledger"
)

// keySize is the size of every key here, in bytes: AES-256 and HMAC-SHA256.
const keySize = 32

// lookEvery is how long a process works with what it read before it looks whether another process
// changed the key file. settle is how long a change waits for all of them to have looked.
const (
	lookEvery = time.Second
	settle    = 10 * time.Second
)

// Keys is an open key folder. It is safe for concurrent use, and several processes may share the folder:
// a process sees another's change at the latest with its first use of the keys a second later, and at
// once where it meets a key it does not know.
type Keys struct {
	folder folder
	clock  func() time.Time
	start  time.Time // for the monotonic clock

	sealed   atomic.Pointer[sealing]
	held     atomic.Pointer[material]
	looked   atomic.Int64 // nanoseconds after start
	trouble  atomic.Pointer[error]
	changing sync.Mutex  // one reload or change at a time
	refused  fs.FileInfo // the file that could not be understood; not tried again until it changes
}

// A sealing is how the key file is protected, and its name, which goes by it.
type sealing struct {
	protection
	name string
}

// material is one state of the key file, ready for use. It is immutable.
type material struct {
	document *document
	file     fs.FileInfo
	signer   *ledger.Signer
	verifier *ledger.Verifier
	wraps    map[int64]*wrapKey
	hashes   map[Use][]*lookupKey // newest first
}

// Create makes a key folder: the log's signing key, the first epoch, a look-up key for each use. It
// refuses a folder that holds keys or a journal already.
func Create(dir string, o Options) (*Keys, error) {
	k, err := create(dir, o)
	if err != nil {
		return nil, fmt.Errorf("create keys: %w", err)
	}
	return k, nil
}

func create(dir string, o Options) (*Keys, error) {
	k, err := newKeys(dir, o)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := k.folder.check(); err != nil {
		return nil, err
	}
	unlock, err := k.folder.lock(true)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, name := range []string{plainName, ageName, JournalName} {
		if k.folder.has(name) {
			return nil, fmt.Errorf("%s: %w: open it, restore its keys, or choose another folder", k.folder.at(name), ErrExists)
		}
	}
	d := &document{}
	now := instant(k.clock())
	if err := d.renewLog(o.Origin, now); err != nil {
		return nil, err
	}
	d.addEpoch(now)
	d.addUses(now)
	return k, k.save(d)
}

// Open reads a key folder. It wipes what a crash left there, and adds a key for a look-up use that the
// folder does not know yet.
func Open(dir string, o Options) (*Keys, error) {
	k, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return k, nil
}

func open(dir string, o Options) (*Keys, error) {
	k, err := newKeys(dir, o)
	if err != nil {
		return nil, err
	}
	if err := k.folder.check(); err != nil {
		return nil, err
	}
	if err := k.fits(); err != nil {
		return nil, err
	}
	if err := k.reload(); err != nil {
		return nil, err
	}
	if k.folder.leftovers(k.name()) || k.folder.has(k.other()) || k.held.Load().document.clone().addUses(instant(k.clock())) {
		return k, k.change(func(d *document) error {
			d.addUses(instant(k.clock()))
			return nil
		})
	}
	return k, nil
}

func newKeys(dir string, o Options) (*Keys, error) {
	s, err := o.sealing()
	if err != nil {
		return nil, err
	}
	k := &Keys{folder: folder(dir), clock: o.clock(), start: time.Now()}
	k.sealed.Store(s)
	return k, nil
}

// Signer signs checkpoints and releases with the log's present key.
func (k *Keys) Signer() *ledger.Signer { return k.current().signer }

// Verifier knows the present and all former public keys of the log.
func (k *Keys) Verifier() *ledger.Verifier { return k.current().verifier }

// Refresh reads the key file again if it changed. A process that keeps Keys for long calls it every few
// seconds: so a destroyed key leaves its memory though nobody asks for it.
func (k *Keys) Refresh() error {
	k.changing.Lock()
	defer k.changing.Unlock()
	return k.refresh()
}

// current is the material that the process holds, at most a second behind the file. Should the file have
// become unreadable, what is held stays in use, and Refresh and Status tell.
func (k *Keys) current() *material {
	if time.Since(k.start)-time.Duration(k.looked.Load()) > lookEvery && k.changing.TryLock() {
		_ = k.refresh() // kept as trouble
		k.changing.Unlock()
	}
	return k.held.Load()
}

// refresh looks at the file, and reads it if it is another than before. The caller holds changing.
func (k *Keys) refresh() (err error) {
	defer func() {
		k.trouble.Store(&err)
		k.looked.Store(int64(time.Since(k.start)))
	}()
	info, err := os.Lstat(k.path())
	if err != nil {
		if other := k.fits(); other != nil { // another process has sealed the file in another way
			err = other
		}
		return fmt.Errorf("read keys again: %w", err)
	}
	if sameFile(k.held.Load().file, info) {
		return nil
	}
	if t := k.trouble.Load(); t != nil && *t != nil && sameFile(k.refused, info) {
		return *t
	}
	if err := k.reload(); err != nil {
		return fmt.Errorf("read keys again: %w", err)
	}
	return nil
}

func sameFile(a, b fs.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

// reload reads the file, whatever is held.
func (k *Keys) reload() error {
	unlock, err := k.folder.lock(false)
	if err != nil {
		return err
	}
	defer unlock()
	m, err := k.load()
	if err != nil {
		return err
	}
	k.held.Store(m)
	return nil
}

// latest is what is held, if the file has not changed. The caller holds the folder's lock.
func (k *Keys) latest() (*material, error) {
	held := k.held.Load()
	if info, err := os.Lstat(k.path()); err == nil && sameFile(held.file, info) {
		return held, nil
	}
	return k.load()
}

// load reads the file. The caller holds the folder's lock.
func (k *Keys) load() (*material, error) {
	sealed, info, err := k.folder.read(k.name())
	if err != nil {
		return nil, err
	}
	m, err := k.understand(sealed)
	if err != nil {
		k.refused = info
		return nil, fmt.Errorf("%s: %w%s", k.path(), err, restore(err))
	}
	if held := k.held.Load(); held != nil && m.document.Generation < held.document.Generation {
		return nil, fmt.Errorf("%s: %w: generation %d, held %d; put the newer file back", k.path(), ErrOlder, m.document.Generation, held.document.Generation)
	}
	if held := k.held.Load(); held != nil && !m.document.continues(held.document) {
		return nil, fmt.Errorf("%s: %w: these are other keys; put the file back", k.path(), ErrOther)
	}
	m.file = info
	return m, nil
}

// continues reports whether the file is a later state of the one held: the same log, from the same
// beginning, and the same epochs so far.
func (d *document) continues(held *document) bool {
	if len(d.Log) < len(held.Log) || len(d.Epochs) < len(held.Epochs) {
		return false
	}
	for i := range held.Log {
		if d.Log[i].Public != held.Log[i].Public {
			return false
		}
	}
	for i := range held.Epochs {
		if !d.Epochs[i].Created.Equal(held.Epochs[i].Created) {
			return false
		}
	}
	return true
}

func restore(err error) string {
	if errors.Is(err, ErrDamaged) {
		return "; restore it from your backup of keys"
	}
	return ""
}

func (k *Keys) understand(sealed []byte) (*material, error) {
	text, err := k.sealed.Load().open(sealed)
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	return d.material()
}

// material makes the keys ready for use.
func (d *document) material() (*material, error) {
	m := &material{document: d, wraps: map[int64]*wrapKey{}, hashes: map[Use][]*lookupKey{}}
	if err := m.prepareLog(d.Log); err != nil {
		return nil, err
	}
	for _, e := range d.Epochs {
		if e.State == Destroyed {
			continue
		}
		w, err := newWrapKey(e.Number, e.Key)
		if err != nil {
			return nil, err
		}
		m.wraps[e.Number] = w
	}
	for _, l := range d.Lookup {
		m.hashes[l.Use] = append([]*lookupKey{l}, m.hashes[l.Use]...)
	}
	return m, nil
}

// change writes a new state of the key file, made from the one that is there.
func (k *Keys) change(what func(*document) error) error {
	return k.alone(func(d *document) error {
		if err := what(d); err != nil {
			return err
		}
		return k.save(d)
	})
}

// alone has the newest state of the key file written anew while no other process changes it.
func (k *Keys) alone(write func(*document) error) error {
	k.changing.Lock()
	defer k.changing.Unlock()
	unlock, err := k.folder.lock(true)
	if err != nil {
		return err
	}
	defer unlock()
	m, err := k.latest()
	if err != nil {
		return err
	}
	if err := k.older(m); err != nil {
		return err
	}
	if err := write(m.document.clone()); err != nil {
		return err
	}
	return k.wipeOther()
}

// save writes a document and takes it into use. The caller holds the folder's lock. It checks the
// document as if it had read it: what it could not open again must not replace what it can.
func (k *Keys) save(d *document) error {
	d.Generation++
	text, err := d.encode()
	if err != nil {
		return err
	}
	sealed, err := k.sealed.Load().seal(text)
	if err != nil {
		return fmt.Errorf("seal keys: %w", err)
	}
	checked, err := parseDocument(text)
	if err != nil {
		return err
	}
	m, err := checked.material()
	if err != nil {
		return err
	}
	written := k.folder.replace(k.name(), sealed)
	if written != nil && !errors.Is(written, errNotWiped) {
		return fmt.Errorf("write %s: %w", k.path(), written)
	}
	if m.file, err = os.Lstat(k.path()); err != nil {
		return err
	}
	k.held.Store(m)
	return written
}

func (k *Keys) name() string { return k.sealed.Load().name }
func (k *Keys) path() string { return k.folder.at(k.name()) }

// newKey is 32 random bytes.
func newKey() []byte {
	b := make([]byte, keySize)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// instant is a time as the key file keeps it: UTC, in microseconds.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Format prints where the keys are, never what.
func (k *Keys) Format(f fmt.State, _ rune) { redact(f, "keys in "+string(k.folder)) }
