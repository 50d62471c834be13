package subject_test

import (
	"errors"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

func TestMergeAndSplit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		const shop, mail = "customer:1", "email:ann@mail.example"
		h.record(shop, subject.Event{Kind: subject.Granted, Scope: letter, Style: decision.OptIn})
		h.record(mail, subject.Event{Kind: subject.Withdrawn, Scope: letter})
		if h.may(shop) != decision.Allow || h.may(mail) != decision.Unmet {
			t.Fatal("before the merger they are two people")
		}
		if err := h.people.Merge(t.Context(), h.site, "test", ref(t, shop), ref(t, mail)); err != nil {
			t.Fatal(err)
		}
		if h.may(shop) != decision.Unmet || h.may(mail) != decision.Unmet {
			t.Error("a withdrawal of one does not hold for both")
		}
		if err := h.people.Merge(t.Context(), h.site, "test", ref(t, shop), ref(t, mail)); !errors.Is(err, subject.ErrMerge) {
			t.Errorf("merged twice: %v", err)
		}
		if err := h.people.Identify(t.Context(), h.site, "test", ref(t, "customer:2"), ref(t, "phone:+49 30 123456")); !errors.Is(err, subject.ErrUnknown) {
			t.Errorf("an identity for nobody: %v", err)
		}
		if err := h.people.Identify(t.Context(), h.site, "test", ref(t, shop), ref(t, "phone:+49 30 123456")); err != nil {
			t.Fatal(err)
		}
		h.wholeHistory(shop, 2, "granted", "withdrawn")
		if err := h.people.Identify(t.Context(), h.site, "test", ref(t, shop), ref(t, "device:1"), ref(t, "customer:3")); err != nil {
			t.Errorf("two identities that nobody has: %v", err)
		}
		h.record("customer:9", subject.Event{Kind: subject.Happened, Name: "order-placed"})
		if err := h.people.Identify(t.Context(), h.site, "test", ref(t, shop), ref(t, "device:2"), ref(t, "customer:9")); !errors.Is(err, subject.ErrTaken) {
			t.Errorf("one of two is another's: %v", err)
		}
		if _, err := h.people.Find(t.Context(), h.site, ref(t, "device:2")); !errors.Is(err, subject.ErrUnknown) {
			t.Errorf("the other of the two was given all the same: %v", err)
		}
		if err := h.people.Split(t.Context(), h.site, "test", ref(t, mail)); err != nil {
			t.Fatal(err)
		}
		if h.may(shop) != decision.Allow || h.may(mail) != decision.Unmet {
			t.Error("the split did not take the merger back")
		}
		if err := h.people.Split(t.Context(), h.site, "test", ref(t, mail)); !errors.Is(err, subject.ErrMerge) {
			t.Errorf("split twice: %v", err)
		}
		if err := h.people.Identify(t.Context(), h.site, "test", ref(t, mail), ref(t, "phone:0049 30 123456")); !errors.Is(err, subject.ErrTaken) {
			t.Errorf("an identity of another: %v", err)
		}
	})
}

// An erasure takes everybody who was merged into the person with it.
func TestErasureOfMerged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.record("customer:1", subject.Event{Kind: subject.Happened, Name: "account-opened"})
		h.record("customer:2", subject.Event{Kind: subject.Happened, Name: "order-placed"})
		h.record("customer:3", subject.Event{Kind: subject.Happened, Name: "order-placed"})
		if err := h.people.Merge(t.Context(), h.site, "test", ref(t, "customer:1"), ref(t, "customer:2")); err != nil {
			t.Fatal(err)
		}
		e, err := h.people.Erase(t.Context(), h.site, ref(t, "customer:2"))
		if err != nil {
			t.Fatal(err)
		}
		if e.Records != 2 || e.Identities != 2 || e.Evidence != 2 {
			t.Errorf("erased %+v", e)
		}
		for who, there := range map[string]bool{"customer:1": false, "customer:2": false, "customer:3": true} {
			if _, err := h.people.Find(t.Context(), h.site, ref(t, who)); (err == nil) != there {
				t.Errorf("%s: %v", who, err)
			}
		}
		if report, err := h.people.Check(t.Context(), nil); err != nil || report.Erased != 2 {
			t.Errorf("the log after the erasure: %+v, %v", report, err)
		}
	})
}

