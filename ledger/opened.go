package ledger

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// AppendOpened writes a record with its key as one line of an export: {"index":7,"key":"…","record":{…}}, in
// canonical bytes, with a newline. [ReadOpened] reads it.
func AppendOpened(b []byte, o Opened) []byte {
	b = strconv.AppendUint(append(b, openedIndex...), o.Index, 10)
	b = base64.StdEncoding.AppendEncode(append(b, openedKey...), o.Key[:])
	return append(append(append(b, openedRecord...), o.Record...), openedEnd...)
}

// The texts around the three.
const (
	openedIndex  = `{"index":`
	openedKey    = `,"key":"`
	openedRecord = `","record":`
	openedEnd    = "}\n"
)

// ReadOpened reads an export line by line, for [LogCheck]. It takes lines as [AppendOpened] writes them and no
// others. Record lies in a buffer that the next line reuses.
func ReadOpened(r io.Reader) iter.Seq2[Opened, error] {
	return func(yield func(Opened, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 1<<16), MaxRecord+1024)
		lines.Split(wholeLines)
		for n := 1; lines.Scan(); n++ {
			o, err := parseOpened(lines.Bytes())
			if err != nil {
				yield(Opened{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(o, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Opened{}, err)
		}
	}
}

// wholeLines splits after newlines, and leaves a last line without one as it is, to be refused.
func wholeLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

func parseOpened(line []byte) (o Opened, err error) {
	rest, ok1 := bytes.CutPrefix(line, []byte(openedIndex))
	index, rest, ok2 := bytes.Cut(rest, []byte(openedKey))
	key, rest, ok3 := bytes.Cut(rest, []byte(openedRecord))
	record, ok4 := bytes.CutSuffix(rest, []byte(openedEnd))
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return o, errors.New(`not {"index":…,"key":"…","record":…}`)
	}
	if o.Index, err = parseNumber(string(index)); err != nil {
		return o, fmt.Errorf("index: %w", err)
	}
	k, err := decodeBase64(string(key))
	if err != nil || len(k) != len(o.Key) {
		return o, fmt.Errorf("key: not %d bytes in base64", len(o.Key))
	}
	o.Key, o.Record = [32]byte(k), record
	return o, nil
}
