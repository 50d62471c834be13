package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"time"
)

const (
	maxReply = 8 << 20 // bytes of a reply; a hundred answers take far less
	attempts = 3       // at most, of what may be repeated
)

// call posts a body and returns the body of the answer, within the client's timeout. It repeats what did not arrive or
// was not answered, which is safe for questions and for events with ids. The error is a *Problem, an ErrUnavailable,
// or the caller's own context's if that was cancelled.
func (c *Client) call(ctx context.Context, path string, body []byte) ([]byte, error) {
	within, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for n := 1; ; n++ {
		reply, again, err := c.post(within, path, body)
		if err == nil {
			return reply, nil
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		if _, refused := errors.AsType[*Problem](err); refused {
			return nil, err
		}
		if !again || n == attempts || !pause(within, time.Duration(n)*(20*time.Millisecond+rand.N(40*time.Millisecond))) {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// pause waits, and reports whether there is time left.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// post is one attempt. It reports whether another might do better.
func (c *Client) post(ctx context.Context, path string, body []byte) (reply []byte, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, false, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, application/problem+json")
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, ctx.Err() == nil, fmt.Errorf("call avow: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	switch {
	case err != nil:
		return nil, ctx.Err() == nil, fmt.Errorf("read answer: %w", err)
	case len(text) > maxReply:
		return nil, false, fmt.Errorf("%w: it is larger than %d bytes", ErrAnswer, maxReply)
	case gone(resp.StatusCode):
		return nil, resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout,
			fmt.Errorf("status %d", resp.StatusCode)
	}
	kind := resp.Header.Get("Content-Type")
	if resp.StatusCode >= 400 {
		if p, ok := problemOf(resp.StatusCode, kind, text); ok {
			return nil, false, p
		}
	}
	if media, _, err := mime.ParseMediaType(kind); resp.StatusCode != http.StatusOK || err != nil || media != "application/json" {
		return nil, false, fmt.Errorf("%w: status %d, and no JSON of Avow", ErrAnswer, resp.StatusCode)
	}
	return text, false, nil
}
