package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/policies"
)

// othersSize is how many people each of the other notices gets.
const othersSize = 40

// seedOthers makes people up for the other notices too: a few of whatever their vocabulary says can
// happen, and answers to the questions on whose consent something rests.
func seedOthers(ctx context.Context, dir string, h *server.House) error {
	for _, name := range policies.Names() {
		if name == demoSite {
			continue
		}
		l, err := load(filepath.Join(dir, name), io.Discard)
		if err != nil {
			return err
		}
		site, err := h.People.Site(ctx, l.model.Site, l.model, l.program, l.policy.Front.Since().Format(time.DateOnly))
		if err != nil {
			return err
		}
		if err := seedOther(ctx, h, site); err != nil {
			return fmt.Errorf("make people up for %s: %w", name, err)
		}
	}
	return nil
}

func seedOther(ctx context.Context, h *server.House, site *subject.Site) error {
	chance := rand.New(rand.NewPCG(3, 4))
	asked := purposesOnConsent(site.Model)
	var reports []subject.Report
	for i := range othersSize {
		m := madeUpPerson(i)
		for n := range 1 + chance.IntN(4) {
			at := decision.InstantOf(h.Store.Now().AddDate(0, 0, -1-chance.IntN(400)).Truncate(time.Second))
			e := subject.Event{Kind: subject.Happened, At: at, Source: "demo"}
			if events := site.Model.Vocabulary.Events; len(asked) > 0 && (n == 0 || len(events) == 0) {
				e.Kind = []subject.Kind{subject.Granted, subject.Refused}[chance.IntN(2)]
				if e.Scope.For = []string{asked[chance.IntN(len(asked))]}; e.Kind == subject.Granted {
					e.Style = decision.OptIn
				}
			} else if len(events) > 0 {
				e.Name = events[chance.IntN(len(events))]
			}
			reports = append(reports, subject.Report{Person: identity(m.email), Event: e, Key: fmt.Sprintf("%d-%d", i, n), Caller: "demo", Create: true})
		}
	}
	_, errs := h.People.Append(ctx, site, reports)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// purposesOnConsent are those for which something is allowed on consent.
func purposesOnConsent(m *decision.Model) []string {
	var out []string
	for _, p := range m.Vocabulary.Purposes {
		if len(m.ClausesOn([]string{p.Name})) > 0 {
			out = append(out, p.Name)
		}
	}
	slices.Sort(out)
	return out
}
