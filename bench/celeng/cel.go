// Package celeng runs the policy as one CEL program per rule; the host code
// combines them (CEL is an expression language, not a policy engine).
package celeng

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	m "github.com/avowhq/avow/bench/model"
)

type rule struct {
	id     string
	clause string
	oblig  []string
	prg    cel.Program // full text: purpose and action are tested in the expression
	core   cel.Program // text without purpose/action tests, for the indexed variant
}

type Engine struct {
	permits, forbids []rule
	ixP, ixF         [m.NPurposes][6][]*rule
	SubMaps          []map[string]any // native Go maps (typical use)
	SubVals          []*SubVals       // pre-adapted values (expert use)
}

func lits(l []string) string {
	q := make([]string, len(l))
	for i, s := range l {
		q[i] = fmt.Sprintf("%q", s)
	}
	return "[" + strings.Join(q, ", ") + "]"
}

func valid(pu string) string {
	return fmt.Sprintf(`(%q in subject.consents && subject.consents.%s.status == "granted" && subject.consents.%s.expires > now && (!subject.minor || subject.guardian))`, pu, pu, pu)
}

func permit(x *m.Permit, full bool) string {
	pu := m.Purposes[x.Purpose]
	var c []string
	if full {
		c = append(c, fmt.Sprintf("purpose == %q", pu), "action in "+lits(m.List(x.Actions, m.Actions[:])))
	}
	c = append(c, "recipient in "+lits(m.List(x.Recipients, m.Recipients)), "categories.all(c, c in "+lits(m.List(x.Cats, m.Cats))+")")
	if x.Regions != 0 {
		c = append(c, "subject.region in "+lits(m.List(x.Regions, m.Regions[:])))
	}
	switch x.Basis {
	case m.Consent:
		c = append(c, valid(pu))
	case m.Contract:
		c = append(c, fmt.Sprintf("subject.version >= %d", x.MinVersion))
	case m.LegitInterest:
		c = append(c, fmt.Sprintf("!(%q in subject.objections)", pu))
		if x.NoMinors {
			c = append(c, "!subject.minor")
		}
	}
	if x.Actions>>m.Retain&1 == 1 {
		c = append(c, fmt.Sprintf(`(action != "retain" || age_days <= %d || subject.legal_hold)`, x.MaxAgeDays))
	}
	return strings.Join(c, " && ")
}

func forbid(f *m.Forbid, full bool) string {
	var c []string
	if full {
		if f.Purposes != 0 {
			c = append(c, "purpose in "+lits(m.List(f.Purposes, m.Purposes)))
		}
		if f.NotPurp != 0 {
			c = append(c, "!(purpose in "+lits(m.List(f.NotPurp, m.Purposes))+")")
		}
		if f.Actions != 0 {
			c = append(c, "action in "+lits(m.List(f.Actions, m.Actions[:])))
		}
	}
	if f.Recipients != 0 {
		c = append(c, "recipient in "+lits(m.List(f.Recipients, m.Recipients)))
	}
	if f.Regions != 0 {
		c = append(c, "subject.region in "+lits(m.List(f.Regions, m.Regions[:])))
	}
	if f.Cats != 0 {
		c = append(c, "categories.exists(c, c in "+lits(m.List(f.Cats, m.Cats))+")")
	}
	switch f.Kind {
	case m.KRestricted:
		c = append(c, "subject.restricted")
	case m.KMinor:
		c = append(c, "subject.minor")
	case m.KNoConsent:
		c = append(c, "!"+valid(m.List(f.Purposes, m.Purposes)[0]))
	case m.KNonAdequate:
		c = append(c, "!(country in "+lits(m.List(m.AdequateMask, m.Countries[:]))+")", "!(recipient in "+lits(m.List(m.SafeguardMask, m.Recipients))+")")
	case m.KGPC:
		c = append(c, "subject.gpc")
	case m.KObjMarketing:
		c = append(c, "subject.obj_marketing")
	case m.KOldVersion:
		c = append(c, fmt.Sprintf("subject.version < %d", f.MinVersion))
	}
	if len(c) == 0 {
		return "true"
	}
	return strings.Join(c, " && ")
}

