// Package native is the hand-written bitset engine: the "physical limit".
package native

import m "github.com/avowhq/avow/bench/model"

type permit struct {
	cats, rcpts, regions uint64
	id                   uint16
	basis                m.Basis
	noMinors             bool
	minVersion, maxAge   int64
	oblig                uint64
}

type forbid struct {
	cats, rcpts, regions uint64
	id                   uint16
	kind                 m.Kind
	minVersion           int64
}

type cell struct {
	permits []permit
	forbids []forbid
}

// Subject is the compact state of one person.
type Subject struct {
	granted                                                   uint64 // consents granted, by purpose
	objections                                                uint64
	expires                                                   [14]int64 // consent purposes only
	version                                                   int64
	region                                                    uint8
	minor, guardian, restricted, gpc, objMarketing, legalHold bool
}

// Decision is filled in place; nothing is allocated.
type Decision struct {
	Allow bool
	N     int
	Rules [16]uint16 // determining rules (index into Engine.IDs)
	Oblig uint64
}

type Engine struct {
	cells                   [m.NPurposes][6]cell
	IDs                     []string // rule id by rule number
	Clauses                 []string
	subjects                []Subject
	bySub                   map[string]uint32
	act, pur, cat, rcp, cty map[string]uint8
	obNames                 []string
}

func New(p *m.Policy, subs []m.Subject) *Engine {
	e := &Engine{bySub: make(map[string]uint32, len(subs))}
	ob := map[string]uint64{}
	for i := range p.Permits {
		x := &p.Permits[i]
		var o uint64
		for _, s := range x.Oblig {
			if _, ok := ob[s]; !ok {
				ob[s] = 1 << len(ob)
				e.obNames = append(e.obNames, s)
			}
			o |= ob[s]
		}
		c := permit{
			cats: x.Cats, rcpts: x.Recipients, regions: all(x.Regions), id: uint16(len(e.IDs)), basis: x.Basis,
			noMinors: x.NoMinors, minVersion: x.MinVersion, maxAge: x.MaxAgeDays, oblig: o,
		}
		e.IDs = append(e.IDs, x.ID)
		e.Clauses = append(e.Clauses, x.Clause)
		for a := range 6 {
			if x.Actions>>a&1 == 1 {
				e.cells[x.Purpose][a].permits = append(e.cells[x.Purpose][a].permits, c)
			}
		}
	}
	for i := range p.Forbids {
		f := &p.Forbids[i]
		c := forbid{cats: all(f.Cats), rcpts: all(f.Recipients), regions: all(f.Regions), id: uint16(len(e.IDs)), kind: f.Kind, minVersion: f.MinVersion}
		e.IDs = append(e.IDs, f.ID)
		e.Clauses = append(e.Clauses, f.Clause)
		for pu := range m.NPurposes {
			if all(f.Purposes)>>pu&1 == 0 || f.NotPurp>>pu&1 == 1 {
				continue
			}
			for a := range 6 {
				if all(f.Actions)>>a&1 == 1 {
					e.cells[pu][a].forbids = append(e.cells[pu][a].forbids, c)
				}
			}
		}
	}
	e.subjects = make([]Subject, len(subs))
	for i := range subs {
		s := &subs[i]
		t := Subject{
			objections: s.Objections, version: s.Version, region: uint8(s.Region), minor: s.Minor, guardian: s.Guardian,
			restricted: s.Restricted, gpc: s.GPC, objMarketing: s.ObjMarketing, legalHold: s.LegalHold,
		}
		for pu := range 14 {
			if s.Status[pu] == m.CGranted {
				t.granted |= 1 << pu
			}
			t.expires[pu] = s.Expires[pu]
		}
		e.subjects[i] = t
		e.bySub[s.ID] = uint32(i)
	}
	e.act, e.pur, e.cat, e.rcp, e.cty = ix(m.Actions[:]), ix(m.Purposes), ix(m.Cats), ix(m.Recipients), ix(m.Countries[:])
	return e
}

func ix(l []string) map[string]uint8 {
	o := map[string]uint8{}
	for i, s := range l {
		o[s] = uint8(i)
	}
	return o
}

func all(x uint64) uint64 {
	if x == 0 {
		return ^uint64(0)
	}
	return x
}

func (s *Subject) valid(pu int, now int64) bool {
	return pu < 14 && s.granted>>uint(pu)&1 == 1 && s.expires[pu] > now && (!s.minor || s.guardian)
}

