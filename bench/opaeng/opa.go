// Package opaeng runs the policy in OPA, as an embedded Go library.
package opaeng

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	m "github.com/avowhq/avow/bench/model"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Variants
const (
	Data     = iota // rules as JSON data, iterated by generic Rego (what most people write)
	Gen             // one generated Rego rule per policy rule, so OPA's rule index works
	GenPE           // Gen + partial evaluation at prepare time
	GenAST          // Gen, input built as ast.Value around a pre-converted subject
	GenStore        // Gen, subject state lives in OPA's store (data.subjects), AST reads
	BoolAST         // GenAST, but boolean rules: allow/deny only, early exit, no reasons
)

var Names = []string{"data", "gen", "genPE", "genAST", "genStore", "boolAST"}

type Engine struct {
	kind    int
	pq      rego.PreparedEvalQuery
	subMaps []map[string]any
	subAST  []*ast.Term
	subs    []m.Subject
}

func lits(l []string, o, c string) string {
	q := make([]string, len(l))
	for i, s := range l {
		q[i] = fmt.Sprintf("%q", s)
	}
	return o + strings.Join(q, ", ") + c
}
func set(l []string) string { return lits(l, "{", "}") }

// in writes a membership test the rule indexer understands.
func in(ref string, l []string) string {
	if len(l) == 1 {
		return fmt.Sprintf("%s == %q", ref, l[0])
	}
	return ref + " in " + set(l)
}

// SUB is replaced by input.subject or by the store document.
const consentFns = `
valid_consent(purpose) if {
	c := SUB.consents[purpose]
	c.status == "granted"
	c.expires > input.now
	guardian_ok
}

guardian_ok if not SUB.minor

guardian_ok if SUB.guardian

cats := {c | some c in input.categories}

age_ok(max) if input.age_days <= max

age_ok(_) if SUB.legal_hold

default decision := {"allow": false, "rules": [], "clauses": [], "obligations": []}

decision := {"allow": false, "rules": forbid, "clauses": {meta[r].clause | some r in forbid}, "obligations": []} if {
	count(forbid) > 0
} else := {"allow": true, "rules": permit, "clauses": {meta[r].clause | some r in permit}, "obligations": {o | some r in permit; some o in meta[r].obligations}} if {
	count(permit) > 0
}
`

func permitRego(x *m.Permit) string {
	pu := m.Purposes[x.Purpose]
	var c []string
	c = append(c, fmt.Sprintf("input.purpose == %q", pu), in("input.action", m.List(x.Actions, m.Actions[:])), in("input.recipient", m.List(x.Recipients, m.Recipients)))
	if x.Regions != 0 {
		c = append(c, in("SUB.region", m.List(x.Regions, m.Regions[:])))
	}
	c = append(c, "count(cats - "+set(m.List(x.Cats, m.Cats))+") == 0")
	switch x.Basis {
	case m.Consent:
		c = append(c, fmt.Sprintf("valid_consent(%q)", pu))
	case m.Contract:
		c = append(c, fmt.Sprintf("SUB.version >= %d", x.MinVersion))
	case m.LegitInterest:
		c = append(c, fmt.Sprintf("not %q in SUB.objections", pu))
		if x.NoMinors {
			c = append(c, "not SUB.minor")
		}
	}
	var b strings.Builder
	w := func(c []string) {
		fmt.Fprintf(&b, "permit contains %q if {\n\t%s\n}\n\n", x.ID, strings.Join(c, "\n\t"))
	}
	if x.Actions>>m.Retain&1 == 1 {
		r := append(slices.Clip(c), fmt.Sprintf("age_ok(%d)", x.MaxAgeDays))
		r[1] = `input.action == "retain"`
		w(r)
		if o := x.Actions &^ (1 << m.Retain); o != 0 {
			c[1] = in("input.action", m.List(o, m.Actions[:]))
			w(c)
		}
	} else {
		w(c)
	}
	return b.String()
}

