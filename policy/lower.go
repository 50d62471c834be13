package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// Lower reduces a checked policy to what deciding needs. Promises of suspended clauses are left out:
// they stop, all others go on.
func Lower(p *Policy) (*decision.Model, error) {
	profiles, err := p.Profiles()
	if err != nil {
		return nil, err
	}
	l := lowering{p: p, m: &decision.Model{Site: p.Front.Site.Text, Zone: p.Front.Zone.Text, Laws: law.Laws(profiles)}}
	l.vocabulary()
	l.facts()
	for _, c := range p.Clauses {
		if p.suspended(c.ID) {
			continue
		}
		for _, x := range c.Promises {
			l.promise(x)
		}
	}
	return l.m, nil
}

// Profiles are the law profiles that the notice lists, and the strict default after them: those that
// come with Avow, or the newer ones of the policy's folder.
func (p *Policy) Profiles() ([]law.Profile, error) { return p.Laws.Load(texts(p.Front.Law)...) }

// Compile lowers the policy and compiles it.
func Compile(p *Policy) (*decision.Program, error) {
	m, err := Lower(p)
	if err != nil {
		return nil, err
	}
	return decision.Compile(m)
}

func (p *Policy) suspended(clause string) bool {
	return slices.ContainsFunc(p.Front.Suspended, func(s Suspension) bool { return s.Clause.Text == clause })
}

func texts(l []Name) []string {
	var out []string
	for _, n := range l {
		out = append(out, n.Text)
	}
	return out
}

type lowering struct {
	p *Policy
	m *decision.Model
}

// promise lowers the kinds that deciding knows; the others wait for their engines.
func (l *lowering) promise(x *Promise) {
	switch {
	case x.Rule != nil:
		l.rule(x)
	case x.Collect != nil:
		l.point(x)
	case x.Keep != nil:
		l.keep(x)
	case x.Cookie != nil:
		l.cookie(x)
	}
}

func (l *lowering) rule(x *Promise) {
	r := x.Rule
	out := decision.Rule{
		ID: x.ID, Clause: x.Clause.ID, Deny: r.Deny, Verbs: texts(r.Verbs),
		Data: l.data(r.Data), Service: set(r.Service), Of: set(r.Of), To: set(r.To), By: set(r.By), In: set(r.In), From: set(r.From),
		With: l.data(r.With), Ground: set(r.Ground), Under: set(r.Under), As: decision.Form(r.As.Text), Group: r.Smallest,
		When: conditions(r.When), Unless: groups(r.Unless), Review: r.Objection.Text == "review", Special: r.Special.Text, Obliges: texts(r.Obliges),
	}
	for _, f := range r.Facets {
		out.Facets = append(out.Facets, decision.FacetSet{Facet: f.Facet.Text, Set: set(f.Set)})
	}
	if r.BasisNot {
		out.Only = bases(r.Basis)
	} else {
		out.Basis = bases(r.Basis)
	}
	if names(r.Data, "personal") && len(l.p.Vocabulary.PersonalUnless) > 0 {
		out.Unless = append(out.Unless, conditions(l.p.Vocabulary.PersonalUnless))
	}
	for _, purposes := range l.purposes(r.For, r.Data) {
		one := out
		one.For = purposes.set
		if purposes.data != nil {
			one.Data = decision.Set{Names: purposes.data}
		}
		l.m.Rules = append(l.m.Rules, one)
	}
}

// names reports whether the set names the word.
func names(s Set, word string) bool {
	return slices.ContainsFunc(s.Names, func(n Name) bool { return n.Text == word })
}

// set keeps a set as written.
func set(s Set) decision.Set { return decision.Set{Names: texts(s.Names), Not: s.Not} }

// data is a set of categories; personal is all that are declared.
func (l *lowering) data(s Set) decision.Set {
	if names(s, "personal") {
		if s.Not {
			return decision.Set{Names: l.roots(), Not: true} // nothing
		}
		return decision.Set{Not: true}
	}
	return set(s)
}

// roots are the categories with none above them.
func (l *lowering) roots() []string {
	var out []string
	for _, c := range l.p.Vocabulary.Data {
		if !slices.ContainsFunc(out, func(r string) bool { return under(c.Name.Text, r) }) {
			out = append(out, c.Name.Text)
		}
	}
	return out
}

func under(name, above string) bool {
	return name == above || len(name) > len(above) && name[:len(above)] == above && name[len(above)] == '.'
}

