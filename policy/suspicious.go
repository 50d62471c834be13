package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// suspicious looks at the way things are promised. What it finds is reported for every law that has a
// provision about it.
func (f *finder) suspicious() {
	for _, x := range f.p.promises() {
		switch {
		case x.Collect != nil:
			f.bundled(x)
		case x.Right != nil:
			f.optOut(x)
			f.refusals(x)
			f.deadlines(x)
		case x.Keep != nil && f.personEnds(x.Keep):
			f.minds("only-the-person-ends-it", x, x.Keep.Until.Name.Text)
		case x.Version != nil:
			f.changes(x)
		case x.Cookie != nil:
			f.necessary(x)
		case x.Statement != nil:
			for _, o := range x.Statement.LeftOpen {
				f.minds("open-ended-"+o.Text, x, "")
			}
		}
	}
	f.interests()
	f.twoBases()
	f.withdrawals()
	f.places()
	f.processors()
	f.vagueWords()
	f.vaguePurposes()
	f.machines()
	f.refusing()
}

// bundled: one yes for several things. A question about more than one purpose; a form sent that is
// about more than the consent; a point that rests on consent and asks less often than it has purposes.
func (f *finder) bundled(x *Promise) {
	c := x.Collect
	consent := slices.ContainsFunc(c.Basis, func(b Basis) bool { return b.Kind == decision.Consent || b.Kind == decision.ExplicitConsent })
	asked := map[string]bool{}
	for _, a := range c.Asks {
		others := slices.ContainsFunc(c.For.Names, func(n Name) bool { return !names(a.For, n.Text) })
		if len(a.For.Names) > 1 || decision.Style(a.How.Text) == decision.Submit && (others || len(c.Asks) > 1) {
			f.minds("bundled-consent", x, strings.Join(texts(a.For.Names), ", "))
		}
		for _, n := range a.For.Names {
			if names(c.For, n.Text) {
				asked[n.Text] = true
			}
		}
	}
	if consent && len(c.For.Names) > 1 && len(asked) < len(c.For.Names) {
		f.minds("bundled-consent", x, strings.Join(texts(c.For.Names), ", "))
	}
}

// easyRights are those that nobody need show who they are for.
func easyRights() []string { return []string{"object", "withdraw", "refuse"} }

// optOut: saying no asks for more than saying no, or takes longer than saying yes.
func (f *finder) optOut(x *Promise) {
	g := x.Right
	if !slices.ContainsFunc(g.Rights, func(n Name) bool { return slices.Contains(easyRights(), n.Text) }) {
		return
	}
	if g.Proof.Stated() || onlyBy(g, "account") && g.For.Stated() && f.optional(g) {
		f.minds("opt-out-demands-identity", x, strings.Join(texts(g.Proof.Names), ", "))
	}
	if onlyBy(g, "banner") && f.sells(g) {
		f.minds("banner-as-opt-out", x, strings.Join(texts(g.For.Names), ", "))
	}
	if g.Steps > 1 || g.OnlyWith.Text != "" {
		f.minds("withdrawal-harder-than-consent", x, strings.Join(texts(g.For.Names), ", "))
	}
}

// onlyBy: the right is used in this one way.
func onlyBy(g *Right, way string) bool {
	return !slices.ContainsFunc(g.How, func(n Name) bool { return n.Text != way })
}

// sells: data is sold for a purpose that the right is about.
func (f *finder) sells(g *Right) bool {
	return slices.ContainsFunc(f.m.Rules, func(r decision.Rule) bool {
		return !r.Deny && slices.Contains(r.Verbs, decision.VerbSell) && slices.ContainsFunc(r.For.Names, set(g.For).Covers)
	})
}

// optional: the right is about marketing, which people without an account get too.
func (f *finder) optional(g *Right) bool {
	return slices.ContainsFunc(f.m.Vocabulary.Purposes, func(p decision.Purpose) bool { return p.Marketing && set(g.For).Covers(p.Name) })
}

