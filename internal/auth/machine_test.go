package auth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// TestKeysAgainstAModel does what can be done with keys, in any order, and holds every secret ever made
// against a list of what should be.
func TestKeysAgainstAModel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		names := 0
		rapid.Check(t, func(rt *rapid.T) {
			m := &model{t: t, p: p, names: &names, local: auth.LocalAdmin(0)}
			rt.Repeat(map[string]func(*rapid.T){
				"":       m.check,
				"create": m.create,
				"issue":  m.issue,
				"rotate": m.rotate,
				"revoke": m.revoke,
				"end":    m.end,
				"wait":   func(t *rapid.T) { p.clock.add(time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * time.Minute) },
				"forget": func(*rapid.T) { p.Auth = auth.New(p.store, p.keys, auth.Options{}) },
				"restart": func(t *rapid.T) {
					if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
						t.Skip()
					}
					if err := p.Flush(context.Background()); err != nil {
						t.Fatal(err)
					}
					if err := p.store.Close(); err != nil {
						t.Fatal(err)
					}
					p.open(m.t)
				},
			})
		})
	})
}

type model struct {
	t          *testing.T
	p          *process
	names      *int // unique ones, for all runs share a database
	local      *auth.Principal
	principals []*modelPrincipal
	keys       []*modelKey
}

type modelPrincipal struct {
	no    int64
	ended bool
}

type modelKey struct {
	id, secret       string
	of               *modelPrincipal
	site             string
	expires          time.Time
	revoked, rotated bool
}

// want is what authenticating should say.
func (k *modelKey) want(now time.Time) error {
	switch {
	case k.revoked:
		return auth.ErrRevoked
	case k.of.ended:
		return auth.ErrEnded
	case !k.expires.IsZero() && !now.Before(k.expires):
		return auth.ErrExpired
	}
	return nil
}

func (m *model) check(t *rapid.T) {
	now := m.p.clock.now()
	for _, k := range m.keys {
		who, err := m.p.Authenticate(context.Background(), k.secret)
		if want := k.want(now); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Fatalf("key %s: %v, want %v", k.id, err, want)
		}
		if err == nil && (who.Key != k.id || who.No != k.of.no || !who.MaySite(k.site) || who.MaySite("another") || !who.Expires.Equal(k.expires)) {
			t.Fatalf("key %s is %+v, want %+v", k.id, who, k)
		}
	}
}

func (m *model) create(t *rapid.T) {
	*m.names++
	no, err := m.p.Create(context.Background(), m.local, fmt.Sprint("p", *m.names), auth.Machine, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.principals = append(m.principals, &modelPrincipal{no: no})
}

func (m *model) issue(t *rapid.T) {
	if len(m.principals) == 0 {
		t.Skip()
	}
	of := rapid.SampledFrom(m.principals).Draw(t, "principal")
	k := &modelKey{of: of, site: fmt.Sprint("site-", len(m.keys))}
	if minutes := rapid.IntRange(0, 300).Draw(t, "life"); minutes > 0 {
		k.expires = m.p.clock.now().Add(time.Duration(minutes) * time.Minute)
	}
	var err error
	k.id, k.secret, err = m.p.Issue(context.Background(), m.local, of.no, auth.Binding{Scopes: []auth.Scope{auth.Decide}, Sites: []string{k.site}}, k.expires)
	if of.ended {
		if !errors.Is(err, auth.ErrEnded) {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m.keys = append(m.keys, k)
}

func (m *model) key(t *rapid.T) *modelKey {
	if len(m.keys) == 0 {
		t.Skip()
	}
	return rapid.SampledFrom(m.keys).Draw(t, "key")
}

func (m *model) rotate(t *rapid.T) {
	k := m.key(t)
	by, now := m.local, m.p.clock.now()
	overlap := time.Duration(rapid.IntRange(0, 120).Draw(t, "overlap")) * time.Minute
	want := k.want(now)
	if want == nil && rapid.Bool().Draw(t, "itself") {
		by = m.p.in(m.t, k.secret)
	}
	if want == nil && k.rotated {
		want = auth.ErrRotated
	}
	id, secret, err := m.p.Rotate(context.Background(), by, k.id, overlap)
	if want != nil {
		if !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	next := *k
	next.id, next.secret = id, secret
	m.keys = append(m.keys, &next)
	k.rotated = true
	if ends := now.Add(overlap); k.expires.IsZero() || ends.Before(k.expires) {
		k.expires = ends
	}
}

func (m *model) revoke(t *rapid.T) {
	k := m.key(t)
	if err := m.p.Revoke(context.Background(), m.local, k.id); err != nil {
		t.Fatal(err)
	}
	k.revoked = k.revoked || !k.of.ended // of what is over nothing changes
}

func (m *model) end(t *rapid.T) {
	if len(m.principals) == 0 || rapid.IntRange(0, 2).Draw(t, "seldom") > 0 {
		t.Skip()
	}
	of := rapid.SampledFrom(m.principals).Draw(t, "principal")
	if err := m.p.End(context.Background(), m.local, of.no); err != nil {
		t.Fatal(err)
	}
	of.ended = true
}

// TestActsAtOnce lets two processes do the same acts at the same time: each is done once.
func TestActsAtOnce(t *testing.T) {
	p := begin(t, storetest.Postgres(t))
	o := p.another(t)
	no := p.create(t, "shop")
	for range 10 {
		id, _ := p.issue(t, auth.LocalAdmin(0), no, decide(), time.Time{})
		results := make(chan error, 8)
		for i := range 8 {
			go func() {
				_, _, err := []*process{p, o}[i%2].Rotate(t.Context(), auth.LocalAdmin(i), id, time.Hour)
				results <- err
			}()
		}
		done := 0
		for range 8 {
			if err := <-results; err == nil {
				done++
			} else if !errors.Is(err, auth.ErrRotated) {
				t.Error(err)
			}
		}
		if done != 1 {
			t.Errorf("rotated %d times", done)
		}
	}
	var keys int64
	err := p.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Row(ctx, `SELECT count(*) FROM api_key`, nil, &keys)
	})
	if err != nil || keys != 20 {
		t.Error(keys, err)
	}
}
