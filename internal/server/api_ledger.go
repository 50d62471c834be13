package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
)

// checkpoint serves the signed head of the log (c2sp.org/tlog-tiles). It is written beside the keys
// before anybody sees it: a log that later lacks it is found out.
func (s *Server) checkpoint(w http.ResponseWriter, r *http.Request) {
	if s.house.Doubt != nil {
		http.Error(w, "the server is sealed", http.StatusServiceUnavailable)
		return
	}
	h, err := s.house.Store.Head(r.Context())
	if err == nil {
		err = s.house.People.Checkpoint(h.Checkpoint)
	}
	if err != nil {
		s.house.Logger.Error("the checkpoint cannot be served", "err", err)
		http.Error(w, "the checkpoint cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=1")
	w.Write(h.Checkpoint)
}

// tile serves hash tiles and bundles of entries. They never change.
func (s *Server) tile(w http.ResponseWriter, r *http.Request) {
	level, n, width, err := ledger.ParseTilePath(strings.TrimPrefix(r.URL.Path, "/ledger/"))
	if err != nil || n > 1<<40 {
		http.Error(w, "no such tile: paths are those of c2sp.org/tlog-tiles", http.StatusNotFound)
		return
	}
	h, err := s.house.Store.Head(r.Context())
	if err != nil {
		http.Error(w, "the log cannot be read", http.StatusInternalServerError)
		return
	}
	if !within(uint64(h.Size), level, n, width) {
		http.Error(w, "the log is not that long", http.StatusNotFound)
		return
	}
	log := s.house.Store.Log()
	var data []byte
	if level < 0 {
		data, err = log.Bundle(r.Context(), n, width)
	} else {
		data, err = log.Tile(r.Context(), level, n, width)
	}
	if errors.Is(err, store.ErrNone) {
		http.Error(w, "no such tile", http.StatusNotFound)
		return
	}
	if err != nil {
		s.house.Logger.Error("a tile cannot be served", "err", err)
		http.Error(w, "the tile cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Write(data)
}

// within reports whether a log of a size has the tile.
func within(size uint64, level int, n uint64, width int) bool {
	hashes := size
	for range max(level, 0) {
		hashes /= ledger.TileWidth
	}
	return n*ledger.TileWidth+uint64(width) <= hashes
}

// verifyingKey serves the key that checks the log.
func (s *Server) verifyingKey(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(s.house.Keys.Signer().Key() + "\n"))
}
