package decision_test

import (
	"testing"

	"github.com/avowhq/avow/decision"
)

// mailing is a notice of three promises: a newsletter on consent, not for those who opted out of it,
// and service mails on the contract.
func mailing() *decision.Model {
	on := func(names ...string) decision.Set { return decision.Set{Names: names} }
	return &decision.Model{
		Site: "shop", Zone: "Europe/Berlin",
		Vocabulary: decision.Vocabulary{
			Data:     []decision.Category{{Name: "contact"}, {Name: "contact.email"}, {Name: "orders"}},
			Purposes: []decision.Purpose{{Name: "newsletter", Marketing: true}, {Name: "service"}},
			Events:   []string{"joined", "left"},
			Facts: []decision.Fact{
				{Name: "silent", Type: decision.FlagFact, Unknown: "no"},
				{Name: "customer", Type: decision.StateFact, Opens: []string{"joined"}, Closes: []string{"left"}},
			},
		},
		Rules: []decision.Rule{
			{
				ID: "news.1", Clause: "news", Verbs: []string{"use"}, Data: on("contact"), For: on("newsletter"),
				Basis: []decision.Basis{{Kind: decision.Consent}}, Obliges: []string{"unsubscribe-link"},
			},
			{
				ID: "news.2", Clause: "news", Deny: true, Verbs: []string{"use"}, Data: on("contact"), For: on("newsletter"),
				When: []decision.Test{{Fact: "silent", In: on("yes")}},
			},
			{
				ID: "service.1", Clause: "service", Verbs: []string{"use"}, Data: on("contact", "orders"), For: on("service"),
				Basis: []decision.Basis{{Kind: decision.Contract, On: "customer"}},
			},
		},
	}
}

const benchNow = decision.Instant(1_790_000_000e6)

// asked are an allow, a violation, and one that lacks something, about two people.
func asked(tb testing.TB) (*decision.Program, [2]decision.Facts, []decision.Request) {
	tb.Helper()
	p, err := decision.Compile(mailing())
	if err != nil {
		tb.Fatal(err)
	}
	var facts [2]decision.Facts
	for i, who := range []decision.Person{
		{
			Events:  []decision.Event{{Name: "joined", At: benchNow - 2e6}},
			Choices: []decision.Choice{{Kind: decision.Granted, Scope: decision.Scope{For: []string{"newsletter"}}, At: benchNow - 1e6}},
		},
		{Facts: []decision.Stated{{Name: "silent", Value: "yes"}}},
	} {
		if facts[i], err = p.Facts(who); err != nil {
			tb.Fatal(err)
		}
	}
	return p, facts, []decision.Request{
		{Action: "use", Data: []string{"contact.email"}, For: "newsletter", At: benchNow},
		{Action: "use", Data: []string{"contact.email", "orders"}, For: "service", At: benchNow},
	}
}

func BenchmarkDecide(b *testing.B) {
	p, facts, reqs := asked(b)
	var d decision.Decision
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Decide(&reqs[i&1], &facts[i>>1&1], &d)
	}
}

func BenchmarkDecideAnswer(b *testing.B) {
	p, facts, reqs := asked(b)
	var d decision.Decision
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Decide(&reqs[i&1], &facts[i>>1&1], &d)
		d.Answer()
	}
}

// Deciding allocates nothing once a Decision has been used; an answer is one list of words, and one of
// what is missing.
func TestAllocations(t *testing.T) {
	p, facts, reqs := asked(t)
	var d decision.Decision
	for i := range reqs {
		for j := range facts {
			decide := func() { p.Decide(&reqs[i], &facts[j], &d) }
			decide()
			if n := testing.AllocsPerRun(100, decide); n != 0 {
				t.Errorf("deciding %+v allocates %v times", reqs[i], n)
			}
			if n := testing.AllocsPerRun(100, func() { d.Answer() }); n > 2 {
				t.Errorf("the answer %s to %+v allocates %v times", d.Outcome, reqs[i], n)
			}
		}
	}
}
