package policy

import (
	"fmt"
	"strings"

	"github.com/avowhq/avow/decision"
)

// Sentence says in plain words what a promise makes the system do, without its kind.
func (x *Promise) Sentence() string {
	var b sentenceWriter
	switch {
	case x.Rule != nil:
		x.Rule.say(&b)
	case x.Collect != nil:
		b.add("at", x.Collect.Name.Text)
		var fields []string
		for _, f := range x.Collect.Fields {
			word := f.Name.Text
			if !f.Required {
				word += " (if you like)"
			}
			fields = append(fields, word)
		}
		b.add("asks", strings.Join(fields, ", "))
		b.set("for", x.Collect.For)
		b.bases(x.Collect.Basis)
	case x.Keep != nil:
		b.set("", x.Keep.Data)
		b.tests("while", x.Keep.While)
		if u := x.Keep.Until; u != nil {
			b.add("until", momentText(u.Moment))
		}
		b.add("then", x.Keep.Then.Text)
		b.set("only for", x.Keep.For)
		if x.Keep.Basis.Kind != "" {
			b.bases([]Basis{x.Keep.Basis})
		}
	case x.Duty != nil:
		x.Duty.say(&b)
	case x.Right != nil:
		b.add("", strings.Join(texts(x.Right.Rights), ", "))
		b.set("about", x.Right.Data)
		b.set("for", x.Right.For)
		b.add("by", strings.Join(texts(x.Right.How), " or "))
		b.add("only together with", x.Right.OnlyWith.Text)
		b.add("ends", x.Right.Ends.Text)
	case x.Measure != nil:
		b.add("", x.Measure.Name.Text)
		b.set("for", x.Measure.Covers)
	case x.Cookie != nil:
		b.add("", strings.Join(texts(x.Cookie.Names), ", "))
		b.set("for", x.Cookie.For)
		b.bases(x.Cookie.Basis)
	case x.Version != nil:
		b.add("", strings.Join(texts(x.Version.Changes), ", "))
		b.add("binds", x.Version.Binds.Text)
	case x.Statement != nil:
		b.add("", x.Statement.Text.Text)
	}
	return b.String()
}

func (u *Rule) say(b *sentenceWriter) {
	b.add("", strings.Join(texts(u.Verbs), ", "))
	b.set("", u.Data)
	b.set("", u.Service)
	b.set("for", u.For)
	b.set("to", u.To)
	b.set("by", u.By)
	b.set("in", u.In)
	b.set("from", u.From)
	b.set("with", u.With)
	b.add("as", u.As.Text)
	b.set("on a ground of", u.Ground)
	b.set("under", u.Under)
	for _, f := range u.Facets {
		b.set(f.Facet.Text, f.Set)
	}
	b.tests("when", u.When)
	b.tests("unless", u.Unless)
	if u.BasisNot {
		b.add("on any basis but", basesText(u.Basis))
	} else {
		b.bases(u.Basis)
	}
}

func (d *Duty) say(b *sentenceWriter) {
	if d.On != nil {
		b.add("", momentText(d.On.Moment))
	} else {
		b.add("", d.Every.String())
	}
	b.tests("when", d.When)
	var acts []string
	for _, s := range d.Do {
		acts = append(acts, strings.TrimSpace(s.Act.Text+" "+strings.Join(texts(s.On.Names), ", ")))
	}
	b.add(":", strings.Join(acts, "; "))
	if !d.Within.Span.IsZero() {
		b.add("within", d.Within.Span.String())
	}
}

type sentenceWriter struct{ parts []string }

func (b *sentenceWriter) add(word, what string) {
	if what != "" {
		b.parts = append(b.parts, strings.TrimSpace(word+" "+what))
	}
}

func (b *sentenceWriter) set(word string, s Set) {
	if !s.Stated() {
		return
	}
	what := strings.Join(texts(s.Names), ", ")
	if s.Not {
		what = "anything but " + what
	}
	b.add(word, what)
}

func (b *sentenceWriter) bases(l []Basis) {
	if len(l) > 0 {
		b.add("on", basesText(l))
	}
}

func basesText(l []Basis) string {
	var out []string
	for _, x := range bases(l) {
		out = append(out, x.String())
	}
	return strings.Join(out, " or ")
}

func (b *sentenceWriter) tests(word string, l []Test) {
	var out []string
	for _, t := range l {
		out = append(out, strings.TrimSpace(t.Fact.Text+" "+testText(t.Test)))
	}
	b.add(word, strings.Join(out, " and "))
}

func testText(t decision.Test) string {
	switch {
	case t.State != "":
		return "is " + t.State
	case t.Event == "within":
		return "within " + t.Span.String()
	case t.Event == "over":
		return "over " + t.Span.String() + " ago"
	case t.Event != "":
		return t.Event
	case t.In.Not:
		return "is not " + strings.Join(t.In.Names, ", ")
	case len(t.In.Names) > 6:
		return fmt.Sprintf("is one of %d", len(t.In.Names))
	case t.In.Stated():
		return "is " + strings.Join(t.In.Names, ", ")
	case t.Min == -1<<31:
		return fmt.Sprintf("is under %d", t.Max)
	case t.Max == 0:
		return fmt.Sprintf("is at least %d", t.Min)
	}
	return fmt.Sprintf("is %d to %d", t.Min, t.Max-1)
}

func momentText(m decision.Moment) string {
	what := m.Event
	if m.State != "" {
		what = m.State + " closes"
		if m.Opens {
			what = m.State + " opens"
		}
	}
	if m.Span.IsZero() {
		return what
	}
	if m.Span.Months < 0 || m.Span.Days < 0 || m.Span.Micros < 0 {
		return m.Span.Neg().String() + " before " + what
	}
	return m.Span.String() + " after " + what
}

func (b *sentenceWriter) String() string { return strings.Join(b.parts, " · ") }
