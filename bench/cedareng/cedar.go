// Package cedareng runs the policy in cedar-go.
package cedareng

import (
	"fmt"
	"iter"
	"strings"

	m "github.com/avowhq/avow/bench/model"
	cedar "github.com/cedar-policy/cedar-go"
)

type V = cedar.Value

type Engine struct {
	PS       *cedar.PolicySet
	Entities cedar.EntityMap
	// hand-made index: the policies that can match (purpose, action); cedar-go has none of its own
	Sliced [m.NPurposes][6]slice
	Clause map[cedar.PolicyID]string
	Oblig  map[cedar.PolicyID][]string
	Text   string
}

type idp struct {
	id cedar.PolicyID
	p  *cedar.Policy
}
type slice []idp

func (s slice) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i := range s {
			if !yield(s[i].id, s[i].p) {
				return
			}
		}
	}
}

func lits(l []string, pre string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s%q", pre, s)
	}
	b.WriteByte(']')
	return b.String()
}

func valid(pu string) string {
	return fmt.Sprintf(`(principal.consents has %s && principal.consents.%s.status == "granted" && principal.consents.%s.expires > context.now && (!principal.minor || principal.guardian))`, pu, pu, pu)
}

func PermitText(x *m.Permit) string {
	pu := m.Purposes[x.Purpose]
	var c []string
	c = append(c, lits(m.List(x.Cats, m.Cats), "")+".containsAll(context.categories)")
	c = append(c, lits(m.List(x.Recipients, m.Recipients), "")+".contains(context.recipient)")
	if x.Regions != 0 {
		c = append(c, lits(m.List(x.Regions, m.Regions[:]), "")+".contains(principal.region)")
	}
	switch x.Basis {
	case m.Consent:
		c = append(c, valid(pu))
	case m.Contract:
		c = append(c, fmt.Sprintf("principal.version >= %d", x.MinVersion))
	case m.LegitInterest:
		c = append(c, fmt.Sprintf("!principal.objections.contains(%q)", pu))
		if x.NoMinors {
			c = append(c, "!principal.minor")
		}
	}
	if x.Actions>>m.Retain&1 == 1 {
		lim := fmt.Sprintf("(context.age_days <= %d || principal.legal_hold)", x.MaxAgeDays)
		if x.Actions != 1<<m.Retain {
			lim = `(action != Action::"retain" || ` + lim + ")"
		}
		c = append(c, lim)
	}
	return fmt.Sprintf("@id(%q) @clause(%q) @basis(%q) @obligations(%q)\npermit(principal, action in %s, resource == Purpose::%q)\nwhen { %s };\n",
		x.ID, x.Clause, m.BasisNames[x.Basis], strings.Join(x.Oblig, ","), lits(m.List(x.Actions, m.Actions[:]), "Action::"), pu, strings.Join(c, " && "))
}

func ForbidText(f *m.Forbid) string {
	res, act := "resource", "action"
	var c []string
	if f.Actions != 0 {
		act = "action in " + lits(m.List(f.Actions, m.Actions[:]), "Action::")
	}
	if f.Purposes != 0 {
		l := m.List(f.Purposes, m.Purposes)
		if len(l) == 1 {
			res = fmt.Sprintf("resource == Purpose::%q", l[0])
		} else {
			c = append(c, lits(l, "Purpose::")+".contains(resource)")
		}
	}
	if f.NotPurp != 0 {
		c = append(c, "!"+lits(m.List(f.NotPurp, m.Purposes), "Purpose::")+".contains(resource)")
	}
	if f.Recipients != 0 {
		c = append(c, lits(m.List(f.Recipients, m.Recipients), "")+".contains(context.recipient)")
	}
	if f.Regions != 0 {
		c = append(c, lits(m.List(f.Regions, m.Regions[:]), "")+".contains(principal.region)")
	}
	if f.Cats != 0 {
		c = append(c, lits(m.List(f.Cats, m.Cats), "")+".containsAny(context.categories)")
	}
	switch f.Kind {
	case m.KRestricted:
		c = append(c, "principal.restricted")
	case m.KMinor:
		c = append(c, "principal.minor")
	case m.KNoConsent:
		c = append(c, "!"+valid(m.List(f.Purposes, m.Purposes)[0]))
	case m.KNonAdequate:
		c = append(c, "!"+lits(m.List(m.AdequateMask, m.Countries[:]), "")+".contains(context.country)",
			"!"+lits(m.List(m.SafeguardMask, m.Recipients), "")+".contains(context.recipient)")
	case m.KGPC:
		c = append(c, "principal.gpc")
	case m.KObjMarketing:
		c = append(c, "principal.obj_marketing")
	case m.KOldVersion:
		c = append(c, fmt.Sprintf("principal.version < %d", f.MinVersion))
	}
	return fmt.Sprintf("@id(%q) @clause(%q)\nforbid(principal, %s, %s)\nwhen { %s };\n", f.ID, f.Clause, act, res, strings.Join(c, " && "))
}

