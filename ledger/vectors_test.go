package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/avowhq/avow/ledger"
)

var update = flag.Bool("update", false, "write the test vectors anew")

// golden compares a file below testdata/vectors with what the package makes of the same input.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata/vectors", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./ledger -update writes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what the package makes. Others rely on these bytes: a change needs an ADR.", path)
	}
}

// indented is a value as a vector file.
func indented(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

type recordVector struct {
	Name      string `json:"name"`
	Canonical string `json:"canonical"`
	SHA256    string `json:"canonical_sha256_hex"`
	RingKey   string `json:"ring_key_hex"`
	EntryID   string `json:"entry_id_hex"`
	Key       string `json:"k_entry_hex"`
	Leaf      string `json:"leaf_hex"`
	LeafHash  string `json:"leaf_hash"`
}

type refusedVector struct {
	Name      string `json:"name"`
	Canonical string `json:"text"`
}

// recordCases are what writers of records get wrong.
func recordCases() map[string]ledger.Record {
	least := ledger.Record{V: 1, Kind: "k", At: 1, Recorded: 1}
	vary := func(change func(*ledger.Record)) ledger.Record {
		r := least
		change(&r)
		return r
	}
	return map[string]ledger.Record{
		"a typical record":                madeRecord(0),
		"the least there is":              least,
		"the earliest and latest instant": vary(func(r *ledger.Record) { r.At, r.Recorded = -62135596800000000, 253402300799999999 }),
		"before 1970":                     vary(func(r *ledger.Record) { r.At, r.Recorded = -1, 951782399999999 }),
		"a leap day":                      vary(func(r *ledger.Record) { r.At, r.Recorded = 951782400000000, 4107542399999999 }),
		"texts with escapes": vary(func(r *ledger.Record) {
			r.Site, r.Version, r.Clauses = "a\"b\\c/d", "\x00\x01\b\t\n\v\f\r\x1f\x7f", []string{"", "\u2028\u2029"}
		}),
		"texts beyond ASCII": vary(func(r *ledger.Record) {
			r.Site, r.Clauses = "Grüße, ☃ 𝄞 \uffff", []string{"שלום", "e\u0301"}
		}),
		"members in UTF-16 order": vary(func(r *ledger.Record) {
			r.Body = []byte("{\"\":0,\"\\n\":1,\"\\r\":2,\"1\":3,\"A\":4,\"__proto__\":5,\"a\":6,\"ö\":7,\"€\":8,\"\U0001f600\":9,\"\ufb33\":10}")
		}),
		"numbers": vary(func(r *ledger.Record) {
			r.Body = []byte(`{"a":[0,-1,9007199254740991,-9007199254740991],"b":null,"c":[true,false]}`)
		}),
		"empty and deep": vary(func(r *ledger.Record) { r.Body = []byte(`{"a":{},"b":[],"c":[[[[{"d":[{}]}]]]]}`) }),
		"longer than a kilobyte": vary(func(r *ledger.Record) {
			r.Body = append(append([]byte(`{"a":"`), bytes.Repeat([]byte("0123456789"), 150)...), `"}`...)
		}),
	}
}

// refusedRecords are texts that no reader may take for a record.
func refusedRecords() []refusedVector {
	const good = `{"at":"2026-11-24T09:30:00.000000Z","body":{"a":1},"clauses":["1"],"kind":"k","recorded":"2026-11-24T09:30:00.000000Z","site":"s","v":1,"version":"3"}`
	list := []refusedVector{}
	for _, c := range [][3]string{
		{"a space", `"a":1`, `"a": 1`},
		{"a line at the end", `"3"}`, "\"3\"}\n"},
		{"members out of order", `"kind":"k","recorded":"2026-11-24T09:30:00.000000Z"`, `"recorded":"2026-11-24T09:30:00.000000Z","kind":"k"`},
		{"a member too many", `"v":1`, `"u":0,"v":1`},
		{"a member too few", `"site":"s",`, ``},
		{"a member twice", `"a":1`, `"a":1,"a":1`},
		{"body out of order", `"a":1`, `"b":1,"a":1`},
		{"body is no object", `{"a":1}`, `[1]`},
		{"a fraction", `"a":1`, `"a":1.5`},
		{"a fraction of nothing", `"a":1`, `"a":1.0`},
		{"an exponent", `"a":1`, `"a":1e3`},
		{"minus nothing", `"a":1`, `"a":-0`},
		{"a number beyond 2^53−1", `"a":1`, `"a":9007199254740992`},
		{"a leading zero", `"a":1`, `"a":01`},
		{"an escape too many", `"s"`, `"\u0073"`},
		{"a long escape", `"s"`, `"\u000a"`},
		{"a capital escape", `"s"`, `"\u001F"`},
		{"an escaped slash", `"s"`, `"\/"`},
		{"half a surrogate pair", `"s"`, `"\ud800"`},
		{"a control character", `"s"`, "\"\x01\""},
		{"no kind", `"k"`, `""`},
		{"a clause is a number", `["1"]`, `[1]`},
		{"another version", `"v":1`, `"v":2`},
		{"a version in words", `"v":1`, `"v":"1"`},
		{"no fraction of seconds", `{"at":"2026-11-24T09:30:00.000000Z"`, `{"at":"2026-11-24T09:30:00Z"`},
		{"milliseconds", `{"at":"2026-11-24T09:30:00.000000Z"`, `{"at":"2026-11-24T09:30:00.000Z"`},
		{"another zone", `{"at":"2026-11-24T09:30:00.000000Z"`, `{"at":"2026-11-24T09:30:00.000000+00:00"`},
		{"no such day", `{"at":"2026-11-24T09:30:00.000000Z"`, `{"at":"2026-02-29T09:30:00.000000Z"`},
		{"no such hour", `{"at":"2026-11-24T09:30:00.000000Z"`, `{"at":"2026-11-24T24:00:00.000000Z"`},
		{"not set", `{"at":"2026-11-24T09:30:00.000000Z"`, `{"at":"1970-01-01T00:00:00.000000Z"`},
		{"time as a number", `{"at":"2026-11-24T09:30:00.000000Z"`, `{"at":1795512600000000`},
	} {
		list = append(list, refusedVector{c[0], string(bytes.Replace([]byte(good), []byte(c[1]), []byte(c[2]), 1))})
	}
	return list
}

func TestVectorsOfRecords(t *testing.T) {
	var file struct {
		About   string          `json:"about"`
		Good    []recordVector  `json:"good"`
		Refused []refusedVector `json:"refused"`
	}
	file.About = "record → canonical bytes → k_entry → leaf → leaf hash; and texts that are no records. See docs/spec/ledger.md."
	cases := recordCases()
	for i, name := range slices.Sorted(maps.Keys(cases)) {
		r := cases[name]
		b, err := r.AppendCanonical(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		ring, id := ringKey(i), entryID(i)
		keys := ledger.NewEntryKeys(ring)
		key := keys.Key(id)
		leaf := ledger.NewLeaf(key, b)
		sum := sha256.Sum256(b)
		file.Good = append(file.Good, recordVector{
			name, string(b), hex.EncodeToString(sum[:]), hex.EncodeToString(ring[:]), id.String(), hex.EncodeToString(key[:]),
			hex.EncodeToString(leaf[:]), leaf.Hash().String(),
		})
	}
	file.Refused = refusedRecords()
	for _, c := range file.Refused {
		if r, err := ledger.ParseRecord([]byte(c.Canonical)); err == nil {
			t.Errorf("%s: read as %+v", c.Name, r)
		}
	}
	golden(t, "records.json", indented(file))
}

type inclusionVector struct {
	Index  uint64         `json:"index"`
	Size   uint64         `json:"size"`
	Hashes []hashInVector `json:"hashes"`
}

type consistencyVector struct {
	Old    uint64         `json:"old"`
	Size   uint64         `json:"size"`
	Hashes []hashInVector `json:"hashes"`
}

type edgeVector struct {
	Size  uint64 `json:"size"`
	Bytes string `json:"bytes_hex"`
}

type defectVector struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	At    int    `json:"byte"`
	XOR   byte   `json:"xor"`
	Found string `json:"found_in"`
	Index uint64 `json:"entry"`
}

// A hashInVector is written in base64.
type hashInVector ledger.Hash

func (h hashInVector) MarshalText() ([]byte, error) { return []byte(ledger.Hash(h).String()), nil }

func inVector(list []ledger.Hash) []hashInVector {
	all := []hashInVector{}
	for _, h := range list {
		all = append(all, hashInVector(h))
	}
	return all
}

const vectorLog = 300 // entries: a full tile, a partial one, and one above

// TestVectorsOfALog writes a small log as files, with every root and some of everything else.
func TestVectorsOfALog(t *testing.T) {
	m := makeLog(vectorLog)
	var file struct {
		About       string              `json:"about"`
		Origin      string              `json:"origin"`
		Vkey        string              `json:"vkey"`
		Size        int                 `json:"size"`
		Roots       []hashInVector      `json:"roots_by_size"`
		Checkpoints []string            `json:"checkpoints"`
		Edges       []edgeVector        `json:"edges"`
		Inclusion   []inclusionVector   `json:"inclusion"`
		Consistency []consistencyVector `json:"consistency"`
		Defects     []defectVector      `json:"defects"`
	}
	file.About = "The log in the folder log/, in the layout of c2sp.org/tlog-tiles; log/opened.jsonl has its records with their keys. See docs/spec/ledger.md."
	file.Origin, file.Vkey, file.Size, file.Roots = origin, m.signer.Key(), vectorLog, inVector(m.roots)
	var edge ledger.Edge
	for size := range vectorLog + 1 {
		switch size {
		case 0, 1, 2, 3, 7, 200, 255, 256, 257, 300:
			file.Checkpoints = append(file.Checkpoints, string(m.checkpoint(size)))
			file.Edges = append(file.Edges, edgeVector{uint64(size), hex.EncodeToString(edge.AppendBinary(nil))})
			for _, index := range []int{0, 1, 6, 199, 255, 256, 299} {
				if index < size {
					proof := must(ledger.ProveInclusion(ctx, m, uint64(index), uint64(size)))
					file.Inclusion = append(file.Inclusion, inclusionVector{uint64(index), uint64(size), inVector(proof)})
				}
			}
			for _, old := range []int{1, 2, 3, 7, 128, 200, 256, 257, 300} {
				if old <= size {
					proof := must(ledger.ProveConsistency(ctx, m, uint64(old), uint64(size)))
					file.Consistency = append(file.Consistency, consistencyVector{uint64(old), uint64(size), inVector(proof)})
				}
			}
		}
		if size < vectorLog {
			edge.Append(m.hashes[size])
		}
	}
	file.Defects = []defectVector{
		{"a leaf is changed", "tile/entries/000", 35*100 + 20, 1, "tile/entries/000", 100},
		{"a length is changed", "tile/entries/000", 35*100 + 1, 1, "tile/entries/000", 100},
		{"a hash of an entry is changed", "tile/0/001.p/44", 32 * 43, 128, "tile/0/001.p/44", 299},
		{"a hash of a tile is changed", "tile/1/000.p/1", 31, 2, "tile/1/000.p/1", 0},
		{"the size is changed", "checkpoint", len(origin) + 1, 1, "checkpoint", 0},
	}
	for _, d := range file.Defects {
		data := bytes.Clone(m.files[d.Path].Data)
		data[d.At] ^= d.XOR
		_, err := ledger.CheckLog(ctx, ledger.Files(with(m.files, d.Path, data)), ledger.LogCheck{Verifier: verifier(t)})
		if found, ok := errors.AsType[*ledger.Defect](err); !ok || found.Path != d.Found || found.Index != d.Index {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
	golden(t, "log.json", indented(file))
	for path, f := range m.files {
		golden(t, "log/"+path, f.Data)
	}
	var opened []byte
	for i, record := range m.records {
		opened = ledger.AppendOpened(opened, ledger.Opened{Index: uint64(i), Record: record, Key: m.keys[i]})
	}
	golden(t, "log/opened.jsonl", opened)
}

// TestVectorsOfALogFromFiles reads the folder as anybody would.
func TestVectorsOfALogFromFiles(t *testing.T) {
	file, err := os.Open("testdata/vectors/log/opened.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	got, err := ledger.CheckLog(ctx, ledger.Files(os.DirFS("testdata/vectors/log")), ledger.LogCheck{Verifier: verifier(t), Opened: ledger.ReadOpened(file)})
	if err != nil || got.Records != vectorLog || got.Entries != vectorLog {
		t.Errorf("%+v, %v", got, err)
	}
}
