package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/ledger"
	"github.com/avowhq/avow/policy"
)

// A mode says how far a denial is enforced.
type mode string

// The modes, from the mildest. Enforce is the default.
const (
	observe mode = "observe" // the answer is yes, and what would be denied is recorded
	warn    mode = "warn"    // the same, and the answer says so to people
	enforce mode = "enforce"
)

var modes = []mode{observe, warn, enforce}

// modesFor is how long the table of modes is trusted.
const modesFor = 300 * time.Millisecond

type modeKey struct{ key, clause string } // "" is any

// A shadow holds the modes of a site.
type shadow struct {
	modes atomic.Pointer[map[modeKey]mode]
	read  atomic.Int64 // when, in nanoseconds of the monotonic clock
	start time.Time
}

// of is the mode for a key and the clauses that determined a denial: of the most exact rows, key and
// clause, then clause, then key, then site, the strictest.
func (h *shadow) of(key string, clauses []string) mode {
	table := h.modes.Load()
	if table == nil || len(*table) == 0 {
		return enforce
	}
	if len(clauses) == 0 {
		clauses = []string{""}
	}
	out := observe
	for _, c := range clauses {
		m := enforce
		for _, k := range []modeKey{{"", ""}, {key, ""}, {"", c}, {key, c}} {
			if found, ok := (*table)[k]; ok {
				m = found
			}
		}
		if slices.Index(modes, m) > slices.Index(modes, out) {
			out = m
		}
	}
	return out
}

// refresh reads the modes again if they were not within a second.
func (h *shadow) refresh(ctx context.Context, s *store.Store, site int64) error {
	now := int64(time.Since(h.start))
	if last := h.read.Load(); h.modes.Load() != nil && now-last < int64(modesFor) || !h.read.CompareAndSwap(h.read.Load(), now) {
		return nil
	}
	return h.load(ctx, s, site)
}

func (h *shadow) load(ctx context.Context, s *store.Store, site int64) error {
	table := map[modeKey]mode{}
	err := s.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Each(ctx, `SELECT key, clause, mode FROM shadow WHERE site = $1`, []any{site}, func(scan func(...any) error) error {
			var k modeKey
			var m string
			err := scan(&k.key, &k.clause, &m)
			table[k] = mode(m)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("read how far answers are enforced: %w", err)
	}
	h.modes.Store(&table)
	return nil
}

type modeBody struct {
	Key    string `json:"key"`
	Clause string `json:"clause"`
	Mode   mode   `json:"mode"`
}

// setMode says how far denials are enforced: for the site, one key, one clause, or a clause for a key.
func (s *Server) setMode(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	var b modeBody
	if err := read(w, r, &b); err != nil {
		return err
	}
	if !slices.Contains(modes, b.Mode) {
		return refusal{http.StatusBadRequest, "mode is observe, warn or enforce"}
	}
	if b.Clause != "" && !slices.ContainsFunc(x.policy.Clauses, func(c *policy.Clause) bool { return c.ID == b.Clause }) {
		return refusal{http.StatusBadRequest, "the notice has no such clause"}
	}
	if err := s.checkKeyID(r.Context(), b.Key); err != nil {
		return err
	}
	err := s.house.Store.Update(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		entry, err := subject.SiteEntry(x.place, "shadow.set", ledger.InstantOf(tx.Now()), map[string]any{"by": p.Handle(), "clause": b.Clause, "key": b.Key, "mode": string(b.Mode)})
		if err != nil {
			return err
		}
		tx.Append(entry)
		_, err = tx.Exec(ctx, `INSERT INTO shadow(site, key, clause, mode, since) VALUES($1, $2, $3, $4, $5) ON CONFLICT (site, key, clause) DO UPDATE SET mode = excluded.mode, since = excluded.since`,
			x.place.No, b.Key, b.Clause, string(b.Mode), tx.Now().UnixMicro())
		return err
	})
	if err != nil {
		return fmt.Errorf("set how far answers are enforced: %w", err)
	}
	if err := x.shadow.load(r.Context(), s.house.Store, x.place.No); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// checkKeyID refuses what is no key's id: a mode for it would do nothing, and the log would hold the text.
func (s *Server) checkKeyID(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	all, err := s.house.Auth.List(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		if slices.ContainsFunc(p.Keys, func(k auth.ListedKey) bool { return k.ID == id }) {
			return nil
		}
	}
	return refusal{http.StatusBadRequest, "key is the id of an API key, or empty for all"}
}

// modeList answers with the modes that are set.
func (s *Server) modeList(w http.ResponseWriter, r *http.Request, x *site, _ *auth.Principal) error {
	if err := x.shadow.load(r.Context(), s.house.Store, x.place.No); err != nil {
		return err
	}
	out := []modeBody{}
	for k, m := range *x.shadow.modes.Load() {
		out = append(out, modeBody{k.key, k.clause, m})
	}
	slices.SortFunc(out, func(a, b modeBody) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Clause, b.Clause)) })
	answer(w, http.StatusOK, map[string]any{"modes": out, "otherwise": enforce})
	return nil
}

// A wouldDeny is one sort of question that enforcing would deny.
type wouldDeny struct {
	Key     string   `json:"key"`
	Action  string   `json:"action"`
	For     string   `json:"for,omitempty"`
	To      string   `json:"to,omitempty"`
	Kind    string   `json:"kind"`
	Clauses []string `json:"clauses,omitempty"`
	Missing []string `json:"missing,omitempty"`
	Times   int64    `json:"times"`
	People  int      `json:"people"` // different ones, of those known
	Last    string   `json:"last"`
}

// shadowReport tells what enforcing would have denied since an instant, most frequent first.
func (s *Server) shadowReport(w http.ResponseWriter, r *http.Request, x *site, _ *auth.Principal) error {
	from, err := span(r, 7*24*time.Hour, s.clock)
	if err != nil {
		return err
	}
	type group struct {
		wouldDeny
		people map[string]bool
	}
	groups, asked := map[string]*group{}, int64(0)
	err = s.blocks(r.Context(), x, from, cursor{}, func(d *decisionLine, _ cursor) bool {
		asked++
		if d.Shadow == "" {
			return true
		}
		k := fmt.Sprint(d.Key, "\n", d.Action, "\n", d.For, "\n", d.To, "\n", d.Kind, "\n", d.Clauses, "\n", d.Missing)
		g := groups[k]
		if g == nil {
			g = &group{wouldDeny{Key: d.Key, Action: d.Action, For: d.For, To: d.To, Kind: d.Kind, Clauses: d.Clauses, Missing: d.Missing}, map[string]bool{}}
			groups[k] = g
		}
		g.Times, g.Last = g.Times+1, d.At
		if d.Who != "" {
			g.people[d.Who] = true
		}
		return true
	})
	if err != nil {
		return err
	}
	out := struct {
		Asked int64       `json:"asked"`
		Deny  []wouldDeny `json:"would_deny"`
	}{asked, []wouldDeny{}}
	for _, k := range sortedKeys(groups) {
		g := groups[k]
		g.People = len(g.people)
		out.Deny = append(out.Deny, g.wouldDeny)
	}
	slices.SortStableFunc(out.Deny, func(a, b wouldDeny) int { return cmp.Compare(b.Times, a.Times) })
	answer(w, http.StatusOK, out)
	return nil
}
