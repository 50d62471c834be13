package auth_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// A clock is moved by hand.
type clock struct{ micros atomic.Int64 }

func newClock() *clock {
	var c clock
	c.micros.Store(time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC).UnixMicro())
	return &c
}

func (c *clock) now() time.Time      { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) add(d time.Duration) { c.micros.Add(d.Microseconds()) }

// A process is one that has the state open.
type process struct {
	*auth.Auth
	store *store.Store
	keys  *vault.Keys
	clock *clock
	url   string
	dir   string
}

func begin(t testing.TB, url string) *process {
	t.Helper()
	dir, c := filepath.Join(t.TempDir(), "keys"), newClock()
	keys, err := vault.Create(dir, vault.Options{Origin: "avow.test/log", Clock: c.now})
	if err != nil {
		t.Fatal(err)
	}
	p := &process{keys: keys, clock: c, url: url, dir: dir}
	p.open(t)
	return p
}

func (p *process) open(t testing.TB) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: p.url, Signer: p.keys.Signer(), Clock: p.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	p.store, p.Auth = s, auth.New(s, p.keys, auth.Options{})
	t.Cleanup(func() { _ = s.Close() }) // the test may have done it
}

// another is a process beside this one, on PostgreSQL.
func (p *process) another(t testing.TB) *process {
	t.Helper()
	keys, err := vault.Open(p.dir, vault.Options{Clock: p.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	o := &process{keys: keys, clock: p.clock, url: p.url, dir: p.dir}
	o.open(t)
	return o
}

func (p *process) first(t testing.TB) (string, *auth.Principal) {
	t.Helper()
	secret, ok, err := p.FirstKey(t.Context())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return secret, p.in(t, secret)
}

// in authenticates a secret that must be good.
func (p *process) in(t testing.TB, secret string) *auth.Principal {
	t.Helper()
	who, err := p.Authenticate(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func (p *process) refuses(t testing.TB, secret string, want error) {
	t.Helper()
	if who, err := p.Authenticate(t.Context(), secret); !errors.Is(err, want) || who != nil {
		t.Fatalf("%v, %v; want %v", who, err, want)
	}
}

func (p *process) issue(t testing.TB, by *auth.Principal, no int64, b auth.Binding, expires time.Time) (id, secret string) {
	t.Helper()
	id, secret, err := p.Issue(t.Context(), by, no, b, expires)
	if err != nil {
		t.Fatal(err)
	}
	return id, secret
}

func (p *process) create(t testing.TB, name string) int64 {
	t.Helper()
	no, err := p.Create(t.Context(), auth.LocalAdmin(0), name, auth.Machine, nil)
	if err != nil {
		t.Fatal(err)
	}
	return no
}

func decide() auth.Binding { return auth.Binding{Scopes: []auth.Scope{auth.Decide}} }

func TestFirstKeyIsMadeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		secret, who := p.first(t)
		if who.Name != auth.FirstName || who.Kind != auth.Staff || !who.Expires.IsZero() {
			t.Errorf("%+v", who)
		}
		for _, s := range auth.Scopes() {
			if !who.Has(s) {
				t.Errorf("the first key lacks %s", s)
			}
		}
		for range 2 {
			if again, ok, err := p.FirstKey(t.Context()); again != "" || ok || err != nil {
				t.Fatal(ok, err)
			}
			if err := p.End(t.Context(), auth.LocalAdmin(0), who.No); err != nil { // nor after everybody has ended
				t.Fatal(err)
			}
		}
		p.refuses(t, secret, auth.ErrEnded)
	})
}

func TestLifeOfAKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		_, admin := p.first(t)
		no, err := p.Create(t.Context(), admin, "mailer", auth.Machine, []string{"marketing", "marketing", "agent"})
		if err != nil {
			t.Fatal(err)
		}
		b := auth.Binding{Scopes: []auth.Scope{auth.WriteEvents, auth.Decide}, Sites: []string{"shop"}, Purposes: []string{"direct-marketing"}, Actions: []string{"use"}, Recipient: "mailer"}
		ends := p.clock.now().Add(10 * time.Hour)
		id, secret := p.issue(t, admin, no, b, ends)
		who := p.in(t, secret)
		b.Scopes = []auth.Scope{auth.Decide, auth.WriteEvents}
		want := auth.Principal{No: no, Name: "mailer", Kind: auth.Machine, Roles: []string{"agent", "marketing"}, Key: id, Binding: b, Expires: ends}
		if d := cmp.Diff(&want, who, cmp.AllowUnexported(auth.Principal{})); d != "" {
			t.Error(d)
		}

		second, other, err := p.Rotate(t.Context(), who, id, time.Hour) // by itself
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.Rotate(t.Context(), admin, id, time.Hour); !errors.Is(err, auth.ErrRotated) {
			t.Error(err)
		}
		if who := p.in(t, other); who.Key != second || !who.Expires.Equal(ends) || !cmp.Equal(who.Binding, b) {
			t.Errorf("%+v", who)
		}
		if who := p.in(t, secret); !who.Expires.Equal(p.clock.now().Add(time.Hour)) {
			t.Error("the old secret ends", who.Expires)
		}
		p.clock.add(time.Hour)
		p.refuses(t, secret, auth.ErrExpired)
		p.in(t, other)
		if err := p.Revoke(t.Context(), admin, second); err != nil {
			t.Fatal(err)
		}
		p.refuses(t, other, auth.ErrRevoked)
		if _, _, err := p.Rotate(t.Context(), admin, second, 0); !errors.Is(err, auth.ErrRevoked) {
			t.Error(err)
		}
		if _, _, err := p.Rotate(t.Context(), admin, id, 0); !errors.Is(err, auth.ErrExpired) {
			t.Error(err)
		}

		_, third := p.issue(t, admin, no, decide(), time.Time{})
		p.in(t, third)
		if err := p.End(t.Context(), admin, no); err != nil {
			t.Fatal(err)
		}
		p.refuses(t, third, auth.ErrEnded)
		if _, _, err := p.Issue(t.Context(), admin, no, decide(), time.Time{}); !errors.Is(err, auth.ErrEnded) {
			t.Error(err)
		}
		if _, err := p.Create(t.Context(), admin, "mailer", auth.Machine, nil); !errors.Is(err, auth.ErrTaken) {
			t.Error(err)
		}
		records(t, p, "principal.created", "key.issued", "principal.created", "key.issued", "key.rotated", "key.revoked", "key.issued", "principal.ended")
	})
}

