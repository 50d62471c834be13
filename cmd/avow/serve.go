package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/policy"
)

// socketName is the command's way in, within the folder of the state.
const socketName = "avow.sock"

// socketMost is how long the path of a socket may be on every system.
const socketMost = 103

// The folders of the state, unless --dir names another.
const (
	defaultDir = "avow-data"
	demoDir    = "avow-demo"
)

// stateFlags say where a server keeps its state.
type stateFlags struct{ dir, db, keys, origin string }

func (f *stateFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "dir", defaultDir, "folder of the state: database, keys, the command's socket")
	c.Flags().StringVar(&f.db, "db", "", "address of a PostgreSQL, as postgres://user@host/name; else SQLite in --dir")
	c.Flags().StringVar(&f.keys, "keys", "", "folder of the keys, better on another disk than the database; else keys in --dir")
	c.Flags().StringVar(&f.origin, "origin", "avow.local", "name of the log, as a host and path; counts when the keys are made")
}

func (f *stateFlags) keysDir() string {
	if f.keys != "" {
		return f.keys
	}
	return filepath.Join(f.dir, "keys")
}

// open opens the state, and says what to do where it cannot be opened.
func (f *stateFlags) open(ctx context.Context, log *slog.Logger) (*server.House, error) {
	socket := filepath.Join(f.dir, socketName)
	if len(socket) > socketMost {
		return nil, usage{hinted{fmt.Errorf("--dir is too long: the path of the command's socket has at most %d bytes", socketMost), "choose a shorter --dir, or one relative to this folder"}}
	}
	if answers(ctx, socket) {
		return nil, hinted{fmt.Errorf("a server runs with --dir %s already", f.dir), "the other verbs speak to it; a second server on one PostgreSQL has a --dir of its own, and the same --keys"}
	}
	house, err := f.house(ctx, log)
	if errors.Is(err, store.ErrInUse) {
		return nil, hinted{err, "a server runs with --dir " + f.dir + "; the other verbs speak to it"}
	}
	return house, err
}

func (f *stateFlags) house(ctx context.Context, log *slog.Logger) (*server.House, error) {
	if f.db != "" && !strings.HasPrefix(f.db, "postgres://") && !strings.HasPrefix(f.db, "postgresql://") {
		return nil, usage{hinted{errors.New("--db is no address of a PostgreSQL"), "--db postgres://user@host/name; without --db the state is a SQLite file in --dir"}}
	}
	house, err := server.OpenHouse(ctx, server.HouseConfig{Dir: f.dir, Database: f.db, Keys: f.keys, Origin: f.origin, Logger: log})
	if err != nil && f.db != "" && strings.HasPrefix(err.Error(), "open store") {
		return nil, hinted{err, "is the PostgreSQL of --db running, does the database exist, and may this account use it?"}
	}
	return house, err
}

// answers reports whether somebody listens on a socket: what a server left behind that was killed does not.
func answers(ctx context.Context, socket string) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", socket)
	if err == nil {
		_ = c.Close() // nothing was said on it
	}
	return err == nil
}

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve POLICY...",
		Short: "Answer questions over HTTP (AuthZEN 1.0), take events, show the notices",
		Long: `Answer questions over HTTP (AuthZEN 1.0), take events about people, serve the log
and show the notices. The state lies in --dir: a SQLite file, or nothing but keys
and socket where --db names a PostgreSQL. The first start makes keys and prints an
API key once. AVOW_KEYS_PASSPHRASE_FILE names a file whose first line seals the keys;
then each start needs it. Ctrl-C or SIGTERM ends it; what is under way is finished.`,
		Example: "  avow serve --addr 127.0.0.1:8080 --dir avow-data policies/starter",
		Args:    dirs,
	}
	addr := c.Flags().String("addr", "127.0.0.1:8080", "where to listen; port 0 picks a free one")
	var state stateFlags
	state.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var policies []*policy.Policy
		for _, dir := range args {
			l, err := load(dir, c.ErrOrStderr())
			if err != nil {
				return err
			}
			policies = append(policies, l.policy)
		}
		return serve(c, *addr, state, policies, func(_ context.Context, base string, h *server.House) error {
			fmt.Fprintf(c.OutOrStdout(), "ready %s\n", base)
			for _, p := range policies {
				fmt.Fprintf(c.OutOrStdout(), "%s/%s/privacy\n", base, p.Front.Site.Text)
			}
			state.tellState(c.OutOrStdout(), h)
			return nil
		})
	}
	return c
}

