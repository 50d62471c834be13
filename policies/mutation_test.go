package policies_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
	"github.com/avowhq/avow/policy/law"
)

// failing are the examples that fail, and all results.
func (s shipped) failing(t *testing.T, program *decision.Program, m *decision.Model) (map[*policy.Example]bool, []policy.Result) {
	t.Helper()
	out, results := map[*policy.Example]bool{}, policy.RunExamples(s.p, program, m)
	for _, r := range results {
		if r.Verdict == policy.Failed {
			out[r.Example] = true
		}
	}
	return out, results
}

// Without a promise some example of its own clause is red, and every example that is red is one whose
// answer it determined. Two things are leaned on without being named: what rests on data being kept falls
// with the keep, and what follows from silence, in a decision or in what the law says of the clause, falls
// with the collection point that put the question.
func TestWithoutAPromise(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, s shipped) {
		for _, c := range s.p.Clauses {
			for _, x := range c.Promises {
				if x.Rule == nil && x.Collect == nil && x.Keep == nil && x.Cookie == nil {
					continue
				}
				red, _ := s.failing(t, s.program.Without(x.ID), without(s.m, x.ID))
				own := false
				for _, r := range s.results {
					if !red[r.Example] {
						continue
					}
					own = own || r.Example.Clause == c
					if x.Keep == nil && !slices.Contains(r.Promises, x.ID) && !(x.Collect != nil && asksPoint(r.Example)) {
						t.Errorf("without %s the example on line %d is red, which it did not determine", x.ID, r.Example.Pos.Line)
					}
				}
				if !own {
					t.Errorf("without %s its clause is green", x.ID)
				}
			}
		}
	})
}

// asksPoint: what a collection point asks is part of the example's answer.
func asksPoint(e *policy.Example) bool {
	return states(e.Given, "asked") || states(e.Ask, "law-check")
}

func states(v policy.Value, what string) bool {
	return slices.ContainsFunc(v.Map, func(g policy.Entry) bool { return g.Key.Text == what })
}

// A lawRow is one provision of a law by which it decides: all strikes, bans and ages of children under
// one article and word, one decision of adequacy, or one mechanism.
type lawRow struct {
	what      string
	law, name string
	row       decision.Row
	lets      bool // it lets something through that the law else forbids
	strikes   bool // a style of consent
	span      law.Span
	drop      func(*decision.Law)
	// only puts the row alone into a law without any.
	only func(*decision.Law)
}

func (x lawRow) named(r decision.Reason) bool {
	return r.Law == x.law && r.Article == x.row.Article && r.Because == x.row.Because && (x.name == "" || x.name == r.Name)
}

// rowsOf lists the rows of a law by which it decides.
func rowsOf(l decision.Law) []lawRow {
	out := provisionsOf(l)
	if l.Transfers == nil {
		return out
	}
	transfers := func(change func(*decision.Transfers)) func(*decision.Law) {
		return func(l *decision.Law) {
			t := *l.Transfers
			change(&t)
			l.Transfers = &t
		}
	}
	for i, a := range l.Transfers.Adequate {
		out = append(out, lawRow{
			what: l.ID + " adequacy " + a.Country, law: l.ID, row: a.Row, lets: true, span: law.Span{From: law.Date(a.From), Until: law.Date(a.Until)},
			drop: transfers(func(t *decision.Transfers) { t.Adequate = slices.Delete(slices.Clone(t.Adequate), i, i+1) }),
			only: transfers(func(t *decision.Transfers) { t.Adequate = []decision.Adequacy{a} }),
		})
	}
	for i, m := range l.Transfers.Mechanisms {
		out = append(out, lawRow{
			what: l.ID + " mechanism " + m.Name, law: l.ID, name: m.Name, row: m.Row, lets: true, span: law.Span{From: law.Date(m.From), Until: law.Date(m.Until)},
			drop: transfers(func(t *decision.Transfers) { t.Mechanisms = slices.Delete(slices.Clone(t.Mechanisms), i, i+1) }),
			only: transfers(func(t *decision.Transfers) { t.Mechanisms = []decision.Mechanism{m} }),
		})
	}
	return out
}

