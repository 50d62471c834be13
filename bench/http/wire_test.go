package http_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// connections is how many callers there are, each with a connection that stays open.
const connections = 20

// request is what goes over the wire, made before the clock runs.
func request(path, key, body string) []byte {
	auth := ""
	if key != "" {
		auth = "Authorization: Bearer " + key + "\r\n"
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: avow.example\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", path, auth, len(body), body)
}

// A caller is one connection. It costs little beside the server: the machine is the server's.
type caller struct {
	c net.Conn
	r *bufio.Reader
}

func dial(ctx context.Context, addr string) (*caller, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &caller{c, bufio.NewReader(c)}, nil
}

// ask sends a request and reads the whole answer. Only the status and the length are looked at; an
// answer without success is an error.
func (c *caller) ask(request []byte) error {
	if _, err := c.c.Write(request); err != nil {
		return err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answer %q", line)
	}
	length := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(n))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return c.chunks()
	}
	_, err = c.r.Discard(length)
	return err
}

// chunks reads a body that comes in pieces, as long ones do.
func (c *caller) chunks() error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		length, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := c.r.Discard(int(length) + len("\r\n")); length == 0 || err != nil {
			return err
		}
	}
}

// rate is how many requests a second all callers together had answered. next makes the request; it is
// called by many at once.
func rate(b testing.TB, addr string, slice time.Duration, next func() []byte) float64 {
	b.Helper()
	var n atomic.Int64
	var stop atomic.Bool
	var all sync.WaitGroup
	callers := make([]*caller, connections)
	for i := range callers {
		c, err := dial(b.Context(), addr)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.c.Close() }() // each answer has been read
		callers[i] = c
	}
	begin := time.Now()
	timer := time.AfterFunc(slice, func() { stop.Store(true) })
	defer timer.Stop()
	for _, c := range callers {
		all.Go(func() {
			for !stop.Load() {
				if err := c.ask(next()); err != nil {
					b.Error(err)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(begin).Seconds()
}
