package auth

import (
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
)

// A record is what the log says of an act. Its members hold ids, numbers, names of the vocabulary and
// handles, no secret and no hash of one.
type record struct {
	kind    string
	members map[string][]byte // canonical JSON
}

func newRecord(kind string) *record { return &record{kind, map[string][]byte{}} }

func (r *record) text(name, s string) *record {
	r.members[name] = ledger.AppendJSONString(nil, s)
	return r
}

func (r *record) number(name string, n int64) *record {
	r.members[name] = strconv.AppendInt(nil, n, 10)
	return r
}

func created(no int64, name string, kind Kind, roles []string) *record {
	return newRecord("principal.created").number("principal", no).text("name", name).text("kind", string(kind)).list("roles", roles)
}

// list leaves an empty list out.
func (r *record) list(name string, names []string) *record {
	if len(names) == 0 {
		return r
	}
	b := []byte{'['}
	for i, n := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = ledger.AppendJSONString(b, n)
	}
	r.members[name] = append(b, ']')
	return r
}

// time leaves no time out.
func (r *record) time(name string, micros *int64) *record {
	if micros == nil {
		return r
	}
	return r.text(name, ledger.Instant(*micros).String())
}

func (r *record) key(id string, principal int64) *record {
	return r.text("key", id).number("principal", principal)
}

func (r *record) binding(b *Binding) *record {
	scopes := make([]string, len(b.Scopes))
	for i, s := range b.Scopes {
		scopes[i] = string(s)
	}
	r.list("scopes", scopes).list("sites", b.Sites).list("purposes", b.Purposes).list("actions", b.Actions)
	if b.Recipient != "" {
		r.text("recipient", b.Recipient)
	}
	return r
}

// entry is the record as an entry of the installation's own, of nobody: it lies open, with the key of its
// leaf beside it.
func (r *record) entry(now time.Time, by *Principal) (store.Entry, error) {
	r.text("by", by.Handle())
	body := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(r.members)) { // ASCII, so this is the order of JCS
		if i > 0 {
			body = append(body, ',')
		}
		body = ledger.AppendJSONString(body, name)
		body = append(append(body, ':'), r.members[name]...)
	}
	at := ledger.InstantOf(now)
	l := ledger.Record{V: ledger.RecordVersion, Kind: r.kind, At: at, Recorded: at, Body: append(body, '}')}
	plain, err := l.AppendCanonical(nil)
	if err != nil {
		return store.Entry{}, err
	}
	var key [32]byte
	rand.Read(key[:])
	return store.Entry{Record: plain, Key: key[:], Leaf: ledger.NewLeaf(key, plain)}, nil // the store gives it its id
}
