package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A running server is one that a story started.
type running struct {
	ctx   context.Context // of the test, since a story has none
	cmd   *exec.Cmd
	ended chan error
	url   string
}

type runningKey struct{}

var (
	readyLine = regexp.MustCompile(`(?m)^ready (http\S+)$`)
	firstKey  = regexp.MustCompile(`(?m)^  (avow_\S+)$`)
)

// start VERB ARGS… runs avow until the story ends or stops it, and waits until it is ready. What it prints is
// in the file served. URL is its address; the first API key, if it shows one, is in the file first.key.
func start(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(runningKey{}).(*running)
	if neg || len(args) == 0 || r.cmd != nil {
		ts.Fatalf("usage: start VERB ARGS…, where none runs")
	}
	avow, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "avow"))
	ts.Check(err)
	served := ts.MkAbs("served")
	out, err := os.Create(served)
	ts.Check(err)
	c := exec.CommandContext(r.ctx, avow, args...)
	c.Dir, c.Stdout, c.Stderr = ts.MkAbs("."), out, out
	ts.Check(c.Start())
	r.cmd, r.ended = c, make(chan error, 1)
	go func() { r.ended <- c.Wait(); out.Close() }()
	ts.Defer(func() {
		if r.cmd != nil {
			_ = r.cmd.Process.Kill() // it may have ended by itself
			ts.Logf("killed: %v", <-r.ended)
		}
	})
	ts.Check(r.wait(ts, served))
}

func (r *running) wait(ts *testscript.TestScript, served string) error {
	said := 0 // bytes at the last look: the first key is shown after the line that says ready
	for range 600 {
		text, err := os.ReadFile(served)
		if err != nil {
			return err
		}
		m, settled := readyLine.FindSubmatch(text), len(text) == said
		said = len(text)
		if m != nil && (settled || firstKey.Match(text)) {
			r.url = string(m[1])
			ts.Setenv("URL", r.url)
			if k := firstKey.FindSubmatch(text); k != nil {
				return os.WriteFile(ts.MkAbs("first.key"), k[1], 0o600)
			}
			return nil
		}
		select {
		case err := <-r.ended:
			r.cmd = nil
			return fmt.Errorf("it ended before it was ready: %w\n%s", err, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("it is not ready after half a minute")
}

// stop interrupts the server as Ctrl-C does; it must end well.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(runningKey{}).(*running)
	if neg || len(args) != 0 || r.cmd == nil {
		ts.Fatalf("usage: stop, where one runs")
	}
	ts.Check(r.cmd.Process.Signal(syscall.SIGINT))
	err := <-r.ended
	r.cmd = nil
	if err != nil {
		ts.Fatalf("the server ended with %v:\n%s", err, ts.ReadFile("served"))
	}
}

// status N COMMAND ARGS… runs a command that must end with that status; its output is there for stdout and
// stderr.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARGS…")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("status %d, want %s", got, args[0])
	}
}

// post STATUS KEYFILE PATH BODYFILE ANSWERFILE sends a request as a service would, under a key.
func post(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(runningKey{}).(*running)
	if neg || len(args) != 5 || r.cmd == nil {
		ts.Fatalf("usage: post STATUS KEYFILE PATH BODYFILE ANSWERFILE, where a server runs")
	}
	req, err := http.NewRequestWithContext(r.ctx, http.MethodPost, r.url+args[2], strings.NewReader(ts.ReadFile(args[3])))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[1])))
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	var text bytes.Buffer
	_, err = io.Copy(&text, resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[4]), text.Bytes(), 0o600))
	if got := fmt.Sprint(resp.StatusCode); got != args[0] {
		ts.Fatalf("status %s, want %s:\n%s", got, args[0], &text)
	}
}