func SubjectMap(s *m.Subject) map[string]any {
	cons := map[string]any{}
	for pu := range m.NPurposes {
		switch s.Status[pu] {
		case m.CGranted:
			cons[m.Purposes[pu]] = map[string]any{"status": "granted", "expires": s.Expires[pu]}
		case m.CWithdrawn:
			cons[m.Purposes[pu]] = map[string]any{"status": "withdrawn", "expires": s.Expires[pu]}
		}
	}
	return map[string]any{
		"region": m.Regions[s.Region], "minor": s.Minor, "guardian": s.Guardian, "restricted": s.Restricted, "gpc": s.GPC,
		"obj_marketing": s.ObjMarketing, "legal_hold": s.LegalHold, "version": s.Version, "consents": cons,
		"objections": m.List(s.Objections, m.Purposes),
	}
}

// SubVals holds already-adapted CEL values, one field per declared variable.
type SubVals struct {
	region, version, consents, objections                     ref.Val
	minor, guardian, restricted, gpc, objMarketing, legalHold ref.Val
}

func subVals(s *m.Subject) *SubVals {
	ad := types.DefaultTypeAdapter
	cons := map[ref.Val]ref.Val{}
	for pu := range m.NPurposes {
		st := ""
		switch s.Status[pu] {
		case m.CGranted:
			st = "granted"
		case m.CWithdrawn:
			st = "withdrawn"
		default:
			continue
		}
		cons[types.String(m.Purposes[pu])] = types.NewRefValMap(ad, map[ref.Val]ref.Val{types.String("status"): types.String(st), types.String("expires"): types.Int(s.Expires[pu])})
	}
	return &SubVals{
		region: types.String(m.Regions[s.Region]), version: types.Int(s.Version), consents: types.NewRefValMap(ad, cons),
		objections: types.NewStringList(ad, m.List(s.Objections, m.Purposes)), minor: types.Bool(s.Minor), guardian: types.Bool(s.Guardian),
		restricted: types.Bool(s.Restricted), gpc: types.Bool(s.GPC), objMarketing: types.Bool(s.ObjMarketing), legalHold: types.Bool(s.LegalHold),
	}
}

// Act is the custom activation: no map is built per request.
type Act struct {
	s                          *SubVals
	action, recipient, country ref.Val
	categories, now, age       ref.Val
}

func (a *Act) Parent() cel.Activation { return nil }
func (a *Act) ResolveName(n string) (any, bool) {
	switch n {
	case "action":
		return a.action, true
	case "recipient":
		return a.recipient, true
	case "country":
		return a.country, true
	case "categories":
		return a.categories, true
	case "now":
		return a.now, true
	case "age_days":
		return a.age, true
	case "subject.region":
		return a.s.region, true
	case "subject.version":
		return a.s.version, true
	case "subject.consents":
		return a.s.consents, true
	case "subject.objections":
		return a.s.objections, true
	case "subject.minor":
		return a.s.minor, true
	case "subject.guardian":
		return a.s.guardian, true
	case "subject.restricted":
		return a.s.restricted, true
	case "subject.gpc":
		return a.s.gpc, true
	case "subject.obj_marketing":
		return a.s.objMarketing, true
	case "subject.legal_hold":
		return a.s.legalHold, true
	}
	return nil, false
}

