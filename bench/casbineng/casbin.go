// Package casbineng runs the policy in Casbin v3 (ABAC, allow-and-deny effect).
// Casbin returns a bool and at most one explaining policy line, so only the
// decision can be compared with the other engines.
package casbineng

import (
	"fmt"
	"strings"

	m "github.com/avowhq/avow/bench/model"
	"github.com/casbin/casbin/v3"
	cm "github.com/casbin/casbin/v3/model"
)

type Consent struct {
	Status  string
	Expires int64
}

type Sub struct {
	Region                                                    string
	Minor, Guardian, Restricted, GPC, ObjMarketing, LegalHold bool
	Version                                                   int64
	Consents                                                  map[string]Consent
	Objections                                                map[string]bool
}

type Req struct {
	Sub                                 *Sub
	Action, Purpose, Recipient, Country string
	Cats                                []string
	Now, AgeDays                        int64
}

const modelFuncs = `
[request_definition]
r = q
[policy_definition]
p = id, purpose, notpurpose, actions, recipients, regions, cats, cond, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = inList(r.q.Purpose, p.purpose) && inList(r.q.Action, p.actions) && inList(r.q.Recipient, p.recipients) && inList(r.q.Sub.Region, p.regions) && !inNot(r.q.Purpose, p.notpurpose) && cats(r.q, p.cats, p.eft) && cond(r.q, p.cond)
`

var modelEval = strings.Replace(modelFuncs, "cond(r.q, p.cond)", "eval(p.cond)", 1)

type Engine struct {
	E    *casbin.Enforcer
	subs []*Sub
}

func join(mask uint64, n []string) string {
	if mask == 0 {
		return "*"
	}
	return strings.Join(m.List(mask, n), "|")
}

