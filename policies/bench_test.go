package policies_test

import (
	"cmp"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
	"github.com/avowhq/avow/policy/law"
)

// largest is the policy with the most promises.
const largest = "isodme"

// withAllLaws is a policy whose notice lists every law profile there is.
func withAllLaws(tb testing.TB, name string) fs.FS {
	tb.Helper()
	out := fstest.MapFS{}
	for _, file := range []string{policy.NoticeFile, policy.VocabularyFile, policy.SystemsFile} {
		text, err := fs.ReadFile(policies.Files, name+"/"+file)
		if err != nil {
			tb.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "law:") }); i >= 0 && file == policy.NoticeFile {
			lines[i] = "law: [" + strings.Join(law.Library{}.IDs(), ", ") + "]"
		}
		out[file] = &fstest.MapFile{Data: []byte(strings.Join(lines, "\n"))}
	}
	return out
}

// BenchmarkCheck is avow check of the largest policy with all laws: read, compile, run the examples, find
// dead rules and promises that nothing proves.
func BenchmarkCheck(b *testing.B) {
	files := withAllLaws(b, largest)
	for b.Loop() {
		p, _, err := policy.Read(files)
		if err != nil {
			b.Fatal(err)
		}
		m, err := policy.Lower(p)
		if err != nil {
			b.Fatal(err)
		}
		program, err := decision.Compile(m)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := policy.CheckRun(p, m, program); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDiff compares the largest policy with itself less one promise, each in turn, and with every
// other change of one promise that onePromise knows. It reports the slowest, and apart from it the one that
// is about everything.
func BenchmarkDiff(b *testing.B) {
	p, _, err := policy.Read(withAllLaws(b, largest))
	if err != nil {
		b.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		b.Fatal(err)
	}
	changes := onePromise(m)
	var slowest, most time.Duration
	what := ""
	for b.Loop() {
		slowest = 0
		for _, c := range changes {
			start := time.Now()
			if _, err := policy.Compare(m, c.m, p.Front.Effective); err != nil {
				b.Fatal(c.what, err)
			}
			took := time.Since(start)
			if c.what == everything {
				most = took
			} else if took > slowest {
				slowest, what = took, c.what
			}
		}
	}
	b.Logf("%d changes; the slowest: %s", len(changes), what)
	b.ReportMetric(slowest.Seconds()*1000, "ms-slowest")
	b.ReportMetric(most.Seconds()*1000, "ms-everything")
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N)/float64(len(changes)), "ms-mean")
	b.ReportMetric(0, "ns/op")
}

type changedModel struct {
	what string
	m    *decision.Model
}

// onePromise lists models that differ from m in one promise: without it, turned round, wider in each of
// the ways that reach furthest, or one more.
func onePromise(m *decision.Model) []changedModel {
	var out []changedModel
	for _, id := range slices.Compact(slices.Sorted(slices.Values(promiseIDs(m)))) {
		out = append(out, changedModel{"without " + id, without(m, id)})
	}
	rule := func(i int, what string, change func(*decision.Rule)) {
		n := *m
		n.Rules = slices.Clone(m.Rules)
		change(&n.Rules[i])
		out = append(out, changedModel{what + " " + m.Rules[i].ID, &n})
	}
	for i, r := range m.Rules {
		rule(i, "no condition in", func(r *decision.Rule) { r.When, r.Unless = nil, nil })
		if r.Deny {
			rule(i, "all purposes in", func(r *decision.Rule) { r.For = decision.Set{} })
			rule(i, "a verb less in", func(r *decision.Rule) { r.Verbs = r.Verbs[1:] })
		} else if r.Data.Stated() {
			rule(i, "consent for", func(r *decision.Rule) { r.Basis = []decision.Basis{{Kind: decision.Consent}} })
			rule(i, "interest for", func(r *decision.Rule) { r.Basis = []decision.Basis{{Kind: decision.LegitimateInterest}} })
		}
	}
	for i := range m.Keeps {
		n := *m
		n.Keeps = slices.Clone(m.Keeps)
		k := &n.Keeps[i]
		if k.For = nil; k.Until != nil {
			until := *k.Until
			until.Span.Months += 7
			k.Until = &until
		}
		out = append(out, changedModel{"longer and for all: " + k.ID, &n})
	}
	return append(out, broad(m)...)
}