func New(p *m.Policy, subs []m.Subject, native, expert bool) *Engine {
	e := &Engine{}
	base := []cel.EnvOption{
		cel.Variable("action", cel.StringType), cel.Variable("purpose", cel.StringType), cel.Variable("recipient", cel.StringType),
		cel.Variable("country", cel.StringType), cel.Variable("categories", cel.ListType(cel.StringType)),
		cel.Variable("now", cel.IntType), cel.Variable("age_days", cel.IntType),
	}
	envMap, err := cel.NewEnv(append(slices.Clip(base), cel.Variable("subject", cel.MapType(cel.StringType, cel.DynType)))...)
	ck(err)
	ct := cel.MapType(cel.StringType, cel.MapType(cel.StringType, cel.DynType))
	envDot, err := cel.NewEnv(append(slices.Clip(base),
		cel.Variable("subject.region", cel.StringType), cel.Variable("subject.version", cel.IntType), cel.Variable("subject.consents", ct),
		cel.Variable("subject.objections", cel.ListType(cel.StringType)), cel.Variable("subject.minor", cel.BoolType),
		cel.Variable("subject.guardian", cel.BoolType), cel.Variable("subject.restricted", cel.BoolType), cel.Variable("subject.gpc", cel.BoolType),
		cel.Variable("subject.obj_marketing", cel.BoolType), cel.Variable("subject.legal_hold", cel.BoolType))...)
	ck(err)
	comp := func(env *cel.Env, text string) cel.Program {
		ast, iss := env.Compile(text)
		if iss.Err() != nil {
			panic(text + "\n" + iss.Err().Error())
		}
		prg, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		ck(err)
		return prg
	}
	for i := range p.Permits {
		x := &p.Permits[i]
		e.permits = append(e.permits, rule{x.ID, x.Clause, x.Oblig, comp(envMap, permit(x, true)), comp(envDot, permit(x, false))})
	}
	for i := range p.Forbids {
		f := &p.Forbids[i]
		e.forbids = append(e.forbids, rule{f.ID, f.Clause, nil, comp(envMap, forbid(f, true)), comp(envDot, forbid(f, false))})
	}
	for i := range p.Permits {
		x := &p.Permits[i]
		for a := range 6 {
			if x.Actions>>a&1 == 1 {
				e.ixP[x.Purpose][a] = append(e.ixP[x.Purpose][a], &e.permits[i])
			}
		}
	}
	for i := range p.Forbids {
		f := &p.Forbids[i]
		for u := range m.NPurposes {
			for a := range 6 {
				if (f.Purposes == 0 || f.Purposes>>u&1 == 1) && f.NotPurp>>u&1 == 0 && (f.Actions == 0 || f.Actions>>a&1 == 1) {
					e.ixF[u][a] = append(e.ixF[u][a], &e.forbids[i])
				}
			}
		}
	}
	for i := range subs {
		if native {
			e.SubMaps = append(e.SubMaps, SubjectMap(&subs[i]))
		}
		if expert {
			e.SubVals = append(e.SubVals, subVals(&subs[i]))
		}
	}
	return e
}

func ck(err error) {
	if err != nil {
		panic(err)
	}
}

type Decision struct {
	Allow bool
	Rules []string
	Oblig []string
}

func names(cs []int) []string {
	l := make([]string, len(cs))
	for i, c := range cs {
		l[i] = m.Cats[c]
	}
	return l
}

func isTrue(v ref.Val, _ *cel.EvalDetails, err error) bool {
	if err != nil {
		panic(err)
	}
	return v == types.True
}

// Linear evaluates every rule against a map activation.
func (e *Engine) Linear(q *m.Request) Decision {
	vars := map[string]any{
		"action": m.Actions[q.Action], "purpose": m.Purposes[q.Purpose], "recipient": m.Recipients[q.Recipient],
		"country": m.Countries[q.Country], "categories": names(q.Cats), "now": q.Now, "age_days": q.AgeDays, "subject": e.SubMaps[q.Subject],
	}
	act, err := cel.NewActivation(vars)
	ck(err)
	var d Decision
	for i := range e.forbids {
		if isTrue(e.forbids[i].prg.Eval(act)) {
			d.Rules = append(d.Rules, e.forbids[i].id)
		}
	}
	if d.Rules != nil {
		return d
	}
	for i := range e.permits {
		if isTrue(e.permits[i].prg.Eval(act)) {
			d.Rules = append(d.Rules, e.permits[i].id)
			d.Oblig = append(d.Oblig, e.permits[i].oblig...)
			d.Allow = true
		}
	}
	return d
}

// Indexed evaluates only rules for this purpose and action, on pre-adapted values.
func (e *Engine) Indexed(q *m.Request) Decision {
	act := &Act{
		s: e.SubVals[q.Subject], action: types.String(m.Actions[q.Action]), recipient: types.String(m.Recipients[q.Recipient]),
		country: types.String(m.Countries[q.Country]), categories: types.NewStringList(types.DefaultTypeAdapter, names(q.Cats)),
		now: types.Int(q.Now), age: types.Int(q.AgeDays),
	}
	var d Decision
	for _, r := range e.ixF[q.Purpose][q.Action] {
		if isTrue(r.core.Eval(act)) {
			d.Rules = append(d.Rules, r.id)
		}
	}
	if d.Rules != nil {
		return d
	}
	for _, r := range e.ixP[q.Purpose][q.Action] {
		if isTrue(r.core.Eval(act)) {
			d.Rules = append(d.Rules, r.id)
			d.Oblig = append(d.Oblig, r.oblig...)
			d.Allow = true
		}
	}
	return d
}

// PermitExpr and ForbidExpr give the rule texts without purpose/action tests (used for Cerbos too).
func PermitExpr(x *m.Permit) string { return permit(x, false) }
func ForbidExpr(f *m.Forbid) string { return forbid(f, false) }
