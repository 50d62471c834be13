package vault

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// fileVersion is the format that this code writes, and the only one it reads.
const fileVersion = 1

// An envelope is the key file: what it is, its version, and a checksum over the keys as they stand. A
// flipped bit in a key would otherwise be another key, and everything sealed would seem lost.
type envelope struct {
	Avow    string          `json:"avow"` // "keys"
	Version int             `json:"version"`
	Sum     string          `json:"sum"` // SHA-256 of keys without white space, in hex
	Keys    json.RawMessage `json:"keys"`
}

// A document is the key material. It is changed by writing a new one.
type document struct {
	Generation uint64       `json:"generation"` // 1, and one more with each change
	Log        []logKey     `json:"log"`        // the last one signs
	Epochs     []epochKey   `json:"epochs"`     // numbered from 1; the last one is current
	Lookup     []*lookupKey `json:"lookup"`
}

// A logKey is a generation of the log. Its private part goes when the next one comes.
type logKey struct {
	Public  string    `json:"public"` // C2SP vkey, with the origin in it
	Private string    `json:"private,omitempty"`
	Created time.Time `json:"created"`
}

type epochKey struct {
	Number    int64      `json:"number"`
	State     EpochState `json:"state"`
	Created   time.Time  `json:"created"`
	Retired   time.Time  `json:"retired,omitzero"`
	Escrow    time.Time  `json:"escrow,omitzero"` // its end
	Destroyed time.Time  `json:"destroyed,omitzero"`
	Key       []byte     `json:"key,omitempty"` // 32 bytes until it is destroyed
}

type lookupKey struct {
	Use     Use       `json:"use"`
	ID      int64     `json:"id"`
	Created time.Time `json:"created"`
	From    time.Time `json:"from"`          // hashes are written under it from here on
	Ends    time.Time `json:"ends,omitzero"` // none for the newest of a use
	Key     []byte    `json:"key"`           // 32 bytes
}

// clone copies a document so far that changing it leaves the original alone. Keys are never changed in place.
func (d *document) clone() *document {
	c := *d
	c.Log = slices.Clone(d.Log)
	c.Epochs = slices.Clone(d.Epochs)
	c.Lookup = nil
	for _, l := range d.Lookup {
		copied := *l
		c.Lookup = append(c.Lookup, &copied)
	}
	return &c
}

// encode writes the key file.
func (d *document) encode() ([]byte, error) {
	keys, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(keys)
	text, err := json.MarshalIndent(envelope{Avow: "keys", Version: fileVersion, Sum: hex.EncodeToString(sum[:]), Keys: keys}, "", "  ")
	return append(text, '\n'), err
}

// parseDocument reads a key file. What the JSON package complains of may quote the file, so its errors
// end here; ours say where and never what.
func parseDocument(text []byte) (*document, error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("%w%s, or half-written", ErrDamaged, place(err))
	}
	if e.Avow != "keys" {
		return nil, fmt.Errorf("%w: it is no key file of avow", ErrDamaged)
	}
	if e.Version != fileVersion {
		return nil, fmt.Errorf("%w %d: this avow knows version %d; a newer one wrote the file", ErrVersion, e.Version, fileVersion)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, e.Keys); err != nil {
		return nil, fmt.Errorf("%w: it has no keys in it", ErrDamaged)
	}
	sum := sha256.Sum256(compact.Bytes())
	if written, err := hex.DecodeString(e.Sum); err != nil || subtle.ConstantTimeCompare(written, sum[:]) != 1 {
		return nil, fmt.Errorf("%w: the checksum does not fit the keys", ErrDamaged)
	}
	d := &document{}
	r := json.NewDecoder(&compact)
	r.DisallowUnknownFields()
	if err := r.Decode(d); err != nil {
		return nil, fmt.Errorf("%w: a member is not what version %d has there", ErrDamaged, fileVersion)
	}
	return d, d.check()
}

// place says where a text stops being JSON.
func place(err error) string {
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf(" at byte %d", s.Offset)
	}
	return ""
}

// check refuses a document that the code below could not have written.
func (d *document) check() error {
	if d.Generation == 0 {
		return fmt.Errorf("%w: it has no generation", ErrDamaged)
	}
	if len(d.Log) == 0 {
		return fmt.Errorf("%w: it has no log key", ErrDamaged)
	}
	for i, l := range d.Log {
		if last := i == len(d.Log)-1; (l.Private != "") != last {
			return fmt.Errorf("%w: log key %d of %d: only the last one has a private part", ErrDamaged, i+1, len(d.Log))
		}
	}
	if len(d.Epochs) == 0 {
		return fmt.Errorf("%w: it has no epoch", ErrDamaged)
	}
	for i := range d.Epochs {
		if err := d.Epochs[i].check(int64(i)+1, i == len(d.Epochs)-1); err != nil {
			return err
		}
	}
	return d.checkLookup()
}

func (e *epochKey) check(number int64, last bool) error {
	size := keySize
	if e.State == Destroyed {
		size = 0
	}
	switch {
	case e.Number != number:
		return fmt.Errorf("%w: epoch %d stands where epoch %d belongs", ErrDamaged, e.Number, number)
	case last != (e.State == Current):
		return fmt.Errorf("%w: epoch %d: the last epoch is current, and no other", ErrDamaged, number)
	case e.State != Current && e.State != Retired && e.State != Destroyed:
		return fmt.Errorf("%w: epoch %d has an unknown state", ErrDamaged, number)
	case len(e.Key) != size:
		return fmt.Errorf("%w: the key of epoch %d has %d bytes, want %d", ErrDamaged, number, len(e.Key), size)
	}
	return nil
}

// checkLookup wants the keys of each use in the order of their ids, and only the last one without end.
func (d *document) checkLookup() error {
	newest := map[Use]*lookupKey{}
	for _, l := range d.Lookup {
		switch before := newest[l.Use]; {
		case len(l.Key) != keySize:
			return fmt.Errorf("%w: a look-up key has %d bytes, want %d", ErrDamaged, len(l.Key), keySize)
		case l.ID < 1 || before != nil && (before.ID >= l.ID || before.Ends.IsZero()):
			return fmt.Errorf("%w: the look-up keys of a use are out of order", ErrDamaged)
		}
		newest[l.Use] = l
	}
	for _, l := range newest {
		if !l.Ends.IsZero() {
			return fmt.Errorf("%w: the newest look-up key of a use has an end", ErrDamaged)
		}
	}
	return nil
}
