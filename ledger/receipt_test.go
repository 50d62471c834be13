package ledger_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/avowhq/avow/ledger"
)

type receiptVector struct {
	Name      string   `json:"name"`
	Logs      []string `json:"logs,omitempty"`      // vkeys; the log's own where there are none
	Witnesses []string `json:"witnesses,omitempty"` // vkeys
	Demand    int      `json:"demand,omitempty"`
	Reason    string   `json:"reason"` // why it is refused; "" for a good one
	Index     uint64   `json:"index"`
	Size      uint64   `json:"size"`
	Record    string   `json:"record,omitempty"` // canonical, of a good one
	Receipt   string   `json:"receipt"`
}

var reasons = map[string]error{
	"": nil, "malformed": ledger.ErrMalformed, "unknown-log": ledger.ErrUnknownLog, "signature": ledger.ErrSignature,
	"witnesses": ledger.ErrWitnesses, "not-included": ledger.ErrNotIncluded,
}

const (
	witness1, witness2, witness3 = "witness.example.com/one", "witness.example.com/two", "witness.example.com/three"
	witnessed                    = 1793527200
)

func witnessKey(name string) string {
	_, vkey := keyPair(name, 4, name)
	return vkey
}

// textOf is a receipt as a file.
func textOf(r ledger.Receipt) string { return string(must(r.JSON())) }

// swap replaces text that must be there.
func swap(s, old, other string) string {
	if !strings.Contains(s, old) {
		panic("nothing to replace: " + old)
	}
	return strings.Replace(s, old, other, 1)
}

// goodReceipts are genuine, in all the ways that a file can come back.
func goodReceipts(m *made) []receiptVector {
	plain := m.receipt(7, 300)
	cosigned := m.receipt(7, 300)
	cosigned.Proof.Checkpoint = cosign(cosign(cosigned.Proof.Checkpoint, witness1, witness1, witnessed), witness2, witness2, witnessed+1)
	extra := m.receipt(7, 300)
	extra.Proof.Extra = []byte("anything")
	unknown := m.receipt(7, 300)
	unknown.Proof.Checkpoint = append(unknown.Proof.Checkpoint, "— somebody.example.com AAAAAAAAAAAA\n"...)
	twice := m.receipt(7, 300)
	twice.Proof.Checkpoint = append(twice.Proof.Checkpoint, twice.Proof.Checkpoint[bytes.LastIndex(twice.Proof.Checkpoint, []byte("\n\n"))+2:]...)
	extended := m.receipt(7, 300)
	extended.Proof.Checkpoint = signNote(origin, "log", ledgerBody(origin, 300, m.roots[300])+"an extension\n")

	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(textOf(plain))); err != nil {
		panic(err)
	}
	var unusual bytes.Buffer
	if err := json.Compact(&unusual, []byte(textOf(m.receipt(5, 300)))); err != nil {
		panic(err)
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(textOf(plain)), &members); err != nil {
		panic(err)
	}
	_, otherKey := keyPair(otherOrigin, 1, "other log")
	return []receiptVector{
		{Name: "as it is issued", Receipt: textOf(plain), Index: 7, Size: 300},
		{Name: "the first entry", Receipt: textOf(m.receipt(0, 300)), Index: 0, Size: 300},
		{Name: "the last entry", Receipt: textOf(m.receipt(299, 300)), Index: 299, Size: 300},
		{Name: "the only entry", Receipt: textOf(m.receipt(0, 1)), Index: 0, Size: 1},
		{Name: "under an older checkpoint", Receipt: textOf(m.receipt(7, 200)), Index: 7, Size: 200},
		{Name: "where the tiles meet", Receipt: textOf(m.receipt(256, 257)), Index: 256, Size: 257},
		{Name: "with unusual texts", Receipt: textOf(m.receipt(5, 300)), Index: 5, Size: 300},
		{Name: "compact", Receipt: compact.String(), Index: 7, Size: 300},
		{Name: "members in another order", Receipt: string(must(json.MarshalIndent(members, "", "\t"))), Index: 7, Size: 300},
		{Name: "other escapes", Receipt: escapeAll(compact.String()), Index: 7, Size: 300},
		{Name: "surrogate pairs as escapes", Receipt: escapeAll(unusual.String()), Index: 5, Size: 300},
		{Name: "escaped slashes", Receipt: strings.ReplaceAll(textOf(plain), "/", `\/`), Index: 7, Size: 300},
		{Name: "through an editor", Receipt: "\ufeff" + strings.ReplaceAll(textOf(plain), "\n", "\r\n"), Index: 7, Size: 300},
		{Name: "two keys are trusted", Receipt: textOf(plain), Logs: []string{otherKey, m.signer.Key()}, Index: 7, Size: 300},
		{Name: "with data that nothing vouches for", Receipt: textOf(extra), Index: 7, Size: 300},
		{Name: "signed by somebody unknown too", Receipt: textOf(unknown), Index: 7, Size: 300},
		{Name: "signed twice", Receipt: textOf(twice), Index: 7, Size: 300},
		{Name: "a checkpoint with an extension", Receipt: textOf(extended), Index: 7, Size: 300},
		{Name: "two witnesses of three", Receipt: textOf(cosigned), Witnesses: []string{witnessKey(witness1), witnessKey(witness2), witnessKey(witness3)}, Demand: 2, Index: 7, Size: 300},
		{Name: "witnesses that nobody asks for", Receipt: textOf(cosigned), Index: 7, Size: 300},
		{Name: "witnesses known and not demanded", Receipt: textOf(plain), Witnesses: []string{witnessKey(witness1)}, Index: 7, Size: 300},
	}
}

