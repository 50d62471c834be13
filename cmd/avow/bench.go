package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
)

func benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "bench decide",
		Short:   "Measure deciding on this machine",
		Long:    "Measure deciding on this machine: the isodme notice, made-up people with consents and\nevents, questions that its rules speak of, by name, one core.",
		Example: "  avow bench decide --json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] != "decide" {
				return usage{hinted{errors.New("bench measures one thing"), "avow bench decide"}}
			}
			return nil
		},
	}
	asJSON := jsonFlag(c)
	subjects := c.Flags().Int("subjects", 100_000, "people")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *subjects < 1 || *subjects > 10_000_000 {
			return usage{errors.New("--subjects: between 1 and 10 million")}
		}
		r, err := benchDecide(*subjects)
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), r)
		}
		fmt.Fprintf(c.OutOrStdout(), "%.0f ns, %d allocations, %d bytes a decision; %d people at %.0f bytes, %d rules\n",
			r.NS, r.Allocs, r.Bytes, r.Subjects, r.PerSubject, r.Rules)
		return nil
	}
	return c
}

type benchResult struct {
	NS         float64 `json:"ns_per_op"`
	Allocs     int64   `json:"allocs_per_op"`
	Bytes      int64   `json:"bytes_per_op"`
	Subjects   int     `json:"subjects"`
	Rules      int     `json:"rules"`
	PerSubject float64 `json:"bytes_per_subject"`
}

func benchDecide(n int) (benchResult, error) {
	sub, err := fs.Sub(policies.Files, "isodme")
	if err != nil {
		return benchResult{}, err
	}
	p, _, err := policy.Read(sub)
	if err != nil {
		return benchResult{}, err
	}
	m, err := policy.Lower(p)
	if err != nil {
		return benchResult{}, err
	}
	program, err := decision.Compile(m)
	if err != nil {
		return benchResult{}, err
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	people := program.NewPeople()
	for range n {
		if _, err := people.Add(madeUp(rnd, m, p.Front.Effective)); err != nil {
			return benchResult{}, err
		}
	}
	requests := questions(rnd, m, p.Front.Effective)
	var d decision.Decision
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			f := people.At(i * 7919 % n)
			program.Decide(&requests[i%len(requests)], &f, &d)
		}
	})
	return benchResult{float64(r.T.Nanoseconds()) / float64(r.N), r.AllocsPerOp(), r.AllocedBytesPerOp(), n, program.Rules(), float64(people.Bytes()) / float64(n)}, nil
}

// madeUp is a person with an account, some consents and an objection now and then.
func madeUp(rnd *rand.Rand, m *decision.Model, now decision.Instant) decision.Person {
	ago := func() decision.Instant { return now - decision.Instant(rnd.Int64N(300*24*3600e6)) }
	who := decision.Person{Residence: []string{"DE", "FR", "US-CA", "CH", "US-TX"}[rnd.IntN(5)]}
	who.Events = append(who.Events, decision.Event{Name: "account-opened", At: ago()})
	for _, p := range m.Vocabulary.Purposes {
		switch rnd.IntN(6) {
		case 0:
			who.Choices = append(who.Choices, decision.Choice{Kind: decision.Granted, Style: decision.OptIn, Scope: decision.Scope{For: []string{p.Name}}, At: ago()})
		case 1:
			if rnd.IntN(4) == 0 {
				who.Choices = append(who.Choices, decision.Choice{Kind: decision.Objected, Scope: decision.Scope{For: []string{p.Name}}, At: ago()})
			}
		}
	}
	return who
}

// questions are of the kind that the rules speak of.
func questions(rnd *rand.Rand, m *decision.Model, now decision.Instant) []decision.Request {
	var out []decision.Request
	for len(out) < 4096 {
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
