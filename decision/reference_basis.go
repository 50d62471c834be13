package decision

import (
	"slices"
	"strings"
)

// basis finds on which bases the allow holds, what is missing when none does, and what was struck.
// A rule on a service has no basis and needs none.
func (r *reader) basis(a *reading, it item, only []Basis, strikers []string) {
	x := a.rule
	if len(x.Basis) == 0 {
		return
	}
	var missing []Missing
	for _, b := range x.Basis {
		lack, struck, at := r.rests(x, b, it)
		if lack == nil && len(strikers) > 0 && !slices.ContainsFunc(only, b.fits) {
			lack = &Missing{x.ID, MissingBasis, basisNames(only)}
			a.strikers = strikers
		}
		switch {
		case lack != nil:
			missing = append(missing, *lack)
		case len(struck) > 0:
			a.struck = append(a.struck, struck...)
		default:
			a.bases = append(a.bases, b.String())
			a.consentAt = max(a.consentAt, at)
		}
	}
	switch {
	case len(a.bases) > 0:
		a.struck, a.strikers = nil, nil
	case len(a.struck) > 0:
		a.strikers = nil
	default:
		a.missing = append(a.missing, missing...)
	}
}

// fits: the basis is the one wanted, whatever it rests on if that is left open.
func (b Basis) fits(want Basis) bool {
	return b.Kind == want.Kind && (b.On == want.On || b.On == "" || want.On == "")
}

func basisNames(l []Basis) string {
	var s strings.Builder
	for i, b := range l {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(b.String())
	}
	return s.String()
}

// rests tells whether the rule rests on the basis now: what it lacks, which law takes it, and for a
// consent the instant of the grant.
func (r *reader) rests(x *Rule, b Basis, it item) (lack *Missing, struck []Reason, at Instant) {
	missing := func(what, name string) *Missing { return &Missing{x.ID, what, name} }
	switch b.Kind {
	case Consent, ExplicitConsent:
		at, struck = r.consent(it, r.q.For, b.Kind == ExplicitConsent)
		if at == 0 && struck == nil {
			return missing(string(b.Kind), r.q.For), nil, 0
		}
	case Contract:
		f := r.fact(b.On)
		open := r.state(f, "open")
		atPoint := x.Point != "" && (r.verb == VerbCollect || r.verb == VerbStore && !r.state(f, "closed"))
		if !open && !atPoint {
			return missing(MissingContract, b.On), nil, 0
		}
	case VitalInterest:
		if r.q.Ground == "" {
			return missing(MissingGround, ""), nil, 0
		}
	case LegitimateInterest:
		if what := r.objected(x, it); what != "" {
			return missing(what, r.q.For), nil, 0
		}
	case AsKept:
		if !r.kept(it) {
			return missing(MissingKeep, ""), nil, 0
		}
	}
	if len(struck) == 0 {
		struck = r.banned(b, it)
	}
	if len(struck) > 0 {
		at = 0
	}
	if r.special(it) && !r.specialGround(x, b, it) {
		return missing(MissingSpecial, ""), nil, 0
	}
	return nil, struck, at
}

func (r *reader) special(it item) bool {
	return r.q.Service == "" && r.q.Cookie == "" && slices.ContainsFunc(r.m.Vocabulary.Data, func(c Category) bool {
		return c.Special && under(c.Name, it.object)
	})
}

// specialGround: GDPR art. 9(2) asks a ground besides the basis.
func (r *reader) specialGround(x *Rule, b Basis, it item) bool {
	if b.Kind == ExplicitConsent {
		return true
	}
	if x.Special == string(ExplicitConsent) {
		at, _ := r.consent(it, r.q.For, true)
		return at != 0
	}
	return x.Special != ""
}

// consent is the instant of the grant that holds for the purpose, or 0; and the provisions that
// struck one that would.
func (r *reader) consent(it item, purpose string, explicit bool) (Instant, []Reason) {
	now := r.q.At
	var against, granted Instant
	for i := range r.who.Choices {
		c := &r.who.Choices[i]
		switch {
		case c.At > now:
		case c.Kind == Refused || c.Kind == Withdrawn || c.Kind == Expired || c.Kind == Objected:
			if r.about(c, it, purpose) {
				against = max(against, c.At)
			}
		case c.Kind == Granted && c.ends() != 0 && c.ends() <= now:
			if r.about(c, it, purpose) {
				against = max(against, c.ends())
			}
		}
	}
	var struck []Reason
	for i := range r.who.Choices {
		c := &r.who.Choices[i]
		if c.Kind != Granted || c.At > now || c.At <= against || c.ends() != 0 && c.ends() <= now || !r.coveredBy(c, it, purpose) {
			continue
		}
		if explicit && c.Style != Explicit {
			continue
		}
		if reasons := r.strikes(c); len(reasons) > 0 {
			struck = append(struck, reasons...)
			continue
		}
		granted = max(granted, c.At)
	}
	if granted != 0 {
		return granted, nil
	}
	return 0, struck
}

