package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/avowhq/avow/decision"
)

// Promise says what a promise makes the system do, in one to five short sentences.
func (t *Teller) Promise(x *Promise) string {
	b := &telling{t: t}
	switch {
	case x.Rule != nil:
		t.rule(b, x.Rule)
		if x.Rule.leavesOpen() {
			b.say("extra.never.open")
		}
	case x.Collect != nil:
		t.collect(b, x.Collect)
	case x.Keep != nil:
		t.keep(b, x.Keep)
	case x.Duty != nil:
		t.duty(b, x.Duty)
	case x.Right != nil:
		t.right(b, x.Right)
	case x.Measure != nil:
		t.measure(b, x.Measure)
	case x.Cookie != nil:
		t.cookie(b, x.Cookie)
	case x.Version != nil:
		b.add("version", t.List("or", t.words("change", x.Version.Changes)), "how", t.binds(x.Version))
		b.add("extra.when", t.tests(x.Version.When))
		b.add("version.ends", t.one("service", x.Version.Ends))
	case x.Statement != nil:
		b.add("state", x.Statement.Text.Text)
	}
	return b.String()
}

func (t *Teller) one(kind string, n Name) string {
	if n.Text == "" {
		return ""
	}
	return t.called(kind, n.Text)
}

// words are built-in words of one kind.
func (t *Teller) words(kind string, l []Name) []string {
	var out []string
	for _, n := range l {
		out = append(out, t.Word(kind, n.Text))
	}
	return out
}

func (t *Teller) rule(b *telling, u *Rule) {
	kind, never := "rule.may", ""
	if u.Deny {
		kind, never = "rule.never", ".never"
	}
	if u.BasisNot {
		kind, never = "rule.only", ""
	}
	by := t.set("role", u.By)
	if u.Deny && u.By.Stated() { // who may not is the subject of the sentence
		kind += map[bool]string{true: ".but", false: ".by"}[u.By.Not]
		by = t.List("or", t.names("role", u.By.Names))
	}
	b.add(kind, t.object(u), "verbs", t.List("or", t.words("verb", u.Verbs)), "by", by)
	switch {
	case len(u.Basis) == 1 && u.Basis[0].Kind == decision.AsKept && !u.Deny:
		b.say(map[bool]string{true: "extra.kept.lies", false: "extra.kept"}[len(u.Verbs) == 1 && u.Verbs[0].Text == decision.VerbStore])
	case !u.BasisNot:
		b.add("extra.basis", t.bases(u.Basis))
	default:
		b.add("extra.basis.only", t.bases(u.Basis))
	}
	if !u.Deny {
		b.add("extra.by", by)
	}
	b.add("extra.ground"+never, t.either("ground", u.Ground))
	b.add("extra.under"+map[bool]string{true: ".not"}[u.Under.Not], t.List("and", t.words("term", u.Under.Names)))
	if u.As.Text != "" {
		b.add("extra.as"+never+"."+u.As.Text, strconv.Itoa(u.Smallest)) // the hole is there for figures
	}
	for _, f := range u.Facets {
		b.add("extra.facet"+never, t.either("value", f.Set), "f", t.called("facet", f.Facet.Text))
	}
	b.add("extra.when"+never+map[bool]string{true: ".unknown"}[u.Deny && t.knowable(u.When)], t.tests(u.When))
	b.add("extra.unless"+never, t.tests(u.Unless))
	b.add("extra.special", t.special(u.Special))
	b.add("extra.obliges", t.List("and", t.words("obliges", u.Obliges)))
	for _, x := range u.Basis {
		if x.Kind == decision.LegitimateInterest && !u.Deny {
			b.add("extra.interest", t.interests(u.For.Names))
			b.say("extra.objection." + orElse(u.Objection.Text, "ends"))
		}
	}
}

// leavesOpen: a denial of all but some. It permits nothing of what it leaves out.
func (u *Rule) leavesOpen() bool {
	return u.Deny && !u.BasisNot && slices.ContainsFunc([]Set{u.Data, u.Service, u.With, u.From, u.To, u.In, u.For, u.By}, func(s Set) bool { return s.Not })
}

// knowable: a fact that is tested can be unknown. Events and states never are.
func (t *Teller) knowable(l []Test) bool {
	return slices.ContainsFunc(l, func(x Test) bool {
		if x.Test.State != "" || x.Test.Event != "" || x.Fact.Text == "consent" {
			return false
		}
		return !slices.ContainsFunc(t.p.Vocabulary.Facts, func(f Fact) bool { return f.Name.Text == x.Fact.Text && f.Unknown.Text != "" })
	})
}

