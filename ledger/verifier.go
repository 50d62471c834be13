package ledger

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Why a proof is refused. Every refusal of [Receipt.Verify], [ParseReceipt] and [Verifier.Open] is one of these;
// errors.Is tells which.
var (
	ErrMalformed   = errors.New("not of the form")
	ErrUnknownLog  = errors.New("signed by none of the log keys given")
	ErrSignature   = errors.New("a signature is false")
	ErrWitnesses   = errors.New("too few witnesses have signed")
	ErrNotIncluded = errors.New("the proof does not lead from this record to the signed root")
)

// maxNote is the size of the largest signed note that is read: room for 16 signatures of any type there is,
// and for a text such as a policy.
const maxNote = 4 << 20

// A Verifier opens what logs signed. It knows the logs' keys and may know witnesses, of which it can demand
// some. It is safe for concurrent use.
type Verifier struct {
	logs      keyring
	witnesses keyring
	demanded  int
}

// NewVerifier trusts these log keys (vkeys of Ed25519, type 0x01).
func NewVerifier(vkey ...string) (*Verifier, error) {
	if len(vkey) == 0 {
		return nil, errors.New("read verifier key: none is given")
	}
	v := &Verifier{logs: keyring{}}
	for _, k := range vkey {
		key, err := note.NewVerifier(k)
		if err != nil {
			return nil, fmt.Errorf("read verifier key: %w", err)
		}
		if err := v.logs.add(key); err != nil {
			return nil, fmt.Errorf("read verifier key: %w", err)
		}
	}
	return v, nil
}

// WithWitnesses returns a verifier that also checks the cosignatures of these witnesses (vkeys of type 0x04,
// c2sp.org/tlog-cosignature), and demands n of them on every checkpoint.
func (v *Verifier) WithWitnesses(n int, vkey ...string) (*Verifier, error) {
	with := &Verifier{logs: v.logs, witnesses: keyring{}, demanded: n}
	for _, k := range vkey {
		key, err := newWitness(k)
		if err != nil {
			return nil, fmt.Errorf("read witness key: %w", err)
		}
		if err := with.witnesses.add(key); err != nil {
			return nil, fmt.Errorf("read witness key: %w", err)
		}
	}
	if n < 0 || n > len(vkey) {
		return nil, fmt.Errorf("read witness key: %d are demanded of %d", n, len(vkey))
	}
	return with, nil
}

// Open checks a signed checkpoint: a signature by a known log key whose name is the origin, no false signature by
// any known key, and the cosignatures demanded.
func (v *Verifier) Open(signed []byte) (Checkpoint, error) {
	c, _, err := v.open(signed)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	return c, nil
}

// Cosignatures are those of known witnesses on a checkpoint that Open accepts, in the order of the note.
func (v *Verifier) Cosignatures(signed []byte) ([]Cosignature, error) {
	_, all, err := v.open(signed)
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	return all, nil
}

// OpenText checks a note that [Signer.Sign] made and returns its text. It opens no checkpoint.
func (v *Verifier) OpenText(signed []byte) (string, error) {
	n, err := openNote(signed, v.logs)
	if err != nil {
		return "", fmt.Errorf("open text: %w", err)
	}
	for _, s := range n.Sigs {
		if firstLine(n.Text) == s.Name {
			return "", fmt.Errorf("open text: %w: it begins like a checkpoint", ErrMalformed)
		}
	}
	return n.Text, nil
}

func (v *Verifier) open(signed []byte) (c Checkpoint, cosigned []Cosignature, err error) {
	n, err := openNote(signed, v.both())
	if err != nil {
		return c, nil, err
	}
	if c, err = parseCheckpoint(n.Text); err != nil {
		return c, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	byLog := false
	for _, s := range n.Sigs {
		id := keyID{s.Name, s.Hash}
		if _, ok := v.logs[id]; ok && s.Name == c.Origin {
			byLog = true
		}
		if _, ok := v.witnesses[id]; ok {
			cosigned = append(cosigned, newCosignature(s))
		}
	}
	if !byLog {
		return Checkpoint{}, nil, ErrUnknownLog
	}
	if len(cosigned) < v.demanded {
		return Checkpoint{}, nil, fmt.Errorf("%w: %d of %d", ErrWitnesses, len(cosigned), v.demanded)
	}
	return c, cosigned, nil
}

// both finds the keys of logs and witnesses.
func (v *Verifier) both() keyring {
	if len(v.witnesses) == 0 {
		return v.logs
	}
	all := maps.Clone(v.logs)
	maps.Copy(all, v.witnesses)
	return all
}

// openNote checks all signatures by known keys.
func openNote(signed []byte, known keyring) (*note.Note, error) {
	if len(signed) > maxNote {
		return nil, fmt.Errorf("%w: a note of more than %d bytes", ErrMalformed, maxNote)
	}
	n, err := note.Open(signed, known)
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return nil, ErrUnknownLog
	}
	if _, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	for line := range strings.Lines(string(signed[len(n.Text)+1:])) {
		// One text for one meaning here too: note's decoder takes loose bits at the end.
		if _, err := decodeBase64(strings.TrimSuffix(line[strings.LastIndexByte(line, ' ')+1:], "\n")); err != nil {
			return nil, fmt.Errorf("%w: signature: %w", ErrMalformed, err)
		}
	}
	return n, nil
}

// A keyID tells a key by its name and the short hash that stands in signature lines.
type keyID struct {
	name string
	hash uint32
}

// A keyring finds the keys it knows, for [note.Open].
type keyring map[keyID]note.Verifier

func (k keyring) add(key note.Verifier) error {
	id := keyID{key.Name(), key.KeyHash()}
	if _, twice := k[id]; twice {
		return errors.New("one key is given twice")
	}
	k[id] = key
	return nil
}

// Verifier is what [note.Verifiers] asks for.
func (k keyring) Verifier(name string, hash uint32) (note.Verifier, error) {
	if key, ok := k[keyID{name, hash}]; ok {
		return key, nil
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}