func TestIdentities(t *testing.T) {
	for text, want := range map[string]string{
		"email:Ann.Lee@Mail.EXAMPLE.":      "email:ann.lee@mail.example",
		" email:x@y":                       "",
		"email: ann@mail.example ":         "email:ann@mail.example",
		"email:ann@mail@example":           "",
		"email:ann mail@x.example":         "",
		"email:@x.example":                 "",
		"phone:+49 (30) 123-456":           "phone:+4930123456",
		"phone:0049 30 123456":             "phone:+4930123456",
		"phone:030 123456":                 "",
		"phone:+49 30 12345678901234":      "",
		"customer:  4711":                  "customer:4711",
		"customer:":                        "",
		"Customer:1":                       "",
		"customer:a\x00b":                  "",
		"no-kind":                          "",
		"0123456789ABCDEF0123456789abcdef": "id:0123456789abcdef0123456789abcdef",
	} {
		i, err := subject.ParseIdentity(text)
		if want == "" {
			if !errors.Is(err, subject.ErrIdentity) {
				t.Errorf("%q: read as %v", text, i)
			}
			continue
		}
		if err != nil || i.String() != want {
			t.Errorf("%q: %v (%v), want %s", text, i, err, want)
		}
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add("email:ann@mail.example")
	f.Add("phone:+49 30 123456")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := subject.ParseIdentity(text)
		if err != nil {
			return
		}
		again, err := subject.NewIdentity(i.Kind, i.Value)
		if err != nil || again != i {
			t.Errorf("%q normalised again is %v (%v)", i.String(), again, err)
		}
	})
}

// wholeHistory wants the kinds among a person's records, a receipt for each record, and so many identities.
func (h *house) wholeHistory(who string, identities int, kinds ...string) {
	h.t.Helper()
	l, err := h.people.History(h.t.Context(), h.site, ref(h.t, who), 0, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, e := range l {
		if i > 0 && e.Index <= l[i-1].Index {
			h.t.Errorf("entry %d stands behind entry %d", e.Index, l[i-1].Index)
		}
		r, err := h.people.Receipt(h.t.Context(), h.site, ref(h.t, who), e.Index)
		if err != nil {
			h.t.Errorf("a receipt of entry %d: %v", e.Index, err)
			continue
		}
		record, _, err := r.Verify(h.keys.Verifier())
		if err != nil {
			h.t.Error(err)
		}
		seen[record.Kind] = true
	}
	for _, kind := range kinds {
		if !seen[kind] {
			h.t.Errorf("no %s record among %v", kind, seen)
		}
	}
	if l, err := h.people.Identities(h.t.Context(), h.site, ref(h.t, who)); err != nil || len(l) < identities {
		h.t.Errorf("identities %v, %v", l, err)
	}
}

// An event that is sent again after a merger is the one that is there.
func TestRepeatAfterMerger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		send := func() subject.Recorded {
			t.Helper()
			out, errs := h.people.Append(t.Context(), h.site, []subject.Report{{
				Person: ref(t, "customer:1"), Event: subject.Event{Kind: subject.Refused, Scope: letter}, Key: "form-1", Caller: "shop", Create: true,
			}})
			if errs[0] != nil {
				t.Fatal(errs[0])
			}
			return out[0]
		}
		first := send()
		h.record("customer:2", subject.Event{Kind: subject.Happened, Name: "order-placed"})
		if err := h.people.Merge(t.Context(), h.site, "test", ref(t, "customer:2"), ref(t, "customer:1")); err != nil {
			t.Fatal(err)
		}
		if again := send(); !again.Again || again.Index != first.Index {
			t.Errorf("want entry %d again, got %+v", first.Index, again)
		}
	})
}
