package subject_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/policy"
)

// A house is everything that People stand on, over one database.
type house struct {
	t       testing.TB
	dir     string
	url     string
	keys    *vault.Keys
	journal *vault.Journal
	store   *store.Store
	people  *subject.People
	site    *subject.Site
}

func newHouse(t testing.TB, url string) *house {
	t.Helper()
	h := &house{t: t, url: url, dir: filepath.Join(t.TempDir(), "keys")}
	var err error
	if h.keys, err = vault.Create(h.dir, vault.Options{Origin: "avow.test/log"}); err != nil {
		t.Fatal(err)
	}
	h.open()
	t.Cleanup(func() {
		for _, c := range []io.Closer{h.store, h.journal} { // a test may have closed them
			if err := c.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
				t.Error(err)
			}
		}
	})
	return h
}

func (h *house) open() {
	h.t.Helper()
	var err error
	if h.journal, err = vault.OpenJournal(filepath.Join(h.dir, vault.JournalName)); err != nil {
		h.t.Fatal(err)
	}
	if h.store, err = store.Open(context.Background(), store.Config{URL: h.url, Signer: h.keys.Signer()}); err != nil {
		h.t.Fatal(err)
	}
	if h.people, err = subject.New(context.Background(), subject.Config{Store: h.store, Keys: h.keys, Journal: h.journal}); err != nil {
		h.t.Fatal(err)
	}
	m, program := starter(h.t)
	if h.site, err = h.people.Site(context.Background(), m.Site, m, program, "2026-01-01"); err != nil {
		h.t.Fatal(err)
	}
}

func starter(t testing.TB) (*decision.Model, *decision.Program) {
	t.Helper()
	p, problems, err := policy.Read(os.DirFS("../../policies/starter"))
	if err != nil || policy.Errors(problems) {
		t.Fatal(err, problems)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return m, program
}

func ref(t testing.TB, s string) subject.Ref {
	t.Helper()
	r, err := subject.ParseIdentity(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// record records one event and wants no error.
func (h *house) record(who string, e subject.Event) subject.Recorded {
	h.t.Helper()
	out, errs := h.people.Append(context.Background(), h.site, []subject.Report{{Person: ref(h.t, who), Event: e, Create: true}})
	if errs[0] != nil {
		h.t.Fatal(errs[0])
	}
	return out[0]
}

var letter = decision.Scope{For: []string{"letter"}}

// may asks whether the letter may be sent now.
func (h *house) may(who string) decision.Outcome {
	h.t.Helper()
	k, err := h.people.Facts(context.Background(), h.site, ref(h.t, who), 0)
	if err != nil {
		h.t.Fatal(err)
	}
	var d decision.Decision
	q := decision.Request{Action: "use", Data: []string{"contact.email"}, For: "letter", At: decision.InstantOf(h.store.Now()) + 1}
	return h.site.Program.Decide(&q, &k.Facts, &d)
}

func TestConsentFlipsTheAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		const ann = "email:Ann@Mail.Example"
		if got := h.may(ann); got != decision.Unmet {
			t.Errorf("a stranger: %v", got)
		}
		granted := h.record(ann, subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn})
		if got := h.may("email:ann@mail.example"); got != decision.Allow {
			t.Errorf("after the consent: %v", got)
		}
		r, err := h.people.Receipt(t.Context(), h.site, ref(t, ann), granted.Index)
		if err != nil {
			t.Fatal(err)
		}
		record, _, err := r.Verify(h.keys.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		if record.Kind != "granted" || !slices.Equal(record.Clauses, []string{"letter", "helper"}) {
			t.Errorf("the receipt opens %+v", record)
		}
		h.record(ann, subject.Event{Kind: subject.Withdrawn, Scope: letter})
		if got := h.may(ann); got != decision.Unmet {
			t.Errorf("after the withdrawal: %v", got)
		}
		erased, err := h.people.Erase(t.Context(), h.site, ref(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		if erased.Evidence != 2 || erased.Identities != 1 {
			t.Errorf("erased %+v", erased)
		}
		if _, err := h.people.Receipt(t.Context(), h.site, ref(t, ann), granted.Index); !errors.Is(err, subject.ErrUnknown) {
			t.Errorf("after the erasure a receipt: %v", err)
		}
		if _, _, err := r.Verify(h.keys.Verifier()); err != nil {
			t.Errorf("the person's own receipt: %v", err)
		}
		if got := h.may(ann); got != decision.Unmet {
			t.Errorf("after the erasure: %v", got)
		}
	})
}
