package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/avowhq/avow/ledger"
)

const leafSize = int64(len(ledger.Leaf{}))

// tree walks over the log, with the entries beside it if they are to be checked, and puts the name of a
// table to what is wrong.
func (k *checker) tree(ctx context.Context) error {
	v, err := ledger.NewVerifier(k.s.signer.Key())
	if err != nil {
		return err
	}
	check := ledger.LogCheck{Verifier: v}
	if k.c.Deep {
		if err := k.sites(ctx); err != nil {
			return err
		}
		check.Opened = k.entries(ctx)
	}
	report, err := ledger.CheckLog(ctx, checkedLog{k}, check)
	k.report.Bundles, k.report.Tiles, k.report.Opened = int64(report.Bundles), int64(report.Tiles), int64(report.Records)
	if err != nil {
		return k.name(ctx, err)
	}
	if k.wrongRoot != nil {
		return k.wrongRoot
	}
	if k.c.Deep {
		return k.erasures()
	}
	return nil
}

// checkedLog is the log as its tables have it, read without mending anything.
type checkedLog struct{ k *checker }

func (l checkedLog) Checkpoint(context.Context) ([]byte, error) { return l.k.head.Checkpoint, nil }

// Tile reads a full tile's row, or makes an incomplete one of what lies below, as readers are served it.
func (l checkedLog) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	if width < ledger.TileWidth && level == 0 {
		return tile(ctx, l.k.tx, 0, int64(n), int64(width))
	}
	if width < ledger.TileWidth {
		return l.roots(ctx, level-1, n*ledger.TileWidth, width)
	}
	var root, data []byte
	err := l.k.tx.Row(ctx, `SELECT root, data FROM log_tile WHERE level = $1 AND n = $2`, []any{int64(level), int64(n)}, &root, &data)
	if errors.Is(err, ErrNone) {
		return nil, tileDefect(level, n, "", "is missing")
	}
	if err != nil {
		return nil, err
	}
	if len(data) != ledger.TileWidth*len(ledger.Hash{}) {
		return nil, tileDefect(level, n, "data", fmt.Sprintf("has %d bytes", len(data)))
	}
	var hashes [ledger.TileWidth]ledger.Hash
	for i := range hashes {
		hashes[i] = ledger.Hash(data[i*len(ledger.Hash{}):][:len(ledger.Hash{})])
	}
	// Whether the hashes are right the walk finds out; only then is the root known to be wrong.
	if sum := ledger.SubtreeRoot(hashes[:]); l.k.wrongRoot == nil && !bytes.Equal(root, sum[:]) {
		l.k.wrongRoot = tileDefect(level, n, "root", "is not the hash of the tile")
	}
	return data, nil
}

// roots are those of some tiles that follow each other.
func (l checkedLog) roots(ctx context.Context, level int, from uint64, width int) ([]byte, error) {
	var out []byte
	next := from
	err := l.k.tx.Each(ctx, `SELECT n, root FROM log_tile WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n`, []any{level, int64(from), int64(from) + int64(width)}, func(scan func(...any) error) error {
		var n int64
		var root []byte
		if err := scan(&n, &root); err != nil {
			return err
		}
		if uint64(n) != next {
			return tileDefect(level, next, "", "is missing")
		}
		if len(root) != len(ledger.Hash{}) {
			return tileDefect(level, next, "root", fmt.Sprintf("has %d bytes", len(root)))
		}
		next++
		out = append(out, root...)
		return nil
	})
	if err == nil && next != from+uint64(width) {
		err = tileDefect(level, next, "", "is missing")
	}
	return out, err
}

func tileDefect(level int, n uint64, column, what string) *Defect {
	return &Defect{
		Table: "log_tile", Row: fmt.Sprintf("level = %d, n = %d", level, n), Column: column,
		Index: int64(n * ledger.TileWidth << (8 * level)), What: what,
	}
}

// Bundle reads a full bundle's row, or the leaves of the last commits.
func (l checkedLog) Bundle(ctx context.Context, n uint64, width int) ([]byte, error) {
	l.k.progress(int64(n) * ledger.TileWidth)
	if width < ledger.TileWidth {
		from := int64(n) * ledger.TileWidth
		leaves, err := leavesOf(ctx, l.k.tx, from, from+int64(width))
		var out []byte
		for i := range leaves {
			out = ledger.AppendBundle(out, leaves[i][:])
		}
		return out, err
	}
	var data []byte
	err := l.k.tx.Row(ctx, `SELECT data FROM log_bundle WHERE n = $1`, []any{int64(n)}, &data)
	if errors.Is(err, ErrNone) {
		return nil, bundleDefect(n, "", "is missing")
	}
	return data, err
}

func bundleDefect(n uint64, column, what string) *Defect {
	return &Defect{Table: "log_bundle", Row: fmt.Sprintf("n = %d", n), Column: column, Index: int64(n * ledger.TileWidth), What: what}
}

