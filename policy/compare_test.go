package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/decision/worldtest"
	"github.com/avowhq/avow/policy"
)

// simple keeps a model to what one cell of a readable notice has.
func simple(m *decision.Model) *decision.Model {
	m.Laws = m.Laws[:min(1, len(m.Laws))]
	m.Rules = m.Rules[:min(4, len(m.Rules))]
	for i := range m.Rules {
		r := &m.Rules[i]
		r.When = r.When[:min(1, len(r.When))]
		r.Unless = nil
	}
	return m
}

// changed draws a second version of a model, a rule dropped, added or turned into another, and the
// rules that the change is about.
func changed(t *rapid.T, m *decision.Model) (*decision.Model, []decision.Rule) {
	n := *m
	n.Rules, n.Keeps = slices.Clone(m.Rules), slices.Clone(m.Keeps)
	i := rapid.IntRange(0, len(n.Rules)-1).Draw(t, "which")
	about := []decision.Rule{n.Rules[i]}
	switch rapid.IntRange(0, 3).Draw(t, "change") {
	case 0:
		n.Rules = slices.Delete(n.Rules, i, i+1)
	case 1:
		n.Rules = append(n.Rules, worldtest.Rule(t, "new"))
		about = n.Rules[len(n.Rules)-1:]
	case 2:
		n.Rules[i] = worldtest.Rule(t, n.Rules[i].ID)
		about = append(about, n.Rules[i])
	case 3:
		n.Keeps = append(n.Keeps, worldtest.Keep(t, "newk"))
	}
	return &n, about
}

// A version is a compiled model that answers questions.
type version struct{ p *decision.Program }

func compile(t *rapid.T, m *decision.Model) version {
	p, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return version{p}
}

func (v version) allows(t *rapid.T, q decision.Request, who decision.Person) bool {
	f, err := v.p.Facts(who)
	if err != nil {
		t.Fatal(err)
	}
	return v.p.Decide(&q, &f, new(decision.Decision)) == decision.Allow
}

// Compare finds a change wherever a random question is answered differently, and every witness it
// gives is one.
func TestCompareIsExact(t *testing.T) {
	differ, asked, refused, compared := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		old := simple(worldtest.Model(t))
		new, about := changed(t, old)
		new = simple(new)
		diff, err := policy.Compare(old, new, worldtest.Now)
		if compared++; err != nil {
			refused++ // more classes than it takes on; rare, or the test means nothing
			return
		}
		before, after := compile(t, old), compile(t, new)
		told := map[string]bool{}
		for _, c := range diff.Changes {
			w := c.Witness
			if was, is := before.allows(t, w.Request, w.Person), after.allows(t, w.Request, w.Person); was == is || is != c.Allowed {
				t.Fatalf("witness of %+v: was %v, is %v", c, was, is)
			}
			told[fmt.Sprint(c.Allowed, c.Verb, c.Object, c.Purpose, c.Recipient)] = true
		}
		for range 30 {
			q, who := worldtest.AimedAt(t, rapid.SampledFrom(about).Draw(t, "about")), worldtest.Person(t)
			q.Data, q.With = q.Data[:min(1, len(q.Data))], q.With[:min(1, len(q.With))]
			was, is := before.allows(t, q, who), after.allows(t, q, who)
			if asked++; was == is || slices.Contains(decision.DestructiveVerbs(), q.Action) {
				continue
			}
			differ++
			object := strings.Join(append(slices.Clone(q.Data), q.Service+q.Cookie), "")
			if !told[fmt.Sprint(is, q.Action, object, q.For, q.To)] {
				t.Fatalf("was %v, is %v, and Compare does not say so\nrequest %+v\nperson %+v\nold %+v\nnew %+v", was, is, q, who, old.Rules, new.Rules)
			}
		}
	})
	if refused > compared/10 {
		t.Errorf("%d of %d comparisons were refused", refused, compared)
	}
	if differ == 0 {
		t.Error("no random question told the versions apart")
	}
	t.Log(differ, "of", asked, "questions told versions apart")
}
