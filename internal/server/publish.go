package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/ledger"
	"github.com/avowhq/avow/policy"
)

// publish records the notice as the site's next release, unless its latest one is the same. A release
// is what decides and the law profiles as they read then: a law that changes makes a new one, also where
// it changes a deadline or an authority only.
func (s *Server) publish(ctx context.Context, x *site) error {
	model, err := json.Marshal(x.model)
	if err != nil {
		return fmt.Errorf("publish %s: %w", x.model.Site, err)
	}
	laws, err := lawsOf(x.policy)
	if err != nil {
		return fmt.Errorf("publish %s: %w", x.model.Site, err)
	}
	digest := sha256.Sum256([]byte(strings.Join(laws, "\n") + "\n" + string(model)))
	err = s.house.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		var number int64
		var last []byte
		err := tx.Row(ctx, `SELECT number, digest FROM release WHERE site = $1 ORDER BY number DESC LIMIT 1`, []any{x.place.No}, &number, &last)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		if string(last) == string(digest[:]) {
			return nil
		}
		entry, err := subject.SiteEntry(x.place, "published", ledger.InstantOf(tx.Now()), map[string]any{
			"digest": hex.EncodeToString(digest[:]), "laws": laws, "number": number + 1, "title": x.policy.Front.Title.Text,
		})
		if err != nil {
			return err
		}
		tx.Append(entry)
		_, err = tx.Exec(ctx, `INSERT INTO release(site, number, digest, since, model) VALUES($1, $2, $3, $4, $5)`, x.place.No, number+1, digest[:], tx.Now().UnixMicro(), model)
		return err
	})
	if err != nil {
		return fmt.Errorf("publish %s: %w", x.model.Site, err)
	}
	return nil
}

// lawsOf names each law of the notice with its revision and the digest of its text.
func lawsOf(p *policy.Policy) ([]string, error) {
	profiles, err := p.Profiles()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, l := range profiles {
		out = append(out, fmt.Sprintf("%s %d %s", l.ID, l.Revision, l.Digest()))
	}
	return out, nil
}