func New(p *m.Policy, subs []m.Subject, useEval bool) *Engine {
	text := modelFuncs
	if useEval {
		text = modelEval
	}
	mod, err := cm.NewModelFromString(text)
	ck(err)
	e, err := casbin.NewEnforcer(mod)
	ck(err)
	sets := map[string]map[string]bool{}
	set := func(s string) string {
		if _, ok := sets[s]; !ok {
			x := map[string]bool{}
			for k := range strings.SplitSeq(s, "|") {
				x[k] = true
			}
			sets[s] = x
		}
		return s
	}
	conds := map[string]func(*Req) bool{}
	valid := func(q *Req, pu string) bool {
		c := q.Sub.Consents[pu]
		return c.Status == "granted" && c.Expires > q.Now && (!q.Sub.Minor || q.Sub.Guardian)
	}
	adequate, safe := map[string]bool{}, map[string]bool{}
	for _, c := range m.List(m.AdequateMask, m.Countries[:]) {
		adequate[c] = true
	}
	for _, c := range m.List(m.SafeguardMask, m.Recipients) {
		safe[c] = true
	}
	line := func(id string, pu, np, act, rc, rg, cats, cond, eft string) {
		ok, err := e.AddPolicy(id, set(pu), set(np), set(act), set(rc), set(rg), set(cats), cond, eft)
		ck(err)
		if !ok {
			panic("dup " + id)
		}
	}
	for i := range p.Forbids {
		f := &p.Forbids[i]
		key, expr := m.KindNames[f.Kind], ""
		var fn func(*Req) bool
		switch f.Kind {
		case m.KAlways:
			fn, expr = func(*Req) bool { return true }, "true"
		case m.KRestricted:
			fn, expr = func(q *Req) bool { return q.Sub.Restricted }, "r.q.Sub.Restricted"
		case m.KMinor:
			fn, expr = func(q *Req) bool { return q.Sub.Minor }, "r.q.Sub.Minor"
		case m.KNoConsent:
			fn, expr = func(q *Req) bool { return !valid(q, q.Purpose) }, "!consent(r.q, r.q.Purpose)"
		case m.KNonAdequate:
			fn, expr = func(q *Req) bool { return !adequate[q.Country] && !safe[q.Recipient] }, "!adequate(r.q.Country) && !safeguard(r.q.Recipient)"
		case m.KGPC:
			fn, expr = func(q *Req) bool { return q.Sub.GPC }, "r.q.Sub.GPC"
		case m.KObjMarketing:
			fn, expr = func(q *Req) bool { return q.Sub.ObjMarketing }, "r.q.Sub.ObjMarketing"
		case m.KOldVersion:
			key = fmt.Sprintf("old_version:%d", f.MinVersion)
			fn, expr = func(q *Req) bool { return q.Sub.Version < f.MinVersion }, fmt.Sprintf("r.q.Sub.Version < %d", f.MinVersion)
		}
		conds[key] = fn
		if useEval {
			key = expr
		}
		np := "-"
		if f.NotPurp != 0 {
			np = join(f.NotPurp, m.Purposes)
		}
		line(f.ID, join(f.Purposes, m.Purposes), np, join(f.Actions, m.Actions[:]), join(f.Recipients, m.Recipients), join(f.Regions, m.Regions[:]), join(f.Cats, m.Cats), key, "deny")
	}
	for i := range p.Permits {
		x := &p.Permits[i]
		pu := m.Purposes[x.Purpose]
		key, expr := "", "true"
		var fn func(*Req) bool
		switch x.Basis {
		case m.Consent:
			fn, expr = func(q *Req) bool { return valid(q, pu) }, fmt.Sprintf("consent(r.q, '%s')", pu)
		case m.Contract:
			fn, expr = func(q *Req) bool { return q.Sub.Version >= x.MinVersion }, fmt.Sprintf("r.q.Sub.Version >= %d", x.MinVersion)
		case m.LegitInterest:
			fn, expr = func(q *Req) bool { return !q.Sub.Objections[pu] && !(x.NoMinors && q.Sub.Minor) }, fmt.Sprintf("!objected(r.q, '%s')", pu)
			if x.NoMinors {
				expr += " && !r.q.Sub.Minor"
			}
		default:
			fn = func(*Req) bool { return true }
		}
		key = x.ID
		if x.Actions>>m.Retain&1 == 1 {
			g := fn
			fn = func(q *Req) bool {
				return g(q) && (q.Action != "retain" || q.AgeDays <= x.MaxAgeDays || q.Sub.LegalHold)
			}
			expr += fmt.Sprintf(" && (r.q.Action != 'retain' || r.q.AgeDays <= %d || r.q.Sub.LegalHold)", x.MaxAgeDays)
		}
		conds[key] = fn
		if useEval {
			key = expr
		}
		line(x.ID, pu, "-", join(x.Actions, m.Actions[:]), join(x.Recipients, m.Recipients), join(x.Regions, m.Regions[:]), join(x.Cats, m.Cats), key, "allow")
	}
	e.AddFunction("inList", func(a ...any) (any, error) {
		l := a[1].(string)
		return l == "*" || sets[l][a[0].(string)], nil
	})
	e.AddFunction("inNot", func(a ...any) (any, error) { return sets[a[1].(string)][a[0].(string)], nil })
	e.AddFunction("cats", func(a ...any) (any, error) {
		q, l := a[0].(*Req), a[1].(string)
		if l == "*" {
			return true, nil
		}
		s := sets[l]
		if a[2].(string) == "deny" {
			for _, c := range q.Cats {
				if s[c] {
					return true, nil
				}
			}
			return false, nil
		}
		for _, c := range q.Cats {
			if !s[c] {
				return false, nil
			}
		}
		return true, nil
	})
	e.AddFunction("cond", func(a ...any) (any, error) { return conds[a[1].(string)](a[0].(*Req)), nil })
	e.AddFunction("consent", func(a ...any) (any, error) { return valid(a[0].(*Req), a[1].(string)), nil })
	e.AddFunction("objected", func(a ...any) (any, error) { return a[0].(*Req).Sub.Objections[a[1].(string)], nil })
	e.AddFunction("adequate", func(a ...any) (any, error) { return adequate[a[0].(string)], nil })
	e.AddFunction("safeguard", func(a ...any) (any, error) { return safe[a[0].(string)], nil })
	out := &Engine{E: e}
	for i := range subs {
		s := &subs[i]
		t := &Sub{
			Region: m.Regions[s.Region], Minor: s.Minor, Guardian: s.Guardian, Restricted: s.Restricted, GPC: s.GPC, ObjMarketing: s.ObjMarketing,
			LegalHold: s.LegalHold, Version: s.Version, Consents: map[string]Consent{}, Objections: map[string]bool{},
		}
		for pu := range m.NPurposes {
			switch s.Status[pu] {
			case m.CGranted:
				t.Consents[m.Purposes[pu]] = Consent{"granted", s.Expires[pu]}
			case m.CWithdrawn:
				t.Consents[m.Purposes[pu]] = Consent{"withdrawn", s.Expires[pu]}
			}
		}
		for _, o := range m.List(s.Objections, m.Purposes) {
			t.Objections[o] = true
		}
		out.subs = append(out.subs, t)
	}
	return out
}

func ck(err error) {
	if err != nil {
		panic(err)
	}
}

func (e *Engine) Decide(q *m.Request) (bool, []string) {
	cs := make([]string, len(q.Cats))
	for i, c := range q.Cats {
		cs[i] = m.Cats[c]
	}
	ok, why, err := e.E.EnforceEx(&Req{
		Sub: e.subs[q.Subject], Action: m.Actions[q.Action], Purpose: m.Purposes[q.Purpose], Recipient: m.Recipients[q.Recipient],
		Country: m.Countries[q.Country], Cats: cs, Now: q.Now, AgeDays: q.AgeDays,
	})
	ck(err)
	return ok, why
}
