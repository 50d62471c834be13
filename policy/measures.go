package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

// computed are the built-in checks that the policy itself answers, each with what answers it. The others
// need a look at systems, and wait for what looks.
func computed() map[string]func(*Policy) bool {
	return map[string]func(*Policy) bool{
		"every-rule-has-a-basis":         (*Policy).everyRuleHasABasis,
		"every-datum-has-a-purpose":      (*Policy).everyDatumHasAPurpose,
		"every-field-is-used":            func(p *Policy) bool { return p.finds((*reader).unusedFields) },
		"every-field-can-be-rectified":   (*Policy).everyFieldCanBeRectified,
		"every-datum-has-an-end":         func(p *Policy) bool { return p.finds((*reader).ends) },
		"every-system-has-a-measure":     (*Policy).everySystemHasAMeasure,
		"bases-are-listed":               (*Policy).basesAreListed,
		"every-system-names-its-backups": (*Policy).everySystemNamesItsBackups,
	}
}

// A MeasureStatus is what can be said of a measure by the policy alone.
type MeasureStatus struct {
	Promise string        `json:"promise"`
	Name    string        `json:"measure"`
	Status  string        `json:"status"` // met, missing; or waiting, where a check or evidence is not this program's to tell yet
	Checks  []CheckStatus `json:"checks"`
}

// A CheckStatus is one built-in check of a measure.
type CheckStatus struct {
	Label  string `json:"label"`
	Check  string `json:"check"`
	Status string `json:"status"` // met, missing, waiting
}

// The statuses of measures and their checks.
const (
	MeasureMet     = "met"
	MeasureMissing = "missing"
	MeasureWaiting = "waiting"
)

// Measures tells of each measure of the policy, in document order, what its checks say now.
func Measures(p *Policy) []MeasureStatus {
	out, checks := []MeasureStatus{}, computed()
	for _, x := range p.promises() {
		if x.Measure == nil {
			continue
		}
		s := MeasureStatus{Promise: x.ID, Name: x.Measure.Name.Text, Status: MeasureMet, Checks: []CheckStatus{}}
		for _, c := range x.Measure.Checks {
			one := CheckStatus{c.Label.Text, c.Name.Text, MeasureWaiting}
			if holds := checks[c.Name.Text]; holds != nil {
				if one.Status = MeasureMissing; holds(p) {
					one.Status = MeasureMet
				}
			}
			s.Checks = append(s.Checks, one)
		}
		switch {
		case slices.ContainsFunc(s.Checks, func(c CheckStatus) bool { return c.Status == MeasureMissing }):
			s.Status = MeasureMissing
		case !x.Measure.computed():
			s.Status = MeasureWaiting
		}
		out = append(out, s)
	}
	return out
}

// computed reports whether the policy alone answers for the measure: it has checks, all of them built in
// and computed, and no evidence that somebody must bring.
func (m *Measure) computed() bool {
	known := computed()
	return len(m.Checks) > 0 && m.Evidence.IsZero() && !slices.ContainsFunc(m.Checks, func(c Check) bool { return known[c.Name.Text] == nil })
}

// status answers an example that asks how a measure stands. Where what is given says when it was attested,
// or a check is not computed, it waits.
func (r *run) status(name string) Result {
	for _, s := range Measures(r.p) {
		if s.Name == name && s.Status != MeasureWaiting && !r.e.Given.has("evidence") {
			return r.judgeStatus(s.Status, name)
		}
	}
	return Result{Verdict: Waiting}
}

// asked: an example of the clause asks how the measure stands, and would name what is not declared without it.
func (x *Promise) asked() bool {
	return slices.ContainsFunc(x.Clause.Examples, func(e *Example) bool {
		return len(e.Ask.Map) > 0 && e.Ask.Map[0].Key.Text == "status" && e.Ask.Map[0].Value.Text == x.Measure.Name.Text
	})
}

func (r *run) judgeStatus(got, name string) Result {
	var promises []string
	for _, x := range r.p.promises() {
		if x.Measure != nil && x.Measure.Name.Text == name {
			promises = append(promises, x.ID)
		}
	}
	return r.judge(got == r.e.Want.Text, "got "+got, promises, false)
}

// finds runs one of the reader's checks of the whole again and reports that it finds nothing.
func (p *Policy) finds(check func(*reader)) bool {
	r := &reader{p: p}
	check(r)
	return len(r.problems) == 0
}

func (p *Policy) everyRuleHasABasis() bool {
	return !slices.ContainsFunc(p.promises(), func(x *Promise) bool {
		switch {
		case x.Rule != nil:
			return !x.Rule.Deny && x.Rule.Data.Stated() && len(x.Rule.Basis) == 0
		case x.Collect != nil:
			return len(x.Collect.Basis) == 0
		case x.Cookie != nil:
			return len(x.Cookie.Basis) == 0
		}
		return false
	})
}

