package avow_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules of CONTRIBUTING.md that a machine can see.
const (
	longFile     = 500 // lines; more wants a reason
	longFunction = 60  // lines from func to the closing brace; more wants a reason
)

var (
	emptyNames = []string{"base", "common", "core", "helper", "helpers", "misc", "shared", "types", "util", "utils"}
	emptyVerb  = regexp.MustCompile(`^Get([A-Z0-9_]|$)`)
	emptyNoun  = regexp.MustCompile(`.(Manager|Service)$`) // a Service alone is a word of the language
	noAct      = regexp.MustCompile(`(?i)^failed to\b`)
	reason     = regexp.MustCompile(`(?m)^// ?long: \S.*$`)
)

// A source is one parsed Go file.
type source struct {
	t    *testing.T
	pkg  listed
	name string // from the root of the module
	test bool
	set  *token.FileSet
	file *ast.File
}

func TestStyle(t *testing.T) {
	for _, p := range packages(t) {
		if slices.Contains(emptyNames, p.Name) {
			t.Errorf("package %s: the name says nothing; name it after what it knows", p.ImportPath)
		}
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			parse(t, p, name).check()
		}
	}
}

func parse(t *testing.T, p listed, name string) *source {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	short, err := filepath.Rel(root, filepath.Join(p.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	s := &source{t: t, pkg: p, name: short, test: strings.HasSuffix(name, "_test.go"), set: token.NewFileSet()}
	if s.file, err = parser.ParseFile(s.set, short, nil, parser.ParseComments); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *source) check() {
	s.length()
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			s.function(d)
		case *ast.GenDecl:
			s.types(d)
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			s.text(n)
		case *ast.SelectorExpr:
			s.clock(n)
		}
		return true
	})
}

func (s *source) complain(at token.Pos, format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s: "+format, append([]any{s.set.Position(at)}, args...)...)
}

// length wants a reason above the declarations of a long file.
func (s *source) length() {
	lines := s.set.File(s.file.Pos()).LineCount()
	if lines <= longFile {
		return
	}
	first := s.file.End()
	if len(s.file.Decls) > 0 {
		first = s.file.Decls[0].Pos()
	}
	for _, c := range s.file.Comments {
		if c.Pos() < first && reasoned(c) {
			return
		}
	}
	s.complain(s.file.Pos(), "%d lines: split it by subject, or say why in a comment `// long: …` at the top", lines)
}

func (s *source) function(d *ast.FuncDecl) {
	if s.test {
		return
	}
	name := d.Name.Name
	if name == "init" && d.Recv == nil {
		s.complain(d.Pos(), "func init: wire it where it is used")
	}
	if emptyVerb.MatchString(name) {
		s.complain(d.Pos(), "%s: name it after what it returns, without Get", name)
	}
	if d.Name.IsExported() && emptyNoun.MatchString(name) {
		s.complain(d.Pos(), "%s: name it after what it does", name)
	}
	lines := s.set.Position(d.End()).Line - s.set.Position(d.Pos()).Line + 1
	if lines <= longFunction {
		return
	}
	for _, c := range s.file.Comments {
		if c == d.Doc || d.Pos() < c.Pos() && c.End() < d.End() {
			if reasoned(c) {
				return
			}
		}
	}
	s.complain(d.Pos(), "%s has %d lines: split it, or say why in a comment `// long: …`", name, lines)
}

func (s *source) types(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		spec, ok := spec.(*ast.TypeSpec)
		if !ok || s.test {
			continue
		}
		if spec.Name.IsExported() && (emptyVerb.MatchString(spec.Name.Name) || emptyNoun.MatchString(spec.Name.Name)) {
			s.complain(spec.Pos(), "type %s: name it after what it is", spec.Name.Name)
		}
		if i, ok := spec.Type.(*ast.InterfaceType); ok {
			s.methods(spec.Name.Name, i)
		}
	}
}

// methods looks at the names that an interface demands.
func (s *source) methods(of string, i *ast.InterfaceType) {
	for _, m := range i.Methods.List {
		for _, n := range m.Names {
			if emptyVerb.MatchString(n.Name) {
				s.complain(n.Pos(), "%s.%s: name it after what it returns, without Get", of, n.Name)
			}
		}
	}
}

// text looks at what the program says.
func (s *source) text(l *ast.BasicLit) {
	if l.Kind != token.STRING || s.test {
		return
	}
	if text, err := strconv.Unquote(l.Value); err == nil && noAct.MatchString(text) {
		s.complain(l.Pos(), "%q: name the act (\"read notice: …\"); that it failed is what an error means", text)
	}
}

// clock keeps the time out of decision: it comes with the request.
func (s *source) clock(x *ast.SelectorExpr) {
	id, ok := x.X.(*ast.Ident)
	if !ok || s.test || s.pkg.ImportPath != module+"/decision" {
		return
	}
	if id.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Local"}, x.Sel.Name) {
		s.complain(x.Pos(), "time.%s: decision has no clock; time comes with the request", x.Sel.Name)
	}
}

func reasoned(c *ast.CommentGroup) bool {
	for _, line := range c.List {
		if reason.MatchString(line.Text) {
			return true
		}
	}
	return false
}
