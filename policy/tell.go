package policy

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A Teller says in plain words of one language what a policy promises and how its examples come out, for
// people who read no rules. What it says is computed from the blocks; nobody writes it.
type Teller struct {
	*Speech
	// Before and After stand around each word that the vocabulary has, so that a page can set it apart.
	// Default to nothing.
	Before, After string

	p      *Policy
	titles map[string]string // what people call a name of the vocabulary
}

// NewTeller tells a policy in a language.
func NewTeller(p *Policy, s *Speech) *Teller {
	t := &Teller{Speech: s, p: p, titles: map[string]string{}}
	add := func(kind string, n Name, title string) {
		if title != "" {
			t.titles[kind+" "+n.Text] = title
		}
	}
	u := &p.Vocabulary
	for _, x := range u.Data {
		add("data", x.Name, x.Title)
	}
	for _, x := range u.Purposes {
		add("purpose", x.Name, x.Title)
	}
	for _, x := range u.Recipients {
		add("recipient", x.Name, x.Title)
	}
	for _, x := range u.Services {
		add("service", x.Name, x.Title)
	}
	for _, x := range u.Grounds {
		add("ground", x.Name, orElse(x.Title, x.Law))
	}
	for _, x := range u.Locations {
		add("location", x.Name, orElse(x.Title, spoken(x.Name.Text))+" ("+s.Country(x.Country.Text)+")")
	}
	for _, x := range u.Facts {
		add("fact", x.Name, x.Title)
	}
	for _, x := range u.Events {
		add("event", x.Name, x.Title)
	}
	for _, x := range u.Roles {
		add("role", x.Name, x.Title)
	}
	for _, x := range u.People {
		add("people", x.Name, x.Title)
	}
	return t
}

// called is what people call a name: by the vocabulary, by the language for a built-in word, or as it
// reads.
func (t *Teller) called(kind, name string) string {
	title, ok := t.titles[kind+" "+name]
	if !ok && (kind == "role" || kind == "source") { // a recipient asks, or data comes from one
		title, ok = t.titles["recipient "+name]
	}
	if _, builtIn := t.Texts[kind+"."+name]; builtIn && !ok {
		return t.Say(kind + "." + name)
	}
	return t.Before + orElse(title, spoken(name)) + t.After
}

// About is what a finding is about, in words: a country, a word that the language has, or names of the
// vocabulary, joined by commas as findings join them.
func (t *Teller) About(about string) string {
	if name, ok := t.Countries[about]; ok {
		return name
	}
	for _, kind := range []string{"mechanism", "right", "change", "how", "about"} {
		if _, ok := t.Texts[kind+"."+about]; ok {
			return t.Say(kind + "." + about)
		}
	}
	var out []string
	for name := range strings.SplitSeq(about, ", ") {
		said := spoken(name)
		for _, kind := range []string{"purpose", "recipient", "location", "data"} {
			if _, ok := t.titles[kind+" "+name]; ok {
				said = t.called(kind, name)
				break
			}
		}
		out = append(out, said)
	}
	return t.List("and", out)
}

func (t *Teller) names(kind string, l []Name) []string {
	var out []string
	for _, n := range l {
		out = appendNew(out, t.called(kind, n.Text))
	}
	return out
}

// set is a set in words; empty if it was left out.
func (t *Teller) set(kind string, s Set) string {
	x := t.List("and", t.names(kind, s.Names))
	if !s.Not {
		return x
	}
	return t.Say("set.not."+whoOrWhat(kind), "x", t.List("and", t.names(kind, s.Names)))
}

// either is a set of which one member is enough.
func (t *Teller) either(kind string, s Set) string {
	if s.Not {
		return t.set(kind, s)
	}
	return t.List("or", t.names(kind, s.Names))
}

func whoOrWhat(kind string) string {
	if slices.Contains([]string{"role", "recipient", "people"}, kind) {
		return "who"
	}
	return "what"
}

// bases are a list of which one is enough.
func (t *Teller) bases(l []Basis) string {
	var out []string
	for _, b := range l {
		out = append(out, t.basis(b))
	}
	return t.List("or", out)
}

func (t *Teller) basis(b Basis) string {
	on := ""
	switch b.Kind {
	case decision.LegalObligation, decision.PublicTask:
		on = t.called("ground", b.On.Text)
	case decision.Contract:
		on = t.called("fact", b.On.Text)
	}
	return t.Say("basis."+string(b.Kind), "x", on)
}

