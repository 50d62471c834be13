package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A Change is one kind of question that two versions answer differently: everything about one verb,
// one object, one purpose and one recipient in one direction.
type Change struct {
	Allowed   bool   `json:"allowed"` // newly allowed; else newly denied
	Verb      string `json:"verb"`
	Object    string `json:"object"` // category, service or cookie
	Purpose   string `json:"purpose,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	// Classes counts the classes of questions that changed: questions that neither version can tell
	// apart are one class.
	Classes int     `json:"classes"`
	Witness Witness `json:"witness"`
}

// A Witness is the smallest question found that shows a change: the one that states least.
type Witness struct {
	Request decision.Request `json:"request"`
	Person  decision.Person  `json:"person"`
	Old     decision.Answer  `json:"old"`
	New     decision.Answer  `json:"new"`
	stated  int
}

// A Comparison is every difference between two versions, and nothing else.
type Comparison struct {
	Changes []Change `json:"changes"`
	Classes int      `json:"classes"` // of questions that were decided under both
}

// Compare computes exactly what the new version allows or denies that the old one did not, as of an
// instant: what agreements and laws say then. It does not sample: every dimension of a question falls into classes that neither version
// can tell apart, and one question of each combination is decided under both. Cells whose rules and
// all they refer to are the same are the same, and are skipped.
func Compare(old, new *decision.Model, at decision.Instant) (*Comparison, error) {
	c := &comparer{at: at, seen: map[string][]found{}}
	for i, m := range []*decision.Model{old, new} {
		p, err := decision.Compile(m)
		if err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		c.sides[i] = side{m: m, p: p, known: knownTo(m)}
	}
	laws, _ := json.Marshal([]any{old.Laws, old.Vocabulary.Establishments, old.Zone})
	lawsNew, _ := json.Marshal([]any{new.Laws, new.Vocabulary.Establishments, new.Zone})
	c.sameLaw = string(laws) == string(lawsNew)
	c.sameWords = fmt.Sprintf("%+v", old.Vocabulary) == fmt.Sprintf("%+v", new.Vocabulary)
	out := &Comparison{Changes: []Change{}}
	for kind := decision.DataObject; kind <= decision.CookieObject; kind++ {
		for _, verb := range kind.Verbs() {
			for _, purpose := range c.purposes(kind) {
				same := c.sameRules(kind, verb, purpose)
				for _, object := range c.objects(kind) {
					if same && (kind != decision.DataObject || c.sameKeeps(object)) {
						continue
					}
					if err := c.cell(out, cell{kind, verb, purpose, object}); err != nil {
						return nil, fmt.Errorf("compare: %w", err)
					}
				}
			}
		}
	}
	return out, nil
}

// A side is one of the two versions.
type side struct {
	m     *decision.Model
	p     *decision.Program
	d     decision.Decision
	known map[string]bool
}

type comparer struct {
	sides     [2]side
	at        decision.Instant
	sameLaw   bool
	sameWords bool
	seen      map[string][]found // by what the versions say of a cell
}

// sameRules: both versions have the same rules on the verb and the purpose, and the same words, so that
// only what is kept can tell their answers apart.
func (c *comparer) sameRules(kind decision.ObjectKind, verb, purpose string) bool {
	if !c.sameLaw || !c.sameWords {
		return false
	}
	text := func(m *decision.Model) string {
		rules := m.Speaking(kind, verb, purpose)
		if verb == decision.VerbDisclose {
			rules = append(rules, m.Speaking(kind, decision.VerbSell, purpose)...) // where something is given in return
		}
		for i := range rules {
			rules[i].ID, rules[i].Clause, rules[i].Obliges = "", "", nil
		}
		return fmt.Sprintf("%+v", rules)
	}
	return text(c.sides[0].m) == text(c.sides[1].m)
}

// sameKeeps: both versions keep the category, and what is above and below it, alike.
func (c *comparer) sameKeeps(object string) bool {
	text := func(m *decision.Model) string {
		var s string
		for _, k := range m.Keeps {
			if (decision.Set{Names: k.Data}).Hits(object) {
				k.ID, k.Clause = "", ""
				if k.Until != nil {
					s += fmt.Sprintf("%+v", *k.Until)
					k.Until = nil
				}
				s += fmt.Sprintf("%+v", k)
			}
		}
		return s
	}
	return text(c.sides[0].m) == text(c.sides[1].m)
}

// A cell is all questions of one verb, purpose and object.
type cell struct {
	kind                  decision.ObjectKind
	verb, purpose, object string
}

// found is a change of a cell, to be told of every cell that looks the same.
type found struct {
	change  Change
	classes int
}

func union(lists ...[]string) []string {
	var out []string
	for _, l := range lists {
		for _, s := range l {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func wordsOf[T any](l []T, name func(T) string) []string {
	var out []string
	for _, x := range l {
		out = append(out, name(x))
	}
	return out
}

func (c *comparer) each(list func(v *decision.Vocabulary) []string) []string {
	return union(list(&c.sides[0].m.Vocabulary), list(&c.sides[1].m.Vocabulary))
}

func (c *comparer) purposes(kind decision.ObjectKind) []string {
	all := c.each(func(v *decision.Vocabulary) []string {
		return wordsOf(v.Purposes, func(p decision.Purpose) string { return p.Name })
	})
	if kind == decision.DataObject {
		return all
	}
	return append([]string{""}, all...)
}

func (c *comparer) objects(kind decision.ObjectKind) []string {
	return c.each(func(v *decision.Vocabulary) []string {
		switch kind {
		case decision.ServiceObject:
			return v.Services
		case decision.CookieObject:
			return v.Cookies
		}
		return wordsOf(v.Data, func(d decision.Category) string { return d.Name })
	})
}

func (c *comparer) recipients() []string {
	return append([]string{""}, c.each(func(v *decision.Vocabulary) []string {
		return wordsOf(v.Recipients, func(r decision.Recipient) string { return r.Name })
	})...)
}

// cell compares one cell, recipient by recipient; recipients that neither version tells apart are one.
func (c *comparer) cell(out *Comparison, x cell) error {
	var views [2]view
	texts := [2]string{}
	groups := map[string][]string{}
	var order []string
	for _, to := range c.recipients() {
		for i := range c.sides {
			views[i] = c.sides[i].view(x, to, c.at)
		}
		if !views[0].allows() && !views[1].allows() {
			continue // silence permits nothing, in both
		}
		for i := range c.sides {
			text, err := json.Marshal(views[i].sign)
			if err != nil {
				return err
			}
			texts[i] = string(text)
		}
		if c.sameLaw && texts[0] == texts[1] {
			continue
		}
		key := texts[0] + "\x00" + texts[1]
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], to)
	}
	for _, key := range order {
		changes, known := c.seen[key]
		if !known {
			var err error
			if changes, err = c.partition(x, groups[key][0], out); err != nil {
				return err
			}
			c.seen[key] = changes
		}
		for _, f := range changes {
			for _, to := range groups[key] {
				out.Changes = append(out.Changes, c.retell(f, x, to))
			}
		}
	}
	return nil
}

// retell puts a change in the words of another cell that looks the same, and decides its witness anew.
func (c *comparer) retell(f found, x cell, to string) Change {
	ch := f.change
	ch.Verb, ch.Object, ch.Purpose, ch.Recipient, ch.Classes = x.verb, x.object, x.purpose, to, f.classes
	q := &ch.Witness.Request
	q.For, q.To = x.purpose, to
	switch x.kind {
	case decision.DataObject:
		q.Data = []string{x.object}
	case decision.ServiceObject:
		q.Service = x.object
	case decision.CookieObject:
		q.Cookie = x.object
	}
	who := ch.Witness.Person
	who.Choices = slices.Clone(who.Choices)
	ch.Witness.Person = who
	ch.Witness.Old, ch.Witness.New = c.sides[0].answer(*q, who), c.sides[1].answer(*q, who)
	return ch
}

// A view is what one version says of a cell and a recipient, and of everything that it refers to.
type view struct {
	rules []decision.Rule
	keeps []decision.Keep

	context any // what the rules lean on, as far as it can be told without them
	sign    any // all of it: two cells of equal sign answer alike
}

// view collects the rules, without their names, and the definitions of all words they lean on. Two
// equal views answer every question alike.
func (s *side) view(x cell, to string, at decision.Instant) view {
	v := &s.m.Vocabulary
	verb := x.verb
	var agreement *decision.Agreement
	var recipient decision.Recipient
	for _, r := range v.Recipients {
		if r.Name == to {
			recipient = r
		}
	}
	for i := range v.Agreements {
		if v.Agreements[i].Name == recipient.Agreement {
			agreement = &v.Agreements[i]
		}
	}
	if verb == decision.VerbDisclose && agreement != nil && agreement.Paid {
		verb = decision.VerbSell
	}
	out := view{rules: s.m.Cell(x.kind, verb, x.purpose, x.object)}
	var plain []any
	leansOnKeeps := false
	for _, r := range out.rules {
		_, taken := s.fits(r, to)
		if !taken {
			continue
		}
		leansOnKeeps = leansOnKeeps || slices.ContainsFunc(r.Basis, func(b decision.Basis) bool { return b.Kind == decision.AsKept })
		r.ID, r.Clause, r.Obliges, r.Verbs, r.To, r.For, r.Point = "", "", nil, nil, decision.Set{}, decision.Set{}, flagWord(r.Point != "")
		if verb != decision.VerbCombine {
			r.Data, r.With = decision.Set{}, decision.Set{}
		}
		r.Service, r.Cookie = decision.Set{}, decision.Set{}
		plain = append(plain, r)
	}
	out.rules = slices.DeleteFunc(out.rules, func(r decision.Rule) bool { _, taken := s.fits(r, to); return !taken })
	out.keeps = s.keeps(x, leansOnKeeps)
	covers := agreement != nil && decision.Set{Names: agreement.For}.Covers(x.purpose) && decision.Set{Names: agreement.Data}.Covers(x.object)
	var terms any
	if agreement != nil {
		terms = []any{agreement.From, agreement.Until, agreement.Terms, agreement.Paid, agreement.Transfer, covers}
	}
	out.context = []any{x.verb, x.kind, s.exists(x, to), s.plainKeeps(out.keeps, x), s.category(x.object), s.purpose(x.purpose),
		to == "", recipient.Kind, recipient.Country, terms, combined(verb, x.object)}
	out.sign = []any{out.context, plain, s.definitions(out)}
	return out
}

// combined is the object where it matters which it is: on which side of a combination it stands.
func combined(verb, object string) string {
	if verb == decision.VerbCombine {
		return object
	}
	return ""
}

func flagWord(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// fits tells whether the rule has to do with the recipient.
func (s *side) fits(r decision.Rule, to string) (decision.Rule, bool) {
	if to == "" {
		to = decision.Us
	}
	switch {
	case r.Deny:
		return r, r.To.Hits(to)
	case r.To.Stated():
		return r, r.To.Covers(to)
	}
	return r, to == decision.Us
}

func (s *side) exists(x cell, to string) []bool {
	return []bool{s.known["object "+x.object], x.purpose == "" || s.known["purpose "+x.purpose], to == "" || s.known["recipient "+to]}
}

// keeps are those that can turn this cell's answers: all that hold the object or a part of it, where
// one of them is for some purposes only or a rule leans on keeping.
func (s *side) keeps(x cell, leans bool) []decision.Keep {
	if x.kind != decision.DataObject || x.verb == decision.VerbCollect {
		return nil
	}
	var out []decision.Keep
	for _, k := range s.m.Keeps {
		if (decision.Set{Names: k.Data}).Hits(x.object) {
			out = append(out, k)
			leans = leans || len(k.For) > 0
		}
	}
	if !leans {
		return nil
	}
	return out
}

func (s *side) plainKeeps(keeps []decision.Keep, x cell) []any {
	var out []any
	for _, k := range keeps {
		ours := len(k.For) == 0 || decision.Set{Names: k.For}.Covers(x.purpose)
		var parts []string
		for _, d := range s.m.Vocabulary.Data {
			if under(d.Name, x.object) && (decision.Set{Names: k.Data}).Covers(d.Name) {
				parts = append(parts, strings.TrimPrefix(d.Name, x.object))
			}
		}
		out = append(out, []any{k.While, k.Until, ours, parts})
	}
	return out
}

// definitions of the facts and facets that the view's conditions name.
func (s *side) definitions(v view) []any {
	var out []any
	for _, name := range v.facts() {
		for _, f := range s.m.Vocabulary.Facts {
			if f.Name == name {
				out = append(out, f)
			}
		}
	}
	for _, r := range v.rules {
		for _, f := range r.Facets {
			for _, g := range s.m.Vocabulary.Facets {
				if g.Name == f.Facet {
					out = append(out, g)
				}
			}
		}
		if r.In.Stated() {
			out = append(out, s.m.Vocabulary.Locations)
		}
	}
	return out
}

func (s *side) category(name string) []bool {
	var special, identifies bool
	for _, d := range s.m.Vocabulary.Data {
		if under(d.Name, name) {
			special, identifies = special || d.Special, identifies || d.Identifies
		}
	}
	return []bool{special, identifies}
}

func (s *side) purpose(name string) []any {
	for _, p := range s.m.Vocabulary.Purposes {
		if p.Name == name {
			return []any{p.Marketing, p.Serves}
		}
	}
	return nil
}

// tests are all conditions of the view.
func (v view) tests() []decision.Test {
	var out []decision.Test
	for _, r := range v.rules {
		out = append(out, r.When...)
		for _, g := range r.Unless {
			out = append(out, g...)
		}
	}
	for _, k := range v.keeps {
		out = append(out, k.While...)
	}
	return out
}

// facts are the names that conditions, contracts and clocks of the view lean on.
func (v view) facts() []string {
	var out []string
	for _, t := range v.tests() {
		out = append(out, t.Fact)
	}
	for _, r := range v.rules {
		for _, b := range r.Basis {
			if b.Kind == decision.Contract {
				out = append(out, b.On)
			}
		}
	}
	for _, k := range v.keeps {
		if k.Until != nil && k.Until.State != "" {
			out = append(out, k.Until.State)
		}
	}
	return union(out)
}

// allows: some rule could permit.
func (v view) allows() bool {
	return slices.ContainsFunc(v.rules, func(r decision.Rule) bool { return !r.Deny })
}

func (v view) rests(kinds ...decision.BasisKind) bool {
	return slices.ContainsFunc(v.rules, func(r decision.Rule) bool {
		return slices.ContainsFunc(r.Basis, func(b decision.Basis) bool { return slices.Contains(kinds, b.Kind) })
	})
}

// knownTo are the words a version knows, by kind.
func knownTo(m *decision.Model) map[string]bool {
	v, out := &m.Vocabulary, map[string]bool{}
	for _, d := range v.Data {
		out["object "+d.Name] = true
	}
	for _, n := range slices.Concat(v.Services, v.Cookies) {
		out["object "+n] = true
	}
	for _, p := range v.Purposes {
		out["purpose "+p.Name] = true
	}
	for _, r := range v.Recipients {
		out["recipient "+r.Name] = true
	}
	for _, e := range v.Events {
		out["event "+e] = true
	}
	for _, f := range v.Facts {
		out["fact "+f.Name] = true
	}
	for _, f := range v.Facets {
		out["fact "+f.Name] = true
	}
	out["fact "+decision.TransportFact], out["fact "+decision.PublicFact] = true, true
	return out
}
