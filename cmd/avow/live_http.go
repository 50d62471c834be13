package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A caller speaks to a server over HTTP under an API key.
type caller struct {
	base, key string
	client    *http.Client
}

// liveAtOnce is how many requests are under way together.
const liveAtOnce = 16

func newCaller(base, key string) *caller {
	return &caller{strings.TrimSuffix(base, "/"), strings.TrimSpace(key), &http.Client{
		Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: liveAtOnce},
	}}
}

// do sends a request and decodes the answer into out, if not nil: bytes as they are, else JSON. A server that
// says when it has time for this key is asked again then.
func (c *caller) do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	for {
		a, err := c.once(ctx, method, path, body)
		if err != nil {
			return err
		}
		wait, err := strconv.Atoi(a.retry)
		if a.status == http.StatusTooManyRequests && err == nil && wait < 60 {
			select {
			case <-time.After(time.Duration(wait) * time.Second):
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return a.take(out)
	}
}

// A received is an answer of a server, whole.
type received struct {
	status      int
	line, retry string // the status in words; when to ask again
	text        []byte
}

func (c *caller) once(ctx context.Context, method, path string, body []byte) (*received, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, usage{fmt.Errorf("the address of --url cannot be read: %w", err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.key)
	resp, err := c.client.Do(req)
	if e, ok := errors.AsType[*url.Error](err); ok {
		return nil, fmt.Errorf("the server at %s does not answer: %w", c.base, e.Err)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return &received{resp.StatusCode, resp.Status, resp.Header.Get("Retry-After"), text}, nil
}

func (a *received) take(out any) error {
	refusal := &http.Response{StatusCode: a.status, Status: a.line}
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return hinted{refused(refusal, a.text), "a run needs a key with the scopes " + liveScopes()}
	case a.status >= 300:
		return refused(refusal, a.text)
	case out == nil:
		return nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = a.text
		return nil
	}
	if err := json.Unmarshal(a.text, out); err != nil {
		return errors.New("the answer cannot be read; are server and command of one version?")
	}
	return nil
}