func SubjectEntity(s *m.Subject) cedar.Entity {
	cons := cedar.RecordMap{}
	for pu := range m.NPurposes {
		switch s.Status[pu] {
		case m.CGranted:
			cons[cedar.String(m.Purposes[pu])] = cedar.NewRecord(cedar.RecordMap{"status": cedar.String("granted"), "expires": cedar.Long(s.Expires[pu])})
		case m.CWithdrawn:
			cons[cedar.String(m.Purposes[pu])] = cedar.NewRecord(cedar.RecordMap{"status": cedar.String("withdrawn"), "expires": cedar.Long(s.Expires[pu])})
		}
	}
	var ob []V
	for _, o := range m.List(s.Objections, m.Purposes) {
		ob = append(ob, cedar.String(o))
	}
	return cedar.Entity{
		UID: cedar.NewEntityUID("Subject", cedar.String(s.ID)),
		Attributes: cedar.NewRecord(cedar.RecordMap{
			"region": cedar.String(m.Regions[s.Region]), "minor": cedar.Boolean(s.Minor), "guardian": cedar.Boolean(s.Guardian),
			"restricted": cedar.Boolean(s.Restricted), "gpc": cedar.Boolean(s.GPC), "obj_marketing": cedar.Boolean(s.ObjMarketing),
			"legal_hold": cedar.Boolean(s.LegalHold), "version": cedar.Long(s.Version),
			"consents": cedar.NewRecord(cons), "objections": cedar.NewSet(ob...),
		}),
	}
}

func New(p *m.Policy, subs []m.Subject) *Engine {
	e := &Engine{PS: cedar.NewPolicySet(), Clause: map[cedar.PolicyID]string{}, Oblig: map[cedar.PolicyID][]string{}}
	add := func(id, text, clause string, pu, act func(int) bool, ob []string) {
		e.Text += text
		var pol cedar.Policy
		if err := pol.UnmarshalCedar([]byte(text)); err != nil {
			panic(id + ": " + err.Error() + "\n" + text)
		}
		k := cedar.PolicyID(id)
		e.PS.Add(k, &pol)
		e.Clause[k], e.Oblig[k] = clause, ob
		for u := range m.NPurposes {
			for a := range 6 {
				if pu(u) && act(a) {
					e.Sliced[u][a] = append(e.Sliced[u][a], idp{k, &pol})
				}
			}
		}
	}
	for i := range p.Permits {
		x := &p.Permits[i]
		add(x.ID, PermitText(x), x.Clause, func(u int) bool { return u == x.Purpose }, func(a int) bool { return x.Actions>>a&1 == 1 }, x.Oblig)
	}
	for i := range p.Forbids {
		f := &p.Forbids[i]
		add(f.ID, ForbidText(f), f.Clause, func(u int) bool { return (f.Purposes == 0 || f.Purposes>>u&1 == 1) && f.NotPurp>>u&1 == 0 },
			func(a int) bool { return f.Actions == 0 || f.Actions>>a&1 == 1 }, nil)
	}
	e.Entities = make(cedar.EntityMap, len(subs))
	for i := range subs {
		ent := SubjectEntity(&subs[i])
		e.Entities[ent.UID] = ent
	}
	return e
}

func Req(q *m.Request, subs []m.Subject) cedar.Request {
	cs := make([]V, len(q.Cats))
	for i, c := range q.Cats {
		cs[i] = cedar.String(m.Cats[c])
	}
	return cedar.Request{
		Principal: cedar.NewEntityUID("Subject", cedar.String(subs[q.Subject].ID)),
		Action:    cedar.NewEntityUID("Action", cedar.String(m.Actions[q.Action])),
		Resource:  cedar.NewEntityUID("Purpose", cedar.String(m.Purposes[q.Purpose])),
		Context: cedar.NewRecord(cedar.RecordMap{
			"categories": cedar.NewSet(cs...), "recipient": cedar.String(m.Recipients[q.Recipient]),
			"country": cedar.String(m.Countries[q.Country]), "now": cedar.Long(q.Now), "age_days": cedar.Long(q.AgeDays),
		}),
	}
}

// Full evaluates the whole policy set, the documented way.
func (e *Engine) Full(r cedar.Request) (bool, cedar.Diagnostic) {
	d, diag := cedar.Authorize(e.PS, e.Entities, r)
	return d == cedar.Allow, diag
}

// Slice evaluates only policies preselected by purpose and action.
func (e *Engine) Slice(q *m.Request, r cedar.Request) (bool, cedar.Diagnostic) {
	d, diag := cedar.Authorize(e.Sliced[q.Purpose][q.Action], e.Entities, r)
	return d == cedar.Allow, diag
}
