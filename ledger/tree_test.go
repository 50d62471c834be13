package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/avowhq/avow/ledger"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// leafHash is the hash of a made-up entry.
func leafHash(i uint64) ledger.Hash { return ledger.LeafHash(binary.BigEndian.AppendUint64(nil, i)) }

// rootOf reads RFC 6962, section 2.1, aloud.
func rootOf(d []ledger.Hash) ledger.Hash {
	switch n := len(d); n {
	case 0:
		return ledger.SubtreeRoot(nil)
	case 1:
		return d[0]
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		return ledger.NodeHash(rootOf(d[:k]), rootOf(d[k:]))
	}
}

// pathOf is PATH(m, D[n]) of RFC 6962, section 2.1.1.
func pathOf(m int, d []ledger.Hash) []ledger.Hash {
	if len(d) == 1 {
		return nil
	}
	k := 1
	for 2*k < len(d) {
		k *= 2
	}
	if m < k {
		return append(pathOf(m, d[:k]), rootOf(d[k:]))
	}
	return append(pathOf(m-k, d[k:]), rootOf(d[:k]))
}

// subproofOf is SUBPROOF(m, D[n], b) of RFC 6962, section 2.1.2.
func subproofOf(m int, d []ledger.Hash, b bool) []ledger.Hash {
	if m == len(d) {
		if b {
			return nil
		}
		return []ledger.Hash{rootOf(d)}
	}
	k := 1
	for 2*k < len(d) {
		k *= 2
	}
	if m <= k {
		return append(subproofOf(m, d[:k], b), rootOf(d[k:]))
	}
	return append(subproofOf(m-k, d[k:], false), rootOf(d[:k]))
}

// A grown log keeps every hash of every level, for tests.
type grown struct {
	levels [][]ledger.Hash // of tiles
	reads  int
}

func grow(n int) *grown {
	g := &grown{levels: [][]ledger.Hash{nil}}
	for i := range n {
		g.levels[0] = append(g.levels[0], leafHash(uint64(i)))
	}
	for l := 0; len(g.levels[l]) >= ledger.TileWidth; l++ {
		var above []ledger.Hash
		for full := range slices.Chunk(g.levels[l], ledger.TileWidth) {
			if len(full) == ledger.TileWidth {
				above = append(above, rootOf(full))
			}
		}
		g.levels = append(g.levels, above)
	}
	return g
}

func (g *grown) Tile(_ context.Context, level int, n uint64, width int) ([]byte, error) {
	g.reads++
	if level >= len(g.levels) || n > 1<<20 || int(n)*ledger.TileWidth+width > len(g.levels[level]) {
		return nil, fmt.Errorf("no tile %s", ledger.TilePath(level, n, width))
	}
	var b []byte
	for _, h := range g.levels[level][int(n)*ledger.TileWidth:][:width] {
		b = append(b, h[:]...)
	}
	return b, nil
}

// Hashes are those of RFC 6962, for entries of any length.
func TestHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entry := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "entry")
		if got := ledger.LeafHash(entry); got != sha256.Sum256(append([]byte{0}, entry...)) {
			t.Fatalf("leaf hash %s", got)
		}
		l, r := ledger.LeafHash(entry), leafHash(1)
		if got := ledger.NodeHash(l, r); got != sha256.Sum256(slices.Concat([]byte{1}, l[:], r[:])) {
			t.Fatalf("node hash %s", got)
		}
	})
}