// records checks the kinds of all acts in the log, and that each leaf opens with the key beside it.
func records(t *testing.T, p *process, want ...string) []ledger.Record {
	t.Helper()
	var kinds []string
	var all []ledger.Record
	err := p.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Entries(ctx, 0, 0, 0, func(e *store.Stored) error {
			r, err := ledger.ParseRecord(e.Record)
			if err != nil {
				return err
			}
			kinds, all = append(kinds, r.Kind), append(all, r)
			if r.Site != "" || !strings.Contains(string(r.Body), `"by":"`) {
				t.Errorf("record %s", e.Record)
			}
			leaf := ledger.NewLeaf([32]byte(e.Key), e.Record)
			bundle, err := p.store.Log().Tile(ctx, 0, uint64(e.At)/256, int(e.At)%256+1)
			if hash := leaf.Hash(); err != nil || string(bundle[len(bundle)-32:]) != string(hash[:]) {
				t.Errorf("the leaf of record %d does not open (%v)", e.At, err)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, kinds); d != "" {
		t.Error(d)
	}
	return all
}

func TestRecordsSayWhatWasDone(t *testing.T) {
	p := begin(t, storetest.SQLite(t))
	local := auth.LocalAdmin(1000)
	no, err := p.Create(t.Context(), local, "shop", auth.Machine, []string{"agent"})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := p.issue(t, local, no, auth.Binding{Scopes: []auth.Scope{auth.Decide}, Sites: []string{"shop"}, Recipient: "mailer"}, p.clock.now().Add(time.Hour))
	second, secret, err := p.Rotate(t.Context(), local, id, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Revoke(t.Context(), p.in(t, secret), second); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second does nothing
		if err := p.End(t.Context(), local, no); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`{"by":"local:1000","kind":"machine","name":"shop","principal":1,"roles":["agent"]}`,
		`{"by":"local:1000","expires":"2026-11-24T10:30:00.000000Z","key":"` + id + `","principal":1,"recipient":"mailer","scopes":["decide"],"sites":["shop"]}`,
		`{"by":"local:1000","expires":"2026-11-24T09:31:00.000000Z","key":"` + id + `","principal":1,"successor":"` + second + `"}`,
		`{"by":"` + second + `","key":"` + second + `","principal":1}`,
		`{"by":"local:1000","keys":["` + id + `"],"principal":1}`,
	}
	var got []string
	for _, r := range records(t, p, "principal.created", "key.issued", "key.rotated", "key.revoked", "principal.ended") {
		got = append(got, string(r.Body))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		start := p.clock.now()
		no := p.create(t, "shop")
		p.create(t, "without")
		id, secret := p.issue(t, auth.LocalAdmin(0), no, decide(), start.Add(100*time.Hour))
		p.clock.add(90 * time.Minute)
		p.in(t, secret)
		second, _, err := p.Rotate(t.Context(), auth.LocalAdmin(0), id, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Revoke(t.Context(), auth.LocalAdmin(0), second); err != nil {
			t.Fatal(err)
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := p.clock.now()
		want := []auth.Listed{
			{No: 1, Name: "shop", Kind: auth.Machine, Roles: []string{}, Created: start, Keys: []auth.ListedKey{
				{ID: id, Binding: decide(), Created: start, Expires: now.Add(time.Hour), Used: now.Truncate(time.Hour), Successor: second},
				{ID: second, Binding: decide(), Created: now, Expires: start.Add(100 * time.Hour), Revoked: now},
			}},
			{No: 2, Name: "without", Kind: auth.Machine, Roles: []string{}, Created: start},
		}
		got, err := p.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// TestRevocationHoldsAtOnce revokes under load: whoever begins after it returned is refused.
func TestRevocationHoldsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		no := p.create(t, "shop")
		for i := range 40 {
			if i%2 == 0 {
				p.Auth = auth.New(p.store, p.keys, auth.Options{}) // so that they meet it while it is read
			}
			id, secret := p.issue(t, auth.LocalAdmin(0), no, decide(), time.Time{})
			var gone atomic.Bool
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 1000 {
						before := gone.Load()
						_, err := p.Authenticate(t.Context(), secret)
						if before && !errors.Is(err, auth.ErrRevoked) || err != nil && !errors.Is(err, auth.ErrRevoked) {
							t.Errorf("revoked before: %v, answer: %v", before, err)
							return
						}
					}
				})
			}
			if err := p.Revoke(t.Context(), auth.LocalAdmin(0), id); err != nil {
				t.Error(err)
			}
			gone.Store(true)
			wg.Wait()
		}
	})
}