// anyConsent: a consent to the datum holds, for the request's purpose or, without one, for any.
func (r *reader) anyConsent(it item) bool {
	purposes := []string{r.q.For}
	if r.q.For == "" {
		purposes = namesOf(r.m.Vocabulary.Purposes, func(p Purpose) string { return p.Name })
	}
	return slices.ContainsFunc(purposes, func(p string) bool {
		at, _ := r.consent(it, p, false)
		return at != 0
	})
}

// about: a choice against has to do with the item: the same, above or below.
func (r *reader) about(c *Choice, it item, purpose string) bool {
	s := &c.Scope
	return (purpose == "" || r.purposeIn(s, purpose)) && r.datumIn(s, it, Set.hits) && (Set{Names: s.To}).hits(r.recipient()) && facetsIn(s, it)
}

func (r *reader) datumIn(s *Scope, it item, takes func(Set, string) bool) bool {
	if r.q.Service != "" || r.q.Cookie != "" {
		return len(s.Data) == 0
	}
	return takes(Set{Names: s.Data}, it.object)
}

func (r *reader) purposeIn(s *Scope, purpose string) bool {
	if purpose == "" {
		return len(s.For) == 0
	}
	return (Set{Names: s.For}).covers(purpose)
}

func facetsIn(s *Scope, it item) bool {
	for _, f := range s.Facets {
		if v, ok := it.facets[f.Facet]; ok && !slices.Contains(f.Values, v) {
			return false
		}
	}
	return true
}

// coveredBy: a grant takes in the whole item: everything the names stand for now was shown then.
func (r *reader) coveredBy(c *Choice, it item, purpose string) bool {
	s := &c.Scope
	if !facetsIn(s, it) {
		return false
	}
	if !s.Closed {
		return r.purposeIn(s, purpose) && r.datumIn(s, it, Set.covers) && (Set{Names: s.To}).covers(r.recipient())
	}
	v := &r.m.Vocabulary
	return s.Controller == r.m.Site &&
		shown(s.For, purpose, namesOf(v.Purposes, func(p Purpose) string { return p.Name })) &&
		(r.q.Service != "" || r.q.Cookie != "" || shown(s.Data, it.object, namesOf(v.Data, func(c Category) string { return c.Name }))) &&
		shown(s.To, r.recipient(), namesOf(v.Recipients, func(p Recipient) string { return p.Name })) &&
		r.countriesShown(s)
}

// shown: name and everything below it now is in the list. Us was always shown.
func shown(list []string, name string, all []string) bool {
	if name == Us || name == "" {
		return true
	}
	return !slices.ContainsFunc(all, func(n string) bool { return under(n, name) && !slices.Contains(list, n) })
}

// countriesShown: where the recipients and the location lie now was shown.
func (r *reader) countriesShown(s *Scope) bool {
	for _, p := range r.m.Vocabulary.Recipients {
		if under(p.Name, r.recipient()) && p.Country != "" && !slices.Contains(s.Countries, p.Country) {
			return false
		}
	}
	return r.q.In == "" || slices.Contains(s.Countries, r.location(r.q.In).Country)
}

// objected tells what stands against a legitimate interest: nothing, an objection, or one that a
// person has not found on. For marketing an objection always ends the use (GDPR art. 21(3)).
func (r *reader) objected(x *Rule, it item) string {
	review := x.Review && !slices.ContainsFunc(r.m.Vocabulary.Purposes, func(p Purpose) bool { return p.Marketing && p.Name == r.q.For })
	var raised, cleared Instant
	for i := range r.who.Choices {
		c := &r.who.Choices[i]
		switch {
		case c.At > r.q.At:
		case c.Kind == Objected && r.about(c, it, r.q.For):
			raised = max(raised, c.At)
		case c.Kind == Unobjected && r.coveredBy(c, it, r.q.For), c.Kind == Overridden && review && r.coveredBy(c, it, r.q.For):
			cleared = max(cleared, c.At)
		}
	}
	switch {
	case raised == 0 || raised < cleared:
		return ""
	case review:
		return MissingFinding
	}
	return MissingObjection
}

// restricted tells whether the item's data is restricted and this use is not one that stays open
// (GDPR art. 18(2)), and since when.
func (r *reader) restricted(it item) (bool, Instant) {
	if r.q.Service != "" || r.q.Cookie != "" || r.verb == VerbStore {
		return false, 0
	}
	if slices.ContainsFunc(r.m.Vocabulary.Purposes, func(p Purpose) bool { return p.Name == r.q.For && p.Serves != "" }) {
		return false, 0
	}
	return r.standing(it, Restricted, Lifted)
}

// standing: something was placed on the item's data and not taken off since.
func (r *reader) standing(it item, placed, taken ChoiceKind) (bool, Instant) {
	var on, off Instant
	for i := range r.who.Choices {
		c := &r.who.Choices[i]
		switch {
		case c.At > r.q.At:
		case c.Kind == placed && r.about(c, it, r.q.For):
			on = max(on, c.At)
		case c.Kind == taken && r.coveredBy(c, it, r.q.For):
			off = max(off, c.At)
		}
	}
	return on != 0 && on >= off, on
}
