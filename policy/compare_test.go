package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/decision/worldtest"
	"github.com/avowhq/avow/policy"
)

// changed draws a second version of a model, one promise, law or word of it changed, and the rules that
// the change is about.
func changed(t *rapid.T, m *decision.Model) (*decision.Model, []decision.Rule) {
	n := *m
	n.Rules, n.Keeps, n.Laws = slices.Clone(m.Rules), slices.Clone(m.Keeps), slices.Clone(m.Laws)
	i := rapid.IntRange(0, len(n.Rules)-1).Draw(t, "which")
	about := []decision.Rule{n.Rules[i]}
	switch rapid.IntRange(0, 11).Draw(t, "change") {
	case 0:
		n.Rules = slices.Delete(n.Rules, i, i+1)
	case 1:
		n.Rules = append(n.Rules, worldtest.Rule(t, "new"))
		about = n.Rules[len(n.Rules)-1:]
	case 2:
		n.Rules[i] = worldtest.Rule(t, n.Rules[i].ID)
		about = append(about, n.Rules[i])
	case 3:
		n.Rules[i] = narrowed(t, n.Rules[i])
	case 4, 5:
		n.Keeps = append(n.Keeps, worldtest.Keep(t, "newk"))
	case 6:
		n.Keeps = one(t, n.Keeps, func() decision.Keep { return worldtest.Keep(t, "other") })
	case 7:
		n.Laws = append(n.Laws, worldtest.Law(t, "new"))
	case 8, 9:
		n.Laws = one(t, n.Laws, func() decision.Law { return worldtest.Law(t, "other") })
	default:
		n.Vocabulary = reworded(t, n.Vocabulary)
	}
	return &n, about
}

// one drops one of the list, or turns it into another.
func one[T any](t *rapid.T, l []T, other func() T) []T {
	if len(l) == 0 {
		return l
	}
	i := rapid.IntRange(0, len(l)-1).Draw(t, "which of them")
	if worldtest.Chance(t, "drop", 2) {
		return slices.Delete(l, i, i+1)
	}
	l[i] = other()
	return l
}

// narrowed is the rule with one condition, basis or set changed.
func narrowed(t *rapid.T, r decision.Rule) decision.Rule {
	consent := "valid"
	if r.Deny {
		consent = "none"
	}
	switch rapid.IntRange(0, 5).Draw(t, "narrow") {
	case 0:
		r.When = worldtest.Tests(t, "when", 1, consent)
	case 1:
		r.When = nil
	case 2:
		r.Unless = nil
	case 3:
		r.By, r.In, r.From = decision.Set{}, decision.Set{}, decision.Set{}
	case 4:
		r.Review, r.Special = !r.Review, ""
	case 5:
		r.As, r.Under = "", decision.Set{}
	}
	return r
}

// reworded is the vocabulary with one meaning changed.
func reworded(t *rapid.T, v decision.Vocabulary) decision.Vocabulary {
	v.Facts, v.Recipients, v.Locations = slices.Clone(v.Facts), slices.Clone(v.Recipients), slices.Clone(v.Locations)
	v.Data, v.Purposes, v.Agreements = slices.Clone(v.Data), slices.Clone(v.Purposes), slices.Clone(v.Agreements)
	fact := func(name string) *decision.Fact {
		return &v.Facts[slices.IndexFunc(v.Facts, func(f decision.Fact) bool { return f.Name == name })]
	}
	switch rapid.IntRange(0, 9).Draw(t, "word") {
	case 0:
		fact("tier").Unknown = "high"
	case 1:
		fact("vip").Unknown = "yes"
	case 2:
		fact("account").Opens = []string{"joined", "bought"}
	case 3:
		fact("tier").Values = []string{"low", "mid", "high", "top"}
	case 4:
		v.Recipients[1].Country, v.Recipients[1].Certified = "CH", nil
	case 5:
		v.Locations[1].Transfer = "scc"
	case 6:
		v.Data[5].Special = true
	case 7:
		v.Purposes[0].Marketing, v.Purposes[0].Serves = true, "claims"
	case 8:
		v.Agreements[1].Terms, v.Agreements[0].Paid = []string{"secret"}, false
	case 9:
		v.Establishments = []string{"US"}
	}
	return v
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
	who.Facts = slices.DeleteFunc(slices.Clone(who.Facts), func(s decision.Stated) bool {
		_, err := v.p.Facts(decision.Person{Facts: []decision.Stated{s}})
		return err != nil // a version does not hold what it has no word for
	})
	f, err := v.p.Facts(who)
	if err != nil {
		t.Fatal(err)
	}
	return v.p.Decide(&q, &f, new(decision.Decision)) == decision.Allow
}

// Compare finds a change wherever a random question is answered differently, and every witness it
// gives is one.
func TestCompareIsExact(t *testing.T) {
	differ, asked, compared, told := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		old := worldtest.Model(t)
		new, about := changed(t, old)
		diff, err := policy.Compare(old, new, worldtest.Now)
		if err != nil {
			t.Fatal(err)
		}
		compared++
		told += len(diff.Changes)
		before, after := compile(t, old), compile(t, new)
		said := map[string]bool{}
		for _, c := range diff.Changes {
			w := c.Witness
			if was, is := before.allows(t, w.Request, w.Person), after.allows(t, w.Request, w.Person); was == is || is != c.Allowed {
				t.Fatalf("witness of %+v: was %v, is %v", c, was, is)
			}
			if c.Classes < 1 {
				t.Fatalf("no class of %+v changed", c)
			}
			said[fmt.Sprint(c.Allowed, c.Verb, c.Object, c.Purpose, c.Recipient)] = true
		}
		for range 40 {
			q, who := worldtest.AimedAt(t, rapid.SampledFrom(about).Draw(t, "about")), worldtest.Person(t)
			q.Data, q.With = q.Data[:min(1, len(q.Data))], q.With[:min(1, len(q.With))]
			was, is := before.allows(t, q, who), after.allows(t, q, who)
			if asked++; was == is || slices.Contains(decision.DestructiveVerbs(), q.Action) {
				continue
			}
			differ++
			object := strings.Join(append(slices.Clone(q.Data), q.Service+q.Cookie), "")
			if !said[fmt.Sprint(is, q.Action, object, q.For, q.To)] {
				t.Fatalf("was %v, is %v, and Compare does not say so\nrequest %+v\nperson %+v\nold %+v\nnew %+v", was, is, q, who, old, new)
			}
		}
	})
	if differ == 0 {
		t.Error("no random question told the versions apart")
	}
	t.Logf("%d of %d questions told versions apart; %d changes in %d comparisons", differ, asked, told, compared)
}

// What is computed for a whole class of questions is what is decided about one of it.
func TestClassesAreDecidedAlike(t *testing.T) {
	tried, allowed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		old := worldtest.Model(t)
		new, _ := changed(t, old)
		classes, err := policy.ClassesOf(old, new, worldtest.Now)
		if err != nil {
			t.Fatal(err)
		}
		// Drawing every pick would be slow to shrink and no clearer.
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range 300 {
			computed, decided, q, who, err := classes.Try(random.IntN)
			if err != nil {
				t.Fatal(err)
			}
			if computed != decided {
				t.Fatalf("computed %v, decided %v\nrequest %+v\nperson %+v\nold %+v\nnew %+v", computed, decided, q, who, old, new)
			}
			tried++
			if decided[0] || decided[1] {
				allowed++
			}
		}
	})
	if allowed == 0 {
		t.Error("no class was allowed")
	}
	t.Logf("%d of %d classes were allowed in a version", allowed, tried)
}
