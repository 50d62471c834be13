package policy

import (
	"slices"
	"strings"
	"unicode"

	"github.com/avowhq/avow/decision"
)

// question is what an example asks, as a question that a person would put.
func (t *Teller) question(ask []Entry, who string) string {
	v := Value{Kind: Mapping, Map: ask}
	first := ask[0].Value
	switch ask[0].Key.Text {
	case "action":
		return t.asked(v, who)
	case "collect":
		var fields []string
		for _, f := range v.at("fields").Map {
			fields = append(fields, t.field(first.Text, f.Key.Text))
		}
		key := "ask.collect"
		if len(fields) == 0 {
			key = "ask.collect.nothing"
		}
		return t.Say(key, "point", t.called("point", first.Text), "x", t.List("and", fields))
	case "kept":
		return t.Say("ask.kept", "x", t.called("data", first.Text))
	case "cookie":
		return t.Say("ask.cookie", "x", first.Text)
	case "right":
		return t.Say("ask.right", "x", t.Word("right", first.Text)+t.qualified(
			[2]string{"about", t.valueNames("data", v.at("data"))}, [2]string{"about", t.valueNames("service", v.at("service"))},
			[2]string{"about", t.valueNames("purpose", v.at("for"))}, [2]string{"of", t.valueNames("people", v.at("of"))}))
	case "refuse":
		return t.Say("ask.refuse", "x", t.Word("right", first.Text), "reason", t.Word("reason", v.at("reason").Text))
	case "due":
		return t.due(first.Text)
	case "status":
		return t.Say("ask.status", "x", t.status(first.Text))
	case "binds":
		return t.Say("ask.binds")
	case "law-check":
		return t.Say("ask.law-check")
	}
	return t.Say("ask.other", "x", spoken(ask[0].Key.Text))
}

// status is what a status is asked of: a measure, or a right that was used.
func (t *Teller) status(name string) string {
	if slices.Contains(rightWords(), name) {
		return t.Say("status.right", "x", t.Word("right", name))
	}
	return t.called("measure", name)
}

// due is "tell person" as a question.
func (t *Teller) due(text string) string {
	act, on, _ := strings.Cut(text, " ")
	kind := map[string]string{"suspend": "service", "restore": "service", "end": "service", "tell": "told", "remind": "told", "mask": "detector", "flag": "detector"}[act]
	return t.Say("ask.due", "x", t.Say("step."+act, "x", t.called(orElse(kind, "data"), on)))
}

// asked is a question about an act.
func (t *Teller) asked(v Value, who string) string {
	at := func(kind, key string) string { return t.valueNames(kind, v.at(key)) }
	x := at("data", "data")
	if v.has("service") {
		x = at("service", "service")
	}
	x += t.qualified([2]string{"of", at("people", "of")}, [2]string{"with", at("data", "with")}, [2]string{"from", at("source", "from")},
		[2]string{"to", at("recipient", "to")}, [2]string{"in", at("location", "in")}, [2]string{"for", at("purpose", "for")})
	if as := v.at("as").Text; as != "" {
		x += t.Say("ask.as."+as, "n", orElse(v.at("group").Text, "0"))
	}
	if v.has("ground") {
		x += t.Say("ask.ground", "x", at("ground", "ground"))
	}
	for _, e := range v.Map {
		if said, ok := t.Texts["test."+e.Key.Text+"."+e.Value.Text]; ok { // public, transport
			x += t.Say("mod.so", "x", said)
		} else if !slices.Contains(askKeys(), e.Key.Text) {
			x += t.Say("ask.fact", "f", t.called("fact", e.Key.Text), "x", t.valueNames("value", e.Value))
		}
	}
	if v.has("by") {
		who = t.called("role", v.at("by").Text)
	}
	verb := t.Word("verb", v.at("action").Text)
	if who != "" {
		return t.Say("ask.action.by", "by", who, "verbs", verb, "x", x)
	}
	return t.Say("ask.action", "verbs", verb, "x", x)
}

