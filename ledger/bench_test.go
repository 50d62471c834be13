package ledger_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/avowhq/avow/ledger"
	"github.com/gowebpki/jcs"
)

// benchRecord is a consent record of 440 bytes.
func benchRecord() ledger.Record {
	r := madeRecord(1)
	r.Clauses = []string{"1.2", "4", "7.1"}
	r.Body = []byte(`{"categories":["contact.email","contact.name"],"point":"newsletter-footer","purpose":"newsletter","recipients":["mailer"],"scope":"explicit","shown":"9f86d081884c7d659a2feaa0c55ad015","source":"web","style":"checkbox","subject":"c0ffee00c0ffee00c0ffee00c0ffee00"}`)
	return r
}

func BenchmarkAppendCanonical(b *testing.B) {
	r := benchRecord()
	buf := must(r.AppendCanonical(nil))
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = r.AppendCanonical(buf[:0])
	}
}

func BenchmarkParseRecord(b *testing.B) {
	r := benchRecord()
	buf := must(r.AppendCanonical(nil))
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ledger.ParseRecord(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit is all the package does for an entry that is written: canonical bytes, key, leaf, edge.
func BenchmarkCommit(b *testing.B) {
	r := benchRecord()
	keys := ledger.NewEntryKeys(ringKey(1))
	buf := make([]byte, 0, 1024)
	id := entryID(1)
	var e ledger.Edge
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = r.AppendCanonical(buf[:0])
		leaf := ledger.NewLeaf(keys.Key(id), buf)
		e.Append(leaf.Hash())
	}
}

// Writing an entry allocates nothing: canonical bytes, key, leaf, leaf hash, edge.
func TestCommitAllocatesNothing(t *testing.T) {
	r := benchRecord()
	keys := ledger.NewEntryKeys(ringKey(1))
	buf := make([]byte, 0, 1024)
	id := entryID(1)
	e := ledger.Edge{Roots: make([]ledger.Hash, 0, 64)}
	if n := testing.AllocsPerRun(1000, func() {
		buf, _ = r.AppendCanonical(buf[:0])
		leaf := ledger.NewLeaf(keys.Key(id), buf)
		e.Append(leaf.Hash())
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkKeyAndLeaf is what remains of that once the bytes are there.
func BenchmarkKeyAndLeaf(b *testing.B) {
	r := benchRecord()
	buf := must(r.AppendCanonical(nil))
	keys := ledger.NewEntryKeys(ringKey(1))
	id := entryID(1)
	b.ReportAllocs()
	for b.Loop() {
		_ = ledger.NewLeaf(keys.Key(id), buf)
	}
}

func BenchmarkEdgeAppend(b *testing.B) {
	var e ledger.Edge
	h := leafHash(1)
	b.ReportAllocs()
	for b.Loop() {
		e.Append(h)
	}
}

func BenchmarkCheckpoint(b *testing.B) {
	m := makeLog(0)
	b.ReportAllocs()
	for b.Loop() {
		_ = must(m.signer.Checkpoint(1000, leafHash(1)))
	}
}

func BenchmarkReceiptVerify(b *testing.B) {
	m := makeLog(vectorLog)
	text, v := must(m.receipt(7, vectorLog).JSON()), verifier(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ledger.CheckReceipt(text, v); err != nil {
			b.Fatal(err)
		}
	}
}

const million = 1_000_000

// onDisk writes a log of a million entries as files, with the records made anew each time they are asked for.
func onDisk(b *testing.B) (dir string, m *made) {
	b.Helper()
	dir = b.TempDir()
	skey, _ := keyPair(origin, 1, "log")
	m = &made{signer: must(ledger.NewSigner(skey))}
	put := func(path string, data []byte) {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	var bundle []byte
	for o, err := range millionRecords() {
		if err != nil {
			b.Fatal(err)
		}
		leaf := ledger.NewLeaf(o.Key, o.Record)
		m.edge.Append(leaf.Hash())
		m.hashes = append(m.hashes, leaf.Hash())
		bundle = ledger.AppendBundle(bundle, leaf[:])
		if i := int(o.Index); i%256 == 255 || i == million-1 {
			put(ledger.BundlePath(o.Index/256, i%256+1), bundle)
			bundle = bundle[:0]
		}
	}
	level := m.hashes
	for l := 0; len(level) > 0; l++ {
		var above []ledger.Hash
		for n := 0; n*256 < len(level); n++ {
			tile := level[n*256 : min(len(level), n*256+256)]
			var data []byte
			for _, h := range tile {
				data = append(data, h[:]...)
			}
			put(ledger.TilePath(l, uint64(n), len(tile)), data)
			if len(tile) == 256 {
				above = append(above, ledger.SubtreeRoot(tile))
			}
		}
		level = above
	}
	put("checkpoint", must(m.signer.Checkpoint(million, m.edge.Root())))
	return dir, m
}

// millionRecords are records of 440 bytes, each with its key.
func millionRecords() iter.Seq2[ledger.Opened, error] {
	return func(yield func(ledger.Opened, error) bool) {
		r := benchRecord()
		keys := ledger.NewEntryKeys(ringKey(1))
		buf := make([]byte, 0, 1024)
		for i := range uint64(million) {
			r.At, r.Recorded = ledger.Instant(1793440800000000+i), ledger.Instant(1793440800000001+i)
			buf = must(r.AppendCanonical(buf[:0]))
			var id ledger.EntryID
			copy(id[:], fmt.Sprintf("%016d", i))
			if !yield(ledger.Opened{Index: i, Record: buf, Key: keys.Key(id)}, nil) {
				return
			}
		}
	}
}

// BenchmarkMillion proves entries of a log of a million from files, and checks the whole of it, without and with
// its records (making them counts too). It reports the most memory that Go held meanwhile.
func BenchmarkMillion(b *testing.B) {
	dir, m := onDisk(b)
	root := m.edge.Root()
	leaves := m.hashes
	files := ledger.Files(os.DirFS(dir))
	b.Run("prove", func(b *testing.B) {
		b.ReportAllocs()
		for i := uint64(0); b.Loop(); i += 7919 {
			if _, err := ledger.ProveInclusion(ctx, files, i%million, million); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("consistency", func(b *testing.B) {
		for i := uint64(0); b.Loop(); i += 7919 {
			if _, err := ledger.ProveConsistency(ctx, files, i%million, million); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		proof := must(ledger.ProveInclusion(ctx, files, 7919, million))
		b.ReportAllocs()
		for b.Loop() {
			if err := ledger.VerifyInclusion(7919, million, leaves[7919], proof, root); err != nil {
				b.Fatal(err)
			}
		}
	})
	m.hashes, leaves = nil, nil
	for name, opened := range map[string]iter.Seq2[ledger.Opened, error]{"tree": nil, "records": millionRecords()} {
		b.Run("check/"+name, func(b *testing.B) {
			peak := held()
			for b.Loop() {
				report, err := ledger.CheckLog(ctx, watched{files, peak}, ledger.LogCheck{Verifier: verifier(b), Opened: opened})
				if err != nil || report.Entries != million || opened != nil && report.Records != million {
					b.Fatalf("%+v, %v", report, err)
				}
			}
			b.ReportMetric(float64(*peak)/(1<<20), "peak-MB")
		})
	}
}

// watched is a source that looks at the memory now and then.
type watched struct {
	ledger.Source
	peak *uint64
}

func (w watched) Bundle(ctx context.Context, n uint64, width int) ([]byte, error) {
	if n%256 == 0 {
		*w.peak = max(*w.peak, *held())
	}
	return w.Source.Bundle(ctx, n, width)
}

// held is the heap in use.
func held() *uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return &s.HeapInuse
}

// BenchmarkCanonicalElsewhere is what a general implementation of RFC 8785 takes for the same record.
func BenchmarkCanonicalElsewhere(b *testing.B) {
	r := benchRecord()
	buf := must(r.AppendCanonical(nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jcs.Transform(buf); err != nil {
			b.Fatal(err)
		}
	}
}