// badReceipts are refused, each for one reason.
func badReceipts(m *made) []receiptVector {
	good := textOf(m.receipt(7, 300))
	changed := func(change func(*ledger.Receipt)) string {
		r := m.receipt(7, 300)
		change(&r)
		return textOf(r)
	}
	note := func(text string) string {
		return changed(func(r *ledger.Receipt) { r.Proof.Checkpoint = []byte(text) })
	}
	sig := func(b []byte) string { return string(b[bytes.LastIndex(b, []byte("\n\n"))+2:]) }
	list := []receiptVector{}
	refused := func(reason, name, receipt string) {
		list = append(list, receiptVector{Name: name, Reason: reason, Receipt: receipt})
	}
	body := ledgerBody(origin, 300, m.roots[300])
	signed := string(m.checkpoint(300))
	first := m.receipt(7, 300).Proof.Hashes[0].String()

	const at = "2026-10-31T10:00:07.250021Z" // recorded
	for _, c := range [][3]string{
		{"of another form", `"receipt/v1"`, `"receipt/v2"`},
		{"a member too many", `"key":`, `"note": "paid in full", "key":`},
		{"a member twice", `"key":`, `"key": "", "key":`},
		{"a member of the record twice", `"number":`, `"purpose": "billing", "number":`},
		{"a member of the record too many", `"site":`, `"paid": true, "site":`},
		{"no key", `"key":`, `"kee":`},
		{"a fraction of nothing", `"number": 7`, `"number": 7.0`},
		{"an exponent", `"number": 7`, `"number": 7e0`},
		{"a number beyond 2^53−1", `"number": 7`, `"number": 9007199254740993`},
		{"half a surrogate pair", `"newsletter"`, `"newsletter\ud800"`},
		{"half a pair and a letter", `"newsletter"`, `"\ud800\u0041"`},
		{"the second half of a pair", `"newsletter"`, `"\udc00"`},
		{"half an escape", `"newsletter"`, `"\u00"`},
		{"an escape that is none", `"newsletter"`, `"\x41"`},
		{"a line within a text", `"newsletter"`, "\"news\nletter\""},
		{"something after it", "\n}\n", "\n}\n{}"},
		{"a comma too many", "\n}\n", ",\n}\n"},
		{"a comment", `"key":`, "/* */ \"key\":"},
		{"a record of form 2", `"v": 1`, `"v": 2`},
		{"a time without microseconds", `.250021Z`, `.25Z`},
		{"a time of another zone", at, "2026-10-31T10:00:07.250021+00:00"},
		{"a time in small letters", at, "2026-10-31t10:00:07.250021z"},
		{"a time with a comma", at, "2026-10-31T10:00:07,250021Z"},
		{"a day that does not exist", at, "2026-02-29T10:00:07.250021Z"},
		{"an hour that does not exist", at, "2026-10-31T24:00:00.000000Z"},
		{"a leap second", at, "2016-12-31T23:59:60.000000Z"},
		{"a year that does not exist", at, "0000-10-31T10:00:07.250021Z"},
		{"a time that is not set", at, "1970-01-01T00:00:00.000000Z"},
		{"no kind", `"request.received"`, `""`},
		{"a clause is a number", `"1.2"`, `1.2`},
		{"another proof", `c2sp.org/tlog-proof@v1`, `c2sp.org/tlog-proof@v2`},
		{"an index with a zero before", `index 7\n`, `index 07\n`},
		{"an index with a sign", `index 7\n`, `index +7\n`},
		{"an index beyond 64 bits", `index 7\n`, `index 18446744073709551616\n`},
		{"no index", `index 7\n`, ``},
		{"an empty extra", `index 7\n`, `extra \nindex 7\n`},
		{"a hash cut short", first, first[4:]},
		{"a hash with loose bits", first, loose(first)},
		{"a hash with a line end", first, first[:20] + `\r` + first[20:]},
		{"no checkpoint", `\n\n` + origin, `\n` + origin},
		{"a key of 31 bytes", keyText(m, 7), base64.StdEncoding.EncodeToString(m.keys[7][:31])},
		{"a key with loose bits", keyText(m, 7), loose(keyText(m, 7))},
	} {
		refused("malformed", c[0], swap(good, c[1], c[2]))
	}
	refused("malformed", "no JSON", "receipt")
	refused("malformed", "nothing", "")
	refused("malformed", "a list", "["+good+"]")
	refused("malformed", "too deep", swap(good, `"number": 7`, `"number": `+strings.Repeat("[", 80)+strings.Repeat("]", 80)))
	refused("malformed", "too many hashes", changed(func(r *ledger.Receipt) { r.Proof.Hashes = make([]ledger.Hash, 65) }))
	refused("malformed", "a checkpoint without signatures", note(body+"\n"))
	refused("malformed", "a signature without a name", note(body+"\n— "+sig(m.checkpoint(300))[4+len(origin):]))
	refused("malformed", "a signature with loose bits", note(body+"\n"+loose(sig(m.checkpoint(300)))))
	refused("malformed", "a control character in the checkpoint", note("\x01"+signed))
	refused("malformed", "more than a hundred signatures", note(signed+strings.Repeat("— somebody.example.com AAAAAAAAAAAA\n", 100)))
	refused("malformed", "signed, but no checkpoint", note(string(signNote(origin, "log", origin+"\n300\n"))))
	refused("malformed", "signed, but a size with a zero before", note(string(signNote(origin, "log", swap(body, "300", "0300")))))
	refused("malformed", "signed, but an empty extension", note(string(signNote(origin, "log", body+"\nmore\n"))))

	refused("unknown-log", "of another log", note(string(otherCheckpoint(300))))
	refused("unknown-log", "another key of the same name", note(string(signNote(origin, "nobody knows", body))))
	refused("unknown-log", "another origin under our key", note(string(signNote(origin, "log", ledgerBody(otherOrigin, 300, m.roots[300])))))
	refused("signature", "the size was changed", note(swap(signed, "\n300\n", "\n301\n")))
	refused("signature", "the root was changed", note(swap(signed, m.roots[300].String(), m.roots[299].String())))
	refused("signature", "the signature of another checkpoint", note(body+"\n"+sig(m.checkpoint(299))))
	refused("signature", "an extension that was not signed", note(swap(signed, "\n\n", "\nmore\n\n")))
	refused("signature", "a signature cut short", note(body+"\n— "+origin+" "+base64.StdEncoding.EncodeToString(must(base64.StdEncoding.DecodeString(strings.Fields(sig(m.checkpoint(300)))[2]))[:60])+"\n"))

	refused("not-included", "the record was changed", swap(good, "newsletter", "newsletters"))
	refused("not-included", "the time was changed", swap(good, ".250021Z", ".250022Z"))
	refused("not-included", "a clause was taken out", swap(good, `"1.2",`, ``))
	refused("not-included", "the key of another entry", swap(good, keyText(m, 7), keyText(m, 8)))
	refused("not-included", "the index of another entry", swap(good, `index 7\n`, `index 8\n`))
	refused("not-included", "an index beyond the log", swap(good, `index 7\n`, `index 300\n`))
	refused("not-included", "a huge index", swap(good, `index 7\n`, `index 18446744073709551615\n`))
	refused("not-included", "a hash too few", changed(func(r *ledger.Receipt) { r.Proof.Hashes = r.Proof.Hashes[1:] }))
	refused("not-included", "a hash too many", changed(func(r *ledger.Receipt) { r.Proof.Hashes = append(r.Proof.Hashes, m.roots[1]) }))
	refused("not-included", "no hashes", changed(func(r *ledger.Receipt) { r.Proof.Hashes = nil }))
	refused("not-included", "two hashes in the wrong order", changed(func(r *ledger.Receipt) { h := r.Proof.Hashes; h[0], h[1] = h[1], h[0] }))
	refused("not-included", "the proof of another entry", changed(func(r *ledger.Receipt) { r.Proof = m.receipt(8, 300).Proof }))
	refused("not-included", "the proof under another checkpoint", note(string(m.checkpoint(299))))
	refused("not-included", "in the empty log", note(string(m.checkpoint(0))))
	return append(list, badWitnesses(m)...)
}

