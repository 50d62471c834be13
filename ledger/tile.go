package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// TileWidth is the number of hashes in a full tile, and of entries in a full bundle.
const TileWidth = 256

const (
	tileBits  = 8         // a tile is a subtree of this height
	maxLevel  = 63        // of a tile path
	tileLimit = 1 << 56   // tile numbers below cover every index of 64 bits
	bundles   = "entries" // stands in a path where tiles have their level
)

// TilePath is the path of a hash tile below the log's prefix, after c2sp.org/tlog-tiles:
// "tile/0/x001/x234/067", and for a partial tile of W hashes "tile/0/x001/x234/067.p/W".
// Level is 0 to 63, n below 2^56 and width 1 to 256; it panics otherwise.
func TilePath(level int, n uint64, width int) string {
	if level < 0 || level > maxLevel {
		panic("ledger: tile level " + strconv.Itoa(level))
	}
	return tilePath(strconv.Itoa(level), n, width)
}

// BundlePath is the path of an entry bundle, "tile/entries/…", with the limits of [TilePath].
func BundlePath(n uint64, width int) string { return tilePath(bundles, n, width) }

func tilePath(kind string, n uint64, width int) string {
	if n >= tileLimit || width < 1 || width > TileWidth {
		panic(fmt.Sprintf("ledger: tile number %d of width %d", n, width))
	}
	var number string
	for last := true; last || n > 0; n /= 1000 {
		if last {
			number, last = fmt.Sprintf("%03d", n%1000), false
		} else {
			number = fmt.Sprintf("x%03d/", n%1000) + number
		}
	}
	path := "tile/" + kind + "/" + number
	if width < TileWidth {
		path += ".p/" + strconv.Itoa(width)
	}
	return path
}

// ParseTilePath reads a path as [TilePath] and [BundlePath] write it, and no other. The level of a bundle is −1.
func ParseTilePath(path string) (level int, n uint64, width int, err error) {
	level, n, width, err = readTilePath(path)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read tile path: %w", err)
	}
	return level, n, width, nil
}

var errTilePath = errors.New("not a path of tlog-tiles")

func readTilePath(path string) (level int, n uint64, width int, err error) {
	rest, isTile := strings.CutPrefix(path, "tile/")
	kind, rest, ok := strings.Cut(rest, "/")
	if !isTile || !ok || len(path) > 64 {
		return 0, 0, 0, errTilePath
	}
	level = -1
	if kind != bundles {
		if level, ok = decimal(kind, maxLevel); !ok {
			return 0, 0, 0, errTilePath
		}
	}
	number, partial, isPartial := strings.Cut(rest, ".p/")
	width = TileWidth
	if isPartial {
		if width, ok = decimal(partial, TileWidth-1); !ok || width == 0 {
			return 0, 0, 0, errTilePath
		}
	}
	if n, ok = tileNumber(number); !ok {
		return 0, 0, 0, errTilePath
	}
	return level, n, width, nil
}

// tileNumber reads "x001/x234/067".
func tileNumber(s string) (n uint64, ok bool) {
	parts := strings.Split(s, "/")
	for i, part := range parts {
		digits, marked := strings.CutPrefix(part, "x")
		if last := i == len(parts)-1; marked == last || len(digits) != 3 {
			return 0, false
		}
		v, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || i == 0 && v == 0 && len(parts) > 1 {
			return 0, false // a sign, a letter, or a leading group of zeroes
		}
		if n > (tileLimit-1-v)/1000 {
			return 0, false
		}
		n = n*1000 + v
	}
	return n, true
}

// decimal reads a number without sign and leading zeroes, up to limit.
func decimal(s string, limit int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= limit && strconv.Itoa(n) == s
}