func forbidRego(f *m.Forbid) string {
	var c []string
	if f.Actions != 0 {
		c = append(c, in("input.action", m.List(f.Actions, m.Actions[:])))
	}
	if f.Purposes != 0 {
		c = append(c, in("input.purpose", m.List(f.Purposes, m.Purposes)))
	}
	if f.Recipients != 0 {
		c = append(c, in("input.recipient", m.List(f.Recipients, m.Recipients)))
	}
	if f.Regions != 0 {
		c = append(c, in("SUB.region", m.List(f.Regions, m.Regions[:])))
	}
	switch f.Kind {
	case m.KRestricted:
		c = append(c, "SUB.restricted")
	case m.KMinor:
		c = append(c, "SUB.minor")
	case m.KNoConsent:
		c = append(c, fmt.Sprintf("not valid_consent(%q)", m.List(f.Purposes, m.Purposes)[0]))
	case m.KNonAdequate:
		c = append(c, "not input.country in "+set(m.List(m.AdequateMask, m.Countries[:])), "not input.recipient in "+set(m.List(m.SafeguardMask, m.Recipients)))
	case m.KGPC:
		c = append(c, "SUB.gpc")
	case m.KObjMarketing:
		c = append(c, "SUB.obj_marketing")
	case m.KOldVersion:
		c = append(c, fmt.Sprintf("SUB.version < %d", f.MinVersion))
	}
	if f.NotPurp != 0 {
		c = append(c, "not input.purpose in "+set(m.List(f.NotPurp, m.Purposes)))
	}
	if f.Cats != 0 {
		c = append(c, "count(cats & "+set(m.List(f.Cats, m.Cats))+") > 0")
	}
	return fmt.Sprintf("forbid contains %q if {\n\t%s\n}\n\n", f.ID, strings.Join(c, "\n\t"))
}

func meta(p *m.Policy) map[string]any {
	o := map[string]any{}
	for i := range p.Permits {
		x := &p.Permits[i]
		ob := []any{}
		for _, s := range x.Oblig {
			ob = append(ob, s)
		}
		o[x.ID] = map[string]any{"clause": x.Clause, "obligations": ob}
	}
	for i := range p.Forbids {
		o[p.Forbids[i].ID] = map[string]any{"clause": p.Forbids[i].Clause, "obligations": []any{}}
	}
	return o
}

// GenModule is the generated policy. sub is the Rego reference to the subject document.
func GenModule(p *m.Policy, sub string) string {
	var b strings.Builder
	b.WriteString("package privacy\n\n")
	js, _ := json.Marshal(meta(p))
	fmt.Fprintf(&b, "meta := %s\n", js)
	b.WriteString(consentFns)
	b.WriteString("\n")
	for i := range p.Forbids {
		b.WriteString(forbidRego(&p.Forbids[i]))
	}
	for i := range p.Permits {
		b.WriteString(permitRego(&p.Permits[i]))
	}
	return strings.ReplaceAll(b.String(), "SUB", sub)
}

// BoolModule answers only allow/deny: boolean rules, so OPA can stop at the first match.
func BoolModule(p *m.Policy) string {
	t := GenModule(p, "input.subject")
	a, b := strings.Index(t, "default decision"), strings.Index(t, "forbid contains")
	t = t[:a] + "default allow := false\n\nallow if {\n\tnot forbidden\n\tpermitted\n}\n\n" + t[b:]
	t = headRe.ReplaceAllString(t, "$1 if {")
	return strings.NewReplacer("permit if {", "permitted if {", "forbid if {", "forbidden if {").Replace(t)
}

var headRe = regexp.MustCompile(`(permit|forbid) contains "[PF]\d+" if \{`)

const dataModule = `package privacy

meta := data.policy.meta
` + consentFns + `
in_or_any(m, _) if count(m) == 0

in_or_any(m, k) if m[k]

permit contains r.id if {
	some i in data.policy.permits_by[input.purpose][input.action]
	r := data.policy.permits[i]
	r.recipients[input.recipient]
	in_or_any(r.regions, SUB.region)
	every c in input.categories {
		r.categories[c]
	}
	basis_ok(r)
	retain_ok(r)
}

basis_ok(r) if {
	r.basis == "consent"
	valid_consent(r.purpose)
}

basis_ok(r) if {
	r.basis == "contract"
	SUB.version >= r.min_version
}

basis_ok(r) if {
	r.basis == "legitimate_interest"
	not r.purpose in SUB.objections
	not minor_block(r)
}

basis_ok(r) if r.basis in {"legal_obligation", "vital_interest"}

minor_block(r) if {
	r.no_minors
	SUB.minor
}

retain_ok(_) if input.action != "retain"

retain_ok(r) if {
	input.action == "retain"
	age_ok(r.max_age_days)
}

forbid contains f.id if {
	some f in data.policy.forbids
	in_or_any(f.actions, input.action)
	in_or_any(f.purposes, input.purpose)
	not f.not_purposes[input.purpose]
	in_or_any(f.recipients, input.recipient)
	in_or_any(f.regions, SUB.region)
	cats_hit(f)
	when(f)
}

cats_hit(f) if count(f.categories) == 0

cats_hit(f) if {
	some c in input.categories
	f.categories[c]
}

when(f) if f.kind == "always"

when(f) if {
	f.kind == "restricted"
	SUB.restricted
}

when(f) if {
	f.kind == "minor"
	SUB.minor
}

when(f) if {
	f.kind == "no_consent"
	not valid_consent(input.purpose)
}

when(f) if {
	f.kind == "non_adequate"
	not data.policy.adequate[input.country]
	not data.policy.safeguards[input.recipient]
}

when(f) if {
	f.kind == "gpc"
	SUB.gpc
}

when(f) if {
	f.kind == "obj_marketing"
	SUB.obj_marketing
}

when(f) if {
	f.kind == "old_version"
	SUB.version < f.min_version
}
`