// interests are those that the purposes serve where they rest on one.
func (t *Teller) interests(purposes []Name) string {
	var out []string
	for _, p := range t.p.Vocabulary.Purposes {
		if p.Interest != "" && slices.Contains(texts(purposes), p.Name.Text) {
			out = appendNew(out, t.Before+p.Interest+t.After)
		}
	}
	return t.List("and", out)
}

func (t *Teller) special(n Name) string {
	switch n.Text {
	case "":
		return ""
	case string(decision.ExplicitConsent):
		return t.Say("basis.explicit-consent")
	}
	return t.called("ground", n.Text)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// object is what a rule is about, with its purpose, recipient and place.
func (t *Teller) object(u *Rule) string {
	x := t.set("data", u.Data)
	if u.Service.Stated() {
		x = t.set("service", u.Service)
	}
	return x + t.qualified(
		[2]string{"of", t.set("people", u.Of)}, [2]string{"with", t.set("data", u.With)}, [2]string{"from", t.set("source", u.From)},
		[2]string{"to", t.set("recipient", u.To)}, [2]string{"in", t.set("location", u.In)}, [2]string{"for", t.set("purpose", u.For)})
}

// qualified adds " for …", " to …" where there is something to add.
func (t *Teller) qualified(pairs ...[2]string) string {
	var b strings.Builder
	for _, p := range pairs {
		if p[1] != "" {
			b.WriteString(t.Say("mod."+p[0], "x", p[1]))
		}
	}
	return b.String()
}

func (t *Teller) collect(b *telling, c *Collect) {
	required, optional := t.fields(c, true), t.fields(c, false)
	point := t.called("point", c.Name.Text)
	b.add("collect.required", t.List("and", required), "point", point)
	if len(required)+len(optional) == 0 {
		b.add("collect.nothing", point)
	} else if len(required) == 0 {
		b.add("collect.optional.only", t.List("or", optional), "point", point)
	} else {
		b.add("collect.optional", t.List("or", optional))
	}
	b.add("collect.for", t.set("purpose", c.For))
	b.add("extra.basis", t.bases(c.Basis))
	b.add("extra.special", t.special(c.Special))
	if c.From.Text != "" && c.From.Text != "person" {
		b.add("collect.from", t.called("source", c.From.Text))
	}
	if c.As.Text == "unlinked" {
		b.say("extra.as.unlinked")
	}
	b.add("extra.when", t.tests(c.When))
	b.add("extra.unless", t.tests(c.Unless))
	b.add("collect.ends", t.one("service", c.Ends))
	for _, a := range c.Asks {
		t.asks(b, a)
	}
}

// fields are the categories that a point asks for.
func (t *Teller) fields(c *Collect, required bool) []string {
	var out []string
	for _, f := range c.Fields {
		if f.Required == required {
			out = appendNew(out, t.called("data", f.Data.Text))
		}
	}
	return out
}

func (t *Teller) asks(b *telling, a Ask) {
	b.add("ask."+a.How.Text, t.set("purpose", a.For)+t.qualified([2]string{"shared", t.set("recipient", a.To)}))
	if !a.Lasts.IsZero() {
		b.add("ask.lasts", t.Span(a.Lasts, ""))
	}
	if !a.Silence.IsZero() {
		b.add("ask.silence", t.Span(a.Silence, ".dative"))
	}
	if a.By.Text == "guardian" {
		b.say("ask.guardian")
	}
}

func (t *Teller) keep(b *telling, k *Keep) {
	b.add("keep", t.set("data", k.Data)+t.qualified([2]string{"of", t.set("people", k.Of)}), "until", t.lasting(k))
	b.add("keep.for", t.set("purpose", k.For))
	if k.Basis.Kind != "" {
		b.add("extra.basis", t.basis(k.Basis))
	}
	b.say("keep.then." + orElse(k.Then.Text, "erase"))
}

// lasting is how long a keep holds: while, until, or both.
func (t *Teller) lasting(k *Keep) string {
	while := t.tests(k.While)
	if k.Until == nil {
		return t.Say("keep.while", "x", while)
	}
	until := t.Say("keep.until", "x", t.moment(k.Until.Moment))
	if while == "" {
		return until
	}
	return t.Say("keep.both", "while", t.Say("keep.while", "x", while), "until", until)
}

func (t *Teller) duty(b *telling, d *Duty) {
	var steps []string
	for _, s := range d.Do {
		steps = append(steps, t.step(s))
	}
	if d.On != nil {
		key := "duty.on"
		if !d.On.Moment.Span.IsZero() {
			key = "duty.on.span"
		}
		b.add(key, t.moment(d.On.Moment)+t.qualified(
			[2]string{"about", t.set("data", d.Data)}, [2]string{"about", t.set("service", d.Service)},
			[2]string{"for", t.set("purpose", d.For)}, [2]string{"to", t.set("recipient", d.To)}, [2]string{"at", t.set("point", d.At)}), "steps", strings.Join(steps, "; "))
	} else {
		b.add("duty.every", t.Span(d.Every, ""), "steps", strings.Join(steps, "; "))
	}
	b.add("extra.within", t.deadline(d.Within))
	b.add("extra.when", t.tests(d.When))
	b.add("extra.unless", t.tests(d.Unless))
}

// step is one act of a duty, as a clause of its own.
func (t *Teller) step(s Step) string {
	kind := map[string]string{"suspend": "service", "restore": "service", "end": "service", "tell": "told", "remind": "told", "mask": "detector", "flag": "detector"}[s.Act.Text]
	x := t.set(orElse(kind, "data"), s.On)
	said := t.Say("step."+s.Act.Text, "x", x)
	add := func(key, x string) {
		if x != "" {
			said += t.Say("step.with."+key, "x", x)
		}
	}
	add("about", t.List("and", t.words("message", nonEmpty(s.About))))
	add("in", t.List("and", t.words("field", s.In)))
	add("to", t.List("and", t.words("left", s.To)))
	add("as", t.one("data", s.As))
	if !s.After.IsZero() {
		add("after", t.Span(s.After, ".dative"))
	}
	add("unless", t.tests(s.Unless))
	if s.Once {
		said += t.Say("step.once")
	}
	return said
}

func nonEmpty(n Name) []Name {
	if n.Text == "" {
		return nil
	}
	return []Name{n}
}

func (t *Teller) right(b *telling, g *Right) {
	b.add("right", t.List("or", t.words("right", g.Rights))+t.scope(g))
	b.add("right.how", t.List("or", t.words("how", g.How)))
	b.add("extra.within", t.deadline(g.Within))
	b.add("right.only-with", t.one("service", g.OnlyWith))
	b.add("right.ends", t.one("service", g.Ends))
	b.add("right.by-each", t.List("and", t.names("facet", g.ByEach)))
	if g.Review.Text == "human" {
		b.say("right.reviewed")
	}
	b.add("right.may-refuse", t.List("or", t.words("reason", g.MayRefuse)))
	b.add("right.to", t.one("recipient", g.To))
	for _, f := range g.Facets {
		b.add("extra.facet", t.set("value", f.Set), "f", t.called("facet", f.Facet.Text))
	}
	b.add("extra.when", t.tests(g.When))
	b.add("extra.unless", t.tests(g.Unless))
}

// scope is what a right is about, in brackets.
func (t *Teller) scope(g *Right) string {
	x := t.set("data", g.Data)
	if g.Service.Stated() {
		x = t.set("service", g.Service)
	}
	return t.qualified([2]string{"about", x}, [2]string{"of", t.set("people", g.Of)}, [2]string{"about", t.set("purpose", g.For)})
}

func (t *Teller) measure(b *telling, m *Measure) {
	b.add("measure", t.called("measure", m.Name.Text), "covers", t.set("data", m.Covers))
	var here, there []string // what the policy alone answers, and what takes a look at systems
	for _, c := range m.Checks {
		to := &there
		if computed()[c.Name.Text] != nil {
			to = &here
		}
		*to = append(*to, t.Word("check", c.Name.Text))
	}
	b.add("measure.check", t.List("and", here))
	b.add("measure.look", t.List("and", there))
	if !m.Limit.IsZero() {
		b.add("measure.limit", t.Span(m.Limit, ""))
	}
	if !m.Evidence.IsZero() {
		b.add("measure.evidence", t.Span(m.Evidence, ""))
	}
	b.add("measure.by", t.one("role", m.By))
}

func (t *Teller) cookie(b *telling, c *Cookie) {
	b.add("cookie", strings.Join(texts(c.Names), ", "), "for", t.set("purpose", c.For))
	b.add("extra.basis", t.bases(c.Basis))
	b.add("cookie.set-by", t.one("recipient", c.SetBy))
	b.add("cookie.data", t.set("data", c.Data))
	switch {
	case c.Session:
		b.say("cookie.session")
	case !c.Kept.IsZero():
		b.add("cookie.kept", t.Span(c.Kept, ""))
	}
	b.add("cookie.without", t.List("and", t.words("lost", c.Without)))
	b.add("extra.when", t.tests(c.When))
}

func (t *Teller) binds(u *Version) string {
	if !u.Notice.IsZero() {
		return t.Say("binds.notice", "span", t.Span(u.Notice, ""))
	}
	return t.Say("binds." + strings.TrimPrefix(u.Binds.Text, "by "))
}