// provisionsOf are those that take something away.
func provisionsOf(l decision.Law) []lawRow {
	var out []lawRow
	add := func(row decision.Row, span law.Span) {
		same := func(r decision.Row) bool { return r.Article == row.Article && r.Because == row.Because }
		if row.Because == "" || slices.ContainsFunc(out, func(x lawRow) bool { return same(x.row) }) {
			return
		}
		keep := func(l *decision.Law, kept func(decision.Row) bool) {
			l.Strikes = slices.DeleteFunc(slices.Clone(l.Strikes), func(x decision.Strike) bool { return !kept(x.Row) })
			l.Bans = slices.DeleteFunc(slices.Clone(l.Bans), func(x decision.Ban) bool { return !kept(x.Row) })
			if !kept(l.ChildRow) {
				l.ChildAge, l.ChildAges = 0, nil
			}
		}
		out = append(out, lawRow{
			what: l.ID + " " + row.Article + " " + row.Because, law: l.ID, row: row, span: span,
			drop: func(to *decision.Law) { keep(to, func(r decision.Row) bool { return !same(r) }) },
			only: func(to *decision.Law) {
				to.Strikes, to.Bans, to.ChildAge, to.ChildAges = l.Strikes, l.Bans, l.ChildAge, l.ChildAges
				keep(to, same)
			},
		})
	}
	for _, x := range l.Strikes {
		add(x.Row, law.Span{})
	}
	for i := range out {
		out[i].strikes = true
	}
	for _, x := range l.Bans {
		add(x.Row, law.Span{From: law.Date(x.From), Until: law.Date(x.Until)})
	}
	if l.ChildAge > 0 || len(l.ChildAges) > 0 {
		add(l.ChildRow, law.Span{})
	}
	return out
}

// Without one row of one law, an example is red only if its answer hung on it: it named the row, or,
// where the row let something through, it is now denied by that law; or a condition missed the consent
// that the row struck, which the answer does not tell. And an example whose answer is a law's and names
// this row alone is red. Rows that no example names alone, since several laws say the same or no notice
// comes near, are TestEveryLawRowDecides's.
func TestWithoutALawRow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, s shipped) {
		shown := 0
		for i := range s.m.Laws {
			for _, x := range rowsOf(s.m.Laws[i]) {
				n := *s.m
				n.Laws = slices.Clone(s.m.Laws)
				x.drop(&n.Laws[i])
				program, err := decision.Compile(&n)
				if err != nil {
					t.Fatal(err)
				}
				red, after := s.failing(t, program, &n)
				if len(red) > 0 {
					shown++
				}
				for j, r := range s.results {
					line := r.Example.Pos.Line
					named := slices.ContainsFunc(r.Laws, x.named)
					denied := x.lets && slices.ContainsFunc(after[j].Laws, func(y decision.Reason) bool { return y.Law == x.law })
					alone := named && r.Law && !slices.ContainsFunc(r.Laws, func(y decision.Reason) bool { return !x.named(y) })
					switch {
					case red[r.Example] && !named && !denied && !(x.strikes && states(r.Example.Given, "consented")):
						t.Errorf("without %s the example on line %d is red, and did not rest on it: %v", x.what, line, r.Laws)
					case !red[r.Example] && alone && wantsLaw(r.Example):
						t.Errorf("without %s the example on line %d is green, and named it alone", x.what, line)
					}
				}
			}
		}
		t.Logf("%d rows of laws turn an example red", shown)
	})
}

// wantsLaw: the example asks for a law's answer, not just any denial.
func wantsLaw(e *policy.Example) bool {
	return slices.ContainsFunc(e.Want.Map, func(w policy.Entry) bool {
		return w.Key.Text == "because" || w.Key.Text == "deny" && w.Value.Text == "law"
	})
}

