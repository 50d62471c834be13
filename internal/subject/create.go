package subject

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// A newPerson is to be made: a number, a random id, two rings, and what they are found by.
type newPerson struct {
	person     *person
	site       int64
	wrapped    [4]vault.Wrapped
	identities []sealedIdentity
	failed     bool
}

type sealedIdentity struct {
	kind  string
	hash  vault.LookupHash
	id    ledger.EntryID
	value []byte
}

func (p *People) newPerson(ctx context.Context, site *Site, identities ...Identity) (*newPerson, error) {
	no, err := p.numbers.take(ctx, p.store)
	if err != nil {
		return nil, err
	}
	n := &newPerson{site: site.No, person: &person{no: no, moved: p.moved.Load()}}
	rand.Read(n.person.id[:])
	for _, kind := range []vault.RingKind{vault.Profile, vault.Evidence} {
		if n.person.rings[kind], n.wrapped[kind], err = p.keys.NewRing(kind, n.person.id); err != nil {
			return nil, fmt.Errorf("make a person's keys: %w", err)
		}
	}
	for _, i := range identities {
		n.identities = append(n.identities, p.sealIdentity(site, n.person, i))
	}
	return n, nil
}

func (p *People) sealIdentity(site *Site, x *person, i Identity) sealedIdentity {
	s := sealedIdentity{kind: i.Kind, hash: p.keys.Hash(vault.ForIdentity, site.Name, i.Kind, i.Value)}
	rand.Read(s.id[:])
	s.value = x.rings[vault.Profile].Seal(nil, []byte(i.Value), s.id)
	return s
}

// remember puts a person who was just made where they are looked for.
func (p *People) remember(n *newPerson) {
	still := func() bool { return p.moved.Load() == n.person.moved }
	p.known.add(n.person.no, n.person, still)
	for _, i := range n.identities {
		p.byHash.add(hashKey{n.site, i.hash.Sum}, n.person.no, still)
	}
}

// newPeople are the rows of those who are made in one transaction.
type newPeople struct {
	no, site, created                 []int64
	id                                [][]byte
	ringSite, ringNo, ringKind, epoch []int64
	wrapped                           [][]byte
	idSite, idKey, idNo               []int64
	idHash, idEntry, idValue          [][]byte
	idKind                            []string
}

var (
	subjectTable  = &store.Table{Name: "subject", Columns: []string{"no", "site", "id", "created"}, Types: []string{"bigint", "bigint", "bytea", "bigint"}}
	ringTable     = &store.Table{Name: "ring", Columns: []string{"site", "subject", "kind", "epoch", "wrapped"}, Types: []string{"bigint", "bigint", "bigint", "bigint", "bytea"}}
	identityTable = &store.Table{Name: "identity", Columns: []string{"site", "hash", "key", "kind", "subject", "id", "value"}, Types: []string{"bigint", "bytea", "bigint", "text", "bigint", "bytea", "bytea"}}
)

func (l *newPeople) add(n *newPerson) {
	if n == nil {
		return
	}
	x := n.person
	l.no, l.site, l.id = append(l.no, x.no), append(l.site, n.site), append(l.id, x.id[:])
	for kind, w := range n.wrapped {
		if w.Blob == nil {
			continue
		}
		l.ringSite, l.ringNo, l.ringKind = append(l.ringSite, n.site), append(l.ringNo, x.no), append(l.ringKind, int64(kind))
		l.epoch, l.wrapped = append(l.epoch, w.Epoch), append(l.wrapped, w.Blob)
	}
	for i := range n.identities {
		l.identity(n.site, x.no, &n.identities[i])
	}
}

func (l *newPeople) identity(site, no int64, i *sealedIdentity) {
	l.idSite, l.idKey, l.idNo = append(l.idSite, site), append(l.idKey, i.hash.KeyID), append(l.idNo, no)
	l.idHash, l.idEntry, l.idValue = append(l.idHash, i.hash.Sum[:]), append(l.idEntry, i.id[:]), append(l.idValue, i.value)
	l.idKind = append(l.idKind, i.kind)
}

func (l *newPeople) insert(ctx context.Context, tx *store.Tx) error {
	l.created = slices.Repeat([]int64{tx.Now().UnixMicro()}, len(l.no))
	if len(l.no) > 0 {
		if err := tx.Insert(ctx, subjectTable, l.no, l.site, l.id, l.created); err != nil {
			return err
		}
		if err := tx.Insert(ctx, ringTable, l.ringSite, l.ringNo, l.ringKind, l.epoch, l.wrapped); err != nil {
			return err
		}
	}
	if len(l.idSite) == 0 {
		return nil
	}
	return tx.Insert(ctx, identityTable, l.idSite, l.idHash, l.idKey, l.idKind, l.idNo, l.idEntry, l.idValue)
}