// Roots and proofs off the tiles are what RFC 6962 says in its own words, and verification accepts them.
func TestProofsAreRFC6962(t *testing.T) {
	g := grow(2500)
	leaves := g.levels[0]
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, len(leaves)).Draw(t, "size")
		index := rapid.IntRange(0, size-1).Draw(t, "index")
		old := rapid.IntRange(1, size).Draw(t, "old")
		root, oldRoot := rootOf(leaves[:size]), rootOf(leaves[:old])

		if got, err := ledger.TreeRoot(ctx, g, uint64(size)); err != nil || got != root {
			t.Fatalf("root %s, %v; want %s", got, err, root)
		}
		path, err := ledger.ProveInclusion(ctx, g, uint64(index), uint64(size))
		if err != nil || !slices.Equal(path, pathOf(index, leaves[:size])) {
			t.Fatalf("inclusion of %d in %d: %v", index, size, err)
		}
		if err := ledger.VerifyInclusion(uint64(index), uint64(size), leaves[index], path, root); err != nil {
			t.Fatal(err)
		}
		path, err = ledger.ProveConsistency(ctx, g, uint64(old), uint64(size))
		if err != nil || !slices.Equal(path, subproofOf(old, leaves[:size], true)) {
			t.Fatalf("consistency of %d and %d: %v", old, size, err)
		}
		if err := ledger.VerifyConsistency(uint64(old), uint64(size), oldRoot, root, path); err != nil {
			t.Fatal(err)
		}
	})
}

// No proof survives a change: of any hash, its length, the index, the sizes or the roots.
func TestProofsBear(t *testing.T) {
	g := grow(700)
	leaves := g.levels[0]
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(2, uint64(len(leaves))).Draw(t, "size")
		index := rapid.Uint64Range(0, size-1).Draw(t, "index")
		old := rapid.Uint64Range(1, size-1).Draw(t, "old")
		root, oldRoot := rootOf(leaves[:size]), rootOf(leaves[:old])
		in, err := ledger.ProveInclusion(ctx, g, index, size)
		if err != nil {
			t.Fatal(err)
		}
		con, err := ledger.ProveConsistency(ctx, g, old, size)
		if err != nil {
			t.Fatal(err)
		}
		spoil := func(proof []ledger.Hash) []ledger.Hash {
			proof = slices.Clone(proof)
			i := rapid.IntRange(0, len(proof)-1).Draw(t, "place")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				proof[i][rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
				return proof
			case 1:
				return slices.Delete(proof, i, i+1)
			default:
				return slices.Insert(proof, i, leafHash(1<<40))
			}
		}
		if ledger.VerifyInclusion(index, size, leaves[index], spoil(in), root) == nil {
			t.Fatal("inclusion: a spoiled proof is accepted")
		}
		if other := rapid.Uint64Range(0, size).Draw(t, "other index"); other != index && ledger.VerifyInclusion(other, size, leaves[index], in, root) == nil {
			t.Fatal("inclusion: another index is accepted")
		}
		if ledger.VerifyInclusion(index, size, leafHash(1<<40), in, root) == nil || ledger.VerifyInclusion(index, size, leaves[index], in, oldRoot) == nil {
			t.Fatal("inclusion: another leaf or root is accepted")
		}
		if ledger.VerifyConsistency(old, size, oldRoot, root, spoil(con)) == nil {
			t.Fatal("consistency: a spoiled proof is accepted")
		}
		if ledger.VerifyConsistency(old, size, root, root, con) == nil || ledger.VerifyConsistency(old, size, oldRoot, oldRoot, con) == nil {
			t.Fatal("consistency: another root is accepted")
		}
	})
}

