package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/unicode/norm"
)

// Limits on what is read.
const (
	maxFile  = 1 << 20 // bytes
	maxDepth = 32      // levels of YAML
	maxItems = 10_000  // of one list or mapping
)

// parseYAML reads one YAML document in which every scalar is text. Its first line is line first of
// the file. Anchors, aliases, tags, merge keys, doubles, and what is too deep are problems.
func (r *reader) parseYAML(file string, text []byte, first int) Value {
	if text == nil {
		return Value{} // reported where it was opened
	}
	if pos, c, ok := unreadable(file, text, first); !ok {
		r.add("E18", pos, fmt.Sprintf("a control character U+%04X", c), "delete it; lines end in a line feed")
		return Value{}
	}
	var doc yaml.Node
	if err := yaml.Load(text, &doc); err != nil {
		r.yamlError(file, first, err)
		return Value{}
	}
	y := yamlReader{r: r, file: file, first: first}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return y.value(doc.Content[0], 0)
	}
	return Value{Pos: Pos{file, first, 1, 0}}
}

// yamlError turns the parser's complaint into a problem at its place.
func (r *reader) yamlError(file string, first int, err error) {
	pos, msg := Pos{file, first, 1, 0}, err.Error()
	if le, ok := errors.AsType[*yaml.LoadError](err); ok {
		msg = le.Message
		if m := le.Mark; m.Line > 0 {
			pos.Line, pos.Col = first+m.Line-1, max(1, m.Column)
		}
	}
	msg = strings.TrimPrefix(msg, "yaml: ")
	if msg == "no documents in stream" {
		r.add("E07", pos, "nothing stands here", "write key: value lines")
		return
	}
	r.add("E18", pos, "not readable as YAML: "+msg, "check indentation, brackets and quotes here and on the line above")
}

// unreadable finds the first character that YAML does not take, or takes for the end of a line where
// editors see none.
func unreadable(file string, text []byte, first int) (pos Pos, c rune, ok bool) {
	pos = Pos{file, first, 1, 1}
	s := string(text)
	for i, c := range s {
		lineEnd := c == '\n' || c == '\r' && strings.HasPrefix(s[i:], "\r\n")
		if c != '\t' && !lineEnd && unicode.IsControl(c) || c == 0x2028 || c == 0x2029 || c == 0xfffe || c == 0xffff {
			return pos, c, false
		}
		pos.Col++
		if c == '\n' {
			pos.Line, pos.Col = pos.Line+1, 1
		}
	}
	return pos, 0, true
}

type yamlReader struct {
	r     *reader
	file  string
	first int
}

func (y *yamlReader) pos(n *yaml.Node) Pos {
	length := utf8.RuneCountInString(n.Value)
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		length += 2
	}
	if n.Kind != yaml.ScalarNode {
		length = 1
	}
	return Pos{y.file, y.first + n.Line - 1, n.Column, length}
}

func (y *yamlReader) value(n *yaml.Node, depth int) Value {
	pos := y.pos(n)
	switch {
	case depth > maxDepth:
		y.r.add("E18", pos, fmt.Sprintf("more than %d levels deep", maxDepth), "flatten it")
		return Value{Pos: pos}
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		y.r.add("E18", pos, "anchors and aliases are not part of the language", "write the value out")
		return Value{Pos: pos}
	case n.Style&yaml.TaggedStyle != 0:
		y.r.add("E18", pos, "tags are not part of the language: every value is text", "drop "+n.Tag)
		return Value{Pos: pos}
	}
	if items := len(n.Content); items > maxItems && (n.Kind == yaml.SequenceNode || items > 2*maxItems) {
		y.r.add("E18", pos, fmt.Sprintf("more than %d entries", maxItems), "split it")
		return Value{Pos: pos}
	}
	switch n.Kind {
	case yaml.MappingNode:
		return y.mapping(n, pos, depth)
	case yaml.SequenceNode:
		v := Value{Pos: pos, Kind: List}
		for _, c := range n.Content {
			v.List = append(v.List, y.value(c, depth+1))
		}
		return v
	case yaml.ScalarNode:
		return Value{Pos: pos, Kind: Scalar, Text: y.text(n, pos)}
	}
	return Value{Pos: pos}
}

func (y *yamlReader) mapping(n *yaml.Node, pos Pos, depth int) Value {
	v := Value{Pos: pos, Kind: Mapping}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		kpos := y.pos(k)
		switch {
		case k.Kind != yaml.ScalarNode:
			y.r.add("E18", kpos, "a key is one word", "")
			continue
		case k.Value == "<<" || k.Anchor != "" || k.Style&yaml.TaggedStyle != 0:
			y.r.add("E18", kpos, "merge keys, anchors and tags are not part of the language", "write the values out")
			continue
		case seen[k.Value]:
			y.r.add("E18", kpos, fmt.Sprintf("key %q stands twice", k.Value), "keep one of them")
			continue
		}
		seen[k.Value] = true
		v.Map = append(v.Map, Entry{Name{kpos, y.text(k, kpos)}, y.value(n.Content[i+1], depth+1)})
	}
	return v
}

// text refuses what looks like another text: other Unicode forms and invisible characters.
func (y *yamlReader) text(n *yaml.Node, pos Pos) string {
	if !norm.NFC.IsNormalString(n.Value) {
		y.r.add("E18", pos, "written in another Unicode form than it looks", "write it in normal form C; avow check --fix does")
		return norm.NFC.String(n.Value)
	}
	if i := strings.IndexFunc(n.Value, invisible); i >= 0 {
		c, _ := utf8.DecodeRuneInString(n.Value[i:])
		y.r.add("E18", pos, fmt.Sprintf("an invisible character U+%04X", c), "delete it")
		return strings.Map(func(c rune) rune {
			if invisible(c) {
				return -1
			}
			return c
		}, n.Value)
	}
	return n.Value
}

// invisible characters make two words look the same: what Unicode calls format, and letters that are
// drawn as nothing.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r == 0x34f || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0 || r == 0x17b4 || r == 0x17b5
}
