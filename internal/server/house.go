package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/internal/vault"
)

// HouseConfig says where a house keeps its state.
type HouseConfig struct {
	// Dir holds the SQLite file, the keys and the socket of the command.
	Dir string
	// Database is the address of a PostgreSQL. Defaults to avow.db in Dir.
	Database string
	// Keys is the folder of the keys, which no backup of the database should hold. Defaults to keys in Dir.
	Keys string
	// Origin names the log, once, when the keys are made: a host and path without a scheme.
	// Defaults to avow.local.
	Origin string
	Clock  func() time.Time // Defaults to time.Now.
	Logger *slog.Logger     // Defaults to one that discards.
	Work   int              // of scrypt, as log2, where the keys have a passphrase. Defaults to 18.
}

// A House is everything that is kept: keys, journal, database, people, principals.
type House struct {
	Dir      string
	Keys     *vault.Keys
	Journal  *vault.Journal
	Store    *store.Store
	People   *subject.People
	Auth     *auth.Auth
	Logger   *slog.Logger
	FirstKey string // printed once, where there was no principal
	Doubt    error  // why the house is sealed, nil if it is not
}

// OpenHouse opens the state, and makes it where there is none. A database that contradicts the keys'
// journal is opened sealed: Doubt says why.
func OpenHouse(ctx context.Context, c HouseConfig) (*House, error) {
	h := &House{Dir: c.Dir, Logger: c.Logger}
	if h.Logger == nil {
		h.Logger = slog.New(slog.DiscardHandler)
	}
	if err := h.open(ctx, c); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *House) open(ctx context.Context, c HouseConfig) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("open house: %w", err)
	}
	dir := c.Keys
	if dir == "" {
		dir = filepath.Join(c.Dir, "keys")
	}
	url := c.Database
	if url == "" {
		url = filepath.Join(c.Dir, "avow.db")
	}
	err := h.openKeys(ctx, c, dir, url)
	if err != nil {
		return err
	}
	h.Store, err = store.Open(ctx, store.Config{URL: url, Signer: h.Keys.Signer(), Instance: instance(c.Dir), Clock: c.Clock, Logger: h.Logger})
	var doubt store.Doubt
	if errors.As(err, &doubt) {
		h.Doubt = doubt
		return nil
	}
	if err != nil {
		return err
	}
	if h.People, err = subject.New(ctx, subject.Config{Store: h.Store, Keys: h.Keys, Journal: h.Journal, Logger: h.Logger}); err != nil {
		return err
	}
	h.Auth = auth.New(h.Store, h.Keys, auth.Options{Clock: c.Clock, Logger: h.Logger})
	if err := h.checkKeys(ctx); err != nil {
		return err
	}
	if err := h.People.SettleErasures(ctx); err != nil {
		return err
	}
	if err := h.People.Doubts(ctx); errors.As(err, &doubt) {
		h.Doubt = err
		return nil
	} else if err != nil {
		return err
	}
	h.FirstKey, _, err = h.Auth.FirstKey(ctx)
	return err
}

// openKeys opens the folder, or makes it where there is neither it nor a database that would need it.
func (h *House) openKeys(ctx context.Context, c HouseConfig, dir, url string) error {
	o, err := vault.Options{Origin: c.Origin, Clock: c.Clock, Work: c.Work}.FromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	if o.Origin == "" {
		o.Origin = "avow.local"
	}
	h.Keys, err = vault.Open(dir, o)
	if errors.Is(err, vault.ErrMissing) {
		if begun, err := store.Begun(ctx, url); err != nil {
			return fmt.Errorf("open house: %w", err)
		} else if begun {
			return fmt.Errorf("open house: %s has no keys, and without those it began with the database cannot be read; name or restore their folder", dir)
		}
		h.Keys, err = vault.Create(dir, o)
		if errors.Is(err, vault.ErrExists) { // another server that starts was first
			h.Keys, err = vault.Open(dir, o)
		}
	}
	if err != nil {
		return err
	}
	h.Journal, err = vault.OpenJournal(filepath.Join(dir, vault.JournalName))
	return err
}

// checkKeys finds a key folder that was restored from before the latest rotation: it would write what the
// newer one cannot read.
func (h *House) checkKeys(ctx context.Context) error {
	newest, err := h.People.Epoch(ctx)
	if err != nil {
		return err
	}
	if have := int64(len(h.Keys.Status().Epochs)); have < newest {
		return fmt.Errorf("open house: the key folder knows %d epochs and the log %d: it is older than the database; restore the newer folder", have, newest)
	}
	return nil
}

// instance names this server among those that share a database: by host and folder, of which each has one
// server at a time, so that it finds its own jobs again and nobody else's.
func instance(dir string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	sum := sha256.Sum256([]byte(dir))
	return host + "-" + hex.EncodeToString(sum[:4])
}

// Close ends everything, in the order in which one stands on the other.
func (h *House) Close() error {
	var errs []error
	if h.Store != nil {
		errs = append(errs, h.Store.Close())
	}
	if h.Journal != nil {
		errs = append(errs, h.Journal.Close())
	}
	return errors.Join(errs...)
}
