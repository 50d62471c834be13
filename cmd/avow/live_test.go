package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/policies"
)

// buildAvow returns the command, built anew.
func buildAvow(t testing.TB) string {
	t.Helper()
	avow := filepath.Join(t.TempDir(), "avow")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", avow, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return avow
}

// command runs the command to its end.
func command(t testing.TB, avow string, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), avow, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), stdout.String(), stderr.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, stdout.String(), stderr.String()
}

// shippedDirs are the policies that come with Avow.
func shippedDirs() []string {
	var out []string
	for _, name := range policies.Names() {
		out = append(out, filepath.Join("..", "..", "policies", name))
	}
	return out
}

type liveExample struct {
	Site, Clause, Verdict, Why, Here, Way, Answer, Permit string

	Line, Entries int
}

// TestLive: on both engines a real server answers the examples of all policies as they want it.
func TestLive(t *testing.T) {
	t.Parallel()
	avow := buildAvow(t)
	storetest.Each(t, func(t *testing.T, address string) {
		args := []string{"test", "--live", "--json"}
		if strings.HasPrefix(address, "postgres") {
			args = append(args, "--db", address)
		}
		start := time.Now()
		status, out, errs := command(t, avow, append(args, shippedDirs()...)...)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("it took %s", took)
		}
		var got struct{ Examples []liveExample }
		if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 {
			t.Errorf("status %d, %v: %s", status, err, errs)
		}
		passed, proven, permits, ended := map[string]int{}, 0, 0, false
		for _, x := range got.Examples {
			switch x.Verdict {
			case "passed":
				passed[x.Site]++
				proven += x.Entries
				permits += min(1, len(x.Permit))
				ended = ended || strings.Contains(x.Way, "ended")
			case "failed":
				t.Errorf("%s#%s, line %d: %s", x.Site, x.Clause, x.Line, x.Why)
			case "waiting":
				if x.Why == "" {
					t.Errorf("%s#%s, line %d waits for no reason", x.Site, x.Clause, x.Line)
				}
			}
		}
		for _, site := range policies.Names() {
			if passed[site] < 15 {
				t.Errorf("%s: only %d examples passed", site, passed[site])
			}
		}
		if proven < 500 || permits < 10 || !ended {
			t.Errorf("%d entries proven, %d permits; an agreement that ended: %v", proven, permits, ended)
		}
	})
}

