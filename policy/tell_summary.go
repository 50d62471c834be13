package policy

import (
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A Summary is a notice in short, computed from its promises: what is collected, what for and on which
// basis, who gets it, where it goes, how long it stays, and what a person can do.
type Summary struct {
	Collected, Uses, Recipients, Places, Kept, Rights, Never, Changes []SummaryLine
}

// A SummaryLine is one thing, under a head unless it is a sentence of its own, with the clauses that say it; none for what stands in systems.yaml alone.
type SummaryLine struct {
	Head, Text string
	Clauses    []*Clause // in document order
}

// Summary computes it. Lines are in the order of the notice or of the vocabulary.
func (t *Teller) Summary() Summary {
	return Summary{
		Collected: t.collected(), Uses: t.uses(), Recipients: t.receivers(), Places: t.places(),
		Kept: t.kept(), Rights: t.rights(), Never: t.never(), Changes: t.changes(),
	}
}

// each makes a line of every promise that has something to say.
func (t *Teller) each(say func(x *Promise) (head, text string)) []SummaryLine {
	var out []SummaryLine
	for _, x := range t.p.promises() {
		if head, text := say(x); head+text != "" {
			out = append(out, SummaryLine{head, text, []*Clause{x.Clause}})
		}
	}
	return out
}

func (t *Teller) collected() []SummaryLine {
	out := t.each(func(x *Promise) (string, string) {
		switch {
		case x.Collect != nil:
			required, optional := t.fields(x.Collect, true), t.fields(x.Collect, false)
			optional = slices.DeleteFunc(optional, func(f string) bool { return slices.Contains(required, f) })
			text := t.List("and", required)
			if len(optional) > 0 {
				text = strings.TrimPrefix(text+t.Say("summary.optional", "x", t.List("and", optional)), "; ")
			}
			if text == "" {
				text = t.Say("summary.asked")
			}
			return t.called("point", x.Collect.Name.Text), text
		case x.Cookie != nil:
			b := &telling{t: t}
			if x.Cookie.Session {
				b.say("cookie.session")
			} else if !x.Cookie.Kept.IsZero() {
				b.add("cookie.kept", t.Span(x.Cookie.Kept, ""))
			}
			return t.Say("summary.cookie", "x", strings.Join(texts(x.Cookie.Names), ", ")), strings.TrimSpace(t.set("data", x.Cookie.Data) + ". " + b.String())
		}
		return "", ""
	})
	for _, origin := range []string{"us", "derived"} {
		var made []Name
		for _, c := range t.p.Vocabulary.Data {
			if c.Origin == origin {
				made = append(made, c.Name)
			}
		}
		if len(made) > 0 {
			out = append(out, SummaryLine{Head: t.Say("summary.origin." + origin), Text: t.List("and", t.names("data", made)), Clauses: t.about(made)})
		}
	}
	return out
}

// about are the clauses with a rule that names one of the categories.
func (t *Teller) about(names []Name) []*Clause {
	var out []*Clause
	for _, x := range t.p.promises() {
		if x.Rule != nil && !x.Rule.Deny && slices.ContainsFunc(x.Rule.Data.Names, func(n Name) bool { return slices.Contains(texts(names), n.Text) }) {
			out = appendNewClause(out, x.Clause)
		}
	}
	return out
}

func appendNewClause(l []*Clause, c *Clause) []*Clause {
	if slices.Contains(l, c) {
		return l
	}
	return append(l, c)
}

// uses are the purposes that something is allowed for.
func (t *Teller) uses() []SummaryLine {
	var out []SummaryLine
	for _, p := range t.p.Vocabulary.Purposes {
		line := SummaryLine{Head: t.called("purpose", p.Name.Text)}
		var data []Name
		var bases []string
		for _, x := range t.p.promises() {
			forNames, dataNames, basis := t.permits(x)
			if slices.Contains(texts(forNames), p.Name.Text) {
				line.Clauses = appendNewClause(line.Clauses, x.Clause)
				data = append(data, dataNames...)
				for _, b := range basis {
					bases = appendNew(bases, t.basis(b))
				}
			}
		}
		if len(line.Clauses) > 0 {
			if x := t.interests([]Name{p.Name}); x != "" && slices.Contains(bases, t.Say("basis.legitimate-interest")) {
				bases[slices.Index(bases, t.Say("basis.legitimate-interest"))] += t.Say("mod.so", "x", x)
			}
			line.Text = t.Say("summary.use", "x", t.List("and", t.names("data", widest(data))), "basis", t.List("or", bases))
			out = append(out, line)
		}
	}
	return out
}

// widest leaves out names that another of the list takes in.
func widest(l []Name) []Name {
	return slices.DeleteFunc(slices.Clone(l), func(n Name) bool {
		return slices.ContainsFunc(l, func(o Name) bool { return o.Text != n.Text && (under(n.Text, o.Text) || o.Text == "personal") })
	})
}

// permits is what an allow, a point or a cookie lets happen.
func (t *Teller) permits(x *Promise) (purposes, data []Name, bases []Basis) {
	switch {
	case x.Rule != nil && !x.Rule.Deny && !x.Rule.Service.Stated():
		return x.Rule.For.Names, x.Rule.Data.Names, x.Rule.Basis
	case x.Collect != nil:
		for _, f := range x.Collect.Fields {
			data = append(data, f.Data)
		}
		return x.Collect.For.Names, data, x.Collect.Basis
	case x.Cookie != nil:
		return x.Cookie.For.Names, x.Cookie.Data.Names, x.Cookie.Basis
	}
	return nil, nil, nil
}

// receivers are the recipients that some allow lets have data, the ones below a group instead of it.
func (t *Teller) receivers() []SummaryLine {
	var out []SummaryLine
	for _, r := range t.p.Vocabulary.Recipients {
		if t.isGroup(r.Name.Text) {
			continue
		}
		line := SummaryLine{Head: t.called("recipient", r.Name.Text)}
		var data []Name
		var purposes []string
		for _, x := range t.p.promises() {
			if u := x.Rule; u != nil && !u.Deny && u.To.Stated() && setOf(u.To).Covers(r.Name.Text) {
				line.Clauses = appendNewClause(line.Clauses, x.Clause)
				data = append(data, u.Data.Names...)
				for _, p := range t.names("purpose", u.For.Names) {
					purposes = appendNew(purposes, p)
				}
			}
		}
		if len(line.Clauses) == 0 {
			continue
		}
		kind := t.Say("recipient.kind." + r.Kind)
		if r.Country.Text != "" {
			kind += ", " + t.Country(r.Country.Text)
		}
		line.Text = Sentence(t.Say("summary.receives", "kind", kind, "x", t.List("and", t.names("data", widest(data))), "for", t.List("and", purposes)))
		out = append(out, line)
	}
	return out
}

func setOf(s Set) decision.Set { return decision.Set{Names: texts(s.Names), Not: s.Not} }

func (t *Teller) isGroup(recipient string) bool {
	return slices.ContainsFunc(t.p.Vocabulary.Recipients, func(r Recipient) bool { return strings.HasPrefix(r.Name.Text, recipient+".") })
}

// places are the countries that data goes to or lies in.
func (t *Teller) places() []SummaryLine {
	type place struct {
		leans   []string // on these mechanisms; "" for none
		who     map[string][]string
		clauses []*Clause
	}
	found, order := map[string]*place{}, []string{}
	add := func(country, who string, mechanism Name, clauses []*Clause) {
		if country == "" {
			return
		}
		if found[country] == nil {
			found[country] = &place{who: map[string][]string{}}
			order = append(order, country)
		}
		x := found[country]
		x.leans = appendNew(x.leans, mechanism.Text)
		x.who[mechanism.Text] = appendNew(x.who[mechanism.Text], who)
		for _, c := range clauses {
			x.clauses = appendNewClause(x.clauses, c)
		}
	}
	for _, s := range t.p.Systems.Systems {
		if l, ok := t.location(s.Location.Text); ok {
			add(l.Country.Text, t.Say("summary.systems"), l.Transfer, nil)
		}
		if s.Backups != nil {
			if l, ok := t.location(s.Backups.Location.Text); ok {
				add(l.Country.Text, t.Say("summary.backups"), l.Transfer, nil)
			}
		}
	}
	receivers := t.receivers()
	for _, r := range t.p.Vocabulary.Recipients {
		head := t.called("recipient", r.Name.Text)
		if i := slices.IndexFunc(receivers, func(l SummaryLine) bool { return l.Head == head }); i >= 0 {
			add(r.Country.Text, head, t.transfer(r), receivers[i].Clauses)
		}
	}
	var out []SummaryLine
	for _, c := range order {
		slices.SortFunc(found[c].clauses, func(a, b *Clause) int { return a.Pos.Line - b.Pos.Line })
		slices.Sort(found[c].leans) // what leans on nothing comes first
		var parts []string
		for _, m := range found[c].leans {
			parts = append(parts, t.leaning(m, t.List("and", found[c].who[m])))
		}
		out = append(out, SummaryLine{t.Country(c), strings.Join(parts, "; "), found[c].clauses})
	}
	return out
}

func (t *Teller) location(name string) (Location, bool) {
	i := slices.IndexFunc(t.p.Vocabulary.Locations, func(l Location) bool { return l.Name.Text == name })
	if i < 0 {
		return Location{}, false
	}
	return t.p.Vocabulary.Locations[i], true
}

// transfer is the mechanism of a recipient's agreement.
func (t *Teller) transfer(r Recipient) Name {
	for _, a := range t.p.Vocabulary.Agreements {
		if a.Name.Text == r.Agreement.Text {
			return a.Transfer
		}
	}
	return Name{}
}

// leaning says who leans on a mechanism for transfers, and since when a law no longer takes it.
func (t *Teller) leaning(name, who string) string {
	if name == "" {
		return who
	}
	profiles, err := t.p.Profiles()
	if err == nil {
		for _, p := range profiles {
			transfers := p.Law().Transfers
			if transfers == nil {
				continue
			}
			for _, m := range transfers.Mechanisms {
				if m.Name == name && m.Until != 0 {
					return t.Say("summary.mechanism.until", "x", t.Word("mechanism", name), "date", t.Day(m.Until.Time()), "who", who)
				}
			}
		}
	}
	return t.Say("summary.mechanism", "x", t.Word("mechanism", name), "who", who)
}

func (t *Teller) kept() []SummaryLine {
	return t.each(func(x *Promise) (string, string) {
		k := x.Keep
		if k == nil {
			return "", ""
		}
		b := &telling{t: t}
		b.add("summary.keep", t.lasting(k))
		b.add("keep.for", t.set("purpose", k.For))
		if k.Then.Text != "erase" && k.Then.Text != "" {
			b.say("keep.then." + k.Then.Text)
		}
		return t.set("data", k.Data), b.String()
	})
}

func (t *Teller) rights() []SummaryLine {
	return t.each(func(x *Promise) (string, string) {
		g := x.Right
		if g == nil {
			return "", ""
		}
		b := &telling{t: t}
		b.add("right.how", t.List("or", t.words("how", g.How)))
		b.add("extra.within", t.deadline(g.Within))
		b.add("right.only-with", t.one("service", g.OnlyWith))
		b.add("right.ends", t.one("service", g.Ends))
		return Sentence(t.List("or", t.words("right", g.Rights)) + t.scope(g)), b.String()
	})
}

// never are the denials that hold always; those that only take a part away stand in their clauses.
func (t *Teller) never() []SummaryLine {
	return t.each(func(x *Promise) (string, string) {
		if x.Rule == nil || !x.Rule.Deny || x.Rule.BasisNot || len(x.Rule.When)+len(x.Rule.Unless) > 0 {
			return "", ""
		}
		b := &telling{t: t}
		t.rule(b, x.Rule)
		return "", b.String()
	})
}

func (t *Teller) changes() []SummaryLine {
	return t.each(func(x *Promise) (string, string) {
		if x.Version == nil {
			return "", ""
		}
		return "", t.Promise(x)
	})
}
