package subject

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
)

// SiteEntry is an entry of nobody: its record lies open, with the key of its leaf beside it. The members
// of the body are strings, int64, bool and lists of strings; they hold no personal data.
func SiteEntry(site *Site, kind string, at ledger.Instant, body map[string]any) (store.Entry, error) {
	text, err := bodyOf(kind, body)
	if err != nil {
		return store.Entry{}, err
	}
	r := ledger.Record{V: ledger.RecordVersion, Site: site.Name, Kind: kind, At: at, Recorded: at, Version: site.Version, Body: text}
	plain, err := r.AppendCanonical(nil)
	if err != nil {
		return store.Entry{}, err
	}
	var key [32]byte
	rand.Read(key[:])
	e := store.Entry{Site: site.No, Record: plain, Key: key[:], Leaf: ledger.NewLeaf(key, plain)}
	copy(e.ID[:], e.Leaf[1:]) // as the store has it for entries of nobody
	return e, nil
}

// bodyOf writes members as canonical JSON.
func bodyOf(kind string, body map[string]any) ([]byte, error) {
	o := object{b: []byte{'{'}, start: 1}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		switch v := body[name].(type) {
		case string:
			o.text(name, v)
		case int64:
			o.name(name)
			o.b = strconv.AppendInt(o.b, v, 10)
		case bool:
			o.name(name)
			o.b = strconv.AppendBool(o.b, v)
		case []string:
			o.list(name, v, false)
		default:
			return nil, fmt.Errorf("member %s of a %s record is a %T", name, kind, v)
		}
	}
	return append(o.b, '}'), nil
}
