package bench

import (
	"context"
	"runtime"
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

const (
	nReq = 1 << 16
	nHot = 1 << 10
)

// A world is what all benchmarks share.
type world struct {
	pol  *m.Policy
	subs []m.Subject
	one  []m.Request // one category each
	all  []m.Request // one to five
}

var shared *world

func theWorld() *world {
	if shared == nil {
		w := &world{pol: m.BuildPolicy(), subs: m.BuildSubjects(m.NSubjects)}
		w.all = m.BuildRequests(w.pol, nReq, m.NSubjects, 1)
		w.one = single(w.all)
		shared = w
	}
	return shared
}

// allowed keeps the compiler from dropping a decision.
var allowed bool

// run measures decide on requests of one category, which mean the same to every engine, and on whole
// ones, which are a conjunction to Avow and one permit's work to the others. The hot ones are a few of
// the first, whose people fit in the caches: what is left is the engine's own work. Each engine's people are
// collected before the next one's turn, so that no engine pays for another's heap.
func run[Q any](b *testing.B, convert func(q *m.Request) Q, decide func(q *Q) bool) {
	w := theWorld()
	for _, s := range []struct {
		name string
		reqs []m.Request
	}{{"one", w.one}, {"all", w.all}, {"hot", w.one[:nHot]}} {
		asked := make([]Q, len(s.reqs))
		for i := range s.reqs {
			asked[i] = convert(&s.reqs[i])
		}
		runtime.GC()
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				allowed = decide(&asked[i&(len(asked)-1)])
			}
		})
	}
}

func same(q *m.Request) m.Request { return *q }

func BenchmarkNativeNames(b *testing.B) {
	w := theWorld()
	e := native.New(w.pol, w.subs)
	var d native.Decision
	run(b, func(q *m.Request) native.ReqStr { return native.ToStr(q, w.subs) }, func(q *native.ReqStr) bool {
		e.DecideStr(q, &d)
		return d.Allow
	})
}

func benchmarkAvow(b *testing.B, decide func(e *avoweng.Engine, q *avoweng.Request) bool) {
	w := theWorld()
	e := avoweng.New(w.pol, w.subs)
	run(b, func(q *m.Request) avoweng.Request { return avoweng.ToRequest(q, w.subs) }, func(q *avoweng.Request) bool {
		return decide(e, q)
	})
}

func BenchmarkAvowDecide(b *testing.B) {
	var d decision.Decision
	benchmarkAvow(b, func(e *avoweng.Engine, q *avoweng.Request) bool { return e.Decide(q, &d) })
}

// answer keeps the compiler from dropping an answer.
var answer decision.Answer

func BenchmarkAvowReasons(b *testing.B) {
	var d decision.Decision
	benchmarkAvow(b, func(e *avoweng.Engine, q *avoweng.Request) bool {
		e.Decide(q, &d)
		answer = d.Answer()
		return answer.Allowed()
	})
}

func BenchmarkOPABool(b *testing.B) {
	w := theWorld()
	e := opaeng.New(w.pol, w.subs, opaeng.BoolAST)
	run(b, same, func(q *m.Request) bool { return e.Eval(context.Background(), q)["allow"].(bool) })
}

func BenchmarkOPAReasons(b *testing.B) {
	w := theWorld()
	e := opaeng.New(w.pol, w.subs, opaeng.GenAST)
	run(b, same, func(q *m.Request) bool { return e.Eval(context.Background(), q)["allow"].(bool) })
}

func BenchmarkCEL(b *testing.B) {
	w := theWorld()
	e := celeng.New(w.pol, w.subs, false, true)
	run(b, same, func(q *m.Request) bool { return e.Indexed(q).Allow })
}

func BenchmarkCedar(b *testing.B) {
	w := theWorld()
	e := cedareng.New(w.pol, w.subs)
	run(b, same, func(q *m.Request) bool { ok, _ := e.Slice(q, cedareng.Req(q, w.subs)); return ok })
}

func BenchmarkCasbin(b *testing.B) {
	w := theWorld()
	e := casbineng.New(w.pol, w.subs, false)
	run(b, same, func(q *m.Request) bool { ok, _ := e.Decide(q); return ok })
}

// TestBytes reports what people cost, and that deciding allocates nothing.
func TestBytes(t *testing.T) {
	w := theWorld()
	e := avoweng.New(w.pol, w.subs)
	choices := 0
	for i := range w.subs {
		choices += len(avoweng.Person(&w.subs[i]).Choices)
	}
	n := float64(len(w.subs))
	t.Logf("%d bytes, %.0f a person: %.1f choices of 16 bytes, the rest row, event and facts",
		e.People.Bytes(), float64(e.People.Bytes())/n, float64(choices)/n)
	var d decision.Decision
	asked := make([]avoweng.Request, 1000)
	for i := range asked {
		asked[i] = avoweng.ToRequest(&w.all[i], w.subs)
	}
	decideAll := func() {
		for i := range asked {
			e.Decide(&asked[i], &d)
		}
	}
	decideAll()
	if n := testing.AllocsPerRun(10, decideAll); n != 0 {
		t.Errorf("deciding allocates: %v times in %d requests", n, len(asked))
	}
}