// askKeys are those of a question about an act that have words of their own.
func askKeys() []string {
	return []string{"action", "data", "service", "for", "to", "by", "in", "from", "with", "as", "group", "ground", "of"}
}

// answer is what an example wants.
func (t *Teller) answer(e *Example) string {
	asked, want := e.Ask.Map[0].Key.Text, e.Want
	if want.Text != "" {
		return t.Say("answer." + asked + "." + want.Text)
	}
	switch asked {
	case "action", "refuse":
		return t.decided(e)
	case "collect":
		return t.admitted(e.Ask.Map[0].Value.Text, want)
	case "kept":
		return t.keptFor(want)
	case "right":
		return t.offered(want)
	case "cookie":
		if want.at("blocked").Text == "law" {
			return t.Say("answer.deny.law") + t.with("because", t.List("and", t.because(want.at("because"))))
		}
		said := t.Say("answer.cookie.blocked.for", "x", t.missing(want.at("blocked"), ""))
		return said + t.with("loses", t.List("and", t.wordsOf("lost", want.at("loses"))))
	case "law-check":
		return t.Say("answer.warns", "x", t.found(want.at("warns").Text))
	}
	return t.Say("answer.other")
}

// found is what a law minds, as the page says it beside the clause, without its full stop.
func (t *Teller) found(name string) string {
	says, ok := t.Texts["says."+name]
	if !ok {
		x := Finding{Word: name}
		word(&x)
		says = Sentence(orElse(x.Says, x.Message))
	}
	return strings.TrimSuffix(strings.NewReplacer(" ({x})", "").Replace(says), ".")
}

func (t *Teller) wordsOf(kind string, v Value) []string {
	var out []string
	for _, x := range v.texts() {
		out = append(out, t.called(kind, x))
	}
	return out
}

// with is a further part of an answer, if there is something to say.
func (t *Teller) with(key, x string) string {
	if x == "" {
		return ""
	}
	return t.Say("answer.with."+key, "x", x)
}

func (t *Teller) decided(e *Example) string {
	want := e.Want
	if want.has("allow") {
		said := t.Say("answer.action.allow")
		if b := want.at("allow").Text; b != "" {
			kind, on, _ := strings.Cut(b, " ")
			said += t.with("basis", t.basisCalled(kind, on))
		}
		return said + t.with("obliges", t.List("and", t.wordsOf("obliges", want.at("obliges"))))
	}
	return t.Say("answer.deny."+want.at("deny").Text) + t.with("missing", t.missing(want.at("missing"), t.whoMay(e))) +
		t.with("because", t.List("and", t.because(want.at("because"))))
}

// because is the law, the article or the reason that an example names.
func (t *Teller) because(v Value) []string {
	var out []string
	for _, x := range v.texts() {
		switch _, reason := t.Texts["because."+x]; {
		case t.Texts["law."+x] != "":
			out = append(out, t.Say("law."+x))
		case !reason && x != "" && unicode.IsDigit(rune(x[0])):
			out = append(out, t.Say("because.article", "x", x))
		default:
			out = append(out, t.Word("because", x))
		}
	}
	return out
}

// basisCalled is a basis, with what it rests on where that was said.
func (t *Teller) basisCalled(kind, on string) string {
	if on == "" {
		return t.Say("basis.bare." + kind)
	}
	return t.basis(Basis{Kind: decision.BasisKind(kind), On: Name{Text: on}})
}

// lacking is a fact that is not as it would have to be: a state, a flag, or another.
func (t *Teller) lacking(name string) string {
	f := t.called("fact", name)
	for _, x := range t.p.Vocabulary.Facts {
		switch {
		case x.Name.Text != name:
		case x.Type == decision.StateFact:
			return t.Say("lacking.state", "f", f)
		case x.Type == decision.FlagFact:
			return t.Say("lacking.flag", "f", f)
		}
	}
	return f
}

