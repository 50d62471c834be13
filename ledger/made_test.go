package ledger_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/avowhq/avow/ledger"
)

// Keys are fixed, so that vectors are the same on every machine. Nobody uses them but tests.

// keyPair writes an Ed25519 key as c2sp.org/signed-note does; kind is 1 for logs and 4 for witnesses.
func keyPair(name string, kind byte, seed string) (skey, vkey string) {
	secret := sha256.Sum256([]byte("avow test key: " + seed))
	public := ed25519.NewKeyFromSeed(secret[:]).Public().(ed25519.PublicKey)
	id := sha256.Sum256(append([]byte(name+"\n"), append([]byte{kind}, public...)...))
	encode := func(b []byte) string { return base64.StdEncoding.EncodeToString(append([]byte{kind}, b...)) }
	return fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", name, id[:4], encode(secret[:])), fmt.Sprintf("%s+%x+%s", name, id[:4], encode(public))
}

// cosign adds a witness's line to a signed checkpoint, after c2sp.org/tlog-cosignature.
func cosign(signed []byte, name, seed string, time uint64) []byte {
	secret := sha256.Sum256([]byte("avow test key: " + seed))
	key := ed25519.NewKeyFromSeed(secret[:])
	id := sha256.Sum256(append([]byte(name+"\n\x04"), key.Public().(ed25519.PublicKey)...))
	body := signed[:bytes.LastIndex(signed, []byte("\n\n"))+1]
	sig := ed25519.Sign(key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", time, body))
	line := append(binary.BigEndian.AppendUint64(slices.Clone(id[:4]), time), sig...)
	return fmt.Appendf(slices.Clone(signed), "— %s %s\n", name, base64.StdEncoding.EncodeToString(line))
}

// signNote signs any text with any key, which a Signer would not.
func signNote(name, seed, text string) []byte {
	secret := sha256.Sum256([]byte("avow test key: " + seed))
	key := ed25519.NewKeyFromSeed(secret[:])
	id := sha256.Sum256(append([]byte(name+"\n\x01"), key.Public().(ed25519.PublicKey)...))
	line := append(slices.Clone(id[:4]), ed25519.Sign(key, []byte(text))...)
	return fmt.Appendf(nil, "%s\n— %s %s\n", text, name, base64.StdEncoding.EncodeToString(line))
}

const (
	origin      = "log.example.org/avow"
	otherOrigin = "log.example.net/avow"
)

// must is for what cannot go wrong with fixed input.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A made log has records about nobody, and all files that a log serves.
type made struct {
	files   fstest.MapFS
	signer  *ledger.Signer
	edge    ledger.Edge
	records [][]byte
	keys    [][32]byte
	hashes  []ledger.Hash
	roots   []ledger.Hash // by size
}

// makeLog has n entries.
func makeLog(n int) *made {
	skey, _ := keyPair(origin, 1, "log")
	m := &made{files: fstest.MapFS{}, signer: must(ledger.NewSigner(skey))}
	m.roots = append(m.roots, m.edge.Root())
	for range n {
		m.add()
	}
	m.write()
	return m
}

// ringKey and entryID are made up, each from its number.
func ringKey(i int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "ring %d", i)) }

func entryID(i int) ledger.EntryID {
	sum := sha256.Sum256(fmt.Appendf(nil, "entry %d", i))
	return ledger.EntryID(sum[:16])
}

func madeRecord(i int) ledger.Record {
	const day = 1793440800000000 // 2026-10-31T10:00:00Z
	body := fmt.Appendf(nil, `{"number":%d,"purpose":"newsletter"}`, i)
	if i == 5 {
		body = []byte("{\"\U0001f600\":\"Gr\u00fc\u00dfe\",\"\ufb33\":\"\\u0001\\\"\\\\/\u2028\"}") // in UTF-16 order
	}
	kinds := []string{"consent.granted", "consent.withdrawn", "disclosure.confirmed", "request.received"}
	return ledger.Record{
		V: 1, Site: "example", Kind: kinds[i%len(kinds)], At: ledger.Instant(day + i*1000003), Recorded: ledger.Instant(day + i*1000003 + 250000),
		Version: "3", Clauses: []string{"1.2", "4"}, Body: body,
	}
}

