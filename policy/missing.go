package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// missing looks for what the laws want a notice to have: rights, and what it must say.
func (f *finder) missing() {
	f.complaint()
	for _, l := range f.laws {
		for _, r := range l.Rights {
			f.missingRight(l, r)
		}
		for _, c := range l.Contents {
			if c.In == "notice" && c.Span.In(f.at) && f.applies(c.When) && !f.tells(c.ID) {
				f.add(Finding{Kind: Lacking, Word: "missing-content", About: c.What}, Provision{l.ID, c.Row.Article, c.Row.Unchecked})
			}
		}
	}
}

// complaint: a way to complain to the organisation itself.
func (f *finder) complaint() {
	if !f.offers("complain") {
		f.mindsOf(Finding{Kind: Lacking, Word: "no-complaint-way"})
	}
}

// missingRight: a right that the law gives on a basis the notice uses, and no promise offers.
func (f *finder) missingRight(l law.Profile, r law.Right) {
	based := len(r.Bases) == 0 || slices.ContainsFunc(r.Bases, f.uses)
	if r.Right == "review" {
		based = f.acts(decision.VerbDecide, decision.VerbProfile)
	}
	if !r.Span.In(f.at) || r.Absent || len(r.Places) > 0 || !based || f.offers(r.Right) || !slices.Contains(rightWords(), r.Right) {
		return
	}
	f.add(Finding{Kind: Lacking, Word: "missing-right", About: r.Right}, Provision{l.ID, r.Row.Article, r.Row.Unchecked})
}

// uses: some allow rests on the basis.
func (f *finder) uses(kind decision.BasisKind) bool {
	return slices.ContainsFunc(f.m.Rules, func(x decision.Rule) bool {
		return slices.ContainsFunc(x.Basis, func(b decision.Basis) bool { return b.Kind == kind })
	})
}

// offers: some promise gives the right. Refusing and withdrawing are one right to the law.
func (f *finder) offers(right string) bool {
	return slices.ContainsFunc(f.p.promises(), func(x *Promise) bool {
		return x.Right != nil && slices.ContainsFunc(x.Right.Rights, func(n Name) bool {
			return n.Text == right || right == "review" && x.Right.Review.Text == "human" || right == "withdraw" && n.Text == "refuse"
		})
	})
}

func (f *finder) acts(verbs ...string) bool {
	return slices.ContainsFunc(f.m.Rules, func(x decision.Rule) bool {
		return !x.Deny && slices.ContainsFunc(x.Verbs, func(v string) bool { return slices.Contains(verbs, v) })
	})
}

// applies: what makes a content necessary is so here. See docs/spec/law.md for the words.
func (f *finder) applies(when string) bool {
	v := &f.p.Vocabulary
	switch when {
	case "officer":
		return f.p.Front.Controller.Officer.Text != ""
	case "legitimate-interest":
		return f.uses(decision.LegitimateInterest)
	case "consent":
		return f.uses(decision.Consent) || f.uses(decision.ExplicitConsent)
	case "recipients":
		return len(v.Recipients) > 0
	case "automated":
		return f.acts(decision.VerbDecide)
	case "sale":
		return f.acts(decision.VerbSell)
	case "special", "sensitive":
		return slices.ContainsFunc(v.Data, func(c Category) bool { return c.Special })
	case "tracking":
		return len(f.m.Vocabulary.Cookies) > 0
	}
	return true
}

// tells: the notice has it. What the compiler demands of every notice is always told: purposes and
// bases, categories, recipients, retention, and where a datum comes from. Rights are looked at one by
// one.
func (f *finder) tells(content string) bool {
	any := func(is func(*Promise) bool) bool { return slices.ContainsFunc(f.p.promises(), is) }
	switch content {
	case "adm":
		return f.offers("review")
	case "new_purpose", "changes":
		return any(func(x *Promise) bool { return x.Version != nil })
	case "cookies":
		return any(func(x *Promise) bool { return x.Cookie != nil })
	case "security":
		return any(func(x *Promise) bool { return x.Measure != nil })
	case "appeal":
		return f.offers("review") || f.offers("complain")
	}
	return true
}