// tests are conditions that must all hold, as a clause that follows "if".
func (t *Teller) tests(l []Test) string {
	var out []string
	for _, x := range l {
		out = append(out, t.test(x.Fact.Text, x.Test))
	}
	return t.List("and", out)
}

func (t *Teller) test(fact string, x decision.Test) string {
	f := t.called("fact", fact)
	if x.Event != "" {
		f = t.called("event", fact)
	}
	switch {
	case x.State != "":
		return t.Say("test.state."+x.State, "f", f)
	case x.Event == "within", x.Event == "over":
		return t.Say("test.event."+x.Event, "f", f, "span", t.Span(x.Span, ""))
	case x.Event != "":
		return t.Say("test.event."+x.Event, "f", f)
	case x.In.Stated():
		return t.among(fact, x.In)
	}
	return t.number(fact, x.Min, x.Max)
}

// among is a test of membership.
func (t *Teller) among(fact string, in decision.Set) string {
	f := t.called("fact", fact)
	not := map[bool]string{true: ".not"}[in.Not]
	if fact == decision.ResidenceFact {
		return t.Say("test.residence"+not, "x", t.countries(in.Names))
	}
	if len(in.Names) == 1 && (in.Names[0] == "yes" || in.Names[0] == "no") && t.Texts["test."+fact+".yes"] == "" {
		said := map[bool]string{true: "said."}[t.titles["fact "+fact] != ""]
		return t.Say("test.flag."+said+map[bool]string{true: "yes", false: "no"}[(in.Names[0] == "yes") != in.Not], "f", f)
	}
	var values []string
	for _, n := range in.Names {
		if key := "test." + fact + "." + n + not; t.Texts[key] != "" && len(in.Names) == 1 {
			return t.Say(key)
		}
		values = append(values, t.Word("value", n))
	}
	return t.Say("test.in"+not, "f", f, "x", t.List("or", values))
}

// number is a test of a range; its upper end is exclusive, and 0 for none.
func (t *Teller) number(fact string, least, under int32) string {
	f, lo, hi := t.called("fact", fact), strconv.Itoa(int(least)), strconv.Itoa(int(under))
	switch {
	case least == math.MinInt32:
		return t.Say("test.number.under", "f", f, "max", hi)
	case under == 0:
		return t.Say("test.number.least", "f", f, "min", lo)
	}
	return t.Say("test.number.between", "f", f, "min", lo, "max", strconv.Itoa(int(under-1)))
}

// countries says in which they are, or the group that they are.
func (t *Teller) countries(codes []string) string {
	for _, group := range []string{"EU", "EEA"} {
		if slices.Equal(slices.Sorted(slices.Values(codes)), slices.Sorted(slices.Values(countryGroup(group)))) {
			return t.Say("group." + group)
		}
	}
	var out []string
	for _, c := range codes {
		out = append(out, t.In(c))
	}
	return t.List("or", out)
}

// moment is what a clock counts from, as a clause that follows "when".
func (t *Teller) moment(m decision.Moment) string {
	what := t.called("event", m.Event)
	if m.State != "" {
		what = t.Say(map[bool]string{true: "moment.opens", false: "moment.closes"}[m.Opens], "f", t.called("fact", m.State))
	}
	switch {
	case m.Span.IsZero():
		return what
	case m.Span.Months < 0 || m.Span.Days < 0 || m.Span.Micros < 0:
		return t.Say("moment.before", "span", t.Span(m.Span.Neg(), ""), "x", what)
	}
	return t.Say("moment.after", "span", t.Span(m.Span, ""), "x", what)
}

// deadline is a time limit; empty if none was said.
func (t *Teller) deadline(d Deadline) string {
	switch {
	case d.AtOnce:
		return t.Say("deadline.at-once")
	case d.ByLaw:
		return t.Say("deadline.by-law")
	case !d.Span.IsZero():
		return t.Say("deadline.span", "span", t.Span(d.Span, ".dative"))
	}
	return ""
}

// A telling gathers sentences.
type telling struct {
	t    *Teller
	said []string
}

// add says the sentence of a key if its hole x is filled.
func (b *telling) add(key, x string, pairs ...string) {
	if x != "" {
		b.said = append(b.said, Sentence(b.t.Say(key, append([]string{"x", x}, pairs...)...)))
	}
}

// say says a sentence that has no hole.
func (b *telling) say(key string) { b.said = append(b.said, Sentence(b.t.Say(key))) }

func (b *telling) String() string { return strings.Join(b.said, " ") }
