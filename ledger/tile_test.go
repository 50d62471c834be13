package ledger_test

import (
	"bytes"
	"testing"

	"github.com/avowhq/avow/ledger"
	"pgregory.net/rapid"
)

// Paths are those of the specification's examples, and reading is the way back.
func TestTilePaths(t *testing.T) {
	for _, c := range []struct {
		level int
		n     uint64
		width int
		path  string
	}{
		{0, 0, 256, "tile/0/000"},
		{0, 1234067, 256, "tile/0/x001/x234/067"},
		{0, 999, 1, "tile/0/999.p/1"},
		{1, 1000, 255, "tile/1/x001/000.p/255"},
		{63, 1<<56 - 1, 256, "tile/63/x072/x057/x594/x037/x927/935"},
		{-1, 1234067, 112, "tile/entries/x001/x234/067.p/112"},
	} {
		got := ledger.BundlePath(c.n, c.width)
		if c.level >= 0 {
			got = ledger.TilePath(c.level, c.n, c.width)
		}
		if got != c.path {
			t.Errorf("got %s, want %s", got, c.path)
		}
		level, n, width, err := ledger.ParseTilePath(c.path)
		if err != nil || level != c.level || n != c.n || width != c.width {
			t.Errorf("%s read as %d, %d, %d, %v", c.path, level, n, width, err)
		}
	}
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/+1/000",
		"tile/0/x000/000", "tile/0/x001", "tile/0/001/000", "tile/0/x01/000", "tile/0/xx01/000", "tile/0/+01", "tile/0/ 01", "tile/0/0a1", "/tile/0/000",
		"tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p/1/", "tile/0/000/",
		"tile/0/x072/x057/x594/x037/x927/936", "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/entry/000", "tile/0/../000", "tile/0/000.p/1.p/1",
		"tile/0/x018/x446/x744/x073/x709/x551/616",
	} {
		if level, n, width, err := ledger.ParseTilePath(path); err == nil {
			t.Errorf("%q read as %d, %d, %d", path, level, n, width)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		level := rapid.IntRange(-1, 63).Draw(t, "level")
		n := rapid.Uint64Range(0, 1<<56-1).Draw(t, "n")
		width := rapid.IntRange(1, 256).Draw(t, "width")
		path := ledger.BundlePath(n, width)
		if level >= 0 {
			path = ledger.TilePath(level, n, width)
		}
		if l, m, w, err := ledger.ParseTilePath(path); err != nil || l != level || m != n || w != width {
			t.Fatalf("%s read as %d, %d, %d, %v", path, l, m, w, err)
		}
	})
}

func TestTilePathsRefused(t *testing.T) {
	for name, path := range map[string]func(){
		"level 64":   func() { ledger.TilePath(64, 0, 1) },
		"level −1":   func() { ledger.TilePath(-1, 0, 1) },
		"number":     func() { ledger.TilePath(0, 1<<56, 1) },
		"no width":   func() { ledger.TilePath(0, 0, 0) },
		"width":      func() { ledger.BundlePath(0, 257) },
		"long entry": func() { ledger.AppendBundle(nil, make([]byte, ledger.MaxEntry+1)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			path()
		}()
	}
}

// Bundles hold any entries, the empty and the longest, and a cut is found at every place.
func TestBundles(t *testing.T) {
	entries := [][]byte{{}, []byte("a"), bytes.Repeat([]byte("b"), 33), make([]byte, ledger.MaxEntry)}
	var whole []byte
	ends := map[int]bool{0: true}
	for _, e := range entries {
		whole = ledger.AppendBundle(whole, e)
		ends[len(whole)] = true
	}
	var got [][]byte
	if err := ledger.ReadBundle(whole, func(i int, entry []byte) bool {
		got = append(got, entry)
		return i < 10
	}); err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if len(got) != len(entries) || !bytes.Equal(got[i], e) {
			t.Fatalf("%d entries, or entry %d is wrong", len(got), i)
		}
	}
	for cut := range 100 {
		err := ledger.ReadBundle(whole[:cut], func(int, []byte) bool { return true })
		if (err == nil) != ends[cut] {
			t.Errorf("cut after %d bytes: %v", cut, err)
		}
	}
	n := 0
	if err := ledger.ReadBundle(make([]byte, 2*257), func(int, []byte) bool { n++; return true }); err == nil || n != 256 {
		t.Errorf("257 entries: %d read, %v", n, err)
	}
	if err := ledger.ReadBundle(whole, func(int, []byte) bool { return false }); err != nil {
		t.Error(err)
	}
}
