package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Proof says that an entry stands in a log, after c2sp.org/tlog-proof: where, the hashes beside the way to
// the root, and the signed checkpoint with that root.
type Proof struct {
	Extra      []byte // further data that nothing vouches for; nil if there is none
	Index      uint64
	Hashes     []Hash // the leaf's sibling first
	Checkpoint []byte // a signed note, verbatim
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1"

	maxProofHashes = 64      // enough for 2^64 entries
	maxExtra       = 1 << 16 // bytes
)

// Text is the proof as a file.
func (p Proof) Text() []byte {
	b := append([]byte(proofHeader), '\n')
	if len(p.Extra) > 0 {
		b = append(append(b, "extra "...), base64.StdEncoding.EncodeToString(p.Extra)...)
		b = append(b, '\n')
	}
	b = strconv.AppendUint(append(b, "index "...), p.Index, 10)
	b = append(b, '\n')
	for _, h := range p.Hashes {
		b = append(append(b, h.String()...), '\n')
	}
	return append(append(b, '\n'), p.Checkpoint...)
}

// ParseProof reads a proof as [Proof.Text] writes it. It does not look into the checkpoint: [Verifier.Open] does.
func ParseProof(text []byte) (Proof, error) {
	p, err := parseProof(text)
	if err != nil {
		return Proof{}, fmt.Errorf("read proof: %w: %w", ErrMalformed, err)
	}
	return p, nil
}

func parseProof(text []byte) (p Proof, err error) {
	head, checkpoint, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok || len(checkpoint) == 0 || len(checkpoint) > maxNote {
		return p, errors.New("no empty line with a checkpoint after it")
	}
	if len(head) > 1<<18 {
		return p, errors.New("too long before the checkpoint")
	}
	p.Checkpoint = bytes.Clone(checkpoint)
	lines := strings.Split(string(head), "\n")
	if lines[0] != proofHeader {
		return p, fmt.Errorf("the first line is not %q", proofHeader)
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if p.Extra, err = decodeBase64(lines[0][len("extra "):]); err != nil {
			return p, fmt.Errorf("extra: %w", err)
		}
		if len(p.Extra) == 0 || len(p.Extra) > maxExtra {
			return p, fmt.Errorf("extra: %d bytes, not 1 to %d", len(p.Extra), maxExtra)
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return p, errors.New("no index")
	}
	if p.Index, err = parseNumber(lines[0][len("index "):]); err != nil {
		return p, fmt.Errorf("index: %w", err)
	}
	lines = lines[1:]
	if len(lines) > maxProofHashes {
		return p, fmt.Errorf("more than %d hashes", maxProofHashes)
	}
	for i, line := range lines {
		h, err := ParseHash(line)
		if err != nil {
			return p, fmt.Errorf("hash %d: %w", i+1, err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}