// Every row of every law decides something: in a world that comes near all of it, where all is allowed
// on every basis, the law with this row alone answers some question otherwise than without it. A
// mechanism that had ended before the law began only gives its name to the denial.
func TestEveryLawRowDecides(t *testing.T) {
	t.Parallel()
	profiles, err := law.Load(law.Library{}.IDs()...)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, l := range law.Laws(profiles) {
		for _, x := range rowsOf(l) {
			rows++
			less := l
			less.Strikes, less.Bans, less.ChildAge, less.ChildAges, less.Transfers = nil, nil, 0, nil, nil
			if x.lets {
				less.Transfers = &decision.Transfers{Free: l.Transfers.Free, Row: l.Transfers.Row}
			}
			with := less
			x.only(&with)
			at := max(l.From, decision.Instant(x.span.From), 1) + 24*3600e6
			if x.span.Until != 0 && at >= decision.Instant(x.span.Until) {
				continue // ended before the law began
			}
			diff, err := policy.Compare(near(l, less), near(l, with), at)
			if err != nil {
				t.Fatal(err)
			}
			if len(diff.Changes) == 0 {
				t.Errorf("%s decides nothing", x.what)
			}
		}
	}
	t.Logf("%d rows", rows)
}

// near is a world that comes near all that a law speaks of, under another version of it.
func near(l, under decision.Law) *decision.Model {
	m := &decision.Model{Site: "near", Zone: "UTC", Laws: []decision.Law{under}}
	v := &m.Vocabulary
	bases := []decision.Basis{{Kind: decision.Consent}, {Kind: decision.LegitimateInterest}, {Kind: decision.LegalObligation, On: "need"}}
	v.Locations = []decision.Location{{Name: "far", Country: "AQ"}}
	v.Grounds, v.Cookies = []decision.Ground{{Name: "need", Special: true}}, []string{"c"}
	for i, b := range append(slices.Clone(l.Bans), decision.Ban{}) {
		first := func(l []string) []string { return l[:min(1, len(l))] }
		v.Data = append(v.Data, decision.Category{Name: fmt.Sprint("d", i), Special: b.Special, Identifies: b.Identifies, Terms: first(b.Data)})
		for j := range bases {
			v.Purposes = append(v.Purposes, decision.Purpose{Name: fmt.Sprint("p", i, "-", j), Marketing: b.Marketing, Terms: first(b.For)})
		}
	}
	recipient := func(country, transfer, certified string) {
		r := decision.Recipient{Name: fmt.Sprint("r", len(v.Recipients)), Kind: "third-party", Country: country}
		if certified != "" {
			r.Certified = []decision.Certificate{{Name: certified}}
		}
		if transfer != "" {
			r.Agreement = "a-" + r.Name
			v.Agreements = append(v.Agreements, decision.Agreement{Name: r.Agreement, Transfer: transfer})
		}
		v.Recipients = append(v.Recipients, r)
	}
	if l.Transfers != nil {
		for _, a := range l.Transfers.Adequate {
			recipient(a.Country, "", a.Certified)
		}
		for _, x := range l.Transfers.Mechanisms {
			recipient("AQ", x.Name, x.Name)
		}
	}
	var data, to []string
	for _, d := range v.Data {
		data = append(data, d.Name)
	}
	for _, r := range v.Recipients {
		to = append(to, r.Name)
	}
	on := func(names ...string) decision.Set { return decision.Set{Names: names} }
	for i, p := range v.Purposes { // each rests on one basis, so that another does not take its place
		id, basis := fmt.Sprint("allow.", i), bases[i%len(bases):i%len(bases)+1]
		m.Rules = append(m.Rules,
			decision.Rule{ID: id, Clause: "c", Verbs: decision.DataVerbs(), Data: on(data...), With: on(data...), For: on(p.Name), To: on(append(to, decision.Us)...), Basis: basis, Review: true, Special: "need"},
			decision.Rule{ID: id + "c", Clause: "c", Verbs: []string{decision.VerbSet}, Cookie: on("c"), For: on(p.Name), Basis: basis})
	}
	return m
}
