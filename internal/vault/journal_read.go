package vault

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A journal is text. Each line is a checksum of 32 hex digits, a space, and JSON: in the first line what
// the file is, in each other the entries of one write. The checksum is over the line before, too.
const (
	journalLabel   = "avow/journal/v1"
	journalVersion = 1
	sumSize        = 16
	maxLine        = 64 << 20
)

// ErrJournal says that a journal is defect in a place that a crash does not explain.
var ErrJournal = errors.New("the journal is damaged")

// A chainSum is the checksum of a line and all before it.
type chainSum [sumSize]byte

func (s chainSum) next(line []byte) chainSum {
	h := sha256.New()
	h.Write([]byte(journalLabel))
	h.Write(s[:])
	h.Write(line)
	return chainSum(h.Sum(nil)[:sumSize])
}

// appendLine writes a line of the journal after the line with the sum s.
func (s chainSum) appendLine(b, content []byte) ([]byte, chainSum) {
	s = s.next(content)
	b = hex.AppendEncode(b, s[:])
	b = append(b, ' ')
	b = append(b, content...)
	return append(b, '\n'), s
}

// A journalHead is the first line.
type journalHead struct {
	Avow    string `json:"avow"` // "journal"
	Version int    `json:"version"`
	Since   int64  `json:"since"` // all from this instant on is there; before it, what compaction left
}

type journalLine struct {
	Entries []Entry `json:"entries"`
}

// A position is how far a journal has been read and found whole.
type position struct {
	offset int64
	lines  int
	sum    chainSum
	since  int64
	last   Entry // the last checkpoint
	torn   int64 // bytes after offset that a crash left of one write
}

// scan reads on from a position, and gives the content of each whole line to visit. What a crash in the
// middle of a write leaves is the beginning of one last line, or one with holes of zeros: that is
// reported as torn. Any other defect is an error with the number of its line.
func (p *position) scan(r io.Reader, visit func(content []byte) error) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return p.begun()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d: %w", p.lines+1, err)
		}
		content, sum, whole := p.split(line)
		if !whole {
			return p.tear(lines, line)
		}
		if err := p.take(content); err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrJournal, p.lines+1, err)
		}
		if err := visit(content); err != nil {
			return err
		}
		p.offset += int64(len(line))
		p.lines++
		p.sum = sum
	}
}

// begun refuses a file without a first line. It is written whole or not at all.
func (p *position) begun() error {
	if p.lines == 0 {
		return fmt.Errorf("%w: it is empty; restore it from your backup of it", ErrJournal)
	}
	return nil
}

// readLine returns a line with its end, or what is left at the end of the file with io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line == nil && err == nil {
			return part, nil
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("%w: longer than %d bytes", ErrJournal, maxLine)
		}
	}
}

// split checks a line against the one before.
func (p *position) split(line []byte) (content []byte, sum chainSum, whole bool) {
	const before = 2*sumSize + 1
	if len(line) <= before || line[len(line)-1] != '\n' || line[before-1] != ' ' {
		return nil, sum, false
	}
	content = line[before : len(line)-1]
	sum = p.sum.next(content)
	var written chainSum
	_, err := hex.Decode(written[:], line[:before-1])
	return content, sum, err == nil && written == sum
}

// tear decides whether a line that is not whole is what a crash left.
func (p *position) tear(rest *bufio.Reader, line []byte) error {
	after, err := io.Copy(io.Discard, rest)
	if err != nil {
		return fmt.Errorf("line %d: %w", p.lines+1, err)
	}
	if ended := line[len(line)-1] == '\n'; p.lines == 0 || ended && (after > 0 || bytes.IndexByte(line, 0) < 0) {
		return fmt.Errorf("%w: line %d: its checksum does not fit it and the lines before; restore the file from your backup of it", ErrJournal, p.lines+1)
	}
	p.torn = int64(len(line)) + after
	return nil
}

// take notes what a position keeps of a line: the head, and the last checkpoint.
func (p *position) take(content []byte) error {
	if p.lines == 0 {
		return p.takeHead(content)
	}
	if !bytes.Contains(content, []byte(`"kind":"`+Checkpoint+`"`)) {
		return nil
	}
	entries, err := parseLine(content)
	for _, e := range entries {
		if e.Kind == Checkpoint {
			p.last = e
		}
	}
	return err
}

func (p *position) takeHead(content []byte) error {
	var h journalHead
	if err := json.Unmarshal(content, &h); err != nil || h.Avow != "journal" {
		return errors.New("it is no journal of avow")
	}
	if h.Version != journalVersion {
		return fmt.Errorf("%w %d: this avow knows version %d", ErrVersion, h.Version, journalVersion)
	}
	p.since = h.Since
	return nil
}

// parseLine reads the entries of a line after the first. Its errors do not quote the line.
func parseLine(content []byte) ([]Entry, error) {
	var l journalLine
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	err := d.Decode(&l)
	if _, more := d.Token(); err != nil || !errors.Is(more, io.EOF) {
		return nil, fmt.Errorf("its entries are not what version %d has there", journalVersion)
	}
	return l.Entries, nil
}

// A Reading tells how a journal was read.
type Reading struct {
	Lines int       // with the head
	Torn  int64     // bytes at the end that a crash left of one write
	Since time.Time // all from here on is there; before it, what compaction left
	Last  Entry     // the last checkpoint; its Kind is empty if there is none
}

// ReadJournal reads a journal from anywhere, such as a backup of it, and changes nothing. An error of
// visit ends it.
func ReadJournal(r io.Reader, visit func(Entry) error) (Reading, error) {
	var p position
	err := p.entries(r, visit)
	if err != nil {
		return p.reading(), fmt.Errorf("read journal: %w", err)
	}
	return p.reading(), nil
}

func (p *position) reading() Reading {
	return Reading{Lines: p.lines, Torn: p.torn, Since: time.UnixMicro(p.since).UTC(), Last: p.last}
}

// entries scans and parses.
func (p *position) entries(r io.Reader, visit func(Entry) error) error {
	return p.scan(r, func(content []byte) error {
		if p.lines == 0 {
			return nil
		}
		entries, err := parseLine(content)
		if err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrJournal, p.lines+1, err)
		}
		for _, e := range entries {
			if err := visit(e); err != nil {
				return err
			}
		}
		return nil
	})
}
