package decision

import "slices"

// Shown closes a scope for a grant that is recorded now: it writes out everything that its names stand
// for in this version, with the countries of the recipients and locations, so that what is added to the
// vocabulary later is not covered by it. Data or recipients left out are those of the allows that rest on
// consent to the purposes; without such an allow, all data, and no recipient but us.
func (m *Model) Shown(s Scope) Scope {
	v := &m.Vocabulary
	purposes := namesOf(v.Purposes, func(p Purpose) string { return p.Name })
	data := namesOf(v.Data, func(c Category) string { return c.Name })
	recipients := namesOf(v.Recipients, func(p Recipient) string { return p.Name })
	s.For = below(s.For, purposes)
	if len(s.Data) == 0 {
		s.Data, _ = m.consented(s.For, func(r *Rule) Set { return r.Data })
	}
	s.Data = below(s.Data, data)
	everyone := false
	if len(s.To) == 0 {
		s.To, everyone = m.consented(s.For, func(r *Rule) Set { return r.To })
	}
	if len(s.To) > 0 || everyone {
		s.To = below(s.To, recipients)
	}
	if !slices.Contains(s.To, Us) {
		// We were always shown; without us in the list the consent's end would not be about us.
		s.To = append(slices.Clip(s.To), Us)
		slices.Sort(s.To)
	}
	s.Closed, s.Controller, s.Countries = true, m.Site, nil
	for _, r := range v.Recipients {
		if r.Country != "" && slices.Contains(s.To, r.Name) {
			s.Countries = append(s.Countries, r.Country)
		}
	}
	for _, l := range v.Locations {
		s.Countries = append(s.Countries, l.Country)
	}
	slices.Sort(s.Countries)
	s.Countries = slices.Compact(s.Countries)
	return s
}

// below is every name that one of the list stands for, sorted; of no list, all.
func below(list, all []string) []string {
	out := filter(all, func(n string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(l string) bool { return under(n, l) })
	})
	slices.Sort(out)
	return out
}

// consented is what the allows name that rest on consent to one of the purposes; all, if one names only
// what it leaves out.
func (m *Model) consented(purposes []string, of func(*Rule) Set) (names []string, all bool) {
	for i := range m.Rules {
		r := &m.Rules[i]
		if r.Deny || !slices.ContainsFunc(r.Basis, func(b Basis) bool { return b.Kind == Consent || b.Kind == ExplicitConsent }) {
			continue
		}
		if !slices.ContainsFunc(purposes, func(p string) bool { return r.For.Stated() && r.For.covers(p) }) {
			continue
		}
		if of(r).Not {
			return nil, true
		}
		names = append(names, of(r).Names...)
	}
	return names, false
}

// ClausesOn are the clauses whose allows rest on consent to a purpose, in document order: what a person
// was told when they were asked.
func (m *Model) ClausesOn(purposes []string) []string {
	var out []string
	for i := range m.Rules {
		r := &m.Rules[i]
		if !r.Deny && !slices.Contains(out, r.Clause) && slices.ContainsFunc(r.Basis, func(b Basis) bool { return b.Kind == Consent || b.Kind == ExplicitConsent }) &&
			slices.ContainsFunc(purposes, func(p string) bool { return r.For.Stated() && r.For.covers(p) }) {
			out = append(out, r.Clause)
		}
	}
	return out
}