// badWitnesses have too few witnesses, or false ones.
func badWitnesses(m *made) []receiptVector {
	all := []string{witnessKey(witness1), witnessKey(witness2), witnessKey(witness3)}
	list := []receiptVector{}
	refused := func(reason, name string, checkpoint []byte) {
		r := m.receipt(7, 300)
		r.Proof.Checkpoint = checkpoint
		list = append(list, receiptVector{Name: name, Reason: reason, Receipt: textOf(r), Witnesses: all, Demand: 2})
	}
	signed := m.checkpoint(300)
	one := cosign(signed, witness1, witness1, witnessed)
	refused("witnesses", "no witness", signed)
	refused("witnesses", "one witness of two", one)
	refused("witnesses", "one witness twice", cosign(one, witness1, witness1, witnessed+60))
	refused("witnesses", "a witness that nobody named", cosign(one, "witness.example.com/four", "four", witnessed))
	refused("signature", "a witness of another checkpoint", append(bytes.Clone(one), lastLine(cosign(m.checkpoint(299), witness2, witness2, witnessed))...))
	refused("signature", "a witness at another time", bytes.Replace(cosign(one, witness2, witness2, witnessed), lastLine(cosign(one, witness2, witness2, witnessed)), retimed(lastLine(cosign(one, witness2, witness2, witnessed))), 1))
	refused("unknown-log", "witnesses and no log", append([]byte(ledgerBody(origin, 300, m.roots[300])+"\n"), lastLine(one)...))
	return list
}

