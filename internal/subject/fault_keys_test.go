package subject_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// doubted wants the house not to open, for a reason.
func doubted(t *testing.T, s setting, why string) {
	t.Helper()
	h, err := tryOpen(t, s)
	if err == nil {
		h.close()
	}
	if _, ok := errors.AsType[store.Doubt](err); !ok || !strings.Contains(err.Error(), why) {
		t.Errorf("want a doubt with %q, got %v", why, err)
	}
}

// Keys and journals that do not belong to the database, or are gone.
func TestWrongKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys")}
		h := openHouse(t, s)
		h.record("customer:4711", grant())
		h.record("customer:4711", withdrawal())
		h.close()

		another := setting{url: url, dir: filepath.Join(t.TempDir(), "keys")}
		doubted(t, another, "not signed with our key")

		journal := filepath.Join(s.dir, vault.JournalName)
		kept := moveAway(t, journal)
		doubted(t, s, "the journal beside the keys knows of none")
		putBack(t, filepath.Join(another.dir, vault.JournalName), journal)
		doubted(t, s, "the journal beside the keys knows of none")
		other := openHouse(t, setting{url: storetest.SQLite(t), dir: filepath.Join(t.TempDir(), "keys")})
		other.record("customer:4711", withdrawal())
		other.checkpoint(t)
		putBack(t, filepath.Join(other.dir, vault.JournalName), journal)
		doubted(t, s, "not those that were signed before")
		if err := os.WriteFile(journal, kept, 0o600); err != nil {
			t.Fatal(err)
		}

		// Without the key file nothing opens, and no new keys are made over the journal.
		file := moveAway(t, filepath.Join(s.dir, "keys.json"))
		if _, err := vault.Open(s.dir, vault.Options{}); !errors.Is(err, vault.ErrMissing) {
			t.Errorf("keys that are gone: %v", err)
		}
		if _, err := tryOpen(t, s); !errors.Is(err, vault.ErrExists) {
			t.Errorf("new keys over an old journal: %v", err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, "keys.json"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		h = openHouse(t, s)
		if h.may("customer:4711") != decision.Unmet {
			t.Error("what was recorded is not there")
		}
	})
}

func (h *house) checkpoint(t *testing.T) {
	t.Helper()
	head, err := h.store.Head(t.Context())
	if err == nil {
		err = h.people.Checkpoint(head.Checkpoint)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func moveAway(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func putBack(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A key folder that is older than the database, and an epoch that was destroyed while rings still hung on
// it: whoever cannot be read is an error, and not a stranger.
func TestHalfRotated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		c := newClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
		s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys"), clock: c}
		h := openHouse(t, s)
		h.record("customer:old", grant())
		h.record("customer:old-no", withdrawal())
		if _, err := h.keys.Rotate(c.now()); err != nil {
			t.Fatal(err)
		}
		older, err := os.ReadFile(filepath.Join(s.dir, "keys.json"))
		if err != nil {
			t.Fatal(err)
		}
		h.record("customer:new", grant())
		if _, err := h.keys.Rotate(c.now()); err != nil {
			t.Fatal(err)
		}
		h.record("customer:newest", grant())
		for _, who := range []string{"customer:old", "customer:new", "customer:newest"} {
			if h.may(who) != decision.Allow {
				t.Errorf("%s does not open between two epochs", who)
			}
		}
		h.close()

		newer, err := os.ReadFile(filepath.Join(s.dir, "keys.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, "keys.json"), older, 0o600); err != nil {
			t.Fatal(err)
		}
		if h, err = tryOpen(t, s); err != nil {
			t.Fatal(err)
		}
		h.unreadable(t, "customer:newest")
		h.close()
		if err := os.WriteFile(filepath.Join(s.dir, "keys.json"), newer, 0o600); err != nil {
			t.Fatal(err)
		}

		h = openHouse(t, s)
		if n, err := h.people.Wrapped(t.Context(), 1); err != nil || n == 0 {
			t.Fatalf("%d rings under the first epoch (%v)", n, err)
		}
		if err := h.keys.Retire(1, c.now()); err != nil {
			t.Fatal(err)
		}
		c.step(time.Minute)
		if err := h.keys.Destroy(1, c.now()); err != nil {
			t.Fatal(err)
		}
		h.close()
		doubted(t, s, "does not have the keys for it")
		s.noJournal = true
		h = openHouse(t, s)
		h.unreadable(t, "customer:old")
		if h.may("customer:newest") != decision.Allow {
			t.Error("those under living epochs do not open")
		}
	})
}

// unreadable wants an error for somebody whose keys are not there.
func (h *house) unreadable(t *testing.T, who string) {
	t.Helper()
	if k, err := h.people.Facts(context.Background(), h.site, ref(t, who), 0); !errors.Is(err, vault.ErrNoEpoch) {
		t.Errorf("%s without a key: known %v, %v", who, k.Known, err)
	}
	if _, err := h.people.Check(t.Context(), nil); err == nil {
		t.Error("the check finds nothing")
	} else if d, ok := errors.AsType[*store.Defect](err); !ok || !strings.Contains(d.What, "no such epoch key") && !strings.Contains(d.What, "destroyed") {
		t.Errorf("the check finds %v", err)
	}
}

// A receipt of another log, of another person, and one put together of two.
func TestReceiptsOfOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := openHouse(t, setting{url: url, dir: filepath.Join(t.TempDir(), "keys")})
		other := openHouse(t, setting{url: storetest.SQLite(t), dir: filepath.Join(t.TempDir(), "keys")})
		of := func(h *house, who string) (r ledger.Receipt, index int64) {
			t.Helper()
			got := h.record(who, grant())
			r, err := h.people.Receipt(t.Context(), h.site, ref(t, who), got.Index)
			if err != nil {
				t.Fatal(err)
			}
			return r, got.Index
		}
		ann, at := of(h, "customer:ann")
		bob, _ := of(h, "customer:bob")
		foreign, _ := of(other, "customer:ann")
		v := h.keys.Verifier()
		if _, _, err := ann.Verify(v); err != nil {
			t.Fatal(err)
		}
		if _, _, err := foreign.Verify(v); !errors.Is(err, ledger.ErrUnknownLog) {
			t.Errorf("a receipt of another log: %v", err)
		}
		if _, err := h.people.Receipt(t.Context(), h.site, ref(t, "customer:bob"), at); !errors.Is(err, subject.ErrNoEntry) {
			t.Errorf("a receipt for another person's entry: %v", err)
		}
		for what, mixed := range map[string]ledger.Receipt{
			"another's record": {Record: bob.Record, Key: ann.Key, Proof: ann.Proof},
			"another's key":    {Record: ann.Record, Key: bob.Key, Proof: ann.Proof},
			"another's proof":  {Record: ann.Record, Key: ann.Key, Proof: bob.Proof},
		} {
			if _, _, err := mixed.Verify(v); !errors.Is(err, ledger.ErrNotIncluded) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
