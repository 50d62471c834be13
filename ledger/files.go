package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// A Source reads a log in the layout of c2sp.org/tlog-tiles.
type Source interface {
	Tiles

	// Checkpoint is the newest signed checkpoint.
	Checkpoint(ctx context.Context) ([]byte, error)

	// Bundle is an entry bundle of width entries. Like Tile, it may cut them from a wider one.
	Bundle(ctx context.Context, n uint64, width int) ([]byte, error)
}

// Files is a log in files, at the paths of [TilePath] and [BundlePath] and "checkpoint": a copy of what a log
// serves. Where a partial tile or bundle is missing, the full one takes its place.
func Files(fsys fs.FS) Source { return files{fsys} }

type files struct{ fsys fs.FS }

const (
	checkpointPath = "checkpoint"

	maxBundle = TileWidth * (2 + len(Leaf{}))
)

func (f files) Checkpoint(ctx context.Context) ([]byte, error) {
	return f.read(ctx, checkpointPath, maxNote)
}

func (f files) Tile(ctx context.Context, level int, n uint64, width int) ([]byte, error) {
	b, err := f.either(ctx, TilePath(level, n, width), TilePath(level, n, TileWidth), TileWidth*len(Hash{}))
	return b[:min(len(b), width*len(Hash{}))], err
}

func (f files) Bundle(ctx context.Context, n uint64, width int) ([]byte, error) {
	b, err := f.either(ctx, BundlePath(n, width), BundlePath(n, TileWidth), maxBundle)
	return cutBundle(b, width), err
}

// cutBundle keeps the first width entries. A bundle that is damaged before stays as it is: who reads it says where.
func cutBundle(b []byte, width int) []byte {
	end := 0
	err := ReadBundle(b, func(i int, entry []byte) bool {
		if i < width {
			end += 2 + len(entry)
		}
		return i < width
	})
	if err != nil {
		return b
	}
	return b[:end]
}

func (f files) either(ctx context.Context, partial, full string, limit int) ([]byte, error) {
	b, err := f.read(ctx, partial, limit)
	if partial != full && errors.Is(err, fs.ErrNotExist) {
		if b, err := f.read(ctx, full, limit); !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return b, err
}

// read takes no more of a file than it may have.
func (f files) read(ctx context.Context, path string, limit int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := f.fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	b := make([]byte, 0, min(limit, maxBundle)+1)
	b, err = appendAll(b, io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(b) > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	return b, nil
}

// appendAll is io.ReadAll into a buffer of the size expected.
func appendAll(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