// refusals: a reason to refuse that the law does not know.
func (f *finder) refusals(x *Promise) {
	for _, reason := range x.Right.MayRefuse {
		for _, l := range f.laws {
			for _, right := range x.Right.Rights {
				_, known := l.Right(asLaw(right.Text), "", l.Territory[0], f.at)
				_, accepted := l.Refusal(asLaw(right.Text), reason.Text, f.at)
				if d, minds := l.Duty("refusal-without-ground", f.at); known && !accepted && minds {
					f.add(Finding{Kind: Overridden, Word: d.Word, Clause: x.Clause.ID, Promise: x.ID, Pos: reason.Pos, About: reason.Text}, Provision{l.ID, d.Row.Article, d.Row.Unchecked})
				}
			}
		}
	}
}

// asLaw is the law's word for a right: refusing and withdrawing are one to it.
func asLaw(right string) string {
	if right == "refuse" {
		return "withdraw"
	}
	return right
}

// deadlines: a longer time to answer than the law gives.
func (f *finder) deadlines(x *Promise) {
	d := x.Right.Within
	if d.Span.IsZero() {
		return
	}
	of := ""
	if f.optional(x.Right) && x.Right.For.Stated() {
		of = "marketing"
	}
	for _, l := range f.laws {
		for _, right := range x.Right.Rights {
			row, known := l.Right(asLaw(right.Text), of, l.Territory[0], f.at)
			if !known || row.Within.IsZero() || !longer(d.Span, row.Within) {
				continue
			}
			f.add(Finding{
				Kind: Overridden, Word: "deadline-later-than-law", Clause: x.Clause.ID, Promise: x.ID, Pos: d.Pos, About: right.Text + ": " + row.Within.String(),
			}, Provision{l.ID, row.Row.Article, row.Row.Unchecked})
		}
	}
}

// longer: the notice's time is longer than the law's, whatever the month.
func longer(own decision.Duration, by law.Period) bool {
	days := int(own.Months)*28 + int(own.Days) + int(own.Micros/(24*3600e6))
	switch by.Unit {
	case law.Months:
		return own.Months > int32(by.N) || own.Months == 0 && days > 31*by.N
	case law.BusinessDays:
		return days > 7*(by.N/5+1)
	case law.Hours:
		return days > by.N/24
	}
	return days > by.N
}

// personEnds: only a request of the person starts the clock at whose end the data goes.
func (f *finder) personEnds(k *Keep) bool {
	return k.Until != nil && len(k.While) == 0 && startedByPerson(k.Until.Moment.Event)
}

// changes: a change that binds without a word to the person, or whoever goes on counts as agreeing.
func (f *finder) changes(x *Promise) {
	v := x.Version
	unasked := v.Binds.Text == "by publication" || v.Binds.Text == "by use"
	for _, c := range v.Changes {
		switch {
		case c.Text == "first" && v.Binds.Text == "by use":
			f.minds("consent-by-use", x, "")
		case c.Text == "new-purpose" && unasked, c.Text != "first" && unasked && !f.told() && !f.asked():
			f.minds("change-without-notice", x, c.Text)
		}
	}
}

// told: a duty tells people of every publication.
func (f *finder) told() bool {
	return slices.ContainsFunc(f.p.promises(), func(x *Promise) bool {
		return x.Duty != nil && x.Duty.On != nil && x.Duty.On.Moment.Event == "published" && slices.ContainsFunc(x.Duty.Do, func(s Step) bool {
			return s.Act.Text == "tell" && slices.ContainsFunc(s.On.Names, func(n Name) bool { return n.Text == "everyone" || n.Text == "person" })
		})
	})
}

// asked: a new purpose binds only those who agreed, or were told.
func (f *finder) asked() bool {
	return slices.ContainsFunc(f.p.promises(), func(x *Promise) bool {
		return x.Version != nil && slices.Contains(texts(x.Version.Changes), "new-purpose") && x.Version.Binds.Text != "by publication" && x.Version.Binds.Text != "by use"
	})
}

// necessary: a cookie for marketing or for counting visits is not one without which the service asked for
// fails.
func (f *finder) necessary(x *Promise) {
	for _, b := range x.Cookie.Basis {
		for _, p := range f.m.Vocabulary.Purposes {
			if b.Kind == decision.Necessary && (p.Marketing || slices.ContainsFunc(p.Terms, counts)) && names(x.Cookie.For, p.Name) {
				f.minds("device-access-without-consent", x, p.Name)
			}
		}
	}
}

// counts: the term is that of looking how a service is used.
func counts(term string) bool { return term == "dpv:ServiceUsageAnalytics" }

