package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// MaxEntry is the length of the longest entry that a bundle can hold, in bytes.
const MaxEntry = math.MaxUint16

// AppendBundle adds an entry to a bundle: its length in two bytes, big-endian, and itself.
// It panics above [MaxEntry] bytes; a [Leaf] has 33.
func AppendBundle(b, entry []byte) []byte {
	if len(entry) > MaxEntry {
		panic(fmt.Sprintf("ledger: an entry of %d bytes", len(entry)))
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(entry))), entry...)
}

var errBundleCut = errors.New("read bundle: it ends within an entry")

// ReadBundle yields the entries of a bundle in their order, as parts of b. It fails where the bundle is cut
// off or has more than [TileWidth] entries, after having yielded those before.
func ReadBundle(b []byte, yield func(i int, entry []byte) bool) error {
	for i := 0; len(b) > 0; i++ {
		if i == TileWidth {
			return fmt.Errorf("read bundle: more than %d entries", TileWidth)
		}
		if len(b) < 2 {
			return errBundleCut
		}
		end := 2 + int(binary.BigEndian.Uint16(b))
		if len(b) < end {
			return errBundleCut
		}
		if !yield(i, b[2:end:end]) {
			return nil
		}
		b = b[end:]
	}
	return nil
}