// A scoped set is purposes for some of a rule's data; nil: all of it.
type scoped struct {
	set  decision.Set
	data []string
}

// purposes reads the built-in words: by-interest is every purpose some rule rests on legitimate
// interest for; as-collected is, category by category, what its collection points name. Words that stand
// beside one of them in the set count as well.
func (l *lowering) purposes(s, data Set) []scoped {
	plain := slices.DeleteFunc(texts(s.Names), func(n string) bool { return n == "as-collected" || n == "by-interest" })
	if names(s, "by-interest") {
		plain = append(plain, l.byInterest()...)
	}
	if !names(s, "as-collected") {
		if len(plain) == 0 && names(s, "by-interest") && !s.Not {
			return nil // no purpose at all, which a set without names would not say
		}
		return []scoped{{set: decision.Set{Names: plain, Not: s.Not}}}
	}
	var out []scoped
	for _, c := range l.p.Vocabulary.Data {
		if !l.speaksOf(data, c.Name.Text) || s.Not && l.inner(c.Name.Text) {
			continue // a denial hits what stands above by itself
		}
		if p := slices.Concat(l.collectedFor(c.Name.Text), plain); len(p) > 0 || s.Not {
			out = append(out, scoped{decision.Set{Names: p, Not: s.Not}, []string{c.Name.Text}})
		}
	}
	return out
}

// speaksOf: the set holds the category, or one above it.
func (l *lowering) speaksOf(data Set, category string) bool {
	held := names(data, "personal") || slices.ContainsFunc(data.Names, func(n Name) bool { return under(category, n.Text) })
	return held != data.Not
}

// inner: other categories stand below this one.
func (l *lowering) inner(category string) bool {
	return slices.ContainsFunc(l.p.Vocabulary.Data, func(c Category) bool { return c.Name.Text != category && under(c.Name.Text, category) })
}

