package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// A remote is the server that runs with a folder, reached through its socket.
type remote struct{ dir string }

func (f *remote) add(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "dir", defaultDir, "folder of the running server's state")
}

// call sends a request and decodes the answer into out, if not nil.
func (f *remote) call(ctx context.Context, method, path string, in, out any) error {
	if ctx == nil {
		ctx = context.Background()
	}
	socket := filepath.Join(f.dir, socketName)
	if _, err := os.Stat(socket); err != nil {
		return hinted{fmt.Errorf("no server runs with --dir %s", f.dir), f.elsewhere(ctx)}
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://avow"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	c := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	resp, err := c.Do(req)
	if e, ok := errors.AsType[*url.Error](err); ok {
		return hinted{fmt.Errorf("the server with --dir %s does not answer: %w", f.dir, e.Err), "does it run? only its own account and root may speak to it"}
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode >= 300 {
		return refused(resp, text)
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = text
		return nil
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return errors.New("the answer cannot be read; are server and command of one version?")
	}
	return nil
}

// api is the address of an operation.
func api(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "/api/v1/" + strings.Join(parts, "/")
}

// elsewhere says where a server does run, of the folders that serve and demo take by themselves.
func (f *remote) elsewhere(ctx context.Context) string {
	for _, dir := range []string{defaultDir, demoDir} {
		if answers(ctx, filepath.Join(dir, socketName)) {
			return "one runs with --dir " + dir
		}
	}
	return "start one: avow serve --dir " + f.dir + " POLICY"
}

// refused is the error of an answer that is none: a problem document, a list of events with one, or a
// JSON string.
func refused(resp *http.Response, text []byte) error {
	var p struct {
		Detail string
		Events []struct{ Error *struct{ Detail string } }
	}
	var s string
	err := fmt.Errorf("the server answered %s", resp.Status)
	switch {
	case json.Unmarshal(text, &p) == nil && p.Detail != "":
		err = errors.New(p.Detail)
	case len(p.Events) > 0 && p.Events[0].Error != nil:
		err = errors.New(p.Events[0].Error.Detail)
	case json.Unmarshal(text, &s) == nil:
		err = errors.New(s)
	}
	switch {
	case strings.HasPrefix(err.Error(), "no such site"):
		return usage{hinted{err, "--site is the name in the head of a notice: site: starter"}}
	case strings.Contains(err.Error(), "not declared"), strings.Contains(err.Error(), "vocabulary declares"):
		return usage{hinted{err, "the words are those of the notice's vocabulary.yaml"}}
	case resp.StatusCode == http.StatusBadRequest:
		return usage{err} // the command line asked for what there is not
	}
	return err
}

// siteFlag explains --site.
const siteFlag = "the site, as its notice's head names it; may be left out where one is served"

// site is the one that is named, or the only one that the server serves.
func (f *remote) site(ctx context.Context, name string) (string, error) {
	if name != "" {
		return name, nil
	}
	var out struct{ Sites []struct{ Site string } }
	if err := f.call(ctx, "GET", "/api/v1/sites", nil, &out); err != nil {
		return "", err
	}
	if len(out.Sites) == 1 {
		return out.Sites[0].Site, nil
	}
	var names []string
	for _, s := range out.Sites {
		names = append(names, s.Site)
	}
	return "", usage{hinted{errors.New("several sites are served"), "name one with --site: " + strings.Join(names, ", ")}}
}
