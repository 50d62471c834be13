package decision

import "slices"

// NotCertified is the reason where a framework carries only certified recipients, and this one held
// no certificate at the time.
const NotCertified = "not-certified"

// UnknownPlace names where a recipient is of whom the vocabulary says no country. No law that limits
// transfers accepts it.
const UnknownPlace = "unknown"

// restriction is the provision of every law that binds and has one; else the notice's own word.
func (r *reader) restriction() []Reason {
	var out []Reason
	for _, l := range r.laws {
		if l.Restriction.Article != "" {
			out = append(out, reason(l, l.Restriction, ""))
		}
	}
	if len(out) == 0 {
		out = append(out, restrictedHere())
	}
	return out
}

// restrictedHere is the reason for a restriction that no law that binds asks for.
func restrictedHere() Reason { return Reason{Law: "restriction", Because: "restricted"} }

// StrictDefault is the territory of the profile that binds where no other does.
const StrictDefault = "*"

// applicable lists the laws in effect that bind this question: those of the controller's
// establishments, and those of the person's place; all of the model where that is unknown, the
// strict default where no profile but sectoral ones covers it. Each can only take away.
func (r *reader) applicable() []Law {
	binds := func(l Law, place string) bool {
		return slices.ContainsFunc(l.Territory, func(t string) bool { return inPlace(place, t) })
	}
	var laws, strict []Law
	covered := false
	for _, l := range r.m.Laws {
		home := r.who.Residence != "" && !slices.Contains(l.Territory, StrictDefault) && binds(l, r.who.Residence)
		covered = covered || home && !l.Sectoral && !slices.Contains(l.Territory, StrictDefault)
		if l.From > r.q.At || l.Until != 0 && l.Until <= r.q.At {
			continue
		}
		if slices.Contains(l.Territory, StrictDefault) {
			strict = append(strict, l)
			continue
		}
		if home || r.who.Residence == "" || slices.ContainsFunc(r.m.Vocabulary.Establishments, func(e string) bool { return binds(l, e) }) {
			laws = append(laws, l)
		}
	}
	if !covered {
		laws = append(laws, strict...)
	}
	return laws
}

// forbidden lists what the laws forbid whatever the basis: acts outright, and countries.
func (r *reader) forbidden(it item) []Reason {
	var out []Reason
	for _, l := range r.laws {
		for _, b := range l.Bans {
			if len(b.Except) == 0 && r.bites(b, it) {
				out = append(out, reason(l, b.Row, ""))
			}
		}
		if l.Transfers != nil {
			out = append(out, r.transfer(l)...)
		}
	}
	return out
}

// banned lists the bans that take this basis away.
func (r *reader) banned(b Basis, it item) []Reason {
	var out []Reason
	for _, l := range r.laws {
		for _, x := range l.Bans {
			if len(x.Except) > 0 && !slices.Contains(x.Except, b.Kind) && r.bites(x, it) {
				out = append(out, reason(l, x.Row, ""))
			}
		}
	}
	return out
}

func reason(l Law, row Row, name string) Reason {
	return Reason{Law: l.ID, Article: row.Article, Because: row.Because, Name: name}
}

// bites: the ban is about this question and person.
//
// long: one line for each thing that a ban may state.
func (r *reader) bites(b Ban, it item) bool {
	if !slices.Contains(b.Verbs, r.verb) {
		return false
	}
	some := func(is func(Category) bool) bool {
		return r.q.Service == "" && r.q.Cookie == "" && slices.ContainsFunc(r.m.Vocabulary.Data, func(c Category) bool {
			return is(c) && under(c.Name, it.object)
		})
	}
	of := func(terms, of []string) bool {
		return slices.ContainsFunc(of, func(t string) bool { return slices.Contains(terms, t) })
	}
	purpose := func(list []string) bool {
		return slices.ContainsFunc(r.m.Vocabulary.Purposes, func(p Purpose) bool { return p.Name == r.q.For && of(p.Terms, list) })
	}
	age, known := r.age()
	switch {
	case b.From > r.q.At || b.Until != 0 && b.Until <= r.q.At:
		return false
	case len(b.Data) > 0 && !some(func(c Category) bool { return of(c.Terms, b.Data) }):
		return false
	case len(b.For) > 0 && !purpose(b.For), purpose(b.NotFor):
		return false
	case b.Under > 0 && (!known || age >= b.Under):
		return false
	case b.Objected && !r.stands(it):
		return false
	case len(b.Outside) > 0 && !r.outside(b.Outside):
		return false
	case b.Identifies && (r.q.As.rank() > 0 || !some(func(c Category) bool { return c.Identifies })):
		return false
	case b.Special && !some(func(c Category) bool { return c.Special }):
		return false
	case b.Marketing && !slices.ContainsFunc(r.m.Vocabulary.Purposes, func(p Purpose) bool { return p.Marketing && p.Name == r.q.For }):
		return false
	}
	return true
}