// interests: a legitimate interest that is not named, or was never weighed.
func (f *finder) interests() {
	done := map[string]bool{}
	for _, x := range f.p.promises() {
		if x.Rule == nil || x.Rule.Deny || !slices.ContainsFunc(x.Rule.Basis, func(b Basis) bool { return b.Kind == decision.LegitimateInterest }) {
			continue
		}
		for _, p := range f.p.Vocabulary.Purposes {
			if done[p.Name.Text] || !names(x.Rule.For, p.Name.Text) {
				continue
			}
			done[p.Name.Text] = true
			switch {
			case p.Interest == "":
				f.minds("interest-not-named", x, p.Name.Text)
			case p.Weighed == 0 || p.Weighed > f.at:
				f.minds("balance-not-dated", x, p.Name.Text)
			}
		}
	}
}

// twoBases: the same use of the same data rests on a consent and on something else beside it, so that
// taking the consent back changes nothing.
func (f *finder) twoBases() {
	type ground struct {
		x       *Promise
		consent bool
	}
	var rules []ground
	consents := func(l []Basis) (consent, other bool) {
		for _, b := range l {
			is := b.Kind == decision.Consent || b.Kind == decision.ExplicitConsent
			consent, other = consent || is, other || !is
		}
		return consent, other
	}
	for _, x := range f.p.promises() {
		if x.Rule == nil || x.Rule.Deny || len(x.Rule.Basis) == 0 {
			continue
		}
		consent, other := consents(x.Rule.Basis)
		if consent && other {
			f.minds("two-bases-for-one-purpose", x, strings.Join(texts(x.Rule.For.Names), ", "))
			continue
		}
		for _, o := range rules {
			if o.consent != consent && sameUse(o.x.Rule, x.Rule) {
				f.minds("two-bases-for-one-purpose", x, strings.Join(texts(x.Rule.For.Names), ", "))
			}
		}
		rules = append(rules, ground{x, consent})
	}
}

// sameUse: some verb, purpose, recipient and category are the same for both, and neither asks for
// another ground or another condition.
func sameUse(a, b *Rule) bool {
	meet := func(x, y Set) bool {
		if !x.Stated() || !y.Stated() {
			return x.Stated() == y.Stated()
		}
		return slices.ContainsFunc(x.Names, func(n Name) bool { return set(y).Hits(n.Text) })
	}
	verb := slices.ContainsFunc(a.Verbs, func(n Name) bool { return slices.Contains(texts(b.Verbs), n.Text) })
	return verb && a.As.Text == b.As.Text && meet(a.For, b.For) && meet(a.To, b.To) && meet(a.Data, b.Data) && !a.Ground.Stated() && !b.Ground.Stated() &&
		len(a.When) == 0 && len(b.When) == 0
}

// withdrawals: a consent that was given on the page and is taken back only by a request.
func (f *finder) withdrawals() {
	for _, x := range f.p.promises() {
		if x.Right == nil || !slices.ContainsFunc(x.Right.Rights, func(n Name) bool { return n.Text == "withdraw" }) {
			continue
		}
		if !onlyBy(x.Right, "request") {
			continue
		}
		f.minds("withdrawal-harder-than-consent", x, strings.Join(texts(x.Right.For.Names), ", "))
	}
}

// places: one that the vocabulary names and no promise lets data lie at; a receiver of whom no country
// is known.
func (f *finder) places() {
	used := map[string]bool{}
	for _, r := range f.m.Rules {
		for _, n := range r.In.Names {
			used[n] = true
		}
		for _, l := range f.m.Vocabulary.Locations {
			used[l.Name] = used[l.Name] || r.Deny && r.In.Covers(l.Name) && r.In.Stated() // named to be kept out
		}
	}
	for _, s := range f.p.Systems.Systems {
		used[s.Location.Text] = true
		if s.Backups != nil {
			used[s.Backups.Location.Text] = true
		}
	}
	for _, l := range f.p.Vocabulary.Locations {
		if !used[l.Name.Text] {
			f.mindsOf(Finding{Kind: Suspicious, Word: "undeclared-location", Pos: l.Name.Pos, About: l.Name.Text})
		}
	}
	said := map[string]bool{}
	for _, x := range f.p.promises() {
		if x.Rule == nil || x.Rule.Deny {
			continue
		}
		for _, r := range f.p.Vocabulary.Recipients {
			if names(x.Rule.To, r.Name.Text) && !said[r.Name.Text] && r.Country.Text == "" && !f.group(r.Name.Text) && r.Kind != "public" && r.Kind != "authority" {
				said[r.Name.Text] = true // once, where it is named first
				f.minds("undeclared-location", x, r.Name.Text)
			}
		}
	}
}

