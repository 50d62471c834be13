package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

// lawRegions is where a law binds.
type lawRegions struct {
	law   *decision.Law
	binds region
}

// bind finds where each law binds, and every ban with what it looks at beside the cell.
func (f *formula) bind() {
	binding := map[string][]string{} // by residence
	f.where(dimResidence, func(w way) bool {
		for _, l := range f.m.Binding(w.word, f.at) {
			binding[w.word] = append(binding[w.word], l.ID)
		}
		return false
	})
	for i := range f.m.Laws {
		l := &f.m.Laws[i]
		x := lawRegions{law: l, binds: f.where(dimResidence, func(w way) bool { return slices.Contains(binding[w.word], l.ID) })}
		f.laws = append(f.laws, x)
		for j := range l.Bans {
			b := &l.Bans[j]
			if b.From <= f.at && (b.Until == 0 || f.at < b.Until) {
				f.bans = append(f.bans, banRegion{b, f.r.both(x.binds, f.bites(b))})
			}
		}
	}
}

// A banRegion is where a ban in effect bites, given that the verb, the datum and the purpose are ones
// that it is about.
type banRegion struct {
	ban   *decision.Ban
	bites region
}

func (f *formula) bites(b *decision.Ban) region {
	out := everywhere
	if b.Identifies {
		out = f.r.both(out, f.where(dimForm, func(w way) bool { return decision.Form(w.word).Rank() == 0 }))
	}
	if len(b.Outside) > 0 {
		places := decision.Set{Names: b.Outside}
		outside := func(name string) bool {
			return slices.ContainsFunc(f.m.Vocabulary.Locations, func(l decision.Location) bool { return l.Name == name && !places.HasPlace(l.Country) })
		}
		out = f.r.both(out, f.where(dimIn, func(w way) bool { return w.states() && outside(w.word) }))
	}
	if b.Under > 0 {
		out = f.r.both(out, f.where(dimAge, func(w way) bool { return w.states() && w.number < b.Under }))
	}
	if b.Objected {
		out = f.r.both(out, f.where(dimObjection, way.states)) // a finding of ours does not lift it
	}
	return out
}

// aboutObject: the ban is about this kind of datum.
func (f *formula) aboutObject(x *decision.Ban, kind decision.ObjectKind, object string) bool {
	some := func(is func(decision.Category) bool) bool {
		return kind == decision.DataObject && slices.ContainsFunc(f.m.Vocabulary.Data, func(d decision.Category) bool { return is(d) && under(d.Name, object) })
	}
	return (!x.Identifies || some(func(d decision.Category) bool { return d.Identifies })) &&
		(!x.Special || some(func(d decision.Category) bool { return d.Special })) &&
		(len(x.Data) == 0 || some(func(d decision.Category) bool { return shares(d.Terms, x.Data) }))
}

