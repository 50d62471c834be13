package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

// A cell is all questions of one verb, purpose and object.
type cell struct {
	kind                  decision.ObjectKind
	verb, purpose, object string
}

// A reading is what a version has to say of one cell and recipient.
type reading struct {
	cell
	to    *receiver
	rules []int // that can speak of it
	bans  []int // that are about it
	kept  retainedRegions
	// Of the object and the purpose.
	special, marketing, serves bool
	covered                    bool // the agreement covers both
}

// allowed is where the version allows, in the order of deciding: law, restriction, violation, allow.
func (f *formula) allowed(x *reading) region {
	stop := nowhere
	for _, i := range x.bans {
		if b := f.bans[i]; len(b.ban.Except) == 0 {
			stop = f.r.either(stop, b.bites)
		}
	}
	if x.kind == decision.DataObject {
		stop = f.r.either(stop, x.to.crosses)
		if x.verb != decision.VerbCollect {
			stop = f.r.either(stop, x.kept.forOthers)
		}
	}
	for _, i := range x.rules {
		if r := &f.m.Rules[i]; r.Deny && len(r.Only) == 0 {
			stop = f.r.either(stop, f.matches(x, i))
		}
	}
	bites := x.kind == decision.DataObject && x.verb != decision.VerbStore && !x.serves
	holds, fresh := nowhere, nowhere
	for _, i := range x.rules {
		r := &f.m.Rules[i]
		if r.Deny {
			continue
		}
		speaks := f.speaks(x, i)
		if speaks == nowhere {
			continue
		}
		now, since := f.based(x, r)
		holds = f.r.either(holds, f.r.both(speaks, now))
		if bites {
			fresh = f.r.either(fresh, f.r.both(speaks, since))
		}
	}
	if bites {
		before := f.where(dimRestriction, func(w way) bool { return w.word == "before" })
		none := f.where(dimRestriction, func(w way) bool { return !w.states() })
		holds = f.r.either(f.r.both(none, holds), f.r.both(before, fresh))
	}
	return f.r.minus(holds, stop)
}

// matches is where a deny does.
func (f *formula) matches(x *reading, i int) region {
	out, r := f.deny(i), &f.m.Rules[i]
	if x.verb == decision.VerbCombine {
		out = f.r.both(out, f.combined(r, x.object))
	}
	if r.Under.Stated() {
		out = f.r.minus(out, f.terms(x, r))
	}
	return out
}

// speaks is where an allow speaks of the question and lacks nothing but its basis.
func (f *formula) speaks(x *reading, i int) region {
	out, r := f.allow(i), &f.m.Rules[i]
	if x.verb == decision.VerbCombine {
		out = f.r.both(out, f.combined(r, x.object))
	}
	if x.to.name == "" || !x.to.spec.NeedsAgreement() && !r.Under.Stated() {
		return out
	}
	if x.kind == decision.DataObject && !x.covered {
		return nowhere
	}
	return f.r.both(out, f.terms(x, r))
}

// terms is where an agreement is in force that has all the terms.
func (f *formula) terms(x *reading, r *decision.Rule) region {
	a := x.to.agreement
	if a == nil || slices.ContainsFunc(r.Under.Names, func(t string) bool { return !slices.Contains(a.Terms, t) }) {
		return nowhere
	}
	return x.to.inForce
}

// based is where one of the rule's bases holds, and where one does that rests on a consent given since a
// restriction.
func (f *formula) based(x *reading, r *decision.Rule) (now, since region) {
	if len(r.Basis) == 0 {
		return everywhere, nowhere // a rule on a service
	}
	for _, b := range r.Basis {
		lost := f.taken(x, b)
		if x.special && x.kind == decision.DataObject && b.Kind != decision.ExplicitConsent {
			switch r.Special {
			case "":
				continue
			case string(decision.ExplicitConsent):
				lost = f.r.either(lost, f.r.not(f.explicit.valid))
			}
		}
		now = f.r.either(now, f.r.minus(f.rests(x, r, b), lost))
		switch b.Kind {
		case decision.Consent:
			since = f.r.either(since, f.r.minus(f.any.fresh, lost))
		case decision.ExplicitConsent:
			since = f.r.either(since, f.r.minus(f.explicit.fresh, lost))
		}
	}
	return now, since
}

// rests is where the basis holds by the facts.
func (f *formula) rests(x *reading, r *decision.Rule, b decision.Basis) region {
	switch b.Kind {
	case decision.Consent:
		return f.any.valid
	case decision.ExplicitConsent:
		return f.explicit.valid
	case decision.Contract:
		open := f.state(b.On, "open")
		switch {
		case r.Point == "":
			return open
		case x.verb == decision.VerbCollect:
			return everywhere
		case x.verb == decision.VerbStore:
			return f.r.either(open, f.r.not(f.state(b.On, "closed")))
		}
		return open
	case decision.VitalInterest:
		return f.where(dimGround, way.states)
	case decision.LegitimateInterest:
		review := r.Review && !x.marketing
		return f.where(dimObjection, func(w way) bool { return !w.states() || w.word == "overridden" && review })
	case decision.AsKept:
		if x.kind != decision.DataObject {
			return nowhere
		}
		return x.kept.kept
	}
	return everywhere
}

// taken is where a deny that leaves other bases only, or a law, takes the basis away.
func (f *formula) taken(x *reading, b decision.Basis) region {
	out := nowhere
	for _, i := range x.rules {
		r := &f.m.Rules[i]
		if r.Deny && len(r.Only) > 0 && !slices.ContainsFunc(r.Only, b.Fits) {
			out = f.r.either(out, f.matches(x, i))
		}
	}
	for _, i := range x.bans {
		if y := f.bans[i]; len(y.ban.Except) > 0 && !slices.Contains(y.ban.Except, b.Kind) {
			out = f.r.either(out, y.bites)
		}
	}
	return out
}