func promiseIDs(m *decision.Model) []string {
	var ids []string
	for _, r := range m.Rules {
		ids = append(ids, r.ID)
	}
	for _, k := range m.Keeps {
		ids = append(ids, k.ID)
	}
	return ids
}

// everything is a change that is told in more than 100 000 differences.
const everything = "allow of all to everybody"

// broad is m with one promise more that is about everything.
func broad(m *decision.Model) []changedModel {
	var data, purposes []string
	everybody := []string{decision.Us}
	for _, d := range m.Vocabulary.Data {
		data = append(data, d.Name)
	}
	for _, p := range m.Vocabulary.Purposes {
		purposes = append(purposes, p.Name)
	}
	for _, r := range m.Vocabulary.Recipients {
		everybody = append(everybody, r.Name)
	}
	on := func(names ...string) decision.Set { return decision.Set{Names: names} }
	more := func(what string, r decision.Rule) changedModel {
		n := *m
		r.ID, r.Clause, r.Data, r.Verbs = "broad", "broad", on(data...), decision.DataVerbs()
		n.Rules = append(slices.Clone(m.Rules), r)
		return changedModel{what, &n}
	}
	kept := *m
	kept.Keeps = append(slices.Clone(m.Keeps), decision.Keep{ID: "broad", Clause: "broad", Data: data, For: purposes[:1], Then: "erase", Until: &decision.Moment{Event: m.Vocabulary.Events[0], Span: decision.Duration{Months: 30}}})
	return []changedModel{
		more("deny of all", decision.Rule{Deny: true}),
		more("deny of all to children", decision.Rule{Deny: true, When: []decision.Test{{Fact: decision.AgeFact, Max: 17}}}),
		more("deny of all without consent", decision.Rule{Deny: true, Only: []decision.Basis{{Kind: decision.Consent}}}),
		more(everything, decision.Rule{For: on(purposes...), To: on(everybody...), Basis: []decision.Basis{{Kind: decision.Consent}}}),
		{"keep of all for one purpose", &kept},
	}
}

// BenchmarkLaw decides the same questions about the same people without law, with the laws of the notice,
// and with all laws there are, by turns, and reports the ratios.
func BenchmarkLaw(b *testing.B) {
	p, _, err := policy.Read(withAllLaws(b, largest))
	if err != nil {
		b.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		b.Fatal(err)
	}
	own := readFor(b, largest)
	none := *m
	none.Laws = nil
	models := []*decision.Model{&none, own, m}
	const people, asks = 1000, 4096
	rnd := rand.New(rand.NewPCG(1, 2))
	now := decision.InstantOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	requests := askedOf(rnd, m, now, asks)
	var programs []*decision.Program
	facts := make([][]decision.Facts, len(models))
	for i, model := range models {
		program, err := decision.Compile(model)
		if err != nil {
			b.Fatal(err)
		}
		programs = append(programs, program)
		crowd, drawn := program.NewPeople(), rand.New(rand.NewPCG(3, 4))
		for j := range people {
			if _, err := crowd.Add(somebody(drawn, m, now)); err != nil {
				b.Fatal(err)
			}
			facts[i] = append(facts[i], crowd.At(j))
		}
	}
	// Of the others, each law that denies is named, which no answer without laws has to do.
	same := sameOutcome(programs, facts, requests)
	every := make([]int, asks)
	for k := range every {
		every[k] = k
	}
	d := make([]decision.Decision, len(models))
	took := map[string][][]float64{"": make([][]float64, len(models)), "-every": make([][]float64, len(models))}
	for b.Loop() {
		for name, list := range map[string][]int{"": same, "-every": every} {
			for i, program := range programs {
				start := time.Now()
				for _, k := range list {
					program.Decide(&requests[k], &facts[i][k%people], &d[i])
				}
				took[name][i] = append(took[name][i], float64(time.Since(start).Nanoseconds())/float64(len(list)))
			}
		}
	}
	for name, t := range took {
		b.ReportMetric(medianRatio(t[1], t[0]), "×-notice"+name)
		b.ReportMetric(medianRatio(t[2], t[0]), "×-all"+name)
	}
	b.ReportMetric(slices.Min(took[""][0]), "ns-without")
	b.ReportMetric(float64(len(same))/asks, "same-answer")
	b.ReportMetric(0, "ns/op")
}

