package storetest

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Planted are values that must be found nowhere: not in what is written, nor in what is answered, in none
// of the forms in which values slip through.
//
// The forms: as it is, in small and capital letters, percent-encoded, escaped for JSON and HTML, in hex,
// in base64 of both alphabets at any offset, in UTF-16; gzipped or deflated, with all of these inside; and
// as unkeyed hashes (SHA-256, SHA-1, MD5, SHA-512) in bytes, hex and base64.
type Planted struct {
	exact, folded finder
}

// A Value is planted under a name, which reports use. Spellings are further ways to write it: its other
// Unicode normal forms, and what it is normalised to.
type Value struct {
	Name      string
	Plain     string
	Spellings []string
}

// shortest is the shortest value that is not found by chance, in bytes.
const shortest = 6

// Plant prepares the search for values.
func Plant(values ...Value) *Planted {
	p := &Planted{}
	for _, v := range values {
		if len(v.Plain) < shortest {
			panic(fmt.Sprintf("storetest: %s is too short to be searched for", v.Name))
		}
		for _, spelling := range append([]string{v.Plain}, v.Spellings...) {
			for _, f := range formsOf(spelling) {
				f.what = v.Name + ", " + f.what
				if f.folded {
					f.needle = fold(f.needle)
					p.folded.add(f)
				} else {
					p.exact.add(f)
				}
			}
		}
	}
	return p
}

// In lists what is found in the content: "identity, as base64", each once.
func (p *Planted) In(content []byte) []string { return p.in(content, 0) }

// packed is how deep compressed content is opened.
const packed = 2

func (p *Planted) in(content []byte, depth int) []string {
	found := append(p.exact.in(content), p.folded.in(fold(content))...)
	if depth < packed {
		for what, inside := range unpack(content) {
			for _, f := range p.in(inside, depth+1) {
				found = append(found, f+", "+what)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Nowhere fails the test if something is found in the content, which where names.
func (p *Planted) Nowhere(t testing.TB, where string, content []byte) {
	t.Helper()
	for _, f := range p.In(content) {
		t.Errorf("%s holds a planted value: %s", where, f)
	}
}

// NotUnder fails the test if something is found in a file below the folder, or in the name of one.
func (p *Planted) NotUnder(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		p.Nowhere(t, "the name of a file", []byte(path))
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p.Nowhere(t, path, content)
		return nil
	})
	if err != nil {
		t.Errorf("search %s: %v", dir, err)
	}
}

// fold makes capital ASCII letters small. Forms with other letters are given in both.
func fold(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// A finder looks for many needles at once: by their first four bytes.
type finder struct {
	maybe [1 << 14]uint64 // a bit for each hash of four bytes
	heads map[uint32][]form
}

func (f *finder) add(n form) {
	if f.heads == nil {
		f.heads = map[uint32][]form{}
	}
	h := head(n.needle)
	f.maybe[bit(h)/64] |= 1 << (bit(h) % 64)
	f.heads[h] = append(f.heads[h], n)
}

func head(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func bit(h uint32) uint32 { return h * 2654435761 >> 12 }

func (f *finder) in(content []byte) (found []string) {
	for i := 0; i+4 <= len(content); i++ {
		h := head(content[i:])
		if f.maybe[bit(h)/64]>>(bit(h)%64)&1 == 0 {
			continue
		}
		for _, n := range f.heads[h] {
			if bytes.HasPrefix(content[i:], n.needle) && !slices.Contains(found, n.what) {
				found = append(found, n.what)
			}
		}
	}
	return found
}
