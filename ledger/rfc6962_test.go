package ledger_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/avowhq/avow/ledger"
)

// vectors reads a file below testdata.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// hashes decodes hashes; not ok when one of them is none, which a case then wants refused.
func hashes(list ...string) (all []ledger.Hash, ok bool) {
	for _, s := range list {
		h, err := ledger.ParseHash(s)
		if err != nil {
			return nil, false
		}
		all = append(all, h)
	}
	return all, true
}

type inclusionCase struct {
	Name              string
	LeafIdx, TreeSize uint64
	Start, End        uint64
	Root, LeafHash    string
	Proof             []string
	WantErr           bool
}

// verify is true for a proof that is accepted.
func (c inclusionCase) verify() bool {
	ends, ok1 := hashes(c.Root, c.LeafHash)
	proof, ok2 := hashes(c.Proof...)
	return ok1 && ok2 && ledger.VerifyInclusion(c.LeafIdx, c.TreeSize, ends[1], proof, ends[0]) == nil
}

func TestRFC6962Inclusion(t *testing.T) {
	var file struct{ Cases []inclusionCase }
	vectors(t, "rfc6962/inclusion.json", &file)
	if len(file.Cases) != 98 {
		t.Errorf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		if c.verify() == c.WantErr {
			t.Errorf("%s: want an error: %v", c.Name, c.WantErr)
		}
	}
}

// A complete subtree is a log of its own: its entries are proven by the same function, counted from its start.
func TestRFC6962SubtreeInclusion(t *testing.T) {
	var file struct{ Cases []inclusionCase }
	vectors(t, "rfc6962/subtreeinclusion.json", &file)
	for _, c := range file.Cases {
		whole := uint64(1)
		for whole < c.End-c.Start && whole < 1<<62 {
			whole *= 2
		}
		isSubtree := c.Start < c.End && c.Start%whole == 0
		c.LeafIdx, c.TreeSize = c.LeafIdx-c.Start, c.End-c.Start
		if (isSubtree && c.verify()) == c.WantErr {
			t.Errorf("%s: want an error: %v", c.Name, c.WantErr)
		}
	}
}

func TestRFC6962Consistency(t *testing.T) {
	var file struct {
		Cases []struct {
			Name         string
			Size1, Size2 uint64
			Root1, Root2 string
			Proof        []string
			WantErr      bool
		}
	}
	vectors(t, "rfc6962/consistency.json", &file)
	if len(file.Cases) != 98 {
		t.Errorf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		// Where the root does not matter, the cases have the words "don't care" for it, filled up here.
		var root1, root2 ledger.Hash
		copy(root1[:], decode(t, c.Root1))
		copy(root2[:], decode(t, c.Root2))
		proof, ok := hashes(c.Proof...)
		ok = ok && ledger.VerifyConsistency(c.Size1, c.Size2, root1, root2, proof) == nil
		if ok == c.WantErr {
			t.Errorf("%s: want an error: %v", c.Name, c.WantErr)
		}
	}
}

func TestRFC6962Tree(t *testing.T) {
	var file struct {
		LeafInputs []string `json:"leaf_inputs_hex"`
		Roots      []string `json:"root_by_size_hex"`
	}
	vectors(t, "rfc6962/tree.json", &file)
	var edge ledger.Edge
	var all []ledger.Hash
	for size, want := range file.Roots {
		if size > 0 {
			entry, err := hex.DecodeString(file.LeafInputs[size-1])
			if err != nil {
				t.Fatal(err)
			}
			edge.Append(ledger.LeafHash(entry))
			all = append(all, ledger.LeafHash(entry))
		}
		for _, root := range []ledger.Hash{edge.Root(), ledger.SubtreeRoot(all)} {
			if hex.EncodeToString(root[:]) != want {
				t.Errorf("root of %d: %x, want %s", size, root, want)
			}
		}
	}
}

// decode is base64 of a case.
func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