// serving starts `avow serve` with the starter, and returns its address and the file of its first key.
func serving(t *testing.T, avow string) (base, key string) {
	t.Helper()
	dir := t.TempDir()
	c := exec.CommandContext(t.Context(), avow, "serve", "--addr", "127.0.0.1:0", "--dir", "data", starter(t))
	c.Dir = dir
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGINT) }
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGINT) // it may have ended by itself
		_ = c.Wait()
	})
	var text []byte
	for b := make([]byte, 4096); ; {
		n, err := out.Read(b)
		text = append(text, b[:n]...)
		if err != nil {
			t.Fatalf("it ended before it was ready: %s", text)
		}
		if bytes.Contains(text, []byte("Back them up")) {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	key = filepath.Join(dir, "key")
	if err := os.WriteFile(key, firstKey.FindSubmatch(text)[1], 0o600); err != nil {
		t.Fatal(err)
	}
	return string(readyLine.FindSubmatch(text)[1]), key
}

func starter(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../policies/starter")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestLiveFindsLies puts something between the command and a real server that changes one answer at a time.
func TestLiveFindsLies(t *testing.T) {
	t.Parallel()
	avow := buildAvow(t)
	base, key := serving(t, avow)
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]struct {
		path     string // a pattern of what is changed
		old, new string // patterns of the text
		status   int
		says     string
	}{
		"the truth":              {"^$", "", "", 0, "0 failed"},
		"another outcome":        {"/access/v1/evaluation$", `"kind":"unmet"`, `"kind":"gap"`, 1, "the server answered deny: gap"},
		"another promise":        {"/access/v1/evaluation$", `"promises":\["letter\.\d`, `"promises":["offers.1`, 1, "and this process"},
		"no basis":               {"/access/v1/evaluation$", `"basis":\[[^]]*\],`, "", 1, "and this process allow on"},
		"kept for ever":          {"/kept$", `"kept":false,"then":"erase"`, `"kept":true`, 1, "the server answered kept"},
		"a record put in words":  {"/history$", `"name":"account-closed"`, `"name":"account-opened"`, 1, "another name"},
		"an event not there":     {"/history$", `"entries":\[.*\]`, `"entries":[]`, 1, "the log does not show"},
		"a receipt of something": {"/receipts/\\d+$", `"source": "avow test --live"`, `"source": "avow test --fake"`, 1, "not in the log that was signed"},
		"no receipts":            {"/receipts/\\d+$", `"proof"`, `"prof"`, 1, "not of the form"},
		"no permit":              {"/access/v1/evaluation$", `"permit":"[^"]*",`, "", 1, "gave no permit"},
		"another permit":         {"/access/v1/evaluation$", `"permit":"\w`, `"permit":"x`, 1, "does not show the disclosure that the server permitted"},
		"a page without":         {"/privacy$", `answers for it`, `answers it`, 1, "0 of 1 statements on the page (not: who-we-are.1)"},
		"another version":        {"/api/v1/sites$", `"version":"\d`, `"version":"9`, 1, "serves no site starter in the version of"},
	} {
		t.Run(name, func(t *testing.T) {
			path, old := regexp.MustCompile(lie.path), regexp.MustCompile(lie.old)
			between := httptest.NewServer(&httputil.ReverseProxy{
				Rewrite: func(r *httputil.ProxyRequest) {
					r.SetURL(target)
					r.Out.Header.Del("Accept-Encoding") // what is packed cannot be changed
				},
				ModifyResponse: func(r *http.Response) error {
					text, err := io.ReadAll(r.Body)
					if err != nil {
						return err
					}
					if path.MatchString(r.Request.URL.Path) {
						text = old.ReplaceAll(text, []byte(lie.new))
					}
					r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
					r.Header.Del("Content-Length")
					return nil
				},
			})
			defer between.Close()
			status, out, errs := command(t, avow, "test", "--live", "--url", between.URL, "--key", key, starter(t))
			if status != lie.status || !strings.Contains(out+errs, lie.says) {
				t.Errorf("status %d, want %d and %q:\n%s%s", status, lie.status, lie.says, out, errs)
			}
		})
	}
}

// TestLiveWrongExamples: an example that wants something else than the notice says fails against the server, and
// so does one whose answer another clause gave.
func TestLiveWrongExamples(t *testing.T) {
	t.Parallel()
	avow := buildAvow(t)
	for name, change := range map[string][]string{
		"got allow on consent":                        {"  want:  {allow: consent}", "  want:  {deny: unmet}"},
		"right, but determined by letter.2":           {"## Offers like what you bought {#offers}", "## Offers like what you bought {#offers}\n\n```yaml example\ngiven: {consented: letter}\nask: {action: use, data: contact.email, for: letter}\nwant: allow\n```\n"},
		"got gone by order.4":                         {"  ask:   {kept: orders}\n  want:  gone", "  ask:   {kept: orders}\n  want:  {kept: yes}"},
		"the server does not record a happened event": {"- given: {order-completed: 25 months ago}", "- given: {order-completed: 90 years ago}"},
	} {
		dir := filepath.Join(t.TempDir(), "starter")
		if err := os.CopyFS(dir, os.DirFS(starter(t))); err != nil {
			t.Fatal(err)
		}
		notice := filepath.Join(dir, "notice.md")
		text, err := os.ReadFile(notice)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			t.Fatalf("the starter has no %q", change[0])
		}
		if err := os.WriteFile(notice, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		status, out, errs := command(t, avow, "test", "--live", dir)
		if status != 1 || !strings.Contains(out, name) || !strings.Contains(out, "1 failed") {
			t.Errorf("status %d, want 1 and %q:\n%s%s", status, name, out, errs)
		}
	}
}
