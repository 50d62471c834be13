package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// overridden finds the allows that a law answers otherwise. It does not reason about laws: it asks
// questions that each rule allows where no law binds, about people of every place that the laws tell
// apart, and reports those that a law denies, with the question as witness.
func (f *finder) overridden(lawful *decision.Program) {
	lawless := lawful.Lawless()
	a := aim{m: f.m, at: f.at, ages: f.ages(), lies: f.p.Systems.locationsOf}
	for i := range f.m.Rules {
		if x := &f.m.Rules[i]; !x.Deny && (f.only == "" || f.only == x.Clause) {
			f.tryRule(a, x, lawless, lawful)
		}
	}
}

// ages are those just below each age under which some law bans something.
func (f *finder) ages() []int32 {
	var out []int32
	for _, l := range f.laws {
		for _, b := range l.Law().Bans {
			if b.Under > 1 && !slices.Contains(out, b.Under-1) {
				out = append(out, b.Under-1)
			}
		}
	}
	return out
}

// residences are one place for every law that binds people somewhere.
func (f *finder) residences() []string {
	var out []string
	for _, l := range f.laws {
		for _, t := range l.Territory {
			if t != decision.StrictDefault {
				out = append(out, t)
				break
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (f *finder) tryRule(a aim, x *decision.Rule, lawless, lawful *decision.Program) {
	questions := a.requests(x)
	var d decision.Decision
	for _, s := range a.settings(x) {
		nobody, err := lawless.Facts(s.who)
		if err != nil {
			continue
		}
		var held []decision.Request
		for _, q := range questions {
			q.Stated = append(slices.Clone(q.Stated), s.stated...)
			q.Assigned = s.assigned
			if lawless.Decide(&q, &nobody, &d) == decision.Allow {
				held = append(held, q)
			}
		}
		if len(held) == 0 {
			continue
		}
		for _, place := range f.residences() {
			who := s.who
			who.Residence = place
			facts, err := lawful.Facts(who)
			if err != nil {
				continue
			}
			for _, q := range held {
				if lawful.Decide(&q, &facts, &d) == decision.AgainstLaw {
					f.struck(x, q, who, d.Answer())
				}
			}
		}
	}
}

// struck reports what the law said about the rule in hand.
func (f *finder) struck(x *decision.Rule, q decision.Request, who decision.Person, a decision.Answer) {
	p := f.promise(x.ID)
	if p == nil || !slices.Contains(a.Promises, x.ID) {
		return
	}
	for _, r := range a.Laws {
		// The strict default repeats what a listed law says.
		if i := slices.IndexFunc(f.laws, func(l law.Profile) bool { return l.ID == r.Law }); i >= 0 {
			one := Finding{Kind: Overridden, Word: r.Because, Clause: x.Clause, Promise: x.ID, Pos: p.Pos, About: r.Name, Question: &q, Person: &who}
			if ofChildren(f.laws[i], r) {
				one.Clause, one.Promise, one.Pos = "", "", Pos{} // it is about the whole notice, and said once
			}
			f.add(one, Provision{r.Law, r.Article, f.unchecked(f.laws[i], r)})
		}
	}
}

// ofChildren: the reason is a ban that protects people under an age, whatever is done.
func ofChildren(l law.Profile, r decision.Reason) bool {
	return slices.ContainsFunc(l.Law().Bans, func(b decision.Ban) bool {
		return b.Under > 0 && b.Row.Article == r.Article && b.Row.Because == r.Because
	})
}

// unchecked: the row that the reason cites was not read in its source.
func (f *finder) unchecked(l law.Profile, r decision.Reason) bool {
	r.Name = ""
	out, ok := f.cited[r]
	if !ok {
		rows := l.Rows()
		i := slices.IndexFunc(rows, func(x law.Sourced) bool { return x.Article == r.Article && x.Because == r.Because })
		out = i >= 0 && rows[i].Unchecked
		f.cited[r] = out
	}
	return out
}
