package decision

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Reference answers q by reading m as it stands, slowly and plainly. It is the specification of
// deciding in code: Program.Decide must never differ (decision_test.go). Read docs/spec/semantics.md
// beside it.
func Reference(m *Model, q Request, who Person) Answer {
	r := reader{m: m, q: q, who: who}
	order := map[string]int{}
	for _, id := range m.promises() {
		order[id] = len(order)
	}
	ans := r.answer()
	ans.tidy(order)
	return ans
}

// promises lists the ids that can determine an answer, in document order: rules and keeps as they
// stand in the model, which lists both in document order of their own.
func (m *Model) promises() []string {
	var ids []string
	for _, x := range m.Rules {
		ids = append(ids, x.ID)
	}
	for _, x := range m.Keeps {
		ids = append(ids, x.ID)
	}
	return ids
}

// A reader holds one question while it is being answered.
type reader struct {
	m    *Model
	q    Request
	who  Person
	verb string // the action, or sell where a disclosure is one
	zone *time.Location
	laws []Law
}

func (r *reader) answer() Answer {
	if !r.readable() {
		return Answer{Outcome: Indeterminate}
	}
	r.zone, _ = time.LoadLocation(r.m.Zone)
	r.laws = r.applicable()
	if slices.Contains(DestructiveVerbs(), r.q.Action) {
		return r.destruction()
	}
	r.verb = r.q.Action
	if a := r.agreement(); r.verb == VerbDisclose && a != nil && a.Paid {
		r.verb = VerbSell
	}
	ans := Answer{Outcome: Allow}
	for _, it := range r.items() {
		merge(&ans, r.decide(it))
	}
	if ans.Outcome == Allow {
		r.obligations(&ans)
	}
	return ans
}

// An item is one finest question: a single category (or service, or cookie), a single other category
// for combine, a value for every facet.
type item struct {
	object string
	with   string
	facets map[string]string
}

// items splits the question: each must pass on its own.
func (r *reader) items() []item {
	objects := r.q.Data
	if r.q.Service != "" {
		objects = []string{r.q.Service}
	}
	if r.q.Cookie != "" {
		objects = []string{r.q.Cookie}
	}
	withs := r.q.With
	if len(withs) == 0 {
		withs = []string{""}
	}
	var out []item
	for _, o := range objects {
		for _, w := range withs {
			for _, f := range r.facetChoices() {
				out = append(out, item{o, w, f})
				if w != "" { // whichever is named first, both are used
					out = append(out, item{w, o, f})
				}
			}
		}
	}
	return out
}

// facetChoices lists every way to fill in the facets that the question leaves out.
func (r *reader) facetChoices() []map[string]string {
	choices := []map[string]string{{}}
	for _, f := range r.m.Vocabulary.Facets {
		if !f.qualifies(r.verb) {
			continue
		}
		values := f.Values
		for _, s := range r.q.Stated {
			if s.Name == f.Name {
				values = []string{s.Value}
			}
		}
		var next []map[string]string
		for _, c := range choices {
			for _, v := range values {
				d := map[string]string{f.Name: v}
				maps.Copy(d, c)
				next = append(next, d)
			}
		}
		choices = next
	}
	return choices
}

func (f Facet) qualifies(verb string) bool {
	return len(f.Verbs) == 0 || slices.Contains(f.Verbs, verb)
}

// merge adds the answer to one item: the whole is allowed iff every item is; of the denials the
// weightiest names the outcome and all are reported.
func merge(all *Answer, one Answer) {
	if all.Outcome == Allow && one.Outcome != Allow {
		*all = one
		return
	}
	if all.Outcome != Allow && one.Outcome == Allow {
		return
	}
	all.Outcome = max(all.Outcome, one.Outcome)
	all.Promises = append(all.Promises, one.Promises...)
	all.Bases = append(all.Bases, one.Bases...)
	all.Missing = append(all.Missing, one.Missing...)
	all.Laws = append(all.Laws, one.Laws...)
}

