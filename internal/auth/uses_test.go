package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/vault"
)

// TestLastUseIsWrittenLazily authenticates twice a second apart: what the first noted is written by then.
func TestLastUseIsWrittenLazily(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		id, secret := p.issue(t, auth.LocalAdmin(0), p.create(t, "shop"), decide(), time.Time{})
		p.in(t, secret)
		time.Sleep(1100 * time.Millisecond)
		p.in(t, secret)
		want := p.clock.now().Truncate(time.Hour).UnixMicro()
		for range 100 {
			var used *int64
			err := p.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return tx.Row(ctx, `SELECT used FROM api_key WHERE id = $1`, []any{id}, &used)
			})
			if err != nil {
				t.Fatal(err)
			}
			if used != nil {
				if *used != want {
					t.Errorf("used at %d, not at the hour %d", *used, want)
				}
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Error("the last use is not written")
	})
}

// TestHashesMoveToTheNewestKey rotates the look-up key: keys that are used meanwhile outlive the old one.
func TestHashesMoveToTheNewestKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		no := p.create(t, "shop")
		_, used := p.issue(t, auth.LocalAdmin(0), no, decide(), time.Time{})
		_, unused := p.issue(t, auth.LocalAdmin(0), no, decide(), time.Time{})
		p.in(t, used)
		if _, err := p.keys.RotateLookup(vault.ForAPIKey, p.clock.now(), p.clock.now().Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		p.clock.add(time.Minute)
		_, young := p.issue(t, auth.LocalAdmin(0), no, decide(), time.Time{})
		p.in(t, used) // is read again, since there was an act
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.clock.add(25 * time.Hour)
		if _, err := p.keys.DropLookup(p.clock.now()); err != nil {
			t.Fatal(err)
		}
		p.Auth = auth.New(p.store, p.keys, auth.Options{})
		p.in(t, used)
		p.in(t, young)
		p.refuses(t, unused, auth.ErrUnknown)
	})
}
