package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
)

// Options are what may be set. The zero value works.
type Options struct {
	// Clock says when a key has expired. Defaults to the store's, which never runs backwards.
	Clock func() time.Time
	// Logger is told when the last use of keys cannot be written. Defaults to one that discards.
	Logger *slog.Logger
	// Remembered is how many keys are remembered, and how many that are none. Defaults to 4096.
	Remembered int
	// Rates bound the calls of a key in a scope. Defaults to DefaultRates; a scope that is not in it is
	// unbounded.
	Rates map[Scope]Rate
}

// Auth knows principals and keys. It is safe for concurrent use.
type Auth struct {
	store *store.Store
	keys  *vault.Keys
	clock func() time.Time
	log   *slog.Logger
	start time.Time // of the monotonic clock
	salt  [sha256.Size]byte

	good memory[*entry] // by digest of the secret
	bad  memory[error]
	as   moment

	mu         sync.Mutex
	flights    map[digest]*flight
	confirming *confirmation
	strangers  chan struct{} // what secrets never seen wait at

	uses  uses
	rates buckets
}

// strangersAtOnce is how many secrets that were never seen are looked up at once. Whoever sends many can
// therefore delay each other, but not those who are known.
const strangersAtOnce = 4

// New is an Auth over a database and its keys. It starts nothing; what was not written yet of the last
// use of keys is written by Flush.
func New(s *store.Store, k *vault.Keys, o Options) *Auth {
	a := &Auth{store: s, keys: k, clock: o.Clock, log: o.Logger, start: time.Now(), flights: map[digest]*flight{}, strangers: make(chan struct{}, strangersAtOnce)}
	if a.clock == nil {
		a.clock = s.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if o.Remembered <= 0 {
		o.Remembered = 4096
	}
	if o.Rates == nil {
		o.Rates = DefaultRates()
	}
	rand.Read(a.salt[:])
	a.good.most, a.bad.most = o.Remembered, o.Remembered
	a.as.start()
	a.rates.start(o.Rates)
	return a
}

// Format prints no more than what it is: inside are digests of secrets.
func (a *Auth) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(principals and keys)") }

// Authenticate finds the principal of a secret. The error is one of those that say why a secret is
// refused, or the database's. The answer is as of now for what this process changed, and as of at most a
// second ago for what others did.
func (a *Auth) Authenticate(ctx context.Context, secret string) (*Principal, error) {
	if len(secret) != secretSize {
		return nil, ErrMalformed
	}
	d := a.digest(secret)
	e, seen := a.good.find(d)
	if !seen {
		if err, ok := a.bad.find(d); ok {
			return nil, err
		}
		return a.load(ctx, d, secret, false)
	}
	if ok, err := a.holds(ctx, e); err != nil {
		return nil, fmt.Errorf("confirm API key: %w", err)
	} else if !ok {
		return a.load(ctx, d, secret, true)
	}
	return a.answer(e)
}

// answer is what an entry that holds says now.
func (a *Auth) answer(e *entry) (*Principal, error) {
	now := a.clock()
	if x := e.principal.Expires; !x.IsZero() && !now.Before(x) {
		return nil, ErrExpired
	}
	if hour := now.Unix() / 3600; hour > e.used.Load() && e.used.Swap(hour) < hour {
		a.uses.note(e.principal.Key, hour)
	}
	return e.principal, nil
}

// A digest stands for a secret in memory. It is salted by process.
type digest [sha256.Size]byte

func (a *Auth) digest(secret string) digest {
	var b [sha256.Size + secretSize]byte
	copy(b[:], a.salt[:])
	copy(b[sha256.Size:], secret)
	return sha256.Sum256(b[:])
}

func (a *Auth) elapsed() time.Duration { return time.Since(a.start) }
