package policy

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Problem is one thing wrong with a policy, where it is, and what to do about it.
type Problem struct {
	Code    string `json:"code"` // E04: stops publication; W20: a warning. See Catalogue.
	Pos     Pos    `json:"pos"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Warning reports a problem that does not stop publication.
func (p Problem) Warning() bool { return strings.HasPrefix(p.Code, "W") }

// String is the problem on one line: file:line:column: code: message.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.Pos.File, p.Pos.Line, p.Pos.Col, p.Code, p.Message)
}

// Sort puts problems in the order of their places.
func Sort(l []Problem) {
	slices.SortStableFunc(l, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col), cmp.Compare(a.Code, b.Code))
	})
}

// Errors reports whether any problem stops publication.
func Errors(l []Problem) bool {
	return slices.ContainsFunc(l, func(p Problem) bool { return !p.Warning() })
}

// Print writes each problem with its source line, a caret under the place, and the hint.
func Print(w io.Writer, files []File, l []Problem) {
	lines := map[string][]string{}
	for _, f := range files {
		lines[f.Name] = strings.Split(string(f.Text), "\n")
	}
	for _, p := range l {
		fmt.Fprintln(w, p)
		if line, ok := lineIn(lines[p.Pos.File], p.Pos); ok {
			fmt.Fprintf(w, "    %s\n    %s\n", line, caret(line, p.Pos))
		}
		if p.Hint != "" {
			fmt.Fprintf(w, "  hint: %s\n", p.Hint)
		}
	}
}

func lineOf(files []File, pos Pos) (string, bool) {
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == pos.File })
	if i < 0 {
		return "", false
	}
	return lineIn(strings.Split(string(files[i].Text), "\n"), pos)
}

func lineIn(lines []string, pos Pos) (string, bool) {
	if pos.Line < 1 || pos.Line > len(lines) {
		return "", false
	}
	return strings.TrimRight(lines[pos.Line-1], "\r"), true
}

// caret underlines the place: tabs stay tabs so that columns agree, wide runes take two places, and
// marks that combine with the rune before them none.
func caret(line string, pos Pos) string {
	var b strings.Builder
	col := 1
	for _, r := range line {
		if col >= pos.Col {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteString(strings.Repeat(" ", cells(r)))
		}
		col++
	}
	n := 0
	for i, r := range []rune(line) {
		if i+1 >= pos.Col && i+1 < pos.Col+max(1, pos.Len) {
			n += cells(r)
		}
	}
	b.WriteString(strings.Repeat("^", max(1, n)))
	return b.String()
}

// cells are the places of a terminal that a rune takes.
func cells(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case wide(r):
		return 2
	}
	return 1
}

// wide reports runes that terminals draw two cells wide: East Asian wide ones and pictographs.
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd
}

// nearest is the known word most like a wrong one, or "" if none is near.
func nearest(word string, known []string) string {
	best, least := "", max(2, utf8.RuneCountInString(word)/3)+1
	for _, k := range known {
		if d := distance(word, k, least); d < least {
			best, least = k, d
		}
		// contact.mail for contact.email, or a word given without what stands above it
		if best == "" && strings.HasSuffix(k, "."+word) {
			best = k
		}
	}
	return best
}

// distance is the number of runes to insert, delete, replace or swap with a neighbour; limit or more
// is as good as limit.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 || len(x)-len(y) >= limit || len(y)-len(x) >= limit {
		return limit
	}
	before, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range x {
		cur[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j+1]+1, cur[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				cur[j+1] = min(cur[j+1], before[j-1]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(y)]
}
