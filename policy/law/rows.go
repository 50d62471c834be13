package law

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A Sourced is one row of a profile, for reports.
type Sourced struct {
	Law  string // id of the profile
	Kind string // strike, ban, adequacy, mechanism, right, refusal, …
	Name string // what the row is about
	Span
	decision.Row
}

// Rows lists every row of the profile, in the order of the file's parts.
//
// long: one part of the file after the other reads best in one piece
func (p Profile) Rows() []Sourced {
	var out []Sourced
	add := func(kind, name string, s Span, r decision.Row) { out = append(out, Sourced{p.ID, kind, name, s, r}) }
	span := func(from, until decision.Instant) Span { return Span{Date(from), Date(until)} }
	for _, s := range p.Starts {
		add("start", s.Place, Span{From: s.From}, s.Row)
	}
	l := p.law
	for _, s := range l.Strikes {
		add("strike", string(s.Style), Span{}, s.Row)
	}
	if l.ChildAge > 0 || len(l.ChildAges) > 0 {
		add("child-age", fmt.Sprint(l.ChildAge), Span{}, l.ChildRow)
	}
	if l.Restriction.Article != "" {
		add("restriction", "restricted", Span{}, l.Restriction)
	}
	for _, b := range l.Bans {
		add("ban", b.Row.Because, span(b.From, b.Until), b.Row)
	}
	if t := l.Transfers; t != nil {
		add("transfer", strings.Join(t.Free, " "), Span{}, t.Row)
		for _, a := range t.Adequate {
			add("adequacy", a.Country, span(a.From, a.Until), a.Row)
		}
		for _, m := range t.Mechanisms {
			add("mechanism", m.Name, span(m.From, m.Until), m.Row)
		}
	}
	if p.counting.Row.Article != "" || p.counting.Rolls {
		add("counting", "rolls", Span{}, p.counting.Row)
	}
	for _, r := range p.Rights {
		add("right", strings.TrimSpace(strings.Join(slices.Concat([]string{r.Right, r.Of}, r.Places), " ")), r.Span, r.Row)
	}
	for _, c := range p.Clocks {
		add("clock", c.ID, c.Span, c.Row)
	}
	for _, r := range p.Refusals {
		add("refusal", r.Reason, r.Span, r.Row)
	}
	for _, c := range p.Contents {
		add("content", c.In+" "+c.ID, c.Span, c.Row)
	}
	for _, d := range p.Duties {
		add("duty", d.Word, d.Span, d.Row)
	}
	for _, g := range p.Grounds {
		add("ground", g.ID, g.Span, g.Row)
	}
	for _, a := range p.Authorities {
		add("authority", a.Place, Span{}, a.Row)
	}
	return out
}

// Unchecked lists the rows that were not read in the source. A release must not depend on them.
func (p Profile) Unchecked() []Sourced {
	return slices.DeleteFunc(p.Rows(), func(r Sourced) bool { return !r.Unchecked })
}

// Unchecked lists those of all the profiles.
func Unchecked(profiles []Profile) []Sourced {
	var out []Sourced
	for _, p := range profiles {
		out = append(out, p.Unchecked()...)
	}
	return out
}

// faults lists what is wrong with a profile that has the right form.
func (p Profile) faults() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if p.ID == "" || p.Title == "" || p.Revision < 1 || len(p.Territory) == 0 {
		add("a profile has an id, a title, a revision from 1 and a territory")
	}
	if p.Until != 0 && p.Until <= p.From {
		add("it ends before it begins")
	}
	for _, r := range p.Rows() {
		if r.Article == "" || r.Source == "" {
			add("%s %s: a row has an article and a source", r.Kind, r.Name)
		}
		if r.Because == "" && slices.Contains([]string{"strike", "ban", "child-age", "restriction", "transfer", "mechanism"}, r.Kind) {
			add("%s %s: a row that decides has a word under because", r.Kind, r.Name)
		}
		if r.Until != 0 && r.Until <= r.From {
			add("%s %s: it ends before it begins", r.Kind, r.Name)
		}
	}
	known := func(what, word string, words string) {
		if !slices.Contains(strings.Fields(words), word) {
			add("%s %q is not known; there are %s", what, word, words)
		}
	}
	for _, b := range p.law.Bans {
		for _, v := range b.Verbs {
			known("verb", v, strings.Join(slices.Concat(decision.DataVerbs(), decision.ServiceVerbs(), []string{decision.VerbSet}), " "))
		}
	}
	for _, r := range p.Rights {
		known("right", r.Right, rightWords)
		known("of", r.Of+"-", ofWords)
		known("verify", r.Verify, verifyWords)
		known("fee", r.Fee, feeWords)
		for _, w := range slices.Concat(r.Starts, r.Pauses) {
			known("wait", string(w), "identity fee clarification")
		}
		if r.Extended.Unit != r.Within.Unit && !r.Extended.IsZero() || !r.Extended.IsZero() && r.Extended.N <= r.Within.N {
			add("right %s: extended %s beside within %s: an extension is longer than the period, in the same unit", r.Right, r.Extended, r.Within)
		}
	}
	for _, c := range p.Contents {
		known("in", c.In, inWords)
		known("when", c.When, whenWords)
	}
	return out
}

const (
	rightWords  = "access rectify erase port restrict object withdraw refuse complain review restore contact"
	ofWords     = "- marketing- sale- targeted-advertising- profiling- sensitive-"
	verifyWords = "none channel reasonable-doubt reasonable tiered parent"
	feeWords    = "free free-once-a-year free-twice-a-year"
	inWords     = "notice notice-indirect register register-processor access-answer breach-report"
	whenWords   = "always direct indirect officer legitimate-interest recipients transfers consent automated new-purpose sale sensitive tracking foreign where-possible"
)
