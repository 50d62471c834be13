package vault

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// A Use is what a look-up hash is for. Each use has keys of its own, so that the hashes of one cannot be
// compared with those of another.
type Use string

// The uses. Only declared unique identities and row keys are ever hashed.
const (
	ForIdentity     Use = "identity"     // finds a person by an address, a number, a device
	ForSuppression  Use = "suppression"  // "do not write to"
	ForResurrection Use = "resurrection" // erased data that comes back
	ForFingerprint  Use = "fingerprint"  // a suspended account that comes back
	ForIdempotency  Use = "idempotency"  // a request that is sent again
	ForAPIKey       Use = "api-key"      // API keys at rest
)

// uses are all of them: the folder has a key for each.
func uses() []Use {
	return []Use{ForIdentity, ForSuppression, ForResurrection, ForFingerprint, ForIdempotency, ForAPIKey}
}

const lookupLabel = "avow/lookup/v1"

// A LookupHash is a keyed hash with the id of its key, which is unique within a use.
type LookupHash struct {
	KeyID int64
	Sum   [32]byte
}

// Equal compares in constant time.
func (h LookupHash) Equal(o LookupHash) bool {
	return h.KeyID == o.KeyID && subtle.ConstantTimeCompare(h.Sum[:], o.Sum[:]) == 1
}

// Hash is what is written: HMAC-SHA256 under the newest key of the use over the site and the parts, each
// with its length. It panics for a use that is none of those above.
func (k *Keys) Hash(use Use, site string, parts ...string) LookupHash {
	keys, now := k.current().lookup(use), k.clock()
	for _, l := range keys {
		if !l.From.After(now) {
			return l.hash(site, parts)
		}
	}
	return keys[len(keys)-1].hash(site, parts) // the clock went back behind the oldest
}

// Hashes are what is looked for: the hash under every living key of the use, newest first.
func (k *Keys) Hashes(use Use, site string, parts ...string) []LookupHash {
	keys := k.current().lookup(use)
	all := make([]LookupHash, len(keys))
	for i, l := range keys {
		all[i] = l.hash(site, parts)
	}
	return all
}

// HashUnder is the hash under one key, which a row names. ErrNoLookupKey: the key is unknown or ended,
// also after the key file was read again.
func (k *Keys) HashUnder(id int64, use Use, site string, parts ...string) (LookupHash, error) {
	find := func() *lookupKey {
		keys := k.held.Load().lookup(use)
		if i := slices.IndexFunc(keys, func(l *lookupKey) bool { return l.ID == id }); i >= 0 {
			return keys[i]
		}
		return nil
	}
	k.current()
	l := find()
	if l == nil {
		if err := k.Refresh(); err != nil {
			return LookupHash{}, fmt.Errorf("hash for %s: %w", use, err)
		}
		if l = find(); l == nil {
			return LookupHash{}, fmt.Errorf("hash for %s: key %d: %w", use, id, ErrNoLookupKey)
		}
	}
	return l.hash(site, parts), nil
}

// lookup lists the living keys of a use, newest first. There is always one.
func (m *material) lookup(use Use) []*lookupKey {
	keys := m.hashes[use]
	if len(keys) == 0 {
		panic("vault: " + string(use) + " is no use of a look-up hash")
	}
	return keys
}

func (l *lookupKey) hash(site string, parts []string) LookupHash {
	var space [512]byte
	b := append(space[:blockSize], lookupLabel...)
	b = appendSized(b, string(l.Use))
	b = appendSized(b, site)
	for _, p := range parts {
		b = appendSized(b, p)
	}
	return LookupHash{KeyID: l.ID, Sum: mac(l.Key, b)}
}

// appendSized writes a string after its length, so that no two lists of strings are written alike.
func appendSized(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// RotateLookup makes a new key for a use. It is looked for at once and written from ten seconds later,
// when every process has learned of it. The keys before it live on until ends, unless they end sooner.
func (k *Keys) RotateLookup(use Use, now, ends time.Time) (id int64, err error) {
	now, ends = instant(now), instant(ends)
	from := now.Add(settle)
	err = k.change(func(d *document) error {
		if !ends.After(from) {
			return fmt.Errorf("the old keys must live until after %s, when the new one is first written", from.Format(time.RFC3339))
		}
		for _, l := range d.Lookup {
			if l.Use != use {
				continue
			}
			if l.Ends.IsZero() || l.Ends.After(ends) {
				l.Ends = ends
			}
			id = l.ID
		}
		if id == 0 {
			return ErrNoLookupKey
		}
		id++
		d.Lookup = append(d.Lookup, &lookupKey{Use: use, ID: id, Created: now, From: from, Key: newKey()})
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("rotate look-up key for %s: %w", use, err)
	}
	return id, nil
}

// DropLookup removes the look-up keys that have ended, for ever: what was hashed under them finds nothing
// any more. It returns what it removed.
func (k *Keys) DropLookup(now time.Time) (dropped []LookupStatus, err error) {
	ended := func(l *lookupKey) bool { return !l.Ends.IsZero() && !now.Before(l.Ends) }
	if !slices.ContainsFunc(k.current().document.Lookup, ended) {
		return nil, nil
	}
	err = k.change(func(d *document) error {
		for _, l := range d.Lookup {
			if ended(l) {
				dropped = append(dropped, l.status())
			}
		}
		d.Lookup = slices.DeleteFunc(d.Lookup, ended)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("drop look-up keys: %w", err)
	}
	return dropped, nil
}

// addUses adds a key for each use that has none, and reports whether there was one.
func (d *document) addUses(now time.Time) bool {
	added := false
	for _, use := range uses() {
		if !slices.ContainsFunc(d.Lookup, func(l *lookupKey) bool { return l.Use == use }) {
			d.Lookup = append(d.Lookup, &lookupKey{Use: use, ID: 1, Created: now, From: now, Key: newKey()})
			added = true
		}
	}
	return added
}
