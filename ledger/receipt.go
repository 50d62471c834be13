package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// A Receipt proves to anybody that a record is in a log: it opens one leaf and not its neighbours. It belongs
// to the person whom the record concerns, for it holds what the record says.
type Receipt struct {
	Record []byte   // canonical
	Key    [32]byte // k_entry, which opens this one leaf
	Proof  Proof    // with a signed checkpoint
}

const receiptForm = "receipt/v1"

// MaxReceipt is the size of the largest receipt that is read, in bytes.
const MaxReceipt = 16 << 20

// JSON is the receipt as a file, indented for people: an object with the members avow ("receipt/v1"), record (the
// record itself), key (base64) and proof (the text of c2sp.org/tlog-proof). White space, the order of members
// and the way strings are escaped can change afterwards and it still verifies; it fails for a record that is not
// canonical.
func (r Receipt) JSON() ([]byte, error) {
	if _, err := ParseRecord(r.Record); err != nil {
		return nil, fmt.Errorf("write receipt: %w", err)
	}
	b := []byte(`{"avow":"` + receiptForm + `","record":`)
	b = append(append(b, r.Record...), `,"key":"`...)
	b = base64.StdEncoding.AppendEncode(b, r.Key[:])
	b = AppendJSONString(append(b, `","proof":`...), string(r.Proof.Text()))
	b = append(b, '}')
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, fmt.Errorf("write receipt: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// ParseReceipt reads a receipt, in whatever layout it comes back. It refuses members that a receipt does not
// have, since nothing would prove them, and repeated ones, which two readers could understand in two ways.
func ParseReceipt(b []byte) (Receipt, error) {
	r, err := parseReceipt(b)
	if err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w: %w", ErrMalformed, err)
	}
	return r, nil
}

func parseReceipt(b []byte) (r Receipt, err error) {
	if len(b) > MaxReceipt {
		return r, fmt.Errorf("more than %d bytes", MaxReceipt)
	}
	v, err := parseJSON(bytes.TrimPrefix(b, []byte("\ufeff"))) // some editors put a byte order mark there
	if err != nil {
		return r, err
	}
	form, record, key, proof, err := receiptMembers(v)
	if err != nil {
		return r, err
	}
	if form != receiptForm {
		return r, fmt.Errorf("avow is not %q", receiptForm)
	}
	r.Record = record.appendCanonical(nil)
	if _, err := ParseRecord(r.Record); err != nil {
		return r, fmt.Errorf("record: %w", err)
	}
	k, err := decodeBase64(key)
	if err != nil || len(k) != len(r.Key) {
		return r, fmt.Errorf("key: not %d bytes in base64", len(r.Key))
	}
	r.Key = [32]byte(k)
	if r.Proof, err = parseProof([]byte(proof)); err != nil {
		return r, fmt.Errorf("proof: %w", err)
	}
	return r, nil
}

// receiptMembers are the four, and there is no fifth.
func receiptMembers(v value) (form string, record value, key, proof string, err error) {
	if v.kind != '{' || len(v.members) != 4 {
		return "", value{}, "", "", errors.New("not an object with the members avow, record, key and proof")
	}
	record, ok := v.member("record")
	if !ok || record.kind != '{' {
		return "", value{}, "", "", errors.New("record: not an object")
	}
	for name, into := range map[string]*string{"avow": &form, "key": &key, "proof": &proof} {
		m, ok := v.member(name)
		if !ok || m.kind != '"' {
			return "", value{}, "", "", fmt.Errorf("%s: not a string", name)
		}
		*into = m.text
	}
	return form, record, key, proof, nil
}

// Verify checks that the record is in a log that v knows, and returns what was proven: the record, and the
// checkpoint under which it stands at r.Proof.Index. The errors are told apart by [ErrMalformed] and its neighbours.
func (r Receipt) Verify(v *Verifier) (Record, Checkpoint, error) {
	record, err := ParseRecord(r.Record)
	if err != nil {
		return Record{}, Checkpoint{}, fmt.Errorf("verify receipt: %w: %w", ErrMalformed, err)
	}
	head, err := v.Open(r.Proof.Checkpoint)
	if err != nil {
		return Record{}, Checkpoint{}, fmt.Errorf("verify receipt: %w", err)
	}
	leaf := NewLeaf(r.Key, r.Record)
	if err := VerifyInclusion(r.Proof.Index, head.Size, leaf.Hash(), r.Proof.Hashes, head.Root); err != nil {
		return Record{}, Checkpoint{}, fmt.Errorf("verify receipt: %w: %w", ErrNotIncluded, err)
	}
	return record, head, nil
}

// CheckReceipt reads a receipt's file and verifies it.
func CheckReceipt(b []byte, v *Verifier) (Record, Checkpoint, error) {
	r, err := ParseReceipt(b)
	if err != nil {
		return Record{}, Checkpoint{}, err
	}
	return r.Verify(v)
}
