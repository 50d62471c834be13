package vault

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Since tells from when on the journal is complete. A database whose last entry is older than that must
// not be brought up to date from the journal: it lacks what compaction dropped.
func (j *Journal) Since() time.Time {
	j.writing.Lock()
	defer j.writing.Unlock()
	return time.UnixMicro(j.at.since).UTC()
}

// Compact drops the entries from before an instant, but keeps the last checkpoint, if the file is longer
// than above bytes. The instant must lie before the oldest backup of the database that could still be
// restored. It returns how many entries it dropped. A crash leaves the old file or the new.
func (j *Journal) Compact(before time.Time, above int64) (dropped int, err error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	err = j.alone(func() error {
		if err := j.catchUp(); err != nil || j.at.offset <= above {
			return err
		}
		dropped, err = j.rewrite(before.UnixMicro())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("compact journal: %w", err)
	}
	return dropped, nil
}

// rewrite writes what is kept into a new file, and puts it in the place of the old one.
func (j *Journal) rewrite(before int64) (dropped int, err error) {
	d := folder(filepath.Dir(j.path))
	next := j.path + nextSuffix
	if err := wipe(next); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(next, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	dropped, err = j.copyFrom(before, f)
	if err == nil {
		err = inherit(f, string(d))
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil && dropped > 0 {
		err = os.Rename(next, j.path)
	}
	if err != nil || dropped == 0 {
		return 0, errors.Join(err, os.Remove(next))
	}
	if err := d.sync(); err != nil {
		return 0, err
	}
	return dropped, j.reopen()
}

// copyFrom writes the journal without what is older, line by line in constant memory.
func (j *Journal) copyFrom(before int64, to io.Writer) (dropped int, err error) {
	w := bufio.NewWriterSize(to, 64<<10)
	var sum chainSum
	var line []byte
	put := func(content []byte) error {
		line, sum = sum.appendLine(line[:0], content)
		_, err := w.Write(line)
		return err
	}
	if err := put(headLine(max(before, j.at.since))); err != nil {
		return 0, err
	}
	var read position
	var content []byte
	err = read.scan(io.NewSectionReader(j.file, 0, j.at.offset), func(old []byte) error {
		if read.lines == 0 {
			return nil
		}
		entries, err := parseLine(old)
		if err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrJournal, read.lines+1, err)
		}
		content = append(content[:0], `{"entries":[`...)
		kept := 0
		for i := range entries {
			if j.keep(&entries[i], before) {
				if kept++; kept > 1 {
					content = append(content, ',')
				}
				content = appendEntry(content, &entries[i])
			}
		}
		dropped += len(entries) - kept
		if kept == 0 {
			return nil
		}
		return put(append(content, `]}`...))
	})
	if err != nil {
		return 0, err
	}
	return dropped, w.Flush()
}

// keep spares what is not older, and the last checkpoint.
func (j *Journal) keep(e *Entry, before int64) bool {
	last := &j.at.last
	return int64(e.At) >= before || e.Kind == Checkpoint && e.At == last.At && e.Size == last.Size && e.Root == last.Root
}
