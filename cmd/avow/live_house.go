package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
	"github.com/avowhq/avow/policy"
)

// liveFlags say against which server examples are run.
type liveFlags struct {
	live                bool
	db, url, key, trust string
}

func (f *liveFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.live, "live", false, "run the examples against a real server over HTTP, too")
	c.Flags().StringVar(&f.db, "db", "", "with --live: address of a PostgreSQL in which the server keeps its state, in a schema that goes afterwards; else SQLite")
	c.Flags().StringVar(&f.url, "url", "", "with --live: address of a running server that serves the same notices, instead of one for the run; the made-up people stay there")
	c.Flags().StringVar(&f.key, "key", "", "with --url: the file that holds an API key of that server")
	c.Flags().StringVar(&f.trust, "log-key", "", "with --url: the log's verification key, or the file that holds it; else what the server says is its key")
}

// check refuses flags that do not go together.
func (f *liveFlags) check() error {
	switch {
	case !f.live && f.db+f.url+f.key+f.trust != "":
		return usage{hinted{errors.New("--db, --url, --key and --log-key are for --live"), "add --live"}}
	case f.url != "" && f.db != "":
		return usage{errors.New("--url and --db exclude each other: a running server has its own database")}
	case f.url != "" && f.key == "":
		return usage{hinted{errors.New("no API key for the server of --url"), "--key FILE; avow keys issue makes one with the scopes " + liveScopes()}}
	case f.url == "" && f.key+f.trust != "":
		return usage{errors.New("--key and --log-key are for --url")}
	}
	return nil
}

// liveScopes are what a key needs for a run.
func liveScopes() string {
	var out []string
	for _, s := range []auth.Scope{auth.Decide, auth.WritePeople, auth.ReadPeople, auth.WriteEvents, auth.ReadLedger, auth.ReadDecisions, auth.AnyTime, auth.AnySubject} {
		out = append(out, string(s))
	}
	return strings.Join(out, ",")
}

// A liveServer is the one that examples are run against.
type liveServer struct {
	http    *caller
	trusted *ledger.Verifier
	ours    bool // made for the run: it serves variants, and its clock is ours
	close   func() error
}

// liveGrace is how long requests under way get to end.
const liveGrace = 10 * time.Second

// open starts a server for the run that serves the policies as of an instant not before latest, or reaches the
// running one.
func (f *liveFlags) open(ctx context.Context, policies []*policy.Policy, latest time.Time) (*liveServer, error) {
	if f.url != "" {
		return f.reach(ctx)
	}
	dir, err := os.MkdirTemp("", "avow-live")
	if err != nil {
		return nil, fmt.Errorf("start a server for the run: %w", err)
	}
	s := &liveServer{ours: true}
	ends := []func() error{func() error { return os.RemoveAll(dir) }}
	s.close = func() error {
		var errs []error
		for i := range ends {
			errs = append(errs, ends[len(ends)-1-i]())
		}
		return errors.Join(errs...)
	}
	if err := f.start(ctx, s, dir, policies, latest, &ends); err != nil {
		return nil, errors.Join(fmt.Errorf("start a server for the run: %w", err), s.close())
	}
	return s, nil
}

// start opens a house in the folder and serves from it on a port of its own; ends take it down, last first.
func (f *liveFlags) start(ctx context.Context, s *liveServer, dir string, policies []*policy.Policy, latest time.Time, ends *[]func() error) error {
	database := f.db
	if database != "" {
		scratch, drop, err := store.Scratch(ctx, database)
		if err != nil {
			return hinted{err, "is the PostgreSQL of --db running, does the database exist, and may this account make a schema?"}
		}
		database = scratch
		*ends = append(*ends, func() error { return drop(context.WithoutCancel(ctx)) })
	}
	clock := time.Now
	if ahead := time.Until(latest); ahead > 0 {
		clock = func() time.Time { return time.Now().Add(ahead) } // as it will be once all examples have happened
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	house, err := server.OpenHouse(ctx, server.HouseConfig{Dir: dir, Database: database, Clock: clock, Origin: "avow.live", Logger: log})
	if err != nil {
		return err
	}
	*ends = append(*ends, house.Close)
	handler, err := server.New(ctx, server.Config{Policies: policies, House: house, Clock: clock})
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	*ends = append(*ends, serveLive(ctx, handler, l))
	if s.trusted, err = ledger.NewVerifier(house.Keys.Signer().Key()); err != nil {
		return err
	}
	s.http = newCaller("http://"+l.Addr().String(), house.FirstKey)
	return nil
}

// serveLive serves until the returned function ends it.
func serveLive(ctx context.Context, handler *server.Server, l net.Listener) (end func() error) {
	web := newHTTP(handler)
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	served, worked := make(chan error, 1), make(chan error, 1)
	go func() { served <- web.Serve(l) }()
	go func() { worked <- handler.Run(work) }()
	return func() error {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), liveGrace)
		defer cancel()
		err := web.Shutdown(grace)
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		stop()
		return errors.Join(err, <-worked)
	}
}

// reach is the running server of --url.
func (f *liveFlags) reach(ctx context.Context) (*liveServer, error) {
	secret, err := os.ReadFile(f.key)
	if err != nil {
		return nil, fmt.Errorf("read the API key: %w", err)
	}
	s := &liveServer{http: newCaller(f.url, string(secret)), close: func() error { return nil }}
	key := f.trust
	if key == "" {
		var text []byte
		if err := s.http.do(ctx, "GET", "/ledger/key", nil, &text); err != nil {
			return nil, err
		}
		key = string(text)
	}
	s.trusted, err = verifier(key)
	return s, err
}