// Create makes a person with identities, or finds the one who has them all. It is ErrTaken if they belong
// to different people, or some to one and others to nobody: use Identify and Merge then, knowingly.
func (p *People) Create(ctx context.Context, site *Site, by string, identities ...Identity) (ID, bool, error) {
	if len(identities) == 0 {
		return ID{}, false, fmt.Errorf("%w: a person needs at least one", ErrIdentity)
	}
	for range movedTries {
		id, found, err := p.sole(ctx, site, identities)
		if found || err != nil {
			return id, false, err
		}
		n, err := p.newPerson(ctx, site, identities...)
		if err != nil {
			return ID{}, false, err
		}
		kinds := make([]string, len(identities))
		for i := range identities {
			kinds[i] = identities[i].Kind
		}
		w := &write{site: site.No, person: n, moved: n.person.moved}
		if w.entry, err = aboutEntry(site, n.person, created, ledger.InstantOf(p.store.Now()), map[string]any{"by": by, "kinds": kinds}); err != nil {
			return ID{}, false, err
		}
		err = p.writes.Add(ctx, w)
		if err = errors.Join(err, w.err); err == nil {
			return n.person.id, true, nil
		}
		if !errors.Is(err, errAgain) {
			return ID{}, false, fmt.Errorf("create a person: %w", err)
		}
	}
	return ID{}, false, fmt.Errorf("create a person: others were made at the same time")
}

// sole finds the one person who has all of the identities.
func (p *People) sole(ctx context.Context, site *Site, identities []Identity) (id ID, found bool, err error) {
	var sole *person
	for i, ref := range identities {
		x, err := p.find(ctx, site, ref)
		switch {
		case errors.Is(err, ErrUnknown) && sole == nil:
		case errors.Is(err, ErrUnknown), err == nil && i > 0 && (sole == nil || x.no != sole.no):
			return ID{}, false, ErrTaken
		case err != nil:
			return ID{}, false, err
		default:
			sole = x
		}
	}
	if sole == nil {
		return ID{}, false, nil
	}
	return sole.id, true, nil
}

// Identify gives a person further identities, all or none. It is ErrTaken if another person has one of them.
func (p *People) Identify(ctx context.Context, site *Site, by string, ref Ref, more ...Identity) error {
	return p.again(ctx, func() error { return p.identify(ctx, site, by, ref, more) })
}

func (p *People) identify(ctx context.Context, site *Site, by string, ref Ref, more []Identity) error {
	x, err := p.find(ctx, site, ref)
	if err != nil {
		return err
	}
	if x.rings[vault.Profile] == nil {
		return ErrUnknown
	}
	err = p.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.AsOf(x.moved)
		var l newPeople
		var kinds []string
		for _, i := range more {
			owner, err := p.owner(ctx, tx, site, i)
			switch {
			case err == nil && owner == x.no:
				continue
			case err == nil:
				return ErrTaken
			case !errors.Is(err, store.ErrNone):
				return err
			}
			s := p.sealIdentity(site, x, i)
			l.identity(site.No, x.no, &s)
			kinds = append(kinds, i.Kind)
		}
		if len(kinds) == 0 {
			return nil
		}
		e, err := aboutEntry(site, x, identified, ledger.InstantOf(tx.Now()), map[string]any{"by": by, "kinds": kinds})
		if err != nil {
			return err
		}
		tx.Append(e)
		return l.insert(ctx, tx)
	})
	if refused, ok := errors.AsType[*store.DatabaseError](err); ok && refused.Unique() {
		return ErrTaken
	}
	if err != nil && !errors.Is(err, ErrTaken) {
		return fmt.Errorf("identify a person: %w", err)
	}
	return err
}

// owner is the number of who has the identity, or of whom they were merged into, hashed under any key that is still in use. It is ErrNone if
// nobody has it.
func (p *People) owner(ctx context.Context, tx *store.Tx, site *Site, i Identity) (no int64, err error) {
	for _, h := range p.keys.Hashes(vault.ForIdentity, site.Name, i.Kind, i.Value) {
		err = tx.Row(ctx, `SELECT coalesce(s.merged, s.no) FROM identity i JOIN subject s ON s.no = i.subject WHERE i.site = $1 AND i.hash = $2`, []any{site.No, h.Sum[:]}, &no)
		if !errors.Is(err, store.ErrNone) {
			return no, err
		}
	}
	return 0, store.ErrNone
}

// Identities lists what a person is found by, opened.
func (p *People) Identities(ctx context.Context, site *Site, ref Ref) ([]Identity, error) {
	var out []Identity
	err := p.eachOf(ctx, site, ref, func(ctx context.Context, tx *store.Tx, x *person) error {
		return tx.Each(ctx, `SELECT kind, id, value FROM identity WHERE site = $1 AND subject = $2 ORDER BY kind, hash`, []any{site.No, x.no}, func(scan func(...any) error) error {
			var kind string
			var id, value []byte
			if err := scan(&kind, &id, &value); err != nil {
				return err
			}
			if len(id) != len(ledger.EntryID{}) || x.rings[vault.Profile] == nil {
				return errors.New("an identity is damaged")
			}
			plain, err := x.rings[vault.Profile].Open(value, ledger.EntryID(id))
			out = append(out, Identity{kind, string(plain)})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read identities: %w", err)
	}
	return out, nil
}
