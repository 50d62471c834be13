package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/avowhq/avow/internal/auth"
)

// callerKey holds the principal of a connection to the command's socket.
type callerKey struct{}

// Local marks a connection as that of the machine's own administrator.
func Local(ctx context.Context, uid int) context.Context {
	return context.WithValue(ctx, callerKey{}, auth.LocalAdmin(uid))
}

// caller finds out who asks: by the socket, or by the key in the header Authorization.
func (s *Server) caller(r *http.Request) (*auth.Principal, error) {
	if p, ok := r.Context().Value(callerKey{}).(*auth.Principal); ok {
		return p, nil
	}
	kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || secret == "" {
		return nil, refusal{http.StatusUnauthorized, "send an API key: Authorization: Bearer avow_…"}
	}
	p, err := s.house.Auth.Authenticate(r.Context(), strings.TrimSpace(secret))
	if err == nil {
		return p, nil
	}
	for _, why := range []error{auth.ErrMalformed, auth.ErrMistyped, auth.ErrUnknown, auth.ErrExpired, auth.ErrRevoked, auth.ErrEnded} {
		if errors.Is(err, why) {
			return nil, refusal{http.StatusUnauthorized, why.Error()}
		}
	}
	s.house.Logger.Error("keys cannot be checked", "err", err)
	return nil, refusal{http.StatusServiceUnavailable, "the API key cannot be checked now; try again"}
}

// entitled is the caller, if it has a scope, the site, and calls left.
func (s *Server) entitled(w http.ResponseWriter, r *http.Request, scope auth.Scope, site string) (*auth.Principal, error) {
	if s.house.Doubt != nil {
		return nil, refusal{http.StatusServiceUnavailable, "the server is sealed: its database and its keys' journal contradict each other; GET /readyz says why, docs/guide/operating.md what to do"}
	}
	p, err := s.caller(r)
	if err != nil {
		if why, ok := errors.AsType[refusal](err); ok && why.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="avow"`)
		}
		return nil, err
	}
	if !p.Has(scope) {
		return nil, refusal{http.StatusForbidden, "the key lacks the scope " + string(scope)}
	}
	if site != "" && !p.MaySite(site) {
		return nil, refusal{http.StatusForbidden, "the key is not for this site"}
	}
	if wait, ok := s.house.Auth.Allow(p, scope); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		return nil, refusal{http.StatusTooManyRequests, "too many requests with this key; Retry-After says how long to wait, in seconds"}
	}
	return p, nil
}
