package subject_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// slack is what a busy machine may take beside what is promised.
const slack = 2 * time.Second

// A withdrawal holds at once where it was recorded, and within a second in a process that does not follow
// the other: then it reads through.
func TestWithdrawalReachesOthers(t *testing.T) {
	url, dir := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys")
	here := openHouse(t, setting{url: url, dir: dir})
	there := openHouse(t, setting{url: url, dir: dir})
	const ann = "email:ann@mail.example"
	reached := func(what string, most time.Duration) {
		t.Helper()
		here.record(ann, grant())
		for start := time.Now(); there.may(ann) != decision.Allow; {
			if time.Since(start) > 10*time.Second {
				t.Fatal("the consent does not get there")
			}
		}
		here.record(ann, withdrawal())
		told := time.Now()
		if here.may(ann) == decision.Allow {
			t.Error("the withdrawal does not hold where it was recorded")
		}
		for there.may(ann) == decision.Allow {
			if time.Since(told) > 10*time.Second {
				t.Fatal("the withdrawal does not get there")
			}
		}
		if took := time.Since(told); took > most {
			t.Errorf("%s: the withdrawal took %v", what, took)
		}
	}
	// The other process has just looked, so that it trusts what it remembers as long as it ever does.
	for range 2 {
		reached("nobody follows", time.Second+slack)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { there.people.Follow(ctx, nil); close(done) }()
	time.Sleep(300 * time.Millisecond)
	for range 2 {
		reached("followed", 300*time.Millisecond+slack)
	}
	stop()
	<-done
	reached("no longer followed", time.Second+slack)
}

// The clocks of two processes differ. What one recorded lies in the other's past, as soon as it reads it.
func TestClocksOfProcessesDiffer(t *testing.T) {
	url, dir := storetest.Postgres(t), filepath.Join(t.TempDir(), "keys")
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	fast, slow := newClock(at.Add(time.Hour)), newClock(at)
	here := openHouse(t, setting{url: url, dir: dir, clock: fast})
	there := openHouse(t, setting{url: url, dir: dir, clock: slow})
	const ann = "email:ann@mail.example"
	there.record(ann, grant())
	here.record(ann, withdrawal())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go there.people.Follow(ctx, nil)
	deadline := time.Now().Add(time.Second + slack)
	for there.may(ann) == decision.Allow {
		if time.Now().After(deadline) {
			t.Fatal("the withdrawal lies in the future of a process whose clock is behind")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if b := there.store.ClockBehind(); b < time.Hour-time.Minute || b > time.Hour+time.Millisecond {
		t.Errorf("the clock is behind by %v", b)
	}
	again := there.record(ann, grant())
	if there.may(ann) != decision.Allow || here.may(ann) != decision.Allow {
		t.Errorf("a consent after the withdrawal, at entry %d, does not hold", again.Index)
	}
}

// Clocks jump. What is recorded never has an earlier time than what was recorded before; how far ahead an
// event may lie is measured by our own time.
func TestClockJumps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		c := newClock(at)
		s := setting{url: url, dir: filepath.Join(t.TempDir(), "keys"), clock: c}
		h := openHouse(t, s)
		const ann = "customer:4711"
		for i, step := range []time.Duration{0, time.Second, -time.Hour, time.Minute, 24 * time.Hour, -24 * time.Hour, time.Second} {
			c.step(step)
			h.record(ann, []subject.Event{grant(), withdrawal()}[i%2])
			if got, want := h.may(ann), []decision.Outcome{decision.Allow, decision.Unmet}[i%2]; got != want {
				t.Errorf("after a step of %v: %v", step, got)
			}
			if i == 4 { // a restart does not forget how late it is
				h.close()
				h = openHouse(t, s)
			}
		}
		if b := h.store.ClockBehind(); b.Round(time.Millisecond) != 24*time.Hour-time.Second {
			t.Errorf("the clock is behind by %v", b)
		}
		var last string
		entries, err := h.people.History(t.Context(), h.site, ref(t, ann), 0, 100)
		if err != nil || len(entries) != 7 {
			t.Fatal(err, len(entries))
		}
		for _, e := range entries {
			if at := recordedOf(t, e.Record); at < last {
				t.Errorf("recorded %s after %s", at, last)
			} else {
				last = at
			}
		}
		now := decision.InstantOf(h.store.Now())
		for ahead, want := range map[decision.Instant]bool{0: true, 119_999_999: true, 120_000_000: true, 120_001_000: false, 86_400_000_000: false} {
			e := withdrawal()
			e.At = now + ahead
			_, errs := h.people.Append(t.Context(), h.site, []subject.Report{{Person: ref(t, ann), Event: e}})
			if (errs[0] == nil) != want || !want && !errors.Is(errs[0], subject.ErrEvent) {
				t.Errorf("%d µs ahead: %v", ahead, errs[0])
			}
		}
		if _, err := h.people.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// An import says when it happened.
func TestImportWithoutTime(t *testing.T) {
	h := openHouse(t, setting{url: storetest.SQLite(t), dir: filepath.Join(t.TempDir(), "keys")})
	e := grant()
	e.Source = "old list"
	_, errs := h.people.Append(t.Context(), h.site, []subject.Report{{Person: ref(t, "customer:4711"), Event: e, Create: true}})
	if !errors.Is(errs[0], subject.ErrEvent) {
		t.Errorf("got %v", errs[0])
	}
	e = grant()
	e.Until = 1 << 60
	_, errs = h.people.Append(t.Context(), h.site, []subject.Report{{Person: ref(t, "customer:4711"), Event: e, Create: true}})
	if !errors.Is(errs[0], subject.ErrEvent) {
		t.Errorf("an end beyond the year 9999: %v", errs[0])
	}
}
