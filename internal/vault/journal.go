package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// JournalName is the journal's name in a key folder.
const JournalName = "journal.log"

// groupSize is where a write begins to be big enough: who comes then waits for the next. maxAppend bounds
// one Append, and maxSealed what one entry seals. All in bytes.
const (
	groupSize = 1 << 20
	maxAppend = 16 << 20
	maxSealed = 1 << 20
)

// A Journal is an append-only file of what must outlive the database. It is safe for concurrent use, and
// several processes may have it open.
type Journal struct {
	path string

	gathering sync.Mutex
	group     *group // takes who comes; nil: the next one makes it

	writing sync.Mutex // the file below
	file    *os.File
	at      position
	cut     int64
}

// A group is what one write and one fsync carry, of as many callers as came while the last one ran.
type group struct {
	content []byte
	done    chan struct{}
	err     error
}

// OpenJournal opens a journal, or begins one. A write that a crash broke off is cut away: nobody was told
// that it is there; Cut tells how much it was. A defect elsewhere is ErrJournal and names its line.
func OpenJournal(path string) (*Journal, error) {
	j := &Journal{path: path}
	err := j.alone(func() error {
		if err := j.begin(); err != nil {
			return err
		}
		return j.reopen()
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), j.Close())
	}
	return j, nil
}

// Close closes the file. What was appended is on the disk already.
func (j *Journal) Close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// Path is where the file is.
func (j *Journal) Path() string { return j.path }

// Cut is how many bytes of broken-off writes were cut away, when the journal was opened or later.
func (j *Journal) Cut() int64 {
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.cut
}

// Last is the last checkpoint in the journal, as far as this process has read it: when it was opened, and
// at each Append.
func (j *Journal) Last() (checkpoint Entry, ok bool) {
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.at.last, j.at.last.Kind == Checkpoint
}

// Append writes entries and returns when they are on the disk, all or, after an error, usually none.
// Callers that come together share one write and one fsync.
func (j *Journal) Append(entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	content, err := encodeEntries(entries)
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	g, lead := j.join(content)
	if lead {
		g.err = j.write(g)
		close(g.done)
	}
	<-g.done
	if g.err != nil {
		return fmt.Errorf("append to journal: %w", g.err)
	}
	return nil
}

func encodeEntries(entries []Entry) ([]byte, error) {
	var b []byte
	for i := range entries {
		e := &entries[i]
		if !e.Kind.known() {
			return nil, fmt.Errorf("entry %d: kind %q is unknown", i+1, e.Kind)
		}
		if len(e.Sealed) > maxSealed {
			return nil, fmt.Errorf("entry %d: %d sealed bytes, at most %d fit", i+1, len(e.Sealed), maxSealed)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEntry(b, e)
	}
	if len(b) > maxAppend {
		return nil, fmt.Errorf("%d bytes at once, at most %d fit", len(b), maxAppend)
	}
	return b, nil
}

// join adds to the group that is gathering. Who begins a group leads it: it waits for the file, and
// while it waits others join.
func (j *Journal) join(content []byte) (g *group, lead bool) {
	j.gathering.Lock()
	defer j.gathering.Unlock()
	if j.group == nil || len(j.group.content)+len(content) > groupSize && len(j.group.content) > 0 {
		j.group, lead = &group{done: make(chan struct{})}, true
	} else {
		j.group.content = append(j.group.content, ',')
	}
	j.group.content = append(j.group.content, content...)
	return j.group, lead
}

// write puts a group into the file, as one line.
func (j *Journal) write(g *group) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.gathering.Lock()
	if j.group == g {
		j.group = nil
	}
	j.gathering.Unlock()
	return j.alone(func() error {
		if err := j.catchUp(); err != nil {
			return err
		}
		content := append([]byte(`{"entries":[`), g.content...)
		return j.add(append(content, `]}`...))
	})
}

// alone runs under the lock between processes.
func (j *Journal) alone(what func() error) error {
	unlock, err := lockFile(j.path+".lock", true)
	if err != nil {
		return err
	}
	defer unlock()
	return what()
}

// begin makes the file if there is none, and removes what a crash left of making or compacting it.
func (j *Journal) begin() error {
	next := j.path + nextSuffix
	if err := wipe(next); err != nil {
		return err
	}
	info, err := os.Lstat(j.path)
	if err == nil {
		return private(j.path, info)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d := folder(filepath.Dir(j.path))
	first, _ := chainSum{}.appendLine(nil, headLine(0))
	if err := d.write(next, first); err != nil {
		return err
	}
	if err := os.Rename(next, j.path); err != nil {
		return err
	}
	return d.sync()
}

func headLine(since int64) []byte {
	return fmt.Appendf(nil, `{"avow":"journal","version":%d,"since":%d}`, journalVersion, since)
}

// reopen reads the file from its beginning.
func (j *Journal) reopen() error {
	f, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if j.file != nil {
		_ = j.file.Close() // another process has replaced it
	}
	j.file, j.at = f, position{}
	return j.readOn()
}

// catchUp learns what other processes did since: appended, compacted, or died in the middle of a write.
func (j *Journal) catchUp() error {
	if j.file == nil {
		return fs.ErrClosed
	}
	own, err := j.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(j.path)
	switch {
	case err != nil:
		return err
	case !os.SameFile(own, there):
		return j.reopen()
	case own.Size() < j.at.offset:
		return fmt.Errorf("%s: %w: it is shorter than it was; restore it from your backup of it", j.path, ErrJournal)
	case own.Size() > j.at.offset:
		return j.readOn()
	}
	return nil
}

// readOn reads from where it stands to the end, and cuts away what a crash left there.
func (j *Journal) readOn() error {
	rest := io.NewSectionReader(j.file, j.at.offset, math.MaxInt64-j.at.offset)
	if err := j.at.scan(rest, func([]byte) error { return nil }); err != nil {
		return fmt.Errorf("%s: %w", j.path, err)
	}
	if j.at.torn == 0 {
		return nil
	}
	if err := j.file.Truncate(j.at.offset); err != nil {
		return err
	}
	j.cut += j.at.torn
	j.at.torn = 0
	return nil
}

// add writes one line at the end and sees it onto the disk. After an error the file is as it was, as far
// as the disk lets us; if it does not, the next write meets the rest and cuts it.
func (j *Journal) add(content []byte) error {
	line, sum := j.at.sum.appendLine(nil, content)
	_, err := j.file.WriteAt(line, j.at.offset)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(err, j.file.Truncate(j.at.offset))
	}
	if err := j.at.take(content); err != nil {
		return err
	}
	j.at.offset += int64(len(line))
	j.at.lines++
	j.at.sum = sum
	return nil
}

// Each visits the entries that are in the journal now, in their order. Others may append meanwhile. An
// error of visit ends it.
func (j *Journal) Each(visit func(Entry) error) error {
	f, size, err := j.snapshot()
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	var p position
	err = p.entries(io.NewSectionReader(f, 0, size), visit)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	return nil
}

// snapshot opens the file as it is between two writes.
func (j *Journal) snapshot() (f *os.File, size int64, err error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	err = j.alone(func() error {
		if err := j.catchUp(); err != nil {
			return err
		}
		size = j.at.offset
		f, err = os.Open(j.path)
		return err
	})
	return f, size, err
}