func medianRatio(of, to []float64) float64 {
	var ratios []float64
	for j := range of {
		ratios = append(ratios, of[j]/to[j])
	}
	slices.SortFunc(ratios, cmp.Compare)
	return ratios[len(ratios)/2]
}

func readFor(b *testing.B, name string) *decision.Model {
	files, err := fs.Sub(policies.Files, name)
	if err != nil {
		b.Fatal(err)
	}
	p, _, err := policy.Read(files)
	if err != nil {
		b.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func sameOutcome(programs []*decision.Program, facts [][]decision.Facts, requests []decision.Request) []int {
	var out []int
	var d decision.Decision
	for k := range requests {
		outcomes := map[decision.Outcome]bool{}
		for i, p := range programs {
			outcomes[p.Decide(&requests[k], &facts[i][k%len(facts[i])], &d)] = true
		}
		if len(outcomes) == 1 {
			out = append(out, k)
		}
	}
	return out
}

// somebody has an account, some consents, and an objection now and then.
func somebody(rnd *rand.Rand, m *decision.Model, now decision.Instant) decision.Person {
	ago := func() decision.Instant { return now - decision.Instant(rnd.Int64N(300*24*3600e6)) }
	who := decision.Person{Residence: []string{"DE", "FR", "US-CA", "CH", "US-TX", "GB"}[rnd.IntN(6)]}
	for _, e := range m.Vocabulary.Events {
		if rnd.IntN(8) == 0 {
			who.Events = append(who.Events, decision.Event{Name: e, At: ago()})
		}
	}
	for _, p := range m.Vocabulary.Purposes {
		switch rnd.IntN(12) {
		case 0, 1, 2:
			who.Choices = append(who.Choices, decision.Choice{Kind: decision.Granted, Style: decision.OptIn, Scope: decision.Scope{For: []string{p.Name}}, At: ago()})
		case 3:
			who.Choices = append(who.Choices, decision.Choice{Kind: decision.Objected, Scope: decision.Scope{For: []string{p.Name}}, At: ago()})
		}
	}
	return who
}

// askedOf are questions of the kind that the allows speak of.
func askedOf(rnd *rand.Rand, m *decision.Model, now decision.Instant, n int) []decision.Request {
	var out []decision.Request
	for len(out) < n {
		r := m.Rules[rnd.IntN(len(m.Rules))]
		if r.Deny || len(r.Data.Names) == 0 || len(r.For.Names) == 0 || r.Verbs[0] == decision.VerbCombine {
			continue
		}
		q := decision.Request{Action: r.Verbs[rnd.IntN(len(r.Verbs))], Data: []string{r.Data.Names[rnd.IntN(len(r.Data.Names))]}, For: r.For.Names[rnd.IntN(len(r.For.Names))], At: now}
		if len(r.To.Names) > 0 && r.To.Names[0] != decision.Us {
			q.To = r.To.Names[0]
		}
		if len(r.By.Names) > 0 {
			q.By = r.By.Names[0]
		}
		out = append(out, q)
	}
	return out
}
