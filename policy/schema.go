package policy

import (
	"encoding/json"
	"fmt"
	"slices"
)

// SchemaNames lists what Schema knows.
func SchemaNames() []string {
	return []string{"promise", "example", "notice", "vocabulary", "systems"}
}

// Schema is the JSON Schema (2020-12) of a block or a file, made from the same tables that read it, so
// that editors complete keys.
func Schema(name string) ([]byte, error) {
	r := &reader{p: &Policy{}, words: lexicon{}}
	var s map[string]any
	switch name {
	case "promise":
		one := map[string]any{"oneOf": promiseSchemas(r)}
		s = map[string]any{"anyOf": []any{one, map[string]any{"type": "array", "items": one}}}
	case "example":
		one := object([]field{{name: "given", form: formMap, doc: "facts, events and choices"}, {name: "ask", form: formMap, doc: "the question", must: true}, {name: "want", form: formWord, doc: "the answer", must: true}}, false)
		one["properties"].(map[string]any)["want"] = map[string]any{"type": []string{"string", "object"}}
		s = map[string]any{"anyOf": []any{one, map[string]any{"type": "array", "items": one}}}
	case "notice":
		s = object(frontFields(r, &r.p.Front), false)
	case "vocabulary":
		s = object(vocabularyFields(r, &r.p.Vocabulary), false)
	case "systems":
		s = object(systemsFields(r, &r.p.Systems), false)
	default:
		return nil, fmt.Errorf("%q has no schema; there are %v", name, SchemaNames())
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "avow v1 " + name
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return append(out, '\n'), nil
}

func promiseSchemas(r *reader) []any {
	var out []any
	for _, k := range kinds() {
		x := &Promise{}
		s := object(append(k.fields(r, x), commonFields(r, x)...), k.facets)
		s["title"], s["description"] = k.name, k.doc
		req, _ := s["required"].([]string)
		if !slices.Contains(req, k.name) {
			s["required"] = append(req, k.name)
		}
		out = append(out, s)
	}
	return out
}

// object is the schema of a mapping with these fields.
func object(fields []field, open bool) map[string]any {
	props := map[string]any{}
	var must []string
	for _, f := range fields {
		p := f.form.schema()
		p["description"] = f.doc
		props[f.name] = p
		if f.must {
			must = append(must, f.name)
		}
	}
	out := map[string]any{"type": "object", "properties": props, "additionalProperties": open}
	if must != nil {
		out["required"] = must
	}
	return out
}

func (f form) schema() map[string]any {
	// YAML has its own types and the language has none: what looks like a number or a truth is text.
	scalar := map[string]any{"type": []string{"string", "number", "boolean"}}
	list := map[string]any{"type": "array", "items": scalar}
	switch f {
	case formWords, formBasis:
		return map[string]any{"anyOf": []any{scalar, list, map[string]any{"type": "object"}}}
	case formSet:
		return map[string]any{"anyOf": []any{scalar, list, map[string]any{"type": "object", "required": []string{"not"}}}}
	case formTests, formMap:
		return map[string]any{"type": "object"}
	case formList:
		return map[string]any{"anyOf": []any{map[string]any{"type": "object"}, map[string]any{"type": "array", "items": map[string]any{"type": "object"}}}}
	}
	return map[string]any{"type": []string{"string", "number", "boolean"}}
}
