package auth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
)

// uses are what is still to be written of the use of keys: the hour of the latest, and a hash under the
// newest look-up key. There are never more than keys.
type uses struct {
	mu     sync.Mutex
	hours  map[string]int64
	hashes map[string]rehashed

	writing sync.Mutex
	after   time.Duration // of the process; not before, since it went wrong
}

type rehashed struct {
	old  int64 // the look-up key that the row names
	hash vault.LookupHash
}

// flushPause is how long writing rests that went wrong.
const flushPause = 30 * time.Second

func (u *uses) note(id string, hour int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.hours == nil {
		u.hours = map[string]int64{}
	}
	u.hours[id] = max(hour, u.hours[id])
}

func (u *uses) rehash(id string, old int64, h vault.LookupHash) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.hashes == nil {
		u.hashes = map[string]rehashed{}
	}
	u.hashes[id] = rehashed{old, h}
}

func (u *uses) take() (map[string]int64, map[string]rehashed) {
	u.mu.Lock()
	defer u.mu.Unlock()
	hours, hashes := u.hours, u.hashes
	u.hours, u.hashes = nil, nil
	return hours, hashes
}

func (u *uses) putBack(hours map[string]int64, hashes map[string]rehashed) {
	for id, h := range hours {
		u.note(id, h)
	}
	for id, h := range hashes {
		u.rehash(id, h.old, h.hash)
	}
}

// Flush writes what was not written yet of the last use of keys. It is for the end of a process; while
// there are calls, they see to it.
func (a *Auth) Flush(ctx context.Context) error {
	a.uses.writing.Lock()
	defer a.uses.writing.Unlock()
	return a.flush(ctx)
}

// flushLazily writes if nobody does and there was no trouble lately.
func (a *Auth) flushLazily(ctx context.Context) {
	if !a.uses.writing.TryLock() {
		return
	}
	defer a.uses.writing.Unlock()
	if a.elapsed() < a.uses.after {
		return
	}
	if err := a.flush(ctx); err != nil {
		a.uses.after = a.elapsed() + flushPause
		a.log.WarnContext(ctx, "the last use of keys is not written", "error", err)
	}
}

func (a *Auth) flush(ctx context.Context) error {
	hours, hashes := a.uses.take()
	if len(hours)+len(hashes) == 0 {
		return nil
	}
	ids := slices.AppendSeq(slices.Collect(maps.Keys(hours)), maps.Keys(hashes))
	slices.Sort(ids) // in one order, lest two processes wait for each other
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, id := range slices.Compact(slices.Clone(ids)) {
			if h, ok := hours[id]; ok {
				if _, err := tx.Exec(ctx, `UPDATE api_key SET used = $1 WHERE id = $2 AND (used IS NULL OR used < $1)`, h*hourMicros, id); err != nil {
					return err
				}
			}
			if h, ok := hashes[id]; ok {
				if _, err := tx.Exec(ctx, `UPDATE api_key SET hash = $1, hash_key = $2 WHERE id = $3 AND hash_key = $4`, h.hash.Sum[:], h.hash.KeyID, id, h.old); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		a.uses.putBack(hours, hashes)
		return fmt.Errorf("write the last use of keys: %w", err)
	}
	return nil
}
