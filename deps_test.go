package avow_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/avowhq/avow"

// A room is one package and what it may import beside the standard library.
type room struct {
	path    string   // below the module
	inside  []string // packages of the module; all stand further up in the table
	outside []string // modules that this package owns: no other room imports them
}

// rooms is the import graph. A new package or dependency begins with a line here, and with an ADR
// that says why. Imports run upward in this table only.
var rooms = []room{
	{path: "decision"},
	{path: "policy/dpv"},
	{path: "policy/law", inside: []string{"decision"}, outside: []string{"github.com/rickar/cal/v2"}},
	{
		path:    "policy",
		inside:  []string{"decision", "policy/dpv", "policy/law"},
		outside: []string{"github.com/yuin/goldmark", "go.yaml.in/yaml/v4", "golang.org/x/text"},
	},
	{path: "policies"},
	{path: "ledger", outside: []string{"golang.org/x/mod", "github.com/gowebpki/jcs"}}, // jcs in tests only: a second opinion
	{path: "internal/vault", inside: []string{"ledger"}, outside: []string{"filippo.io/age"}},
	{
		path:   "internal/store",
		inside: []string{"ledger"},
		outside: []string{
			"modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3",
			"github.com/riverqueue/river", "github.com/riverqueue/river/riverdriver/riverpgxv5", "github.com/riverqueue/river/riverdriver/riversqlite",
		},
	},
	{path: "client", inside: []string{"ledger"}},
	{path: "internal/subject", inside: []string{"decision", "ledger", "internal/store", "internal/vault"}},
	{path: "internal/auth", inside: []string{"ledger", "internal/store", "internal/vault"}, outside: []string{"golang.org/x/time"}},
	{
		path:    "internal/server",
		inside:  []string{"decision", "policy", "policy/law", "ledger", "client", "internal/store", "internal/vault", "internal/subject", "internal/auth"},
		outside: []string{"github.com/prometheus/client_golang", "github.com/go-json-experiment/json"},
	},
	{
		path:    "cmd/avow",
		inside:  []string{"decision", "policy", "policies", "ledger", "internal/store", "internal/subject", "internal/auth", "internal/server"},
		outside: []string{"github.com/spf13/cobra"},
	},

	// Rooms that only tests may enter.
	{path: "decision/worldtest", inside: []string{"decision"}, outside: []string{"pgregory.net/rapid"}},
	{path: "internal/store/storetest"},
	{path: ""},
}

// testModules are what any test may import.
var testModules = []string{
	"github.com/chromedp/chromedp",
	"github.com/chromedp/cdproto",
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"github.com/santhosh-tekuri/jsonschema/v6",
	"pgregory.net/rapid",
}

// impure is what decision may not import: the same question has the same answer for ever, so it
// reads no clock, no chance and no world. (That it does not call time.Now is in style_test.go.)
var impure = []string{"context", "crypto/rand", "io/fs", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec", "sync", "syscall", "unsafe"}

func TestImports(t *testing.T) {
	entered := map[string]bool{}
	for _, p := range packages(t) {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		i := slices.IndexFunc(rooms, func(r room) bool { return r.path == path })
		if i < 0 {
			t.Errorf("package %s is not in the table of deps_test.go: a new room needs a line there, and an ADR", path)
			continue
		}
		entered[path] = true
		for _, imported := range p.Imports {
			checkImport(t, rooms[i], imported)
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			checkTestImport(t, rooms[i], imported)
		}
	}
	for _, r := range rooms {
		if !entered[r.path] {
			t.Errorf("the table of deps_test.go names %q, which is no package", r.path)
		}
	}
}

func checkImport(t *testing.T, r room, imported string) {
	t.Helper()
	switch own, inside := strings.CutPrefix(imported, module+"/"); {
	case inside && !slices.Contains(r.inside, own):
		t.Errorf("%s imports %s, which its line in deps_test.go does not allow", r.path, own)
	case inside:
	case standard(imported):
		if r.path == "decision" && slices.Contains(impure, imported) {
			t.Errorf("decision imports %s: it must stay pure", imported)
		}
	case !fromAny(r.outside, imported):
		t.Errorf("%s imports %s, which %s", r.path, imported, owner(imported))
	}
}

func checkTestImport(t *testing.T, r room, imported string) {
	t.Helper()
	if strings.HasPrefix(imported, module+"/") || standard(imported) {
		return
	}
	if !fromAny(r.outside, imported) && !fromAny(testModules, imported) {
		t.Errorf("a test of %s imports %s, which is neither its own nor among testModules", r.path, imported)
	}
}

// TestTable checks the table itself: order, owners, and that nothing but tests enters a test's room.
func TestTable(t *testing.T) {
	above := map[string]bool{}
	owners := map[string]string{}
	for _, r := range rooms {
		for _, in := range r.inside {
			if !above[in] {
				t.Errorf("%s may import %s, which does not stand above it: imports run one way", r.path, in)
			}
			if strings.HasSuffix(in, "test") {
				t.Errorf("%s may import %s, which is for tests", r.path, in)
			}
		}
		above[r.path] = true
		for _, out := range r.outside {
			if other, taken := owners[out]; taken {
				t.Errorf("%s has two owners, %s and %s", out, other, r.path)
			}
			owners[out] = r.path
		}
	}
}

// TestRequirements finds modules that go.mod requires and nobody here owns.
func TestRequirements(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(goCommand(t, "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		owned := slices.ContainsFunc(rooms, func(room room) bool { return slices.Contains(room.outside, r.Path) })
		if !r.Indirect && !owned && !slices.Contains(testModules, r.Path) {
			t.Errorf("go.mod requires %s, which no room owns", r.Path)
		}
	}
}

// owner says who may import a package, for the error.
func owner(imported string) string {
	for _, r := range rooms {
		if fromAny(r.outside, imported) {
			return r.path + " owns: ask it instead"
		}
	}
	return "no room owns: see CONTRIBUTING.md, Dependencies"
}

// fromAny reports whether the package lies in one of the modules.
func fromAny(modules []string, imported string) bool {
	return slices.ContainsFunc(modules, func(m string) bool {
		return imported == m || strings.HasPrefix(imported, m+"/")
	})
}

// standard reports whether the package is of the standard library: its first element has no dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// A listed package is what `go list` tells of one.
type listed struct {
	ImportPath, Name, Dir              string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(goCommand(t, "list", "-e", "-json=ImportPath,Name,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")))
	var all []listed
	for {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// goCommand runs the go command in the root of the module.
func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
