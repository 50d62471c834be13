package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/avowhq/avow/ledger"
)

// A Kind is what an entry of the journal tells.
type Kind string

// The kinds of entry: what a database restored from a backup must not forget.
const (
	Erased     Kind = "erased"
	Withdrawn  Kind = "withdrawn"
	Objected   Kind = "objected"
	Restricted Kind = "restricted"
	Held       Kind = "held"
	Released   Kind = "released"
	Merged     Kind = "merged"     // with somebody whose no holds for both
	Checkpoint Kind = "checkpoint" // what the log had signed
)

func (k Kind) known() bool {
	switch k {
	case Erased, Withdrawn, Objected, Restricted, Held, Released, Merged, Checkpoint:
		return true
	}
	return false
}

// An Entry is one fact of the journal. It holds nothing personal in the clear: a subject is a random id,
// and what the event says is sealed with the person's ring.
type Entry struct {
	Kind    Kind
	At      ledger.Instant // when it was recorded; compaction goes by it
	Index   uint64         // of the entry in the log; of a checkpoint: none
	Size    uint64         // of the log, for a checkpoint
	Root    ledger.Hash    // of the log, for a checkpoint
	Subject [16]byte       // random id; zero for a checkpoint
	ID      ledger.EntryID // of the entry; zero if it has none
	Sealed  []byte         // the event, at most 1 MiB; nil if nothing is needed to do it again
}

// An entryLine is an entry as it is read. It is written by appendEntry, member by member in this order.
type entryLine struct {
	Kind    Kind           `json:"kind"`
	At      ledger.Instant `json:"at"`
	Index   uint64         `json:"index"`
	Size    uint64         `json:"size"`
	Root    string         `json:"root"`
	Subject string         `json:"subject"`
	ID      string         `json:"id"`
	Sealed  []byte         `json:"sealed"`
}

// appendEntry writes an entry as JSON. What is zero is left out.
func appendEntry(b []byte, e *Entry) []byte {
	b = append(b, `{"kind":"`...)
	b = append(b, e.Kind...)
	b = append(b, `","at":`...)
	b = strconv.AppendInt(b, int64(e.At), 10)
	b = appendNumber(b, `,"index":`, e.Index)
	b = appendNumber(b, `,"size":`, e.Size)
	b = appendHex(b, `,"root":"`, e.Root[:])
	b = appendHex(b, `,"subject":"`, e.Subject[:])
	b = appendHex(b, `,"id":"`, e.ID[:])
	if e.Sealed != nil {
		b = append(b, `,"sealed":"`...)
		b = base64.StdEncoding.AppendEncode(b, e.Sealed)
		b = append(b, '"')
	}
	return append(b, '}')
}

func appendNumber(b []byte, member string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(b, member...), n, 10)
}

func appendHex(b []byte, member string, value []byte) []byte {
	if allZero(value) {
		return b
	}
	return append(hex.AppendEncode(append(b, member...), value), '"')
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// UnmarshalJSON reads an entry.
func (e *Entry) UnmarshalJSON(text []byte) error {
	var l entryLine
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return err
	}
	*e = Entry{Kind: l.Kind, At: l.At, Index: l.Index, Size: l.Size, Sealed: l.Sealed}
	if !e.Kind.known() {
		return fmt.Errorf("kind %q is unknown", e.Kind)
	}
	if err := readHex(e.Root[:], l.Root); err != nil {
		return err
	}
	if err := readHex(e.Subject[:], l.Subject); err != nil {
		return err
	}
	return readHex(e.ID[:], l.ID)
}

func readHex(to []byte, text string) error {
	if text == "" {
		return nil
	}
	if len(text) != 2*len(to) {
		return fmt.Errorf("%d hex digits where %d belong", len(text), 2*len(to))
	}
	_, err := hex.Decode(to, []byte(text))
	return err
}