// golang.org/x/mod/sumdb/tlog agrees on roots and on both proofs.
func TestProofsAgreeWithTlog(t *testing.T) {
	const n = 600
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i := range n {
		more, err := tlog.StoredHashes(int64(i), binary.BigEndian.AppendUint64(nil, uint64(i)), reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
	}
	g := grow(n)
	ctx := context.Background()
	same := func(got []ledger.Hash, want []tlog.Hash) bool {
		return slices.EqualFunc(got, want, func(a ledger.Hash, b tlog.Hash) bool { return a == ledger.Hash(b) })
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, n).Draw(t, "size")
		index := rapid.Int64Range(0, size-1).Draw(t, "index")
		old := rapid.Int64Range(1, size).Draw(t, "old")
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.TreeRoot(ctx, g, uint64(size)); err != nil || got != ledger.Hash(root) {
			t.Fatalf("root of %d: %s, %v", size, got, err)
		}
		record, err := tlog.ProveRecord(size, index, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.ProveInclusion(ctx, g, uint64(index), uint64(size)); err != nil || !same(got, record) {
			t.Fatalf("inclusion of %d in %d: %v", index, size, err)
		}
		tree, err := tlog.ProveTree(size, old, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.ProveConsistency(ctx, g, uint64(old), uint64(size)); err != nil || !same(got, tree) {
			t.Fatalf("consistency of %d and %d: %v", old, size, err)
		}
	})
}

// The edge has the root of every size it passes, and comes back from its bytes.
func TestEdge(t *testing.T) {
	leaves := grow(600).levels[0]
	var e ledger.Edge
	for i := range leaves {
		b := e.AppendBinary(nil)
		back, err := ledger.ParseEdge(b)
		if err != nil || back.Size != uint64(i) || back.Root() != rootOf(leaves[:i]) || !bytes.Equal(back.AppendBinary(nil), b) {
			t.Fatalf("edge of %d: %v, root %s", i, err, back.Root())
		}
		for cut := range b {
			if _, err := ledger.ParseEdge(b[:cut]); err == nil {
				t.Fatalf("edge of %d: accepted after %d bytes", i, cut)
			}
		}
		if _, err := ledger.ParseEdge(append(b, 0)); err == nil {
			t.Fatalf("edge of %d: accepted with a byte too many", i)
		}
		// A clone goes its own way.
		other := e.Clone()
		other.Append(leafHash(1 << 40))
		e.Append(leaves[i])
		if e.Root() != rootOf(leaves[:i+1]) || other.Root() == e.Root() {
			t.Fatalf("edge of %d: %s", i+1, e.Root())
		}
	}
}

// Proofs are asked of a log that does not hold them, or holds something else.
func TestProofsRefused(t *testing.T) {
	ctx := context.Background()
	g := grow(300)
	for name, err := range map[string]error{
		"index is the size": second(ledger.ProveInclusion(ctx, g, 300, 300)),
		"empty log":         second(ledger.ProveInclusion(ctx, g, 0, 0)),
		"old is larger":     second(ledger.ProveConsistency(ctx, g, 301, 300)),
		"size is too large": second(ledger.ProveInclusion(ctx, g, 0, 1<<63+5)),
		"a tile is missing": second(ledger.TreeRoot(ctx, g, 301)),
		"a tile is short":   second(ledger.TreeRoot(ctx, short{g}, 300)),
		"huge index":        ledger.VerifyInclusion(1<<64-1, 1<<64-1, leafHash(0), nil, leafHash(0)),
		"huge size":         ledger.VerifyInclusion(0, 1<<64-1, leafHash(0), make([]ledger.Hash, 63), leafHash(0)),
		"huge log":          ledger.VerifyConsistency(1<<63, 1<<64-1, leafHash(0), leafHash(0), nil),
		"from nothing":      ledger.VerifyConsistency(0, 0, leafHash(0), leafHash(0), nil),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if p, err := ledger.ProveConsistency(ctx, g, 0, 300); err != nil || p != nil {
		t.Errorf("from nothing: %v, %v", p, err)
	}
}

func second[T any](_ T, err error) error { return err }

type short struct{ ledger.Tiles }

func (s short) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	b, err := s.Tiles.Tile(ctx, level, n, width)
	return b[:len(b)-1], err
}

// A proof in a log of a million reads six tiles at most.
func TestProofsReadFewTiles(t *testing.T) {
	g := grow(70_000)
	for index := uint64(0); index < 70_000; index += 997 {
		g.reads = 0
		if _, err := ledger.ProveInclusion(context.Background(), g, index, 70_000); err != nil {
			t.Fatal(err)
		}
		if g.reads > 6 {
			t.Fatalf("%d tiles for entry %d", g.reads, index)
		}
	}
}