// group: the recipient only stands for those below it.
func (f *finder) group(name string) bool {
	return slices.ContainsFunc(f.p.Vocabulary.Recipients, func(r Recipient) bool { return r.Name.Text != name && under(r.Name.Text, name) })
}

// processors: one that gets data and has no contract at all.
func (f *finder) processors() {
	for _, x := range f.p.promises() {
		if x.Rule == nil || x.Rule.Deny {
			continue
		}
		for _, r := range f.p.Vocabulary.Recipients {
			if r.Kind == "processor" && r.Agreement.Text == "" && !f.group(r.Name.Text) && names(x.Rule.To, r.Name.Text) {
				f.minds("processor-without-agreement", x, r.Name.Text)
			}
		}
	}
}

// vaguePurposes: one that says no more than that there is a purpose.
func (f *finder) vaguePurposes() {
	for _, p := range f.p.Vocabulary.Purposes {
		if p.Term == "dpv:Purpose" || p.Term == "" {
			f.mindsOf(Finding{Kind: Suspicious, Word: "purpose-too-vague", Pos: p.Name.Pos, About: p.Name.Text})
		}
	}
}

// machines: a decision by computer that no person looks at again, or on a basis that does not carry one
// that weighs heavily.
func (f *finder) machines() {
	for _, x := range f.p.promises() {
		if x.Rule == nil || x.Rule.Deny || !slices.Contains(texts(x.Rule.Verbs), decision.VerbDecide) {
			continue
		}
		purposes := strings.Join(texts(x.Rule.For.Names), ", ")
		if !f.offers("review") {
			f.minds("automated-without-human", x, purposes)
		}
		if slices.ContainsFunc(x.Rule.Basis, func(b Basis) bool { return !carriesDecisions(b.Kind) }) {
			f.minds("automated-on-other-basis", x, purposes)
		}
	}
}

// carriesDecisions: a contract, a law or explicit consent (GDPR art. 22(2)).
func carriesDecisions(kind decision.BasisKind) bool {
	return slices.Contains([]decision.BasisKind{decision.Contract, decision.ExplicitConsent, decision.LegalObligation, decision.PublicTask}, kind)
}

// refusing: a cookie on consent that no banner or link takes back.
func (f *finder) refusing() {
	for _, x := range f.p.promises() {
		if x.Cookie == nil || !slices.ContainsFunc(x.Cookie.Basis, func(b Basis) bool { return b.Kind == decision.Consent }) {
			continue
		}
		easy := slices.ContainsFunc(f.p.promises(), func(o *Promise) bool {
			return o.Right != nil && slices.ContainsFunc(o.Right.Rights, func(n Name) bool { return n.Text == "refuse" || n.Text == "withdraw" }) &&
				slices.ContainsFunc(o.Right.How, func(n Name) bool { return n.Text == "banner" || n.Text == "link" }) &&
				slices.ContainsFunc(x.Cookie.For.Names, func(n Name) bool { return set(o.Right.For).Covers(n.Text) })
		})
		if !easy {
			f.minds("refusing-harder-than-accepting", x, strings.Join(texts(x.Cookie.Names), ", "))
		}
	}
}

// vagueWords: prose that names a time without a number, above promises that have none either.
func (f *finder) vagueWords() {
	vague := regexp.MustCompile(`(?i)\b(?:as|so) long as (?:is |it is |they are |we |reasonably )*(?:necessary|needed|need|required)\b|\bfor a (?:limited|reasonable) (?:time|period)\b|\bsolange (?:es |wie |das )*(?:nötig|erforderlich|notwendig)`)
	for _, c := range f.p.Clauses {
		numbered := slices.ContainsFunc(c.Promises, func(x *Promise) bool {
			return x.Keep != nil || x.Duty != nil || x.Measure != nil && !x.Measure.Limit.IsZero()
		})
		if numbered || len(c.Promises) == 0 || f.only != "" && f.only != c.ID {
			continue
		}
		if found := vague.FindString(c.Prose); found != "" {
			f.minds("necessary-without-number", c.Promises[0], found)
		}
	}
}