// everyDatumHasAPurpose: what is stored is named by something that says what for.
func (p *Policy) everyDatumHasAPurpose() bool {
	var named []string
	for _, x := range p.promises() {
		switch {
		case x.Rule != nil && !x.Rule.Deny && x.Rule.For.Stated():
			named = append(named, texts(x.Rule.Data.Names)...)
		case x.Collect != nil && x.Collect.For.Stated():
			for _, f := range x.Collect.Fields {
				named = append(named, f.Data.Text)
			}
		case x.Cookie != nil && x.Cookie.For.Stated():
			named = append(named, texts(x.Cookie.Data.Names)...)
		case x.Keep != nil && x.Keep.For.Stated():
			named = append(named, texts(x.Keep.Data.Names)...)
		}
	}
	by := nameSet(named...)
	return !slices.ContainsFunc((&reader{p: p}).leaves(), func(c Category) bool {
		return c.Origin != "never-stored" && !covered(c.Name.Text, by)
	})
}

// everyFieldCanBeRectified: a right to have it put right covers each field that is asked for.
func (p *Policy) everyFieldCanBeRectified() bool {
	var named []string
	for _, x := range p.promises() {
		if x.Right == nil || !slices.ContainsFunc(x.Right.Rights, func(n Name) bool { return n.Text == "rectify" }) {
			continue
		}
		if !x.Right.Data.Stated() {
			return true
		}
		if !x.Right.Data.Not {
			named = append(named, texts(x.Right.Data.Names)...)
		}
	}
	by := nameSet(named...)
	return !slices.ContainsFunc(p.promises(), func(x *Promise) bool {
		return x.Collect != nil && slices.ContainsFunc(x.Collect.Fields, func(f Field) bool { return !covered(f.Data.Text, by) })
	})
}

// everySystemHasAMeasure: what lies in a system is covered by a safeguard that looks at systems: one with
// evidence, or with a check that the policy alone does not answer.
func (p *Policy) everySystemHasAMeasure() bool {
	var covers []string
	for _, x := range p.promises() {
		if x.Measure != nil && !x.Measure.computed() && !x.Measure.Covers.Not {
			covers = append(covers, texts(x.Measure.Covers.Names)...)
		}
	}
	by := nameSet(covers...)
	for _, s := range p.Systems.Systems {
		for _, t := range slices.Concat(s.Tables, s.Objects) {
			if t.Is.Text != "" && isCategory(p, t.Is.Text) && !covered(t.Is.Text, by) {
				return false
			}
			if slices.ContainsFunc(t.Columns, func(c Column) bool { return !covered(c.Is.Text, by) }) {
				return false
			}
		}
	}
	return true
}

func isCategory(p *Policy, name string) bool {
	return slices.ContainsFunc(p.Vocabulary.Data, func(c Category) bool { return c.Name.Text == name })
}

// basesAreListed: each purpose for which something is permitted has its bases, so that the notice can list
// them by purpose.
func (p *Policy) basesAreListed() bool {
	listed := BasesByPurpose(p)
	return len(listed) > 0 && !slices.ContainsFunc(listed, func(l PurposeBases) bool { return len(l.Bases) == 0 })
}

// PurposeBases are the bases on which something is permitted for one purpose.
type PurposeBases struct {
	Purpose string   `json:"purpose"`
	Bases   []string `json:"bases"` // as a notice writes them: consent, contract account; sorted
}

// BasesByPurpose lists what allows, collection points, their questions and the register of cookies name,
// by purpose in the order of the vocabulary.
func BasesByPurpose(p *Policy) []PurposeBases {
	by := map[string][]string{}
	add := func(s Set, l []Basis) {
		for _, n := range s.Names {
			by[n.Text] = append(by[n.Text], []string{}...)
			for _, b := range bases(l) {
				by[n.Text] = appendNew(by[n.Text], b.String())
			}
		}
	}
	for _, x := range p.promises() {
		switch {
		case x.Rule != nil && !x.Rule.Deny:
			if x.Rule.Data.Stated() {
				add(x.Rule.For, x.Rule.Basis)
			}
		case x.Collect != nil:
			add(x.Collect.For, x.Collect.Basis)
			for _, a := range x.Collect.Asks {
				kind := decision.Consent
				switch decision.Style(a.How.Text) {
				case decision.Explicit:
					kind = decision.ExplicitConsent
				case decision.OptOut:
					kind = decision.LegitimateInterest
				}
				add(a.For, []Basis{{Kind: kind}})
			}
		case x.Cookie != nil:
			add(x.Cookie.For, x.Cookie.Basis)
		}
	}
	var out []PurposeBases
	for _, u := range p.Vocabulary.Purposes {
		if l, named := by[u.Name.Text]; named {
			slices.Sort(l)
			out = append(out, PurposeBases{u.Name.Text, l})
		}
	}
	return out
}

func (p *Policy) everySystemNamesItsBackups() bool {
	return !slices.ContainsFunc(p.Systems.Systems, func(s System) bool {
		return s.Backups == nil && s.Kind.Text != "avow" && s.Kind.Text != "manual"
	})
}