// name says of a defect of the log in which table and row it lies.
func (k *checker) name(ctx context.Context, err error) error {
	if ours, ok := errors.AsType[*Defect](err); ok {
		return ours
	}
	d, ok := errors.AsType[*ledger.Defect](err)
	if !ok {
		return err
	}
	switch d.Path {
	case "record":
		return k.nameRecord(ctx, d)
	case "checkpoint":
		return k.nameTail(ctx, d.Err.Error())
	}
	level, n, width, err := ledger.ParseTilePath(d.Path)
	if err != nil {
		return d
	}
	full := width == ledger.TileWidth
	var out *Defect
	switch {
	case level < 0 && full:
		out = bundleDefect(n, "data", d.Err.Error())
	case full:
		out = tileDefect(level, n, "data", d.Err.Error())
	case level > 0: // it is made of the roots below
		out = tileDefect(level-1, d.Index>>(8*level), "root", "is not the hash of the tile, or the tile was changed with all below it")
	default:
		return k.nameTail(ctx, d.Err.Error())
	}
	out.Index = int64(d.Index)
	return out
}

// nameRecord asks whether it is the record or the leaf that was changed: the tree has not been compared
// with the signed root yet where the walk has come to.
func (k *checker) nameRecord(ctx context.Context, d *ledger.Defect) error {
	if int64(d.Index) >= k.head.Size/ledger.TileWidth*ledger.TileWidth {
		if tail, ok := errors.AsType[*Defect](k.nameTail(ctx, "")); ok && tail.Table == "log_commit" {
			return tail
		}
	}
	column := "record"
	if k.rows.plain {
		column = "record, key"
	}
	return entryDefect(int64(d.Index), column, d.Err.Error())
}

// nameTail finds which leaves of the incomplete tile are not those of the signed head: the head's edge has
// the roots of its subtrees.
func (k *checker) nameTail(ctx context.Context, what string) error {
	full := k.head.Size / ledger.TileWidth * ledger.TileWidth
	leaves, err := leavesOf(ctx, k.tx, full, k.head.Size)
	if err != nil {
		return &Defect{Table: "log_commit", Index: full, What: err.Error()}
	}
	at, roots := int64(0), k.head.Edge.Roots
	for width := int64(ledger.TileWidth / 2); width > 0; width /= 2 {
		if k.head.Size&width == 0 {
			continue
		}
		hashes := make([]ledger.Hash, width)
		for i := range hashes {
			hashes[i] = leaves[at+int64(i)].Hash()
		}
		ones := 0 // of the smaller subtrees, whose roots stand behind
		for w := width / 2; w > 0; w /= 2 {
			if k.head.Size&w != 0 {
				ones++
			}
		}
		if ledger.SubtreeRoot(hashes) != roots[len(roots)-1-ones] {
			return k.commitDefect(ctx, full+at, full+at+width)
		}
		at += width
	}
	return &Defect{Table: "log_bundle, log_tile", Index: 0, What: "agree with each other and not with the signed head: " + what}
}

// commitDefect names the row that holds the leaves, or the first of several.
func (k *checker) commitDefect(ctx context.Context, from, to int64) error {
	var first, n int64
	if err := k.tx.Row(ctx, `SELECT first, n FROM log_commit WHERE first <= $1 ORDER BY first DESC LIMIT 1`, []any{from}, &first, &n); err != nil {
		return err
	}
	which := fmt.Sprintf("the leaf of entry %d is", from)
	if to-from > 1 {
		which = fmt.Sprintf("of the leaves of entries %d to %d one is", from, to-1)
	}
	if first+n < to {
		which += ", in this row or a next one,"
	}
	return &Defect{Table: "log_commit", Row: fmt.Sprintf("first = %d", first), Column: "leaves", Index: from, What: which + " not that of the signed head"}
}

// surplus finds rows of tiles and bundles that the log does not have: rows whose key was changed are also
// missing where they belong, and that was found before.
func (k *checker) surplus(ctx context.Context) error {
	var bundles int64
	if err := k.tx.Row(ctx, `SELECT count(*) FROM log_bundle`, nil, &bundles); err != nil {
		return err
	}
	if want := k.head.Size / ledger.TileWidth; bundles != want {
		return &Defect{Table: "log_bundle", Index: -1, What: fmt.Sprintf("%d rows, and the log has %d full bundles", bundles, want)}
	}
	return k.tx.Each(ctx, `SELECT level, count(*) FROM log_tile GROUP BY level ORDER BY level`, nil, func(scan func(...any) error) error {
		var level, n int64
		if err := scan(&level, &n); err != nil {
			return err
		}
		want := int64(0)
		if level >= 0 && level < 7 {
			want = k.head.Size >> (8 * (level + 1))
		}
		if n != want {
			return &Defect{Table: "log_tile", Row: fmt.Sprintf("level = %d", level), Index: -1, What: fmt.Sprintf("%d rows, and the log has %d full tiles there", n, want)}
		}
		return nil
	})
}
