package policy_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	"go.yaml.in/yaml/v4"

	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
)

// schemas compiles all of them, which checks them against the schema of draft 2020-12.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	out := map[string]*jsonschema.Schema{}
	c := jsonschema.NewCompiler()
	for _, name := range policy.SchemaNames() {
		src, err := policy.Schema(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := doc.(map[string]any)["$schema"]; got != "https://json-schema.org/draft/2020-12/schema" {
			t.Errorf("%s is of %v", name, got)
		}
		if err := c.AddResource(name, doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out[name], err = c.Compile(name); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return out
}

// asJSON is YAML as an editor sees it, with YAML's own types. Dates, which JSON has not, are text.
func asJSON(t *testing.T, src string) any {
	t.Helper()
	var v any
	if err := yaml.Load([]byte(src), &v); err != nil {
		t.Fatal(err)
	}
	return plain(v)
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = plain(x)
		}
		return out
	case map[any]any:
		out := map[string]any{}
		for k, x := range v {
			out[fmt.Sprint(k)] = plain(x)
		}
		return out
	case []any:
		out := []any{}
		for _, x := range v {
			out = append(out, plain(x))
		}
		return out
	case nil, string, bool, int, int64, uint64, float64:
		return v
	}
	return fmt.Sprint(v)
}

// blocks are the front matter and the yaml blocks of a notice, by schema.
func blocks(src string) map[string][]string {
	front, rest, _ := strings.Cut(strings.TrimPrefix(src, "---\n"), "\n---\n")
	out := map[string][]string{"notice": {front}}
	doc := goldmark.DefaultParser().Parse(text.NewReader([]byte(rest)))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		f, ok := n.(*ast.FencedCodeBlock)
		if !ok || f.Info == nil {
			continue
		}
		var b strings.Builder
		for i := range f.Lines().Len() {
			seg := f.Lines().At(i)
			b.Write(seg.Value([]byte(rest)))
		}
		if kind, ok := strings.CutPrefix(string(f.Info.Value([]byte(rest))), "yaml "); ok {
			out[kind] = append(out[kind], b.String())
		}
	}
	return out
}

func TestSchemas(t *testing.T) {
	all := schemas(t)
	accept := func(t *testing.T, schema, src string) {
		t.Helper()
		if err := all[schema].Validate(asJSON(t, src)); err != nil {
			t.Errorf("%s does not accept\n%s\n%v", schema, src, err)
		}
	}
	for _, name := range policies.Names() {
		t.Run(name, func(t *testing.T) {
			texts := shippedTexts(t, name)
			accept(t, "vocabulary", texts[policy.VocabularyFile])
			accept(t, "systems", texts[policy.SystemsFile])
			found := blocks(texts[policy.NoticeFile])
			if len(found["promise"]) == 0 || len(found["example"]) == 0 {
				t.Fatal("no blocks")
			}
			for schema, list := range found {
				for _, src := range list {
					accept(t, schema, src)
				}
			}
		})
	}
}

// TestSchemasRefuse: an unknown key is seen in an editor too.
func TestSchemasRefuse(t *testing.T) {
	all := schemas(t)
	for schema, src := range map[string]string{
		"promise":    "{keep: name, tehn: erase, then: erase}",
		"example":    "{ask: {action: use}, wants: allow}",
		"notice":     "{avow: v1, site: x, titel: y}",
		"vocabulary": "{avow: v1, data: {}, purposes: {}, purpose: {}}",
		"systems":    "{avow: v1, system: {}}",
	} {
		if all[schema].Validate(asJSON(t, src)) == nil {
			t.Errorf("%s accepts %s", schema, src)
		}
	}
	if _, err := policy.Schema("nothing"); err == nil || !strings.Contains(err.Error(), "has no schema") {
		t.Errorf("an unknown schema: %v", err)
	}
}

func shippedTexts(t *testing.T, name string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, file := range []string{policy.NoticeFile, policy.VocabularyFile, policy.SystemsFile} {
		src, err := fs.ReadFile(policies.Files, name+"/"+file)
		if err != nil {
			t.Fatal(err)
		}
		out[file] = string(src)
	}
	return out
}

// TestFixKeepsMeaning: whatever a fix does to a policy, also to one that needs it, it means the same.
func TestFixKeepsMeaning(t *testing.T) {
	spoiled := map[string]func(string) string{
		"as it is":                  func(s string) string { return s },
		"windows line ends":         func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"spaces at the end of keys": func(s string) string { return strings.ReplaceAll(s, ":\n", ":  \n") },
		"no line end at the end":    func(s string) string { return strings.TrimRight(s, "\n") },
	}
	for _, name := range policies.Names() {
		for how, spoil := range spoiled {
			t.Run(name+"/"+how, func(t *testing.T) {
				before, after := map[string]string{}, map[string]string{}
				for file, src := range shippedTexts(t, name) {
					before[file] = spoil(src)
					after[file] = string(policy.FixText(file, []byte(before[file])))
				}
				if diff := cmp.Diff(lowered(t, before), lowered(t, after)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func lowered(t *testing.T, texts map[string]string) any {
	t.Helper()
	p, problems, err := policy.Read(filesOf(texts))
	if err != nil {
		t.Fatal(err)
	}
	report(t, p, problems)
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
