package auth

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Rate bounds calls: so many a second in the long run, and Burst at once.
type Rate struct {
	PerSecond float64 // 0: unbounded
	Burst     int     // at least 1
}

// DefaultRates bound what shows or changes much with few calls. Decisions and events are unbounded.
func DefaultRates() map[Scope]Rate {
	return map[Scope]Rate{
		ReadPeople:    {50, 200},
		WritePeople:   {200, 1000},
		ReadLedger:    {200, 1000},
		ReadDecisions: {20, 100},
		WriteShadow:   {5, 50},
		Erase:         {5, 50},
		AdminKeys:     {5, 50},
	}
}

// Allow takes one call of the key in a scope. If it has none left, it says when there will be one. Who
// speaks over the socket is not bounded.
func (a *Auth) Allow(p *Principal, s Scope) (retryAfter time.Duration, ok bool) {
	if p.Kind == Local {
		return 0, true
	}
	return a.rates.take(p.Key, s, time.Now())
}

// maxBuckets is how many keys and scopes are counted at once.
const maxBuckets = 8192

// buckets are what is left to whom. A bucket that is full again says no more than none.
type buckets struct {
	rates map[Scope]Rate // never changes

	mu    sync.Mutex
	of    map[bucketKey]*bucket
	swept time.Time
}

type bucketKey struct {
	key   string
	scope Scope
}

type bucket struct {
	*rate.Limiter
	full time.Time // from then on, if nothing is taken
}

func (b *buckets) start(rates map[Scope]Rate) {
	b.rates, b.of = rates, map[bucketKey]*bucket{}
}

func (b *buckets) take(key string, s Scope, now time.Time) (retryAfter time.Duration, ok bool) {
	r, bounded := b.rates[s]
	if !bounded || r.PerSecond <= 0 {
		return 0, true
	}
	r.Burst = max(1, r.Burst)
	b.mu.Lock()
	defer b.mu.Unlock()
	k := bucketKey{key, s}
	x := b.of[k]
	if x == nil {
		b.room(now)
		x = &bucket{Limiter: rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst)}
		b.of[k] = x
	}
	v := x.ReserveN(now, 1)
	wait := v.DelayFrom(now)
	if wait > 0 {
		v.CancelAt(now)
	}
	missing := float64(r.Burst) - x.TokensAt(now)
	x.full = now.Add(time.Duration(missing / r.PerSecond * float64(time.Second)))
	return wait, wait == 0
}

// room makes room for one more: it forgets the full buckets, or, if there were none, any one.
func (b *buckets) room(now time.Time) {
	if len(b.of) < maxBuckets {
		return
	}
	if now.Sub(b.swept) > time.Second {
		b.swept = now
		for k, x := range b.of {
			if !now.Before(x.full) {
				delete(b.of, k)
			}
		}
	}
	for k := range b.of {
		if len(b.of) < maxBuckets {
			return
		}
		delete(b.of, k)
	}
}