// decide answers one item: law, restriction, violation, allow, unmet, gap, in this order.
func (r *reader) decide(it item) Answer {
	allows := r.readings(it)
	restricted, since := r.restricted(it)

	if reasons := r.forbidden(it); len(reasons) > 0 {
		return Answer{Outcome: AgainstLaw, Promises: idsOf(allows, reading.otherwise), Laws: reasons}
	}
	if restricted && !slices.ContainsFunc(allows, func(a reading) bool { return a.holds() && a.consentAt > since }) {
		return Answer{
			Outcome: AgainstLaw, Promises: idsOf(allows, reading.otherwise),
			Laws: r.restriction(),
		}
	}
	denies := r.denies(it)
	denies = append(denies, r.keptForOthers(it)...)
	if len(denies) > 0 {
		return Answer{Outcome: Violation, Promises: denies}
	}
	var ans Answer
	for _, a := range allows {
		if a.holds() && (!restricted || a.consentAt > since) {
			ans.Promises = append(ans.Promises, a.rule.ID)
			ans.Bases = append(ans.Bases, a.bases...)
		}
	}
	if len(ans.Promises) > 0 {
		return ans
	}
	for _, a := range allows {
		if len(a.missing) == 0 && len(a.struck) > 0 {
			ans.Outcome = AgainstLaw
			ans.Promises = append(ans.Promises, a.rule.ID)
			ans.Laws = append(ans.Laws, a.struck...)
		}
	}
	if ans.Outcome == AgainstLaw {
		return ans
	}
	ans.Outcome = Gap
	for _, a := range allows {
		ans.Outcome = Unmet
		ans.Promises = append(append(ans.Promises, a.rule.ID), a.strikers...)
		ans.Missing = append(ans.Missing, a.missing...)
	}
	return ans
}

func idsOf(l []reading, which func(reading) bool) []string {
	var ids []string
	for _, a := range l {
		if which(a) {
			ids = append(ids, a.rule.ID)
		}
	}
	return ids
}

// obligations are those of all allows that hold, in document order, then what the form and the
// recipient ask by themselves.
func (r *reader) obligations(ans *Answer) {
	add := func(o string) {
		if !slices.Contains(ans.Obliges, o) {
			ans.Obliges = append(ans.Obliges, o)
		}
	}
	for _, x := range r.m.Rules {
		if slices.Contains(ans.Promises, x.ID) {
			for _, o := range x.obligations() {
				add(o)
			}
		}
	}
	if r.recipient() != Us {
		add(ObligeRecord)
		add(ObligeConfirm)
	}
}

// What every disclosure obliges the caller to; see docs/spec/semantics.md.
const (
	ObligeRecord  = "record-disclosure"
	ObligeConfirm = "confirm-disclosure"
)

// obligations of a rule: its own words, and the form it allows.
func (x *Rule) obligations() []string {
	o := x.Obliges
	if x.As.rank() > 0 {
		o = append(slices.Clone(o), "only-"+string(x.As))
	}
	if x.Group > 0 {
		o = append(slices.Clone(o), "smallest-group-"+itoa(x.Group))
	}
	return o
}

func (r *reader) recipient() string {
	if r.q.To == "" {
		return Us
	}
	return r.q.To
}

// under reports whether name is above or the same as any below it: contact is under nothing but
// contact; contact.email is under contact.
func under(name, above string) bool {
	return strings.HasPrefix(name, above) && (len(name) == len(above) || name[len(above)] == '.')
}

// covers: the set holds name and so all below it. What is not stated covers everything.
func (s Set) covers(name string) bool {
	if !s.Stated() {
		return true
	}
	return slices.ContainsFunc(s.Names, func(n string) bool { return under(name, n) }) != s.Not
}

// hits: the set has to do with name: the same, above or below. A complement hits all it does not
// exclude whole.
func (s Set) hits(name string) bool {
	if s.Not || !s.Stated() {
		return s.covers(name)
	}
	return slices.ContainsFunc(s.Names, func(n string) bool { return under(name, n) || under(n, name) })
}