func DataModule(sub string) string { return strings.ReplaceAll(dataModule, "SUB", sub) }

// PolicyData is the policy as a JSON document, for the data-driven variant.
func PolicyData(p *m.Policy) map[string]any {
	keys := func(mask uint64, n []string) map[string]any {
		o := map[string]any{}
		for _, s := range m.List(mask, n) {
			o[s] = true
		}
		return o
	}
	var permits, forbids []any
	by := map[string]any{}
	for i := range p.Permits {
		x := &p.Permits[i]
		permits = append(permits, map[string]any{
			"id": x.ID, "purpose": m.Purposes[x.Purpose], "categories": keys(x.Cats, m.Cats),
			"recipients": keys(x.Recipients, m.Recipients), "regions": keys(x.Regions, m.Regions[:]), "basis": m.BasisNames[x.Basis],
			"min_version": x.MinVersion, "no_minors": x.NoMinors, "max_age_days": x.MaxAgeDays,
		})
		pm, ok := by[m.Purposes[x.Purpose]].(map[string]any)
		if !ok {
			pm = map[string]any{}
			by[m.Purposes[x.Purpose]] = pm
		}
		for _, a := range m.List(x.Actions, m.Actions[:]) {
			l, _ := pm[a].([]any)
			pm[a] = append(l, i)
		}
	}
	for i := range p.Forbids {
		f := &p.Forbids[i]
		forbids = append(forbids, map[string]any{
			"id": f.ID, "actions": keys(f.Actions, m.Actions[:]), "purposes": keys(f.Purposes, m.Purposes),
			"not_purposes": keys(f.NotPurp, m.Purposes), "recipients": keys(f.Recipients, m.Recipients), "regions": keys(f.Regions, m.Regions[:]),
			"categories": keys(f.Cats, m.Cats), "kind": m.KindNames[f.Kind], "min_version": f.MinVersion,
		})
	}
	return map[string]any{"policy": map[string]any{
		"permits": permits, "forbids": forbids, "permits_by": by, "meta": meta(p),
		"adequate": keys(m.AdequateMask, m.Countries[:]), "safeguards": keys(m.SafeguardMask, m.Recipients),
	}}
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
	ob := []any{}
	for _, o := range m.List(s.Objections, m.Purposes) {
		ob = append(ob, o)
	}
	return map[string]any{
		"region": m.Regions[s.Region], "minor": s.Minor, "guardian": s.Guardian, "restricted": s.Restricted, "gpc": s.GPC,
		"obj_marketing": s.ObjMarketing, "legal_hold": s.LegalHold, "version": s.Version, "consents": cons, "objections": ob,
	}
}

