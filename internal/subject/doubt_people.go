package subject

import (
	"context"
	"fmt"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/vault"
	"github.com/avowhq/avow/ledger"
)

// checkPeople checks what the log does not commit to and keys can tell of: every ring opens for its owner,
// and every identity opens and has the hash by which it is looked up. A flipped bit there would make a
// person, with all they said no to, a stranger.
func (p *People) checkPeople(ctx context.Context) error {
	var sites []Site
	err := p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Each(ctx, `SELECT no, name FROM site ORDER BY no`, nil, func(scan func(...any) error) error {
			var s Site
			err := scan(&s.No, &s.Name)
			sites = append(sites, s)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("check people: %w", err)
	}
	for i := range sites {
		for after := int64(0); after >= 0; {
			err := p.store.View(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				after, err = p.checkLot(ctx, tx, &sites[i], after)
				return err
			})
			if err != nil {
				return fmt.Errorf("check people: %w", err)
			}
		}
	}
	return nil
}

// checkLot checks the next people of a site by their numbers. It returns the last, −1 when there are no more.
func (p *People) checkLot(ctx context.Context, tx *store.Tx, site *Site, after int64) (last int64, err error) {
	people := map[int64]*person{}
	var numbers []int64
	err = tx.Each(ctx, `SELECT no FROM subject WHERE site + 0 = $1 AND no > $2 ORDER BY no LIMIT $3`, []any{site.No, after, int64(doubtLot)}, func(scan func(...any) error) error {
		var no int64
		err := scan(&no)
		numbers = append(numbers, no)
		people[no] = &person{no: no}
		return err
	})
	if err != nil || len(numbers) == 0 {
		return -1, err
	}
	o := opener{p: p, wrong: map[int64]error{}}
	if err := o.read(ctx, tx, site.No, numbers, people); err != nil {
		return 0, err
	}
	for _, no := range numbers {
		if w := o.wrong[no]; w != nil {
			return 0, &store.Defect{Table: "ring", Row: fmt.Sprintf("subject = %d", no), Column: "kind, epoch, wrapped", Index: -1, What: w.Error()}
		}
	}
	return numbers[len(numbers)-1], p.checkIdentities(ctx, tx, site, numbers, people)
}

func (p *People) checkIdentities(ctx context.Context, tx *store.Tx, site *Site, numbers []int64, people map[int64]*person) error {
	args := []any{site.No, numbers[0], numbers[len(numbers)-1]}
	return tx.Each(ctx, `SELECT subject, hash, key, kind, id, value FROM identity WHERE site = $1 AND subject BETWEEN $2 AND $3`, args, func(scan func(...any) error) error {
		var no, key int64
		var hash, id, value []byte
		var kind string
		if err := scan(&no, &hash, &key, &kind, &id, &value); err != nil {
			return err
		}
		defect := func(column, what string) error {
			return &store.Defect{Table: "identity", Row: fmt.Sprintf("subject = %d", no), Column: column, Index: -1, What: what}
		}
		if people[no] == nil {
			return defect("subject", "there is no such person")
		}
		ring := people[no].rings[vault.Profile]
		if ring == nil || len(id) != len(ledger.EntryID{}) {
			return defect("subject, id", "there is no key for it")
		}
		plain, err := ring.Open(value, ledger.EntryID(id))
		if err != nil {
			return defect("subject, id, value", "it does not open")
		}
		for _, h := range p.keys.Hashes(vault.ForIdentity, site.Name, kind, string(plain)) {
			if h.KeyID == key && string(h.Sum[:]) == string(hash) {
				return nil
			}
		}
		return defect("hash, key, kind", "it cannot be looked up")
	})
}

// unclaimed finds rows that belong to nobody.
func (p *People) unclaimed(ctx context.Context) error {
	for _, table := range []string{"ring", "identity"} {
		var n int64
		err := p.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Row(ctx, `SELECT count(*) FROM `+table+` r WHERE NOT EXISTS (SELECT 1 FROM subject s WHERE s.no = r.subject AND s.site = r.site)`, nil, &n)
		})
		if err != nil {
			return fmt.Errorf("check people: %w", err)
		}
		if n > 0 {
			return &store.Defect{Table: table, Column: "site, subject", Index: -1, What: fmt.Sprintf("%d rows belong to nobody", n)}
		}
	}
	return nil
}
