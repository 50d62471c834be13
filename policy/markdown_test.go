package policy_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/avowhq/avow/policy"
)

// A countingReader counts the lines that a parser of what stands within a paragraph looks through, in bytes.
type countingReader struct {
	text.Reader
	seen *int
}

func (r countingReader) PeekLine() ([]byte, text.Segment) {
	line, at := r.Reader.PeekLine()
	*r.seen += len(line)
	return line, at
}

type countingParser struct {
	parser.InlineParser
	seen *int
}

func (p countingParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	return p.InlineParser.Parse(parent, countingReader{block, p.seen}, pc)
}

func (p countingParser) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if c, ok := p.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}

// looks is how much the parsers that rendering uses look at.
func looks(markdown string) int {
	seen := 0
	inline := parser.DefaultInlineParsers()
	for i, p := range inline {
		inline[i].Value = countingParser{p.Value.(parser.InlineParser), &seen}
	}
	parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...), parser.WithInlineParsers(inline...)).Parse(text.NewReader([]byte(markdown)))
	return seen
}

// The worst paragraph that a notice may have, twice as often, is twice the work; without the limit, twice
// as many marks in one paragraph are four times the work. Nothing is timed: what is looked at is counted.
func TestProseIsLinear(t *testing.T) {
	for worst, marks := range map[string]int{"[a](": 3, "[a](<": 4, "*a_ ": 2} {
		one := strings.Repeat(worst, 500/marks) + "\n\n"
		for _, n := range []int{10, 40} {
			few, many := looks(strings.Repeat(one, n)), looks(strings.Repeat(one, 2*n))
			if strings.Contains(worst, "[") && (few < n*len(one) || many > few*21/10) {
				t.Errorf("%q: %d paragraphs are %d, twice as many %d", worst, n, few, many)
			}
		}
		if _, problems, err := policy.Read(noticeOf(t, one)); err != nil || len(problems) > 0 {
			t.Errorf("%q: what fits is refused: %v %v", worst, problems, err)
		}
		_, problems, err := policy.Read(noticeOf(t, strings.TrimSpace(one)+" "+one))
		if err != nil || len(problems) != 1 || problems[0].Code != "E18" || !strings.Contains(problems[0].Message, "it may have 500") {
			t.Errorf("%q: twice as much in one paragraph: %v %v", worst, problems, err)
		}
	}
	if few, many := looks(strings.Repeat("[a](", 1000)), looks(strings.Repeat("[a](", 2000)); many < few*3 {
		t.Errorf("the counter does not see what the limit is for: %d and %d", few, many)
	}
}

// noticeOf is a policy without fault, and a clause with some prose.
func noticeOf(t *testing.T, prose string) fstest.MapFS {
	texts := base(t)
	texts[policy.NoticeFile] += "\n## More {#more}\n\n" + prose + "\n```yaml promise\nstate: more\nshown: privacy-page\n```\n"
	return filesOf(texts)
}

// Each clause is rendered by itself, raw HTML left out.
func TestRenderProse(t *testing.T) {
	got, err := policy.RenderProse("*Hear* <script>x</script> [us](https://us.example).\n\n<div onclick=x>no</div>\n")
	if err != nil || strings.Contains(got, "<script") || strings.Contains(got, "onclick") || !strings.Contains(got, `<em>Hear</em>`) || !strings.Contains(got, `<a href="https://us.example">us</a>`) {
		t.Errorf("%s %v", got, err)
	}
}
