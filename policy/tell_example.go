package policy

import (
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// Example says an example as a story: if …, and somebody asks …, the answer is ….
func (t *Teller) Example(e *Example) string {
	if len(e.Ask.Map) == 0 {
		return ""
	}
	given, who, date := t.given(e.Given)
	key := "example"
	if given == "" {
		key = "example.plain"
	}
	said := t.Say(key, "given", given, "ask", t.question(e.Ask.Map, who), "want", t.answer(e))
	if date != "" {
		said = t.Say("example.dated", "date", date, "x", said)
	}
	return Sentence(said)
}

// given is what is known, as clauses after "if"; the role of who asks; and the date.
func (t *Teller) given(v Value) (clauses, who, date string) {
	var out []string
	for _, g := range v.Map {
		switch key := g.Key.Text; {
		case key == "role":
			who = t.called("role", g.Value.Text)
		case key == "date":
			if at, err := dateIn(g.Value.Text, t.p.Front.Zone.Text); err == nil {
				date = t.dateOf(at)
			}
		case slices.Contains(choiceWords(), key):
			out = append(out, t.choices(key, g.Value)...)
		default:
			out = append(out, t.known(g)...)
		}
	}
	return t.List("and", out), who, date
}

// dateOf is the day of an instant in the notice's zone.
func (t *Teller) dateOf(at decision.Instant) string {
	day := at.Time()
	if t.p.Front.Location != nil {
		day = day.In(t.p.Front.Location)
	}
	return t.Day(day)
}

// choices are what the person chose: one, or a list.
func (t *Teller) choices(key string, v Value) []string {
	if len(v.List) > 0 {
		var out []string
		for _, x := range v.List {
			out = append(out, t.choices(key, x)...)
		}
		return out
	}
	if len(v.Map) == 0 {
		if v.Text == "" || v.Text == "yes" {
			return []string{t.Say("given." + key + ".all")}
		}
		return []string{t.Say("given."+key, "x", t.called("purpose", v.Text), "more", "")}
	}
	about, more := "", ""
	for _, x := range v.Map {
		switch k := x.Key.Text; k {
		case "for":
			about = t.valueNames("purpose", x.Value)
		case "data":
			more += t.Say("mod.about", "x", t.valueNames("data", x.Value))
		case "to":
			more += t.Say("mod.shared", "x", t.valueNames("recipient", x.Value))
		case "how":
			more += t.Say("given.how", "x", t.Word("style", x.Value.Text))
		case "by":
			more += t.Say("given.by."+x.Value.Text, "x", "")
		case "when":
			more += t.Say("given.when", "x", t.when(x.Value.Text))
		default:
			more += t.Say("given.facet", "f", t.called("facet", k), "x", t.valueNames("value", x.Value))
		}
	}
	if about == "" {
		return []string{t.Say("given."+key+".all") + more}
	}
	return []string{t.Say("given."+key, "x", about, "more", more)}
}

func (t *Teller) valueNames(kind string, v Value) string {
	var out []string
	for _, x := range v.texts() {
		out = append(out, t.called(kind, x))
	}
	return t.List("and", out)
}

// known is one fact, event or circumstance.
func (t *Teller) known(g Entry) []string {
	key, v := g.Key.Text, g.Value
	switch key {
	case "residence":
		return []string{t.Say("test.residence", "x", t.In(v.Text))}
	case "age":
		return []string{t.Say("given.age", "x", v.Text)}
	case "from":
		return []string{t.Say("given.from", "x", t.called("source", v.Text))}
	case "guardian":
		return []string{t.Say("given.guardian")}
	case "measure":
		return nil // the question names it
	case "agreement", "evidence":
		var out []string
		for _, x := range v.Map {
			out = append(out, t.Say("given."+key, "x", t.called(map[string]string{"agreement": "agreement", "evidence": "measure"}[key], x.Key.Text), "when", t.when(x.Value.Text)))
		}
		return out
	case "used", "disclosed", "requested", "published":
		if !t.isEvent(key) || len(v.Map) > 0 {
			return []string{t.happening(key, v)}
		}
	}
	return []string{t.fact(key, v)}
}

func (t *Teller) isEvent(name string) bool {
	return slices.ContainsFunc(t.p.Vocabulary.Events, func(e Event) bool { return e.Name.Text == name })
}

// happening is an event with its particulars.
func (t *Teller) happening(key string, v Value) string {
	at := func(k string) string { return v.at(k).Text }
	when := v.Text
	if len(v.Map) > 0 {
		when = orElse(at("when"), "happened")
	}
	said := ""
	switch key {
	case "used":
		said = t.Say("given.used")
	case "disclosed":
		said = t.Say("given.disclosed", "x", orElse(t.valueNames("data", v.at("data")), t.Say("given.something"))+t.qualified([2]string{"to", t.valueNames("recipient", v.at("to"))}, [2]string{"for", t.valueNames("purpose", v.at("for"))}))
	case "requested":
		said = t.Say("given.requested", "x", t.Word("right", at("right"))+t.qualified([2]string{"about", t.valueNames("data", v.at("data"))}))
	case "published":
		said = t.Say("given.published", "x", t.Word("change", at("adds")))
	}
	if when == "happened" || when == "yes" {
		return said
	}
	return said + t.Say("given.when", "x", t.when(when))
}

// fact is a declared fact, state or event with its value.
func (t *Teller) fact(name string, v Value) string {
	f := t.called("fact", name)
	if t.isEvent(name) || slices.Contains(builtInEvents(), name) {
		switch v.Text {
		case "happened", "yes":
			return t.Say("test.event.happened", "f", t.called("event", name))
		case "never":
			return t.Say("test.event.never", "f", t.called("event", name))
		}
		return t.Say("given.event", "f", t.called("event", name), "when", t.when(v.Text))
	}
	for _, x := range t.p.Vocabulary.Facts {
		if x.Name.Text == name && x.Type == decision.StateFact {
			return t.Say("test.state."+v.Text, "f", f)
		}
	}
	if isFacet := slices.ContainsFunc(t.p.Vocabulary.Facets, func(x Facet) bool { return x.Name.Text == name }); isFacet {
		return t.Say("test.in", "f", f, "x", t.valueNames("value", v))
	}
	return t.among(name, decision.Set{Names: v.texts()})
}

// when is a time as examples write it: happened, 31 days ago, in 2 days, a date, after publication.
func (t *Teller) when(text string) string {
	if span, ok := strings.CutSuffix(text, " ago"); ok {
		if d, err := durationIn(span); err == nil {
			return t.Say("when.ago", "span", t.Span(d, ".dative"))
		}
	}
	if span, ok := strings.CutPrefix(text, "in "); ok {
		if d, err := durationIn(span); err == nil {
			return t.Say("when.in", "span", t.Span(d, ".dative"))
		}
	}
	if at, err := dateIn(text, t.p.Front.Zone.Text); err == nil {
		return t.Say("when.on", "x", t.dateOf(at))
	}
	return t.Word("when", strings.ReplaceAll(text, " ", "-"))
}