// TestALookUpFromBeforeAnswersNobodyAfter holds a look-up up that has read its row, revokes the key, and
// asks again: who comes then must not be answered with what was read.
func TestALookUpFromBeforeAnswersNobodyAfter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		id, secret := p.issue(t, auth.LocalAdmin(0), p.create(t, "shop"), decide(), time.Time{})
		var slow atomic.Bool
		reached, free := make(chan struct{}), make(chan struct{})
		keys, err := vault.Open(p.dir, vault.Options{Clock: func() time.Time {
			if slow.CompareAndSwap(true, false) {
				close(reached)
				<-free
			}
			return p.clock.now()
		}})
		if err != nil {
			t.Fatal(err)
		}
		p.Auth = auth.New(p.store, keys, auth.Options{})
		slow.Store(true)
		answers := make(chan error, 2)
		ask := func() {
			_, err := p.Authenticate(t.Context(), secret)
			answers <- err
		}
		go ask()
		<-reached // the row is read, and its hash compared
		if err := p.Revoke(t.Context(), auth.LocalAdmin(0), id); err != nil {
			t.Fatal(err)
		}
		go ask()
		time.Sleep(20 * time.Millisecond) // it waits for the first
		close(free)
		if one, two := <-answers, <-answers; (one == nil) == (two == nil) || !errors.Is(errors.Join(one, two), auth.ErrRevoked) {
			t.Errorf("%v and %v; want one good, one revoked", one, two)
		}
	})
}