// ReqID is a request with everything interned already.
type ReqID struct {
	Subject                             uint32
	Action, Purpose, Recipient, Country uint8
	Cats                                uint64
	Now, AgeDays                        int64
}

func (e *Engine) Decide(q *ReqID, d *Decision) {
	s := &e.subjects[q.Subject]
	c := &e.cells[q.Purpose][q.Action]
	d.N, d.Oblig, d.Allow = 0, 0, false
	rc, rg := uint64(1)<<q.Recipient, uint64(1)<<s.region
	for i := range c.forbids {
		f := &c.forbids[i]
		if f.cats&q.Cats == 0 || f.rcpts&rc == 0 || f.regions&rg == 0 {
			continue
		}
		ok := false
		switch f.kind {
		case m.KAlways:
			ok = true
		case m.KRestricted:
			ok = s.restricted
		case m.KMinor:
			ok = s.minor
		case m.KNoConsent:
			ok = !s.valid(int(q.Purpose), q.Now)
		case m.KNonAdequate:
			ok = m.AdequateMask>>q.Country&1 == 0 && m.SafeguardMask&rc == 0
		case m.KGPC:
			ok = s.gpc
		case m.KObjMarketing:
			ok = s.objMarketing
		case m.KOldVersion:
			ok = s.version < f.minVersion
		}
		if ok && d.N < len(d.Rules) {
			d.Rules[d.N] = f.id
			d.N++
		}
	}
	if d.N > 0 {
		return
	}
	for i := range c.permits {
		x := &c.permits[i]
		if q.Cats&^x.cats != 0 || x.rcpts&rc == 0 || x.regions&rg == 0 {
			continue
		}
		ok := true
		switch x.basis {
		case m.Consent:
			ok = s.valid(int(q.Purpose), q.Now)
		case m.Contract:
			ok = s.version >= x.minVersion
		case m.LegitInterest:
			ok = s.objections>>q.Purpose&1 == 0 && !(x.noMinors && s.minor)
		}
		if ok && q.Action == m.Retain {
			ok = q.AgeDays <= x.maxAge || s.legalHold
		}
		if ok && d.N < len(d.Rules) {
			d.Rules[d.N] = x.id
			d.N++
			d.Oblig |= x.oblig
			d.Allow = true
		}
	}
}

// ReqStr is what an application has: names.
type ReqStr struct {
	Subject, Action, Purpose, Recipient, Country string
	Cats                                         []string
	Now, AgeDays                                 int64
}

func (e *Engine) DecideStr(r *ReqStr, d *Decision) bool {
	var q ReqID
	var ok [5]bool
	q.Subject, ok[0] = e.bySub[r.Subject]
	q.Action, ok[1] = e.act[r.Action]
	q.Purpose, ok[2] = e.pur[r.Purpose]
	q.Recipient, ok[3] = e.rcp[r.Recipient]
	q.Country, ok[4] = e.cty[r.Country]
	for _, c := range r.Cats {
		b, k := e.cat[c]
		if !k {
			return false
		}
		q.Cats |= 1 << b
	}
	if !(ok[0] && ok[1] && ok[2] && ok[3] && ok[4]) {
		return false
	}
	q.Now, q.AgeDays = r.Now, r.AgeDays
	e.Decide(&q, d)
	return true
}

func ToID(q *m.Request) ReqID {
	o := ReqID{
		Subject: uint32(q.Subject), Action: uint8(q.Action), Purpose: uint8(q.Purpose), Recipient: uint8(q.Recipient),
		Country: uint8(q.Country), Now: q.Now, AgeDays: q.AgeDays,
	}
	for _, c := range q.Cats {
		o.Cats |= 1 << c
	}
	return o
}

func ToStr(q *m.Request, subs []m.Subject) ReqStr {
	o := ReqStr{
		Subject: subs[q.Subject].ID, Action: m.Actions[q.Action], Purpose: m.Purposes[q.Purpose], Recipient: m.Recipients[q.Recipient],
		Country: m.Countries[q.Country], Now: q.Now, AgeDays: q.AgeDays,
	}
	for _, c := range q.Cats {
		o.Cats = append(o.Cats, m.Cats[c])
	}
	return o
}

// ObligNames expands an obligation mask.
func (e *Engine) ObligNames(o uint64) []string {
	if o == 0 {
		return nil
	}
	l := make([]string, 0, 4)
	for i, n := range e.obNames {
		if o>>i&1 == 1 {
			l = append(l, n)
		}
	}
	return l
}