func (l *lowering) byInterest() []string {
	var out []string
	for _, x := range l.p.promises() {
		if x.Rule == nil || x.Rule.Deny {
			continue
		}
		if slices.ContainsFunc(x.Rule.Basis, func(b Basis) bool { return b.Kind == decision.LegitimateInterest }) {
			out = append(out, slices.DeleteFunc(texts(x.Rule.For.Names), func(n string) bool { return n == "as-collected" || n == "by-interest" })...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// collectedFor are the purposes for which some point collects the category. One with others below it is
// collected for what all of those are.
func (l *lowering) collectedFor(category string) []string {
	var out []string
	for _, x := range l.p.promises() {
		if x.Collect != nil && slices.ContainsFunc(x.Collect.Fields, func(f Field) bool { return under(category, f.Data.Text) }) {
			out = append(out, texts(x.Collect.For.Names)...)
		}
	}
	for i, c := range l.below(category) {
		if below := l.collectedFor(c); i == 0 {
			out = append(out, below...)
		} else {
			out = slices.DeleteFunc(out, func(p string) bool { return !slices.Contains(below, p) })
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// below are the categories that stand below one, and have none below themselves.
func (l *lowering) below(category string) []string {
	var out []string
	for _, c := range l.p.Vocabulary.Data {
		if c.Name.Text != category && under(c.Name.Text, category) && !l.inner(c.Name.Text) {
			out = append(out, c.Name.Text)
		}
	}
	return out
}

// promises lists all promises in document order.
func (p *Policy) promises() []*Promise {
	var out []*Promise
	for _, c := range p.Clauses {
		out = append(out, c.Promises...)
	}
	return out
}

func bases(l []Basis) []decision.Basis {
	var out []decision.Basis
	for _, b := range l {
		out = append(out, decision.Basis{Kind: b.Kind, On: b.On.Text})
	}
	return out
}

func conditions(l []Test) []decision.Test {
	var out []decision.Test
	for _, t := range l {
		out = append(out, t.Test)
	}
	return out
}

// groups: unless is the whole mapping denied.
func groups(l []Test) [][]decision.Test {
	if len(l) == 0 {
		return nil
	}
	return [][]decision.Test{conditions(l)}
}

func (l *lowering) keep(x *Promise) {
	k := x.Keep
	out := decision.Keep{ID: x.ID, Clause: x.Clause.ID, Data: texts(k.Data.Names), While: conditions(k.While), Then: k.Then.Text, For: texts(k.For.Names)}
	if names(k.Data, "personal") {
		out.Data = l.roots()
	}
	if k.Until != nil {
		m := k.Until.Moment
		out.Until = &m
	}
	if k.Basis.Kind != "" {
		out.Basis = bases([]Basis{k.Basis})[0]
	}
	l.m.Keeps = append(l.m.Keeps, out)
}

// cookie: setting it is an act of its own, for its purpose, on its basis.
func (l *lowering) cookie(x *Promise) {
	c := x.Cookie
	l.m.Vocabulary.Cookies = append(l.m.Vocabulary.Cookies, texts(c.Names)...)
	l.m.Rules = append(l.m.Rules, decision.Rule{
		ID: x.ID, Clause: x.Clause.ID, Verbs: []string{decision.VerbSet}, Cookie: decision.Set{Names: texts(c.Names)},
		For: set(c.For), Basis: bases(c.Basis), When: conditions(c.When),
	})
}

// point: it permits to collect and store its fields for its purposes; each question adds its own
// purpose, on the consent or the interest it asks about.
func (l *lowering) point(x *Promise) {
	c := x.Collect
	pt := decision.Point{
		Name: c.Name.Text, Rule: x.ID, Clause: x.Clause.ID, When: conditions(c.When), Unless: groups(c.Unless),
		For: texts(c.For.Names), From: c.From.Text, As: decision.Form(c.As.Text), Shows: texts(c.Shows),
	}
	if len(c.Of.Names) == 1 {
		pt.Of = c.Of.Names[0].Text
	}
	var categories []string
	for _, f := range c.Fields {
		field := decision.Field{Name: f.Name.Text, Data: f.Data.Text, Required: f.Required}
		for _, form := range l.p.Vocabulary.Formats {
			if form.Name.Text == f.Form.Text {
				field.Pattern, field.Say = form.Pattern, form.Say
			}
		}
		pt.Fields = append(pt.Fields, field)
		categories = append(categories, f.Data.Text)
	}
	rule := decision.Rule{
		ID: x.ID, Clause: x.Clause.ID, Verbs: []string{decision.VerbCollect, decision.VerbStore}, Point: pt.Name,
		Data: decision.Set{Names: categories}, For: set(c.For), Basis: bases(c.Basis), As: decision.Form(c.As.Text),
		Special: c.Special.Text,
	}
	if len(categories) > 0 {
		l.m.Rules = append(l.m.Rules, sourced(rule, pt.From)...)
	}
	for _, a := range c.Asks {
		ask, extra := l.ask(a, rule)
		pt.Asks = append(pt.Asks, ask)
		if len(categories) > 0 && len(extra.For.Names) > 0 {
			l.m.Rules = append(l.m.Rules, sourced(extra, pt.From)...)
		}
	}
	l.m.Points = append(l.m.Points, pt)
}

// sourced are the rules of a point for its two verbs: it collects from its source alone, and what was
// collected may be stored by who no longer says where it came from.
func sourced(rule decision.Rule, from string) []decision.Rule {
	store := rule
	rule.Verbs, rule.From = []string{decision.VerbCollect}, decision.Set{Names: []string{from}}
	store.Verbs = []string{decision.VerbStore}
	return []decision.Rule{rule, store}
}

// ask lowers one question of a point, and the rule that the answer makes hold for purposes that the
// point itself does not serve.
func (l *lowering) ask(a Ask, point decision.Rule) (decision.Ask, decision.Rule) {
	out := decision.Ask{Data: texts(a.Data.Names), To: texts(a.To.Names), By: a.By.Text, How: decision.Style(a.How.Text), Lasts: a.Lasts, Silence: a.Silence}
	if len(a.For.Names) > 0 {
		out.For = a.For.Names[0].Text
	}
	point.For = decision.Set{Names: slices.DeleteFunc(texts(a.For.Names), func(p string) bool { return slices.Contains(point.For.Names, p) })}
	point.Basis = []decision.Basis{{Kind: decision.Consent}}
	switch out.How {
	case decision.OptOut:
		point.Basis = []decision.Basis{{Kind: decision.LegitimateInterest}}
	case decision.Explicit:
		point.Basis = []decision.Basis{{Kind: decision.ExplicitConsent}}
	}
	if len(out.Data) > 0 {
		point.Data = decision.Set{Names: out.Data}
	}
	return out, point
}
