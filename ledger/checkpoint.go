package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Checkpoint is the head of a log at one size.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// body is the text that is signed.
func (c Checkpoint) body() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// ParseCheckpoint reads the text of a checkpoint, without its signatures: the three lines of
// c2sp.org/tlog-checkpoint. Further lines, which are extensions, must not be empty and mean nothing to us.
func ParseCheckpoint(body []byte) (Checkpoint, error) {
	c, err := parseCheckpoint(string(body))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	return c, nil
}

func parseCheckpoint(body string) (c Checkpoint, err error) {
	lines := strings.Split(body, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return c, errors.New("fewer than three whole lines")
	}
	if slices.Contains(lines[:len(lines)-1], "") {
		return c, errors.New("an empty line")
	}
	c.Origin = lines[0]
	if c.Size, err = parseNumber(lines[1]); err != nil {
		return Checkpoint{}, fmt.Errorf("size: %w", err)
	}
	if c.Root, err = ParseHash(lines[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("root: %w", err)
	}
	if c.Size == 0 && c.Root != emptyRoot() {
		return Checkpoint{}, errors.New("root: not that of the empty log")
	}
	return c, nil
}

// parseNumber reads a decimal of 64 bits without sign and leading zeroes.
func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, errors.New("not a decimal number of 64 bits without leading zeroes")
	}
	return n, nil
}