// retimed puts another time into a cosignature.
func retimed(line []byte) []byte {
	fields := strings.Fields(string(line))
	raw := must(base64.StdEncoding.DecodeString(fields[2]))
	raw[11]++
	return fmt.Appendf(nil, "%s %s %s\n", fields[0], fields[1], base64.StdEncoding.EncodeToString(raw))
}

func lastLine(b []byte) []byte {
	lines := bytes.SplitAfter(b, []byte("\n"))
	return lines[len(lines)-2]
}

func ledgerBody(origin string, size int, root ledger.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
}

func keyText(m *made, i int) string { return base64.StdEncoding.EncodeToString(m.keys[i][:]) }

// loose sets a bit that base64 does not use: most decoders see the same bytes.
func loose(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := []byte(s)
	i := bytes.IndexByte(b, '=') - 1
	b[i] = alphabet[strings.IndexByte(alphabet, b[i])^1]
	return string(b)
}

// escapeAll writes every character of every string as \uXXXX.
func escapeAll(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '"' {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		quoted := must(strconv.QuotedPrefix(s))
		s = s[len(quoted):]
		var text string
		if err := json.Unmarshal([]byte(quoted), &text); err != nil {
			panic(err)
		}
		b.WriteByte('"')
		for _, unit := range utf16.Encode([]rune(text)) {
			fmt.Fprintf(&b, `\u%04X`, unit)
		}
		b.WriteByte('"')
	}
	return b.String()
}

// TestVectorsOfReceipts refuses each receipt for the reason it was made for.
func TestVectorsOfReceipts(t *testing.T) {
	m := makeLog(vectorLog)
	var file struct {
		About    string          `json:"about"`
		Log      string          `json:"log"`
		Receipts []receiptVector `json:"receipts"`
	}
	file.About = "Receipts with what verifying must say. Where a case names no log keys, the key in log is trusted. See docs/spec/ledger.md."
	file.Log = m.signer.Key()
	file.Receipts = append(goodReceipts(m), badReceipts(m)...)
	seen := map[string]int{}
	for i := range file.Receipts {
		c := &file.Receipts[i]
		record, head, err := check(t, c, file.Log)
		if !errors.Is(err, reasons[c.Reason]) || (err != nil) != (c.Reason != "") {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if seen[c.Reason]++; err != nil {
			continue
		}
		if head.Size != c.Size || head.Root != m.roots[c.Size] || head.Origin != origin {
			t.Errorf("%s: %+v", c.Name, head)
		}
		b, err := record.AppendCanonical(nil)
		if err != nil || !bytes.Equal(b, m.records[c.Index]) {
			t.Errorf("%s: %s, %v", c.Name, b, err)
		}
		c.Record = string(b)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(reasons))) {
		t.Errorf("reasons seen: %v", seen)
	}
	golden(t, "receipts.json", indented(file))
}

func check(t *testing.T, c *receiptVector, log string) (ledger.Record, ledger.Checkpoint, error) {
	t.Helper()
	logs := c.Logs
	if logs == nil {
		logs = []string{log}
	}
	v, err := ledger.NewVerifier(logs...)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = v.WithWitnesses(c.Demand, c.Witnesses...); err != nil {
		t.Fatal(err)
	}
	return ledger.CheckReceipt([]byte(c.Receipt), v)
}