// add appends a record, as the one who writes the log does.
func (m *made) add() {
	i := len(m.records)
	r := madeRecord(i)
	record := must(r.AppendCanonical(nil))
	keys := ledger.NewEntryKeys(ringKey(i / 3))
	key := keys.Key(entryID(i))
	leaf := ledger.NewLeaf(key, record)
	m.records, m.keys, m.hashes = append(m.records, record), append(m.keys, key), append(m.hashes, leaf.Hash())
	m.edge.Append(leaf.Hash())
	m.roots = append(m.roots, m.edge.Root())
}

// write makes the files of the log at its size.
func (m *made) write() {
	clear(m.files)
	m.files["checkpoint"] = &fstest.MapFile{Data: m.checkpoint(len(m.records))}
	for n := 0; n*256 < len(m.records); n++ {
		var b []byte
		for i := n * 256; i < min(len(m.records), n*256+256); i++ {
			leaf := ledger.NewLeaf(m.keys[i], m.records[i])
			b = ledger.AppendBundle(b, leaf[:])
		}
		m.files[ledger.BundlePath(uint64(n), len(b)/35)] = &fstest.MapFile{Data: b}
	}
	level := m.hashes
	for l := 0; len(level) > 0; l++ {
		var above []ledger.Hash
		for n := 0; n*256 < len(level); n++ {
			tile := level[n*256 : min(len(level), n*256+256)]
			var b []byte
			for _, h := range tile {
				b = append(b, h[:]...)
			}
			m.files[ledger.TilePath(l, uint64(n), len(tile))] = &fstest.MapFile{Data: b}
			if len(tile) == 256 {
				above = append(above, ledger.SubtreeRoot(tile))
			}
		}
		level = above
	}
}

// checkpoint is signed for any size that the log had.
func (m *made) checkpoint(size int) []byte {
	return must(m.signer.Checkpoint(uint64(size), m.roots[size]))
}

// Tile is of any size that the log had.
func (m *made) Tile(_ context.Context, level int, n uint64, width int) ([]byte, error) {
	hashes := m.hashes
	for range level {
		var above []ledger.Hash
		for full := range slices.Chunk(hashes, 256) {
			above = append(above, ledger.SubtreeRoot(full))
		}
		hashes = above
	}
	var b []byte
	for _, h := range hashes[n*256:][:width] {
		b = append(b, h[:]...)
	}
	return b, nil
}

// receipt is that of an entry under the checkpoint of a size.
func (m *made) receipt(index, size int) ledger.Receipt {
	proof := must(ledger.ProveInclusion(context.Background(), m, uint64(index), uint64(size)))
	return ledger.Receipt{
		Record: m.records[index], Key: m.keys[index],
		Proof: ledger.Proof{Index: uint64(index), Hashes: proof, Checkpoint: m.checkpoint(size)},
	}
}

// opened is every step-th record with its key.
func (m *made) opened(step int) iter.Seq2[ledger.Opened, error] {
	return func(yield func(ledger.Opened, error) bool) {
		for i := 0; i < len(m.records); i += step {
			if !yield(ledger.Opened{Index: uint64(i), Record: m.records[i], Key: m.keys[i]}, nil) {
				return
			}
		}
	}
}

// verifier knows the made log.
func verifier(t testing.TB) *ledger.Verifier {
	t.Helper()
	_, vkey := keyPair(origin, 1, "log")
	v, err := ledger.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// with is a copy of the files in which one is another; nil takes it away.
func with(files fstest.MapFS, path string, data []byte) fs.FS {
	files = maps.Clone(files)
	delete(files, path)
	if data != nil {
		files[path] = &fstest.MapFile{Data: data}
	}
	return files
}
