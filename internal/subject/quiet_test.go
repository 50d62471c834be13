package subject_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// permit records that the letter's mailer may have a person's address.
func (h *house) permit(who string) error {
	h.t.Helper()
	known, err := h.people.Facts(h.t.Context(), h.site, ref(h.t, who), 0)
	if err != nil {
		h.t.Fatal(err)
	}
	d := subject.Disclosure{Action: decision.VerbDisclose, Data: []string{"contact.email"}, For: "letter", To: "mailer"}
	_, errs := h.people.Permit(h.t.Context(), h.site, []subject.Permission{{Disclosure: d, Person: known, At: decision.InstantOf(time.Now()), By: "test", Principal: "mailer"}})
	return errs[0]
}

// mayByHistory is what may says of a person whose whole history is read.
func (h *house) mayByHistory(who string) decision.Outcome {
	h.t.Helper()
	person, _, err := h.people.Person(h.t.Context(), h.site, ref(h.t, who))
	if err != nil {
		h.t.Fatal(err)
	}
	facts, err := h.site.Program.Facts(person)
	if err != nil {
		h.t.Fatal(err)
	}
	var d decision.Decision
	return h.site.Program.Decide(&decision.Request{Action: "use", Data: []string{"contact.email"}, For: "letter", At: decision.InstantOf(h.store.Now()) + 1}, &facts, &d)
}

// Whatever happens with people of long histories, and in whichever order, those who remember decide as those
// who read everything.
func TestFactsHoldThroughQuietRecords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		people := []string{"customer:1", "customer:2", "customer:3"}
		for _, who := range people {
			h.record(who, subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn})
			for range 40 {
				if err := h.permit(who); err != nil {
					t.Fatal(err)
				}
			}
		}
		dice := rand.New(rand.NewPCG(7, 7))
		allowed := 0
		for step := range storetest.Rounds(80, 2000) {
			who := people[dice.IntN(len(people))]
			other := people[dice.IntN(len(people))]
			var err error
			what := dice.IntN(8)
			switch what {
			case 0:
				h.record(who, subject.Event{Kind: subject.Withdrawn, Scope: letter})
			case 1:
				h.record(who, subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn})
			case 2:
				err = h.people.Accessed(t.Context(), h.site, ref(t, who), "test", "person")
			case 3:
				err = h.people.Merge(t.Context(), h.site, "test", ref(t, who), ref(t, other))
			case 4:
				err = h.people.Split(t.Context(), h.site, "test", ref(t, who))
			default:
				err = h.permit(who)
			}
			if err != nil && !errors.Is(err, subject.ErrMerge) {
				t.Fatal(what, err)
			}
			for _, who := range people {
				got, want := h.may(who), h.mayByHistory(who)
				if got != want {
					t.Fatalf("step %d, %d of %s: remembered %v, read %v", step, what, who, got, want)
				}
				if got == decision.Allow {
					allowed++
				}
			}
		}
		if allowed == 0 {
			t.Error("nothing was ever allowed")
		}
	})
}

// A disclosure of a person of many costs about what one of few does.
func BenchmarkPermitOfMany(b *testing.B) {
	for _, n := range []int{0, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := newHouse(b, storetest.SQLite(b))
			h.record("customer:1", subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn})
			for range n {
				if err := h.permit("customer:1"); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := h.permit("customer:1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
