package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/avowhq/avow/ledger"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var ctx = context.Background()

// A good log of every interesting size is found good, and everything is counted.
func TestLogIsGood(t *testing.T) {
	m := makeLog(0)
	for size := 0; size <= 1030; size++ {
		if size > 0 {
			m.add()
		}
		switch size {
		case 0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 700, 1024, 1030:
		default:
			continue
		}
		m.write()
		var older [][]byte
		for _, s := range []int{size, 0, size / 2, size / 3 * 2, size / 256 * 256, size / 2} {
			older = append(older, m.checkpoint(s))
		}
		got, err := ledger.CheckLog(ctx, ledger.Files(m.files), ledger.LogCheck{Verifier: verifier(t), Older: older, Opened: m.opened(3)})
		if err != nil {
			t.Fatalf("%d entries: %v", size, err)
		}
		want := ledger.LogReport{
			Checkpoint: ledger.Checkpoint{Origin: origin, Size: uint64(size), Root: m.roots[size]},
			Entries:    uint64(size), Bundles: uint64((size + 255) / 256), Tiles: uint64((size+255)/256 + min(size/256, 1)),
			Older: len(older), Records: uint64((size + 2) / 3),
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d entries: %s", size, d)
		}
	}
}

// A log of three levels, from its beginning and pruned at every kind of place.
func TestLogOfThreeLevels(t *testing.T) {
	const size = 66_000
	m := makeLog(size)
	for _, from := range []uint64{0, 1, 255, 256, 300, 65_535, 65_536, 65_537, 65_900, 65_999, 66_000} {
		files := m.files
		for path := range m.files { // what the log need not keep any more
			level, n, width, err := ledger.ParseTilePath(path)
			if err == nil && width == 256 && (n+1)<<(8*(max(level, 0)+1)) <= from {
				files = with(files, path, nil).(fstest.MapFS)
			}
		}
		check := ledger.LogCheck{Verifier: verifier(t), From: from, Older: [][]byte{m.checkpoint(66_000), m.checkpoint(0)}}
		for _, size := range []int{65_536, 65_999} {
			if from <= uint64(size) {
				check.Older = append(check.Older, m.checkpoint(size))
			}
		}
		got, err := ledger.CheckLog(ctx, ledger.Files(files), check)
		if err != nil || got.Pruned != from/256*256 || got.Entries+got.Pruned != size || got.Older != len(check.Older) {
			t.Errorf("from %d: %+v, %v", from, got, err)
		}
	}
	if got, err := ledger.CheckLog(ctx, ledger.Files(m.files), ledger.LogCheck{Verifier: verifier(t), Opened: m.opened(1)}); err != nil || got.Tiles != 258+2+1 || got.Records != size {
		t.Errorf("%+v, %v", got, err)
	}
	for name, check := range map[string]ledger.LogCheck{
		"from beyond the end":  {Verifier: verifier(t), From: size + 1},
		"older before pruning": {Verifier: verifier(t), From: 500, Older: [][]byte{m.checkpoint(499)}},
		"record was pruned":    {Verifier: verifier(t), From: 500, Opened: m.opened(1)},
	} {
		if got, err := ledger.CheckLog(ctx, ledger.Files(m.files), check); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Each bit of each file counts: a change is found, in the file where it was made.
func TestLogEachBitCounts(t *testing.T) {
	m := makeLog(66_000)
	paths := slices.Sorted(func(yield func(string) bool) {
		for path := range m.files {
			if !yield(path) {
				return
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.OneOf(
			rapid.SampledFrom(paths),
			rapid.SampledFrom([]string{"checkpoint", "tile/2/000.p/1", "tile/1/000", "tile/1/001.p/1", "tile/0/257.p/208", "tile/entries/257.p/208", "tile/entries/000"}),
		).Draw(t, "file")
		data := bytes.Clone(m.files[path].Data)
		at := rapid.IntRange(0, len(data)-1).Draw(t, "byte")
		data[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		_, err := ledger.CheckLog(ctx, ledger.Files(with(m.files, path, data)), ledger.LogCheck{Verifier: must(ledger.NewVerifier(m.signer.Key()))})
		d, ok := errors.AsType[*ledger.Defect](err)
		if !ok || d.Path != path {
			t.Fatalf("changed %s at %d: %v", path, at, err)
		}
		level, n, _, err := ledger.ParseTilePath(path)
		if err != nil { // the checkpoint
			return
		}
		want := n*256 + uint64(at/35)
		if level >= 0 {
			want = (n*256 + uint64(at/32)) << (8 * level)
		}
		if d.Index != want {
			t.Fatalf("changed %s at %d: %v, want entry %d", path, at, d, want)
		}
	})
}

// What is wrong with a log is said at its place.
func TestLogDefects(t *testing.T) {
	m := makeLog(600)
	other := makeLog(600)
	other.records[300], other.hashes[300] = []byte("{}"), leafHash(1)
	other.rehash()

	bundle := m.files["tile/entries/000"].Data
	for _, c := range []struct {
		name  string
		files fs.FS
		check ledger.LogCheck
		place string // "path index"
		want  string
	}{
		{name: "no checkpoint", files: with(m.files, "checkpoint", nil), place: "checkpoint 0", want: "not exist"},
		{name: "false signature", files: with(m.files, "checkpoint", bytes.Replace(m.checkpoint(600), []byte("600"), []byte("599"), 1)), place: "checkpoint 0", want: "a signature is false"},
		{name: "another log", files: with(m.files, "checkpoint", otherCheckpoint(600)), place: "checkpoint 0", want: "none of the log keys"},
		{name: "a root of its own", files: with(m.files, "checkpoint", must(m.signer.Checkpoint(600, leafHash(3)))), place: "checkpoint 0", want: "lead to another root"},
		{name: "no bundle", files: with(m.files, "tile/entries/001", nil), place: "tile/entries/001 256", want: "not exist"},
		{name: "no tile", files: with(m.files, "tile/0/001", nil), place: "tile/0/001 256", want: "not exist"},
		{name: "no tile above", files: with(m.files, "tile/1/000.p/2", nil), place: "tile/1/000.p/2 0", want: "not exist"},
		{name: "a tile cut short", files: with(m.files, "tile/0/001", make([]byte, 8191)), place: "tile/0/001 256", want: "8191 bytes, not 8192"},
		{name: "a tile too long", files: with(m.files, "tile/0/001", make([]byte, 8193)), place: "tile/0/001 256", want: "longer than 8192"},
		{name: "an entry cut short", files: with(m.files, "tile/entries/000", bundle[:len(bundle)-1]), place: "tile/entries/000 255", want: "ends within an entry"},
		{name: "an entry too few", files: with(m.files, "tile/entries/000", bundle[:len(bundle)-35]), place: "tile/entries/000 255", want: "255 entries, not 256"},
		{name: "an entry too many", files: with(m.files, "tile/entries/000", append(bytes.Clone(bundle), bundle[:35]...)), place: "tile/entries/000 0", want: "longer than 8960"},
		{name: "an entry of another form", files: with(m.files, "tile/entries/000", append(append(bytes.Clone(bundle[:70]), 0, 1, 'x'), bundle[105:]...)), place: "tile/entries/000 2", want: "not 0x01 and 32"},
		{name: "an endless bundle", files: with(m.files, "tile/entries/000", make([]byte, 1<<20)), place: "tile/entries/000 0", want: "longer than"},
		{
			name: "two changed alike", files: with(with(m.files, "tile/entries/001", other.files["tile/entries/001"].Data).(fstest.MapFS), "tile/0/001", other.files["tile/0/001"].Data),
			place: "tile/1/000.p/2 256", want: "all below entries 256 to 511",
		},
		{name: "a tile of another log", files: with(m.files, "tile/0/001", other.files["tile/0/001"].Data), place: "tile/0/001 300", want: "hash 44 was changed"},
		{name: "a bundle of another log", files: with(m.files, "tile/entries/001", other.files["tile/entries/001"].Data), place: "tile/entries/001 300", want: "entry 44 of the bundle was changed"},
		{
			name: "two changed apart", files: with(with(m.files, "tile/entries/001", other.files["tile/entries/001"].Data).(fstest.MapFS), "tile/0/001", flip(m.files["tile/0/001"].Data, 32*44)),
			place: "tile/entries/001 300", want: "the tree above has neither",
		},
		{name: "set back", files: m.files, check: ledger.LogCheck{Older: [][]byte{makeLog(601).checkpoint(601)}}, place: "checkpoint 600", want: "cut or set back"},
		{name: "two histories", files: m.files, check: ledger.LogCheck{Older: [][]byte{other.checkpoint(301)}}, place: "checkpoint 0", want: "first 301 entries are not those"},
		{name: "two roots of one size", files: m.files, check: ledger.LogCheck{Older: [][]byte{other.checkpoint(600)}}, place: "checkpoint 0", want: "first 600 entries are not those"},
		{name: "two histories of what was pruned", files: m.files, check: ledger.LogCheck{From: 512, Older: [][]byte{other.checkpoint(512)}}, place: "checkpoint 0", want: "first 512 entries are not those"},
		{name: "another record", files: m.files, check: ledger.LogCheck{Opened: single(7, m.records[8], m.keys[7])}, place: "record 7", want: "not what its leaf commits to"},
		{name: "another key", files: m.files, check: ledger.LogCheck{Opened: single(7, m.records[7], m.keys[8])}, place: "record 7", want: "not what its leaf commits to"},
		{name: "a record too far", files: m.files, check: ledger.LogCheck{Opened: single(600, m.records[7], m.keys[7])}, place: "record 600", want: "has 600 entries"},
		{name: "a record that is none", files: other.files, check: ledger.LogCheck{Opened: single(300, other.records[300], other.keys[300])}, place: "record 300", want: "not canonical"},
	} {
		c.check.Verifier = verifier(t)
		_, err := ledger.CheckLog(ctx, ledger.Files(c.files), c.check)
		d, ok := errors.AsType[*ledger.Defect](err)
		if !ok || fmt.Sprintf("%s %d", d.Path, d.Index) != c.place || !strings.Contains(d.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s: … %s", c.name, err, c.place, c.want)
		}
	}
}

// What keeps a check from being made is no defect of the log.
func TestLogUnchecked(t *testing.T) {
	m := makeLog(600)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		check ledger.LogCheck
	}{
		"cancelled":              {cancelled, ledger.LogCheck{Verifier: verifier(t)}},
		"no verifier":            {ctx, ledger.LogCheck{}},
		"older of another log":   {ctx, ledger.LogCheck{Verifier: verifier(t), Older: [][]byte{otherCheckpoint(3)}}},
		"older is no checkpoint": {ctx, ledger.LogCheck{Verifier: verifier(t), Older: [][]byte{[]byte("3\n")}}},
		"records end early": {ctx, ledger.LogCheck{Verifier: verifier(t), Opened: func(yield func(ledger.Opened, error) bool) {
			yield(ledger.Opened{}, errors.New("disk is gone"))
		}}},
	} {
		_, err := ledger.CheckLog(c.ctx, ledger.Files(m.files), c.check)
		if _, ok := errors.AsType[*ledger.Defect](err); ok || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := func(yield func(ledger.Opened, error) bool) {
		for range 2 {
			if !yield(ledger.Opened{Index: 7, Record: m.records[7], Key: m.keys[7]}, nil) {
				return
			}
		}
	}
	got, err := ledger.CheckLog(ctx, ledger.Files(m.files), ledger.LogCheck{Verifier: verifier(t), Opened: twice})
	if err == nil || got.Records != 1 || got.Entries != 256 {
		t.Errorf("a record twice: %+v, %v", got, err)
	}
}

// Partial tiles can be gone once the full ones exist, and the log that others wrote is not one of ours.
func TestLogFromWiderTiles(t *testing.T) {
	small, large := makeLog(700), makeLog(1030)
	large.files["checkpoint"] = small.files["checkpoint"]
	large.files["tile/1/000.p/2"] = small.files["tile/1/000.p/2"]
	if got, err := ledger.CheckLog(ctx, ledger.Files(large.files), ledger.LogCheck{Verifier: verifier(t)}); err != nil || got.Entries != 700 {
		t.Errorf("%+v, %v", got, err)
	}
	v := must(ledger.NewVerifier("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"))
	_, err := ledger.CheckLog(ctx, ledger.Files(os.DirFS("testdata/c2sp/tessera-log")), ledger.LogCheck{Verifier: v})
	if d, ok := errors.AsType[*ledger.Defect](err); !ok || d.Path != "tile/entries/000.p/15" || d.Index != 0 {
		t.Error(err)
	}
}

// An export is read line by line, and only as it is written.
func TestOpenedLines(t *testing.T) {
	m := makeLog(3)
	var whole []byte
	for o, err := range m.opened(1) {
		if err != nil {
			t.Fatal(err)
		}
		whole = ledger.AppendOpened(whole, o)
	}
	read := func(b []byte) (all []ledger.Opened, err error) {
		for o, err := range ledger.ReadOpened(bytes.NewReader(b)) {
			if err != nil {
				return all, err
			}
			o.Record = bytes.Clone(o.Record)
			all = append(all, o)
		}
		return all, nil
	}
	all, err := read(whole)
	if err != nil || len(all) != 3 || !bytes.Equal(all[2].Record, m.records[2]) || all[2].Key != m.keys[2] || all[2].Index != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	for cut := 1; cut < len(whole); cut++ {
		if _, err := read(whole[:cut]); (err == nil) != (whole[cut-1] == '\n') {
			t.Fatalf("cut after %d: %v", cut, err)
		}
	}
	for _, c := range [][2]string{{`{"index":0`, `{"index":00`}, {`{"index":0`, `{"index":-1`}, {`,"key"`, `, "key"`}, {keyText(m, 0), loose(keyText(m, 0))}, {keyText(m, 0), ""}, {"\n", "\n\n"}, {"\n", "\r\n"}} {
		b := bytes.Replace(whole, []byte(c[0]), []byte(c[1]), 1)
		if all, err := read(b); err == nil {
			t.Errorf("%q for %q: %+v", c[1], c[0], all)
		}
	}
	if _, err := read(bytes.Repeat([]byte("a"), 2<<20)); err == nil {
		t.Error("an endless line")
	}
}

// rehash puts the hashes in place that the log has by now.
func (m *made) rehash() {
	m.edge, m.roots = ledger.Edge{}, m.roots[:1]
	for i := range m.hashes {
		leaf := ledger.NewLeaf(m.keys[i], m.records[i])
		m.hashes[i] = leaf.Hash()
		m.edge.Append(m.hashes[i])
		m.roots = append(m.roots, m.edge.Root())
	}
	m.write()
}

func single(index uint64, record []byte, key [32]byte) iter.Seq2[ledger.Opened, error] {
	return func(yield func(ledger.Opened, error) bool) {
		yield(ledger.Opened{Index: index, Record: record, Key: key}, nil)
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// otherCheckpoint is of a log that nobody here knows.
func otherCheckpoint(size uint64) []byte {
	skey, _ := keyPair(otherOrigin, 1, "other log")
	return must(must(ledger.NewSigner(skey)).Checkpoint(size, leafHash(size)))
}