// stands: an objection to this use was raised and not taken back.
func (r *reader) stands(it item) bool {
	on, _ := r.standing(it, Objected, Unobjected)
	return on
}

// outside: the location asked for lies in none of the places. One that is left out is not outside.
func (r *reader) outside(places []string) bool {
	return r.q.In != "" && !slices.ContainsFunc(places, func(p string) bool { return inPlace(r.location(r.q.In).Country, p) })
}

// strikes lists what takes the grant away: its style, or that a child gave it alone.
func (r *reader) strikes(c *Choice) []Reason {
	var out []Reason
	age, known := r.age()
	for _, l := range r.laws {
		for _, s := range l.Strikes {
			if s.Style == c.Style {
				out = append(out, reason(l, s.Row, ""))
			}
		}
		if known && age < l.childAge(r.who.Residence) && !c.Guardian {
			out = append(out, reason(l, l.ChildRow, ""))
		}
	}
	return out
}

// childAge is the age of the person's country; where that is unknown, the highest.
func (l *Law) childAge(residence string) int32 {
	limit := l.ChildAge
	for c, n := range l.ChildAges {
		if residence == "" {
			limit = max(limit, n)
		} else if country(residence) == c {
			limit = n
		}
	}
	return limit
}

// transfer checks every country the data would go to: that of the recipient, and that of the location
// unless the controller works there itself.
func (r *reader) transfer(l Law) []Reason {
	if r.q.Service != "" || r.q.Cookie != "" {
		return nil
	}
	var out []Reason
	mechanism := ""
	if a := r.agreement(); r.inForce(a) {
		mechanism = a.Transfer
	}
	known := r.recipient() == Us || r.public()
	for _, p := range r.m.Vocabulary.Recipients {
		if under(p.Name, r.recipient()) && p.Country != "" && !r.public() {
			out = append(out, r.crosses(l, p.Country, mechanism, r.certified())...)
			known = true
		}
	}
	if !known {
		out = append(out, reason(l, l.Transfers.Row, UnknownPlace))
	}
	if r.q.In == "" {
		return out
	}
	at := r.location(r.q.In)
	if r.recipient() == Us && slices.ContainsFunc(r.m.Vocabulary.Establishments, func(e string) bool { return country(e) == country(at.Country) }) {
		return out
	}
	if at.Transfer != "" {
		mechanism = at.Transfer
	}
	return append(out, r.crosses(l, at.Country, mechanism, slices.Concat(at.Certified, r.certified()))...)
}

// certified are the certificates of the recipient itself.
func (r *reader) certified() []Certificate {
	for _, p := range r.m.Vocabulary.Recipients {
		if p.Name == r.recipient() {
			return p.Certified
		}
	}
	return nil
}

// public: the recipient is everyone, wherever they are.
func (r *reader) public() bool {
	return slices.ContainsFunc(r.m.Vocabulary.Recipients, func(p Recipient) bool { return p.Name == r.recipient() && p.Kind == "public" })
}

// crosses tells why data may not go to the country: no adequacy, and no mechanism, one that the law
// does not know, one that has ended or not begun, or one that asks for a certificate not held now.
func (r *reader) crosses(l Law, to, mechanism string, held []Certificate) []Reason {
	t := l.Transfers
	valid := func(from, until Instant) bool { return from <= r.q.At && (until == 0 || r.q.At < until) }
	if slices.ContainsFunc(t.Free, func(c string) bool { return inPlace(to, c) }) {
		return nil
	}
	certified := func(name string) bool {
		return slices.ContainsFunc(held, func(c Certificate) bool { return c.Name == name && valid(c.From, c.Until) })
	}
	if slices.ContainsFunc(t.Adequate, func(a Adequacy) bool {
		return inPlace(to, a.Country) && valid(a.From, a.Until) && (a.Certified == "" || certified(a.Certified))
	}) {
		return nil
	}
	for _, m := range t.Mechanisms {
		if m.Name != mechanism {
			continue
		}
		switch {
		case !valid(m.From, m.Until):
			return []Reason{reason(l, m.Row, m.Name)}
		case m.Certified && !certified(m.Name):
			return []Reason{{Law: l.ID, Article: m.Row.Article, Because: NotCertified, Name: m.Name}}
		}
		return nil
	}
	return []Reason{reason(l, t.Row, to)}
}