func New(p *m.Policy, subs []m.Subject, kind int) *Engine {
	e := &Engine{kind: kind, subs: subs}
	ctx := context.Background()
	query := "data.privacy.decision"
	if kind == BoolAST {
		query = "data.privacy.allow"
	}
	opts := []func(*rego.Rego){rego.Query(query)}
	switch kind {
	case BoolAST:
		opts = append(opts, rego.Module("privacy.rego", BoolModule(p)))
	case Data:
		opts = append(opts, rego.Module("privacy.rego", DataModule("input.subject")),
			rego.Store(inmem.NewFromObjectWithOpts(jsonRT(PolicyData(p)), inmem.OptReturnASTValuesOnRead(true))))
	case GenStore:
		d := map[string]any{}
		for i := range subs {
			d[subs[i].ID] = SubjectMap(&subs[i])
		}
		opts = append(opts, rego.Module("privacy.rego", GenModule(p, "data.subjects[input.subject_id]")),
			rego.Store(inmem.NewFromObjectWithOpts(jsonRT(map[string]any{"subjects": d}), inmem.OptReturnASTValuesOnRead(true))))
	default:
		opts = append(opts, rego.Module("privacy.rego", GenModule(p, "input.subject")))
	}
	var po []rego.PrepareOption
	if kind == GenPE {
		po = append(po, rego.WithPartialEval())
	}
	pq, err := rego.New(opts...).PrepareForEval(ctx, po...)
	if err != nil {
		panic(err)
	}
	e.pq = pq
	if kind == Data || kind == Gen || kind == GenPE {
		e.subMaps = make([]map[string]any, len(subs))
		for i := range subs {
			e.subMaps[i] = SubjectMap(&subs[i])
		}
	}
	if kind == GenAST || kind == BoolAST {
		e.subAST = make([]*ast.Term, len(subs))
		for i := range subs {
			v, err := ast.InterfaceToValue(SubjectMap(&subs[i]))
			if err != nil {
				panic(err)
			}
			e.subAST[i] = ast.NewTerm(v)
		}
	}
	return e
}

func jsonRT(x map[string]any) map[string]any {
	b, err := json.Marshal(x)
	if err != nil {
		panic(err)
	}
	var o map[string]any
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		panic(err)
	}
	return o
}

func (e *Engine) InputMap(q *m.Request) map[string]any {
	cs := make([]any, len(q.Cats))
	for i, c := range q.Cats {
		cs[i] = m.Cats[c]
	}
	in := map[string]any{
		"action": m.Actions[q.Action], "purpose": m.Purposes[q.Purpose], "recipient": m.Recipients[q.Recipient],
		"country": m.Countries[q.Country], "categories": cs, "now": q.Now, "age_days": q.AgeDays,
	}
	if e.kind == GenStore {
		in["subject_id"] = e.subs[q.Subject].ID
	} else {
		in["subject"] = e.subMaps[q.Subject]
	}
	return in
}

var (
	kAct, kPur, kRcp, kCty = ast.StringTerm("action"), ast.StringTerm("purpose"), ast.StringTerm("recipient"), ast.StringTerm("country")
	kCat, kNow, kAge, kSub = ast.StringTerm("categories"), ast.StringTerm("now"), ast.StringTerm("age_days"), ast.StringTerm("subject")
	kSubID                 = ast.StringTerm("subject_id")
	tAct                   = terms(m.Actions[:])
	tPur                   = terms(m.Purposes)
	tRcp                   = terms(m.Recipients)
	tCty                   = terms(m.Countries[:])
	tCat                   = terms(m.Cats)
)

func terms(l []string) []*ast.Term {
	o := make([]*ast.Term, len(l))
	for i, s := range l {
		o[i] = ast.StringTerm(s)
	}
	return o
}

func (e *Engine) InputAST(q *m.Request) ast.Value {
	cs := make([]*ast.Term, len(q.Cats))
	for i, c := range q.Cats {
		cs[i] = tCat[c]
	}
	sub := [2]*ast.Term{kSubID, nil}
	if e.kind == GenAST || e.kind == BoolAST {
		sub = [2]*ast.Term{kSub, e.subAST[q.Subject]}
	} else {
		sub[1] = ast.StringTerm(e.subs[q.Subject].ID)
	}
	return ast.NewObject([2]*ast.Term{kAct, tAct[q.Action]}, [2]*ast.Term{kPur, tPur[q.Purpose]}, [2]*ast.Term{kRcp, tRcp[q.Recipient]},
		[2]*ast.Term{kCty, tCty[q.Country]}, [2]*ast.Term{kCat, ast.ArrayTerm(cs...)}, [2]*ast.Term{kNow, ast.IntNumberTerm(int(q.Now))},
		[2]*ast.Term{kAge, ast.IntNumberTerm(int(q.AgeDays))}, sub)
}

func (e *Engine) Eval(ctx context.Context, q *m.Request) map[string]any {
	var in rego.EvalOption
	if e.kind >= GenAST {
		in = rego.EvalParsedInput(e.InputAST(q))
	} else {
		in = rego.EvalInput(e.InputMap(q))
	}
	rs, err := e.pq.Eval(ctx, in)
	if err != nil {
		panic(err)
	}
	if len(rs) != 1 {
		panic("no result")
	}
	if e.kind == BoolAST {
		return map[string]any{"allow": rs[0].Expressions[0].Value}
	}
	return rs[0].Expressions[0].Value.(map[string]any)
}
