package decision_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/decision/worldtest"
)

// A program without a promise, or without laws, answers as one that was compiled without, about decisions
// and about what is kept.
func TestWithoutIsNotWritten(t *testing.T) {
	changed := 0
	rapid.Check(t, func(t *rapid.T) {
		m := worldtest.Model(t)
		var ids []string
		for _, r := range m.Rules {
			ids = append(ids, r.ID)
		}
		for _, k := range m.Keeps {
			ids = append(ids, k.ID)
		}
		id := rapid.SampledFrom(ids).Draw(t, "id")
		less := *m
		less.Rules = slices.DeleteFunc(slices.Clone(m.Rules), func(r decision.Rule) bool { return r.ID == id })
		less.Keeps = slices.DeleteFunc(slices.Clone(m.Keeps), func(k decision.Keep) bool { return k.ID == id })
		whole, again := compiled(t, m), compiled(t, &less)
		without := whole.Without(id)
		free := *m
		free.Laws = nil
		lawless, unbound := whole.Lawless(), compiled(t, &free)
		for range 20 {
			q, who := worldtest.Aimed(t, m), worldtest.Person(t)
			want, got := answer(t, again, q, who), answer(t, without, q, who)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("without %s: got %+v, want %+v\nrequest %+v\nperson %+v\nmodel %+v", id, got, want, q, who, m)
			}
			if !reflect.DeepEqual(got, answer(t, whole, q, who)) {
				changed++
			}
			if got, want := answer(t, lawless, q, who), answer(t, unbound, q, who); !reflect.DeepEqual(got, want) {
				t.Fatalf("without laws: got %+v, want %+v\nrequest %+v\nperson %+v\nmodel %+v", got, want, q, who, m)
			}
			for _, c := range m.Vocabulary.Data {
				want, got := kept(t, again, c.Name, who), kept(t, without, c.Name, who)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("without %s: %s is kept as %+v, want %+v", id, c.Name, got, want)
				}
			}
		}
	})
	if changed == 0 {
		t.Error("no promise was missed")
	}
}

func compiled(t *rapid.T, m *decision.Model) *decision.Program {
	p, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func answer(t *rapid.T, p *decision.Program, q decision.Request, who decision.Person) decision.Answer {
	f, err := p.Facts(who)
	if err != nil {
		t.Fatal(err)
	}
	var d decision.Decision
	p.Decide(&q, &f, &d)
	return d.Answer()
}

func kept(t *rapid.T, p *decision.Program, category string, who decision.Person) decision.Kept {
	f, err := p.Facts(who)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := p.Kept(category, worldtest.Now, &f)
	if !ok {
		t.Fatalf("%s is not known", category)
	}
	return k
}