// whoMay are the roles for which the clause of an example allows the act that it asks about.
func (t *Teller) whoMay(e *Example) string {
	var out []string
	for _, x := range e.Clause.Promises {
		if u := x.Rule; u != nil && !u.Deny && slices.Contains(texts(u.Verbs), e.Ask.Map[0].Value.Text) && u.By.Stated() {
			out = appendNew(out, t.set("role", u.By))
		}
	}
	return t.List("or", out)
}

// missing is what an answer lacks; who may do it, where that was found.
func (t *Teller) missing(v Value, who string) string {
	var out []string
	for _, x := range v.texts() {
		if x == "role" && who != "" {
			out = append(out, t.Say("missing.role.who", "x", who))
			continue
		}
		word := t.lacking(x)
		for _, kind := range []string{"missing.", "mechanism."} {
			if _, ok := t.Texts[kind+x]; ok {
				word = t.Say(kind + x)
			}
		}
		out = append(out, word)
	}
	return t.List("and", out)
}

// field is a field of a point by what is entered there, with its own name too where two take the same.
func (t *Teller) field(point, name string) string {
	data, same := "", 0
	for _, x := range t.p.promises() {
		if x.Collect == nil || x.Collect.Name.Text != point {
			continue
		}
		i := slices.IndexFunc(x.Collect.Fields, func(f Field) bool { return f.Name.Text == name })
		if i < 0 {
			continue
		}
		data = x.Collect.Fields[i].Data.Text
		for _, f := range x.Collect.Fields {
			if f.Data.Text == data {
				same++
			}
		}
	}
	switch {
	case data == "":
		return t.called("field", name)
	case same > 1:
		return t.called("data", data) + t.Say("mod.so", "x", t.called("field", name))
	}
	return t.called("data", data)
}

func (t *Teller) admitted(point string, want Value) string {
	named := func(key string) string {
		var out []string
		for _, x := range want.at(key).texts() {
			out = append(out, t.field(point, x))
		}
		return t.List("and", out)
	}
	switch {
	case want.has("refuse"):
		return t.Say("answer.refuse."+want.at("refuse").Text) + t.with("fields", named("fields")) + t.with("lacking", t.missing(want.at("missing"), ""))
	case want.has("store"):
		var out []string
		for _, e := range want.at("store").Map {
			out = append(out, t.Say("answer.stored", "f", t.field(point, e.Key.Text), "x", e.Value.Text))
		}
		return t.Say("answer.store", "x", t.List("and", out))
	}
	return t.Say("answer.collect.accept") + t.with("fields", named("accept")) +
		t.with("met", t.List("and", t.wordsOf("linked", want.at("met"))))
}

func (t *Teller) keptFor(want Value) string {
	said := t.Say("answer.kept.kept")
	if p := want.at("kept").Text; p != "yes" && p != "" {
		said += t.with("only-for", t.called("purpose", p))
	}
	b := want.at("basis").Text
	if b == "" {
		return said
	}
	if kind, on, _ := strings.Cut(b, " "); slices.Contains(basisWords(), kind) {
		return said + t.with("basis", t.basisCalled(kind, on))
	}
	return said + t.with("basis", t.called("ground", b))
}

func (t *Teller) offered(want Value) string {
	if want.has("refuse") {
		return t.Say("answer.right.only-with", "x", t.valueNames("service", want.at("service")))
	}
	said := t.Say("answer.right.offered") + t.with("how", t.List("or", t.wordsOf("how", want.at("offered"))))
	if w := want.at("within").Text; w != "" {
		switch d, err := durationIn(w); {
		case err == nil:
			said += t.with("within", t.Span(d, ".dative"))
		default:
			said += t.with("when", t.Say("deadline."+strings.ReplaceAll(w, " ", "-")))
		}
	}
	if want.at("review").Text == "human" {
		said += t.Say("answer.with.review")
	}
	return said + t.with("ends", t.valueNames("service", want.at("ends"))) + t.with("authority", t.countryOf(want.at("authority").Text)) +
		t.with("to", t.valueNames("recipient", want.at("to")))
}

func (t *Teller) countryOf(code string) string {
	if code == "" {
		return ""
	}
	return t.In(code)
}
