package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/subject"
)

// crowdSize is how many people the demo makes up.
const crowdSize = 300

// The demo's people have names that many have, addresses at domains that RFC 2606 reserves, and numbers
// that regulators keep for films: none can belong to anybody.
var (
	firstNames = []string{"ada", "ben", "cleo", "dara", "emil", "fay", "gus", "hana", "ivy", "jon", "kim", "lea", "max", "nia", "oli", "pia", "rob", "sam", "tea", "uma"}
	lastNames  = []string{"archer", "baker", "carter", "dyer", "eaton", "fisher", "glover", "hunter", "inman", "joiner", "keeper", "lister", "miller", "napier", "ostler"}
	domains    = []string{"mail.example", "post.example", "example.com", "example.net", "example.org"}
)

// A resident is one of the crowd.
type resident struct{ email, phone, customer string }

func madeUpPerson(i int) resident {
	first, last := firstNames[i%len(firstNames)], lastNames[i/len(firstNames)%len(lastNames)]
	return resident{
		email:    fmt.Sprintf("email:%s.%s@%s", first, last, domains[i%len(domains)]),
		phone:    fmt.Sprintf("phone:+44 7700 900%03d", i%1000),
		customer: fmt.Sprintf("customer:%d", 4000+i),
	}
}

// seed makes the crowd up and what happened with them, the same in every demo. Where it was interrupted, it
// can be repeated: nobody and nothing is there twice.
func seed(ctx context.Context, h *server.House, site *subject.Site) error {
	chance := rand.New(rand.NewPCG(1, 2))
	now := h.Store.Now()
	ago := func(days int) decision.Instant {
		return decision.InstantOf(now.AddDate(0, 0, -days).Truncate(time.Second))
	}
	var reports []subject.Report
	for i := range crowdSize {
		m := madeUpPerson(i)
		ids := []subject.Identity{identity(m.email), identity(m.customer)}
		if i%3 == 0 {
			ids = append(ids, identity(m.phone))
		}
		if _, _, err := h.People.Create(ctx, site, "demo", ids...); err != nil {
			return fmt.Errorf("make people up: %w", err)
		}
		for n, e := range madeUpEvents(chance, ago) {
			reports = append(reports, subject.Report{Person: ids[0], Event: e, Key: fmt.Sprintf("%d-%d", i, n), Caller: "demo"})
		}
	}
	_, errs := h.People.Append(ctx, site, reports)
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("make events up: %w", err)
		}
	}
	return nil
}

func identity(text string) subject.Identity {
	i, err := subject.ParseIdentity(text)
	if err != nil {
		panic(err) // of our own making
	}
	return i
}

// madeUpEvents are one person's: an account, orders, mostly an answer to the question of the letter, now
// and then a second thought.
func madeUpEvents(chance *rand.Rand, ago func(days int) decision.Instant) []subject.Event {
	const imported = "demo"
	joined := 30 + chance.IntN(700)
	events := []subject.Event{
		{Kind: subject.Described, Residence: []string{"IE", "DE", "FR", "GB", "US-CA"}[chance.IntN(5)], At: ago(joined), Source: imported},
		{Kind: subject.Happened, Name: "account-opened", At: ago(joined), Source: imported},
	}
	for range chance.IntN(4) {
		events = append(events, subject.Event{Kind: subject.Happened, Name: "order-placed", At: ago(chance.IntN(joined)), Source: imported})
	}
	letter := decision.Scope{For: []string{"letter"}}
	switch answer := chance.IntN(10); {
	case answer < 5:
		events = append(events, subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn, At: ago(joined), Source: imported})
		if answer == 0 {
			events = append(events, subject.Event{Kind: subject.Withdrawn, Scope: letter, At: ago(chance.IntN(joined)), Source: imported})
		}
	case answer < 8:
		events = append(events, subject.Event{Kind: subject.Refused, Scope: letter, At: ago(joined), Source: imported})
	}
	if chance.IntN(12) == 0 {
		events = append(events, subject.Event{Kind: subject.Objected, Scope: decision.Scope{For: []string{"similar-offers"}}, At: ago(chance.IntN(joined)), Source: imported})
	}
	return events
}

// keepForAuditor writes what an auditor needs and cannot be talked out of: the log's key, and three
// people's receipts.
func keepForAuditor(ctx context.Context, dir string, h *server.House, site *subject.Site) error {
	if err := os.WriteFile(filepath.Join(dir, "log.vkey"), []byte(h.Keys.Signer().Key()+"\n"), 0o644); err != nil {
		return err
	}
	receipts := filepath.Join(dir, "receipts")
	if err := os.MkdirAll(receipts, 0o700); err != nil {
		return err
	}
	for i := range 3 {
		who := identity(madeUpPerson(i).email)
		l, err := h.People.History(ctx, site, who, 0, 20)
		if err != nil {
			return err
		}
		r, err := h.People.Receipt(ctx, site, who, l[len(l)-1].Index)
		if err != nil {
			return err
		}
		text, err := r.JSON()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(receipts, fmt.Sprintf("%d.json", i+1)), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
