package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/policy"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve DIR...",
		Short: "Answer questions over HTTP (AuthZEN 1.0) and show the notices",
		Long: `Answer questions over HTTP (AuthZEN 1.0) and show the notices. The server keeps no
state and asks for no key yet, so it listens on this machine only unless --addr
says otherwise.`,
		Example: "  avow serve --addr 127.0.0.1:8080 policies/starter",
		Args:    dirs(1),
	}
	addr := c.Flags().String("addr", "127.0.0.1:8080", "where to listen; port 0 picks a free one")
	c.RunE = func(c *cobra.Command, args []string) error {
		var policies []*policy.Policy
		for _, dir := range args {
			l, err := load(dir, c.ErrOrStderr())
			if err != nil {
				return err
			}
			policies = append(policies, l.policy)
		}
		return serve(c.Context(), c.OutOrStdout(), *addr, policies, func(base string) {
			for _, p := range policies {
				fmt.Fprintf(c.OutOrStdout(), "%s/%s/privacy\n", base, p.Front.Site.Text)
			}
		})
	}
	return c
}

// serve listens, prints "ready" and the address, and runs until interrupted. Requests under way get
// ten seconds to end.
func serve(ctx context.Context, out io.Writer, addr string, policies []*policy.Policy, ready func(base string)) error {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	handler, err := server.New(server.Config{Policies: policies})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return hinted{fmt.Errorf("listen: %w", err), "is another server on that address? --addr 127.0.0.1:0 picks a free port"}
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	base := "http://" + l.Addr().String()
	fmt.Fprintf(out, "ready %s\n", base)
	ready(base)
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(grace); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
