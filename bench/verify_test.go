package bench

import (
	"context"
	"slices"
	"testing"

	"github.com/avowhq/avow/decision"

	"github.com/avowhq/avow/bench/avoweng"
	"github.com/avowhq/avow/bench/casbineng"
	"github.com/avowhq/avow/bench/cedareng"
	"github.com/avowhq/avow/bench/celeng"
	m "github.com/avowhq/avow/bench/model"
	"github.com/avowhq/avow/bench/native"
	"github.com/avowhq/avow/bench/opaeng"
)

const nVerify = 10_000

// single leaves of every request one category, on which all engines answer the same question.
func single(reqs []m.Request) []m.Request {
	out := slices.Clone(reqs)
	for i := range out {
		out[i].Cats = out[i].Cats[i%len(out[i].Cats):][:1]
	}
	return out
}

// eachReference is the reference category by category: every one must pass, by whichever permit.
func eachReference(p *m.Policy, s *m.Subject, q *m.Request) bool {
	for i := range q.Cats {
		one := *q
		one.Cats = q.Cats[i:][:1]
		if ok, _ := m.Reference(p, s, &one); !ok {
			return false
		}
	}
	return true
}

type verdict struct {
	allow bool
	rules []string // determining; nil where an engine cannot say
}

// TestVerify checks every engine against the literal reference on 10 000 requests of one category:
// the same decision and, where an engine gives reasons, the same determining rules.
func TestVerify(t *testing.T) {
	pol, subs := m.BuildPolicy(), m.BuildSubjects(m.NSubjects)
	reqs := single(m.BuildRequests(pol, nVerify, m.NSubjects, 99))
	want, allowed := make([]verdict, len(reqs)), 0
	for i := range reqs {
		ok, rules := m.Reference(pol, &subs[reqs[i].Subject], &reqs[i])
		want[i] = verdict{ok, rules}
		if ok {
			allowed++
		}
	}
	t.Logf("reference: %d of %d allowed", allowed, len(reqs))
	check := func(name string, reasons bool, decide func(q *m.Request) verdict) {
		t.Run(name, func(t *testing.T) {
			bad := 0
			for i := range reqs {
				got := decide(&reqs[i])
				slices.Sort(got.rules)
				if got.allow != want[i].allow || reasons && !slices.Equal(got.rules, want[i].rules) {
					if bad++; bad < 4 {
						t.Errorf("request %d %+v: got %v, want %v", i, reqs[i], got, want[i])
					}
				}
			}
			t.Logf("%d of %d identical", len(reqs)-bad, len(reqs))
		})
	}
	check("avow", true, avowVerdict(avoweng.New(pol, subs), subs))
	ne := native.New(pol, subs)
	check("native", true, func(q *m.Request) verdict {
		var d native.Decision
		s := native.ToStr(q, subs)
		if !ne.DecideStr(&s, &d) {
			t.Fatal("unknown name")
		}
		v := verdict{allow: d.Allow}
		for _, x := range d.Rules[:d.N] {
			v.rules = append(v.rules, ne.IDs[x])
		}
		return v
	})
	ce := cedareng.New(pol, subs)
	check("cedar", true, func(q *m.Request) verdict {
		ok, diag := ce.Slice(q, cedareng.Req(q, subs))
		v := verdict{allow: ok}
		for _, x := range diag.Reasons {
			v.rules = append(v.rules, string(x.PolicyID))
		}
		return v
	})
	ke := casbineng.New(pol, subs, false)
	check("casbin", false, func(q *m.Request) verdict { ok, _ := ke.Decide(q); return verdict{allow: ok} })
	le := celeng.New(pol, subs, false, true)
	check("cel", true, func(q *m.Request) verdict { d := le.Indexed(q); return verdict{d.Allow, d.Rules} })
	be := opaeng.New(pol, subs, opaeng.BoolAST)
	check("opa-bool", false, func(q *m.Request) verdict {
		return verdict{allow: be.Eval(context.Background(), q)["allow"].(bool)}
	})
	oe := opaeng.New(pol, subs, opaeng.GenAST)
	check("opa-reasons", true, func(q *m.Request) verdict {
		o := oe.Eval(context.Background(), q)
		v := verdict{allow: o["allow"].(bool)}
		for _, r := range o["rules"].([]any) {
			v.rules = append(v.rules, r.(string))
		}
		return v
	})
}

// avowVerdict decides with Avow and with its reference; a gap or an unmet promise has no determining
// rule in the benchmark's sense.
func avowVerdict(e *avoweng.Engine, subs []m.Subject) func(q *m.Request) verdict {
	var d decision.Decision
	return func(q *m.Request) verdict {
		r := avoweng.ToRequest(q, subs)
		v := verdict{allow: e.Decide(&r, &d)}
		if d.Outcome == decision.Indeterminate {
			panic(e.Program.Trouble(&r.Request))
		}
		if a := d.Answer(); a.Outcome == decision.Allow || a.Outcome == decision.Violation {
			for _, id := range a.Promises {
				v.rules = append(v.rules, avoweng.RuleOf(id))
			}
			slices.Sort(v.rules)
			v.rules = slices.Compact(v.rules)
		}
		return v
	}
}

// TestVerifyEach checks Avow on whole requests against the reference taken category by category, and
// logs how often the benchmark's own rule, one permit for all categories, says otherwise.
func TestVerifyEach(t *testing.T) {
	pol, subs := m.BuildPolicy(), m.BuildSubjects(m.NSubjects)
	reqs := m.BuildRequests(pol, nVerify, m.NSubjects, 99)
	decide := avowVerdict(avoweng.New(pol, subs), subs)
	bad, whole := 0, 0
	for i := range reqs {
		q := &reqs[i]
		got := decide(q).allow
		if got != eachReference(pol, &subs[q.Subject], q) {
			if bad++; bad < 4 {
				t.Errorf("request %d %+v: got %v", i, q, got)
			}
		}
		if ok, _ := m.Reference(pol, &subs[q.Subject], q); ok != got {
			whole++
		}
	}
	t.Logf("category by category: %d of %d identical; one permit for all categories: %d differ", len(reqs)-bad, len(reqs), whole)
}

// TestVerifyCatches shows that the comparison can fail: without its first forbid, Avow disagrees.
func TestVerifyCatches(t *testing.T) {
	pol, cut := m.BuildPolicy(), m.BuildPolicy()
	cut.Forbids = cut.Forbids[1:]
	subs := m.BuildSubjects(m.NSubjects)
	decide, bad := avowVerdict(avoweng.New(cut, subs), subs), 0
	for _, q := range single(m.BuildRequests(pol, nVerify, m.NSubjects, 99)) {
		if ok, _ := m.Reference(pol, &subs[q.Subject], &q); ok != decide(&q).allow {
			bad++
		}
	}
	if bad == 0 {
		t.Fatal("a missing rule went unnoticed")
	}
	t.Logf("without F01: %d of %d decisions differ", bad, nVerify)
}
