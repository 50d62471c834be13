package decision

// A question is a request with every name a number; 0 is "left out", else the word's number plus
// one. It lives in a Decision and is used again.
type question struct {
	verb                     verbRef
	kind                     int // of object
	purpose                  uint16
	to                       uint16 // recipient, 0 is us
	by, in, from, of, ground uint16
	as                       uint8
	group                    int32
	objects, with            []uint16 // numbers, not plus one
	facets                   []uint16 // by facet: value + 1
	stated                   []value
	assigned, ended          []uint16
	at                       Instant

	// What prepare finds once for all items.
	agreement    *agreementSpec // with the recipient, in force
	laws         uint64         // that bind
	actBans      uint64         // their bans that can bite on the verb and the purpose
	open         uint64         // facets that qualify the verb and are left out
	mine         []uint32       // choices that have to do with purpose and recipient
	choiceFacets uint64         // facets they mention
	mayRestrict  bool           // a restriction would bite

	touched uint32 // keeps the compiler from dropping the reads of touch

	// The item in hand.
	cell          *cell
	object, other uint16
	strikers      bool   // denies strike bases here
	bans          uint64 // that can bite on the item
}

// read turns names into numbers and reports whether the question can be read at all.
func (p *Program) read(r *Request, q *question) bool {
	var ok bool
	if q.verb, ok = p.verbs[r.Action]; !ok || r.At == 0 || r.Group < 0 {
		return false
	}
	q.at, q.group = r.At, int32(min(r.Group, 1<<30))
	if !p.readObjects(r, q) {
		return false
	}
	if q.purpose, ok = p.purposes.id(r.For); !ok || q.purpose == 0 && q.kind == dataObject && !q.verb.ends {
		return false
	}
	if q.to = 0; r.To != "" {
		i, known := p.recipients.ids[r.To]
		if !known {
			return false
		}
		q.to = i
	}
	if !p.askers.read(r.By, &q.by) || !p.locations.read(r.In, &q.in) || !p.sources.read(r.From, &q.from) ||
		!p.people.read(r.Of, &q.of) || !p.grounds.read(r.Ground, &q.ground) {
		return false
	}
	if q.as = 0; r.As != "" {
		if q.as, ok = p.forms[r.As]; !ok {
			return false
		}
	}
	return p.readLists(r, q)
}

// readObjects: data, a service or a cookie, with a verb that fits it.
func (p *Program) readObjects(r *Request, q *question) bool {
	q.objects, q.with = q.objects[:0], q.with[:0]
	kind, n := dataObject, &p.data
	switch {
	case len(r.Data) > 0 && r.Service == "" && r.Cookie == "":
		for _, name := range r.Data {
			i, ok := n.ids[name]
			if !ok {
				return false
			}
			q.objects = append(q.objects, i)
		}
	case len(r.Data) == 0 && r.Service != "" && r.Cookie == "":
		kind = serviceObject
		i, ok := p.services.ids[r.Service]
		if !ok {
			return false
		}
		q.objects = append(q.objects, i)
	case len(r.Data) == 0 && r.Service == "" && r.Cookie != "":
		kind = cookieObject
		i, ok := p.cookies.ids[r.Cookie]
		if !ok {
			return false
		}
		q.objects = append(q.objects, i)
	default:
		return false
	}
	q.kind = kind
	if !q.verb.fits[kind] || (len(r.With) > 0) != (q.verb.id == combineVerb) {
		return false
	}
	for _, name := range r.With {
		i, ok := n.ids[name]
		if !ok {
			return false
		}
		q.with = append(q.with, i)
	}
	return true
}

// readLists: facets, facts, assigned cases, ended agreements.
func (p *Program) readLists(r *Request, q *question) bool {
	q.stated, q.assigned, q.ended = q.stated[:0], q.assigned[:0], q.ended[:0]
	if len(q.facets) != len(p.facets) {
		q.facets = make([]uint16, len(p.facets))
	}
	clear(q.facets)
	for i := range r.Stated {
		s := &r.Stated[i]
		ref, ok := p.stated[s.Name]
		if !ok {
			return false
		}
		n := s.Number
		if !ref.number {
			if n, ok = ref.values[s.Value]; !ok {
				return false
			}
		} else if s.Value != "" {
			return false
		}
		if ref.facet {
			q.facets[ref.id] = uint16(n) + 1
		} else {
			q.stated = append(q.stated, value{ref.id, n})
		}
	}
	for _, name := range r.Assigned {
		i, ok := p.facts.ids[name]
		if !ok {
			return false
		}
		q.assigned = append(q.assigned, i)
	}
	for _, name := range r.Ended {
		i, ok := p.agreements.ids[name]
		if !ok {
			return false
		}
		q.ended = append(q.ended, i)
	}
	return true
}

// prepare finds what holds for all items: the agreement in force, whether disclosing is selling, the
// laws that bind, the choices that matter.
func (p *Program) prepare(f *Facts, q *question) {
	q.agreement = nil
	if spec := &p.recipientSpecs[q.to]; spec.agreement != 0 {
		a := &p.agreementSpecs[spec.agreement-1]
		if q.verb.id == discloseVerb && a.paid {
			q.verb = p.verbs[VerbSell]
		}
		ended := false
		for _, e := range q.ended {
			ended = ended || e == spec.agreement-1
		}
		if !ended && a.from <= q.at && (a.until == 0 || q.at < a.until) {
			q.agreement = a
		}
	}
	qualifies := p.facetsOf[q.kind][q.verb.at[q.kind]]
	q.open = qualifies
	for i, v := range q.facets {
		switch {
		case v == 0:
		case qualifies>>i&1 == 0:
			q.facets[i] = 0
		default:
			q.open &^= 1 << i
		}
	}
	q.laws = p.binding(f, q.at)
	q.actBans = p.mayBite(q)
	q.mine, q.choiceFacets, q.mayRestrict = q.mine[:0], 0, false
	bites := q.kind == dataObject && q.verb.id != storeVerb && !p.serves.has(q.purpose)
	for i := range f.choices {
		c := &f.choices[i]
		s := &f.scopes[c.scope()]
		if !s.hitPurposes.has(q.purpose) || !s.hitRecipient.has(q.to) && !s.recipients.has(q.to) || c.at > q.at {
			continue
		}
		q.mine = append(q.mine, uint32(i))
		q.choiceFacets |= s.facets
		q.mayRestrict = q.mayRestrict || bites && c.kind() == restricted
	}
}

// binding are the laws in effect: of the controller's establishments and of the person's place; all
// where that is unknown, the strict default where no profile but sectoral ones covers it, be it in
// effect or not: before a law began, it asked nothing.
func (p *Program) binding(f *Facts, at Instant) uint64 {
	if p.lawAll == 0 {
		return 0
	}
	i := len(p.lawSince) - 1
	for p.lawSince[i].from > at {
		i--
	}
	effective := p.lawSince[i].laws
	if f.residence == 0 {
		return effective
	}
	here := p.lawAt[f.residence-1]
	if here&^p.lawSectoral == 0 {
		here |= p.lawStrict
	}
	return (here | p.lawHome) & effective
}
