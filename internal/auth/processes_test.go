package auth_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// TestRevokedElsewhere revokes in one process and wants the other, which has the key in memory and much to
// do, to refuse it within a second, and to accept a key that was issued elsewhere at once.
func TestRevokedElsewhere(t *testing.T) {
	p := begin(t, storetest.Postgres(t))
	o := p.another(t)
	no := p.create(t, "shop")
	for range 3 {
		id, secret := p.issue(t, auth.LocalAdmin(0), no, decide(), time.Time{})
		o.in(t, secret)
		if err := p.Revoke(t.Context(), auth.LocalAdmin(0), id); err != nil {
			t.Fatal(err)
		}
		since := time.Now()
		for {
			_, err := o.Authenticate(t.Context(), secret)
			if errors.Is(err, auth.ErrRevoked) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if age := time.Since(since); age > 3*time.Second { // one is promised; the rest is a busy machine's
				t.Fatalf("good for %s after it was revoked", age)
			}
			time.Sleep(time.Millisecond)
		}
		t.Logf("refused after %s", time.Since(since))
	}
}

// TestRevokedElsewhereAfterRest does the same where nobody called meanwhile: then at once.
func TestRevokedElsewhereAfterRest(t *testing.T) {
	p := begin(t, storetest.Postgres(t))
	o := p.another(t)
	id, secret := p.issue(t, auth.LocalAdmin(0), p.create(t, "shop"), decide(), time.Time{})
	o.in(t, secret)
	time.Sleep(1100 * time.Millisecond)
	if err := p.Revoke(t.Context(), auth.LocalAdmin(0), id); err != nil {
		t.Fatal(err)
	}
	o.refuses(t, secret, auth.ErrRevoked)
}

func TestOneFirstKeyOfManyProcesses(t *testing.T) {
	p := begin(t, storetest.Postgres(t))
	all := []*process{p, p.another(t), p.another(t)}
	var wg sync.WaitGroup
	secrets := make(chan string, 100)
	for range 4 {
		for _, p := range all {
			wg.Go(func() {
				secret, ok, err := p.FirstKey(t.Context())
				if err != nil {
					t.Error(err)
				}
				if ok {
					secrets <- secret
				}
			})
		}
	}
	wg.Wait()
	close(secrets)
	if len(secrets) != 1 {
		t.Fatalf("%d first keys", len(secrets))
	}
	secret := <-secrets
	for _, p := range all {
		p.in(t, secret)
	}
}

// block locks what a confirmation reads, until release is called.
func (p *process) block(t *testing.T) (release func()) {
	t.Helper()
	locked, free, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- p.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `LOCK TABLE entry IN ACCESS EXCLUSIVE MODE`); err != nil {
				return err
			}
			close(locked)
			<-free
			return nil
		})
	}()
	<-locked
	return func() {
		close(free)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// calls authenticates until a time and wants no call to wait.
func (p *process) calls(t *testing.T, secret string, until time.Time) {
	t.Helper()
	for time.Now().Before(until) {
		before := time.Now()
		p.in(t, secret)
		if d := time.Since(before); d > 100*time.Millisecond {
			t.Fatalf("waited %s", d)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestABlockedDatabase serves callers without delay as long as the second lasts; then they wait as long
// as they like, and no longer.
func TestABlockedDatabase(t *testing.T) {
	p := begin(t, storetest.Postgres(t))
	o := p.another(t)
	_, secret := p.issue(t, auth.LocalAdmin(0), p.create(t, "shop"), decide(), time.Time{})
	o.in(t, secret)
	since := time.Now()
	release := p.block(t)
	o.calls(t, secret, since.Add(900*time.Millisecond))
	time.Sleep(time.Until(since.Add(1100 * time.Millisecond)))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := o.Authenticate(ctx, secret); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	release()
	o.in(t, secret)
}

// TestABurstIsNotBlocked blocks the database around the end of the second: somebody has confirmed before.
func TestABurstIsNotBlocked(t *testing.T) {
	p := begin(t, storetest.Postgres(t))
	o := p.another(t)
	_, secret := p.issue(t, auth.LocalAdmin(0), p.create(t, "shop"), decide(), time.Time{})
	o.in(t, secret)
	since := time.Now()
	o.calls(t, secret, since.Add(850*time.Millisecond))
	release := p.block(t)
	o.calls(t, secret, since.Add(1250*time.Millisecond))
	release()
}

// TestADatabaseThatWasSetBack takes the acts away that a process knows of: it trusts no answer any more.
func TestADatabaseThatWasSetBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		_, secret := p.issue(t, auth.LocalAdmin(0), p.create(t, "shop"), decide(), time.Time{})
		p.in(t, secret)
		err := p.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM entry WHERE site = 0 AND idx > 0`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond)
		var doubt store.Doubt
		for i := range 2 { // also when there are as many again
			if _, err := p.Authenticate(t.Context(), secret); !errors.As(err, &doubt) {
				t.Error(err)
			}
			p.create(t, fmt.Sprint("another-", i))
		}
	})
}