// TestWithoutADatabase closes the database: what is remembered holds for a second, and not longer; what
// is no key costs no second read.
func TestWithoutADatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		_, secret := p.issue(t, auth.LocalAdmin(0), p.create(t, "shop"), decide(), time.Time{})
		stranger := begin(t, storetest.SQLite(t))
		unknown, _ := stranger.first(t)
		p.refuses(t, unknown, auth.ErrUnknown)
		id, revoked := p.issue(t, auth.LocalAdmin(0), 1, decide(), time.Time{})
		p.in(t, revoked)
		if err := p.Revoke(t.Context(), auth.LocalAdmin(0), id); err != nil {
			t.Fatal(err)
		}
		p.refuses(t, revoked, auth.ErrRevoked)
		p.in(t, secret)
		since := time.Now()
		if err := p.store.Close(); err != nil {
			t.Fatal(err)
		}
		for {
			_, err := p.Authenticate(t.Context(), secret)
			age := time.Since(since)
			if err != nil {
				for _, e := range []error{auth.ErrUnknown, auth.ErrRevoked, auth.ErrExpired} {
					if errors.Is(err, e) {
						t.Error("the database's trouble is told as", err)
					}
				}
				if age < 900*time.Millisecond {
					t.Errorf("refused after %s: %v", age, err)
				}
				break
			}
			if age > 1100*time.Millisecond {
				t.Fatalf("still good after %s", age)
			}
			time.Sleep(5 * time.Millisecond)
		}
		p.refuses(t, unknown, auth.ErrUnknown)
		p.refuses(t, revoked, auth.ErrRevoked)
	})
}

// TestNothingIsRememberedWithoutBound counts who is still known when the database is closed.
func TestNothingIsRememberedWithoutBound(t *testing.T) {
	p := begin(t, storetest.SQLite(t))
	p.Auth = auth.New(p.store, p.keys, auth.Options{Remembered: 4})
	no := p.create(t, "shop")
	var secrets, unknown []string
	for i := range 12 {
		_, s := p.issue(t, auth.LocalAdmin(0), no, auth.Binding{Scopes: []auth.Scope{auth.Decide}, Sites: []string{fmt.Sprint("s", i)}}, time.Time{})
		secrets = append(secrets, s)
		other, _ := begin(t, storetest.SQLite(t)).first(t)
		unknown = append(unknown, other)
	}
	for range 3 {
		for i, s := range secrets {
			if !p.in(t, s).MaySite(fmt.Sprint("s", i)) {
				t.Fatal("another key's binding")
			}
			p.refuses(t, unknown[i], auth.ErrUnknown)
		}
	}
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for i := range secrets {
		if _, err := p.Authenticate(t.Context(), secrets[i]); err == nil {
			good++
		}
		if _, err := p.Authenticate(t.Context(), unknown[i]); errors.Is(err, auth.ErrUnknown) {
			bad++
		}
	}
	if good == 0 || good > 4 || bad == 0 || bad > 4 {
		t.Errorf("%d keys and %d that are none are remembered, of 4", good, bad)
	}
}