// aboutPurpose: the ban is about this purpose, "" for none.
func (f *formula) aboutPurpose(x *decision.Ban, purpose string) bool {
	is := func(is func(decision.Purpose) bool) bool {
		return slices.ContainsFunc(f.m.Vocabulary.Purposes, func(p decision.Purpose) bool { return p.Name == purpose && is(p) })
	}
	return (!x.Marketing || is(func(p decision.Purpose) bool { return p.Marketing })) &&
		(len(x.For) == 0 || is(func(p decision.Purpose) bool { return shares(p.Terms, x.For) })) &&
		!is(func(p decision.Purpose) bool { return shares(p.Terms, x.NotFor) })
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// consentRegions is where a consent holds: one of any time, and one given since any restriction.
type consentRegions struct{ valid, fresh region }

// consents finds where the consent that a person gave counts under the laws that bind.
func (f *formula) consents() {
	struck, strict := nowhere, nowhere // the latest consent; an explicit one beside it
	for _, l := range f.laws {
		style := f.where(dimConsent, func(w way) bool { return strikes(l.law, w.word) })
		child := f.child(l.law)
		struck = f.r.either(struck, f.r.both(l.binds, f.r.either(style, child)))
		strict = f.r.either(strict, f.r.both(l.binds, f.r.either(regionOf(strikes(l.law, string(decision.Explicit))), child)))
	}
	fresh := f.r.minus(f.where(dimConsent, way.states), struck)
	explicit := f.r.minus(f.where(dimConsent, func(w way) bool { return w.word == string(decision.Explicit) }), struck)
	earlier := f.r.minus(f.where(dimConsent, func(w way) bool { return w.earlier }), strict)
	f.any = consentRegions{f.r.either(fresh, earlier), fresh}
	f.explicit = consentRegions{f.r.either(explicit, earlier), explicit}
}

// child is where somebody known to be too young for the law gave a consent alone.
func (f *formula) child(l *decision.Law) region {
	out := nowhere
	alone := f.where(dimConsent, func(w way) bool { return w.states() && !w.guardian })
	limits := map[int32]bool{}
	f.where(dimResidence, func(w way) bool { limits[l.ChildAgeAt(w.word)] = true; return false })
	for n := range limits {
		here := f.where(dimResidence, func(w way) bool { return l.ChildAgeAt(w.word) == n })
		young := f.where(dimAge, func(w way) bool { return w.states() && w.number < n })
		out = f.r.either(out, f.r.both(here, young))
	}
	return f.r.both(out, alone)
}

// A receiver is one recipient as a version sees it.
type receiver struct {
	name      string
	spec      decision.Recipient
	agreement *decision.Agreement
	inForce   region
	crosses   region // some law that binds does not accept where the data would go
}

func (f *formula) receiver(name string, ended bool) *receiver {
	x := &receiver{name: name}
	v := &f.m.Vocabulary
	for _, r := range v.Recipients {
		if r.Name == name {
			x.spec = r
		}
	}
	for i := range v.Agreements {
		if a := &v.Agreements[i]; x.spec.Agreement != "" && a.Name == x.spec.Agreement {
			x.agreement = a
		}
	}
	if a := x.agreement; a != nil && a.From <= f.at && (a.Until == 0 || f.at < a.Until) {
		x.inForce = f.where(dimAgreement, func(w way) bool { return !ended || !w.states() })
	}
	for _, l := range f.laws {
		if l.law.Transfers != nil {
			x.crosses = f.r.either(x.crosses, f.r.both(l.binds, f.transfers(l.law, x)))
		}
	}
	return x
}

// placesOf are the countries of the recipient and of those below it.
func (f *formula) placesOf(recipient string) []string {
	var out []string
	for _, r := range f.m.Vocabulary.Recipients {
		if under(r.Name, recipient) && r.Country != "" {
			out = appendNew(out, r.Country)
		}
	}
	return out
}

// transfers is where the law does not accept the country of the recipient or of the location.
func (f *formula) transfers(l *decision.Law, x *receiver) region {
	v := &f.m.Vocabulary
	lapsed := f.r.not(x.inForce)
	// under is where a transfer crosses, given what it does with and without the agreement.
	under := func(crosses func(mechanism string) bool) region {
		mechanism := ""
		if x.agreement != nil {
			mechanism = x.agreement.Transfer
		}
		return f.r.either(f.r.both(x.inForce, regionOf(crosses(mechanism))), f.r.both(lapsed, regionOf(crosses(""))))
	}
	out := nowhere
	if x.spec.Name != "" && x.spec.Kind != "public" {
		places := f.placesOf(x.name)
		out = under(func(mechanism string) bool {
			return len(places) == 0 || slices.ContainsFunc(places, func(c string) bool { return l.Crosses(c, mechanism, x.spec.Certified, f.at) })
		})
	}
	for _, at := range v.Locations {
		home := slices.ContainsFunc(v.Establishments, func(e string) bool { return countryOf(e) == countryOf(at.Country) })
		here := f.where(dimIn, func(w way) bool { return w.word == at.Name })
		if here == nowhere || x.name == "" && home {
			continue
		}
		held := slices.Concat(at.Certified, x.spec.Certified)
		out = f.r.either(out, f.r.both(here, under(func(mechanism string) bool {
			if at.Transfer != "" {
				mechanism = at.Transfer
			}
			return l.Crosses(at.Country, mechanism, held, f.at)
		})))
	}
	return out
}
