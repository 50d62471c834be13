package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/ledger"
)

type epochView struct {
	Number    int64  `json:"number"`
	State     string `json:"state"`
	Rings     int64  `json:"rings"` // people's keys under it
	Created   string `json:"created"`
	Retired   string `json:"retired,omitempty"`
	Escrow    string `json:"escrow_until,omitempty"`
	Destroyed string `json:"destroyed,omitempty"`
}

// vaultStatus tells of the keys outside the database all that is no secret.
func (s *Server) vaultStatus(w http.ResponseWriter, r *http.Request, _ *site, _ *auth.Principal) error {
	st := s.house.Keys.Status()
	out := struct {
		Origin string   `json:"origin"`
		Key    string   `json:"key"`
		Former []string `json:"former_keys,omitempty"`
		// Generation is one more with each change of the key file: a backup of an older one is too old.
		Generation uint64      `json:"generation"`
		Epochs     []epochView `json:"epochs"`
	}{st.Origin, st.Key, st.Former, st.Generation, nil}
	for _, e := range st.Epochs {
		n, err := s.house.People.Wrapped(r.Context(), e.Number)
		if err != nil {
			return err
		}
		out.Epochs = append(out.Epochs, epochView{e.Number, string(e.State), n, stamp(e.Created), stamp(e.Retired), stamp(e.Escrow), stamp(e.Destroyed)})
	}
	answer(w, http.StatusOK, out)
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ledger.InstantOf(t).String()
}

// rewrapAgain is when all rings are gone through a second time after a rotation: until another server has
// looked at the keys it wraps those of new people under the epoch before.
const rewrapAgain = 5 * time.Second

func rewrap(tx *store.Tx) {
	tx.Enqueue(subject.Rewrap{}, time.Time{})
	tx.Enqueue(subject.Rewrap{}, tx.Now().Add(rewrapAgain))
}

// rotateEpoch begins a new epoch and has all rings wrapped under it. The one before is kept as long as the
// caller says that backups may be restored.
func (s *Server) rotateEpoch(w http.ResponseWriter, r *http.Request, _ *site, p *auth.Principal) error {
	var b struct {
		Escrow int64 `json:"escrow_seconds"`
	}
	if err := read(w, r, &b); err != nil {
		return err
	}
	const most = 20 * 365 * 24 * 3600
	if b.Escrow < 0 || b.Escrow > most {
		return refusal{http.StatusBadRequest, "escrow_seconds is how long backups from before may be restored, at most twenty years"}
	}
	now := s.house.Store.Now()
	epoch, err := s.house.Keys.Rotate(now)
	if err != nil {
		return err
	}
	until := now.Add(time.Duration(b.Escrow) * time.Second)
	if err := s.house.Keys.Retire(epoch-1, until); err != nil {
		return err
	}
	err = s.recordVault(r.Context(), p, subject.EpochRotated, epoch, rewrap)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, map[string]any{"epoch": epoch, "retired": epoch - 1, "until": stamp(until)})
	return nil
}

// destroyEpoch destroys an epoch under which nothing is wrapped any more.
func (s *Server) destroyEpoch(w http.ResponseWriter, r *http.Request, _ *site, p *auth.Principal) error {
	epoch, err := strconv.ParseInt(r.PathValue("epoch"), 10, 64)
	if err != nil {
		return refusal{http.StatusBadRequest, "an epoch is a whole number"}
	}
	n, err := s.house.People.Wrapped(r.Context(), epoch)
	if err != nil {
		return err
	}
	if n > 0 {
		// Somebody wrote late, or the rotation was cut off.
		err := s.house.Store.Update(r.Context(), func(_ context.Context, tx *store.Tx) error {
			rewrap(tx)
			return nil
		})
		if err != nil {
			return fmt.Errorf("have keys wrapped anew: %w", err)
		}
		return refusal{http.StatusConflict, strconv.FormatInt(n, 10) + " keys of people are still wrapped under this epoch; they are being wrapped anew, try again in a while"}
	}
	if err := s.house.Keys.Destroy(epoch, s.house.Store.Now()); err != nil {
		return refusal{http.StatusConflict, err.Error()}
	}
	if err := s.recordVault(r.Context(), p, "epoch.destroyed", epoch, func(*store.Tx) {}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// recordVault records an act on the keys in the log.
func (s *Server) recordVault(ctx context.Context, p *auth.Principal, kind string, epoch int64, also func(tx *store.Tx)) error {
	return s.house.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, err := subject.SiteEntry(&subject.Site{}, kind, ledger.InstantOf(tx.Now()), map[string]any{"by": p.Handle(), "epoch": epoch})
		if err != nil {
			return err
		}
		tx.Append(e)
		also(tx)
		return nil
	})
}