// tellState says what the first start made, and what is wrong.
func (f *stateFlags) tellState(w io.Writer, h *server.House) {
	if h.Doubt != nil {
		fmt.Fprintf(w, "SEALED, nothing is answered: %v\n", h.Doubt)
		return
	}
	if h.FirstKey != "" {
		fmt.Fprintf(w, "\nThe first API key, shown once:\n  %s\nThe key that checks the log:\n  %s\nThe keys that open the database lie in %s. Back them up, and apart from it.\n",
			h.FirstKey, h.Keys.Signer().Key(), f.keysDir())
	}
}

// serve opens the state, listens, calls ready, which says so, and runs until interrupted. Requests under
// way get ten seconds to end.
func serve(c *cobra.Command, addr string, state stateFlags, policies []*policy.Policy, ready func(ctx context.Context, base string, h *server.House) error) (err error) {
	ctx := c.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if os.Getenv("GOGC") == "" {
		// A server allocates little and keeps much: collecting twice as often costs it next to nothing, and
		// saves a tenth of what it keeps resident (docs/performance.md).
		debug.SetGCPercent(50)
	}
	l, err := listen(ctx, addr) // before the state, so that the first key is not made and lost over a port
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // an error says that it is closed already, as after serving
	house, err := state.open(ctx, slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	handler, err := server.New(ctx, server.Config{Policies: policies, House: house})
	var socket net.Listener
	if err == nil {
		socket, err = listenLocal(ctx, filepath.Join(state.dir, socketName))
	}
	if err != nil {
		state.tellState(c.OutOrStdout(), house) // the first key is never shown again
		if ctx.Err() != nil {
			return nil // interrupted
		}
		return err
	}
	base, here := address(l.Addr())
	if !here {
		fmt.Fprintln(c.ErrOrStderr(), "avow: hint: other machines reach this address over plain HTTP; put a proxy with TLS in front (docs/guide/operating.md)")
	}
	return both(ctx, handler, l, socket, func() error { return ready(ctx, base, house) })
}

// address is where this machine reaches the server, and whether no other machine does.
func address(at net.Addr) (base string, here bool) {
	tcp, ok := at.(*net.TCPAddr)
	if !ok {
		return "http://" + at.String(), false
	}
	if tcp.IP.IsUnspecified() {
		return "http://127.0.0.1:" + strconv.Itoa(tcp.Port), false
	}
	return "http://" + at.String(), tcp.IP.IsLoopback()
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	hint := "--addr is a host and a port, as 127.0.0.1:8080; port 0 picks a free one"
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "another program listens there; --addr 127.0.0.1:0 picks a free port"
	case errors.Is(err, syscall.EACCES):
		hint = "ports below 1024 are for root; --addr 127.0.0.1:0 picks a free one"
	}
	return nil, hinted{err, hint}
}

// both serves the address and the socket until ctx ends. ready runs when they are open; what it could not
// finish because of an interrupt is no error.
func both(ctx context.Context, handler *server.Server, l, socket net.Listener, ready func() error) error {
	open := newHTTP(handler)
	local := newHTTP(handler)
	local.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return server.Local(ctx, peer(c)) }
	done, worked := make(chan error, 2), make(chan error, 1)
	go func() { done <- open.Serve(l) }()
	go func() { done <- local.Serve(socket) }()
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	go func() { worked <- handler.Run(work) }()
	err := ready()
	if ctx.Err() != nil {
		err = nil
	}
	if err == nil {
		select {
		case err = <-done:
			err = fmt.Errorf("serve: %w", err)
		case <-ctx.Done():
		}
	}
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(err, open.Shutdown(grace), local.Shutdown(grace))
	end()
	return errors.Join(err, <-worked)
}

func newHTTP(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute}
}

// listenLocal makes the socket on which the command speaks to this server. Only this account and root may
// open it.
func listenLocal(ctx context.Context, path string) (net.Listener, error) {
	// Nobody answers on it: what lies here is a leftover of a server that was killed.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listen for the command: %w", err)
	}
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for the command: %w", err)
	}
	return onlyUs{l}, nil
}

// onlyUs refuses connections of other accounts.
type onlyUs struct{ net.Listener }

// Accept takes the next connection of this account or root.
func (l onlyUs) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid := peer(c); uid == 0 || uid == os.Getuid() {
			return c, nil
		}
		_ = c.Close() // it was refused; whether it hears so is its affair
	}
}
