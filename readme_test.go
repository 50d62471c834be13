package avow_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The documentation is a test. In README.md and docs/guide/*.md a comment above a fenced block says
// what becomes of it; a ```sh block without one is an error.
//
//	<!-- test -->              sh: run it; every command must succeed
//	<!-- test: status 1 -->    sh: run it; the last command must exit with 1, the others with 0
//	<!-- test: ready -->       sh: run it until it prints "ready …", then interrupt it; it must end well
//	<!-- test: serve -->       sh: the same, but it goes on until a stop or the end of the document
//	<!-- test: stop -->        sh: interrupt what serves, which must end well; then run it as a test
//	<!-- skip: REASON -->      sh: not run, for a stated reason
//	<!-- output -->            text: its lines occur in this order in what the block before printed; … skips
//	<!-- clause -->            markdown: a clause that `avow check` and `avow test` accept (testdata/readme)
//
// The blocks of one document run in order under bash, in one temporary folder that begins as a copy
// of policies/, with the built avow first in the path. The address 127.0.0.1:8080 stands for a free one.

// A docBlock is one fenced block and the comment above it.
type docBlock struct {
	line        int
	mark, arg   string // "test", "status 1"
	fence, text string // "sh", the content
}

var (
	marker = regexp.MustCompile(`^<!-- (test|skip|output|clause)(?:: (.+?))? -->$`)
	fence  = regexp.MustCompile("^(`{3,})([a-z]*)")
)

func TestDocumentation(t *testing.T) {
	avow := buildAvow(t)
	for _, name := range documents(t) {
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			t.Parallel()
			runDocument(t, name, avow)
		})
	}
}

// documents lists what is written for people to follow.
func documents(t *testing.T) []string {
	t.Helper()
	guides, err := filepath.Glob("docs/guide/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"README.md"}, guides...)
}

// buildAvow returns the folder of a fresh binary.
func buildAvow(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	goCommand(t, "build", "-buildvcs=false", "-o", filepath.Join(dir, "avow"), "./cmd/avow")
	return dir
}

func runDocument(t *testing.T, name, avow string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "policies"), os.DirFS("policies")); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("curl"); err != nil && strings.Contains(string(text), "\ncurl ") {
		if os.Getenv("AVOW_CI") == "1" {
			t.Fatalf("missing: curl, which %s uses: %v", name, err)
		}
		t.Skipf("missing: curl, which %s uses: %v", name, err)
	}
	here := strings.NewReplacer("go run ./cmd/avow", "avow", "127.0.0.1:8080", freeAddress(t))
	printed := ""
	var serving *server
	for _, b := range blocks(here.Replace(string(text))) {
		at := fmt.Sprintf("%s:%d", name, b.line)
		switch {
		case b.fence == "sh" && b.mark == "":
			t.Errorf("%s: a sh block without <!-- test --> or <!-- skip: reason --> above it", at)
		case b.mark == "skip" && b.arg == "":
			t.Errorf("%s: skip wants a reason", at)
		case b.mark == "test" && b.arg == "ready":
			s := untilReady(t, at, shell(t, dir, avow, b.text))
			s.stop(t)
			printed = printedBy(t, s.Cmd)
		case b.mark == "test" && b.arg == "serve":
			serving.stop(t)
			serving = untilReady(t, at, shell(t, dir, avow, b.text))
			printed = printedBy(t, serving.Cmd)
		case b.mark == "test" && b.arg == "stop":
			serving.stop(t)
			serving = nil
			printed = toTheEnd(t, at, shell(t, dir, avow, b.text), "")
		case b.mark == "test":
			printed = toTheEnd(t, at, shell(t, dir, avow, b.text), b.arg)
		case b.mark == "output":
			if line, ok := inOrder(b.text, printed); !ok {
				t.Errorf("%s: %q is not in what the commands printed:\n%s", at, line, printed)
			}
		case b.mark == "clause":
			checkClause(t, at, avow, b.text)
		}
	}
	serving.stop(t)
}

// freeAddress is one on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// blocks reads the fenced blocks of a document.
func blocks(doc string) []docBlock {
	var all []docBlock
	var open *docBlock
	mark, end := []string(nil), ""
	for i, line := range strings.Split(doc, "\n") {
		switch m := fence.FindStringSubmatch(line); {
		case open != nil && strings.TrimSpace(line) == end:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case m != nil:
			open, end = &docBlock{line: i + 1, fence: m[2]}, m[1]
			if mark != nil {
				open.mark, open.arg = mark[1], mark[2]
			}
			mark = nil
		case strings.TrimSpace(line) != "":
			mark = marker.FindStringSubmatch(line)
		}
	}
	return all
}

// shell prepares a script; its output, both streams, goes to a file so that nothing waits for a pipe.
func shell(t *testing.T, dir, avow, script string) *exec.Cmd {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatalf("missing: bash, which runs the documentation's commands: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, bash, "-euo", "pipefail", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+avow+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1")
	out, err := os.CreateTemp(t.TempDir(), "printed")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	c.Stdout, c.Stderr = out, out
	return c
}

func printedBy(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	text, err := os.ReadFile(c.Stdout.(*os.File).Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// toTheEnd runs a script that must exit with the status that arg names, 0 if it names none.
func toTheEnd(t *testing.T, at string, c *exec.Cmd, arg string) string {
	t.Helper()
	want := 0
	if arg != "" {
		if _, err := fmt.Sscanf(arg, "status %d", &want); err != nil {
			t.Fatalf("%s: <!-- test: %s --> is none of the marks in readme_test.go", at, arg)
		}
	}
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("%s: %v", at, err)
	} else if got := c.ProcessState.ExitCode(); got != want {
		t.Errorf("%s: exit status %d, want %d (%v):\n%s", at, got, want, exit, printedBy(t, c))
	}
	return printedBy(t, c)
}

// A server is a block that goes on.
type server struct {
	*exec.Cmd
	at      string
	ended   chan error
	stopped bool
}

// untilReady runs a server until it says that it is ready.
func untilReady(t *testing.T, at string, c *exec.Cmd) *server {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("an interrupt cannot be sent here")
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	s := &server{Cmd: c, at: at, ended: make(chan error, 1)}
	go func() { s.ended <- c.Wait() }()
	t.Cleanup(func() {
		if !s.stopped {
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // it may have ended by itself
		}
	})
	deadline := time.After(30 * time.Second)
	for !slices.ContainsFunc(strings.Split(printedBy(t, c), "\n"), isReady) {
		select {
		case err := <-s.ended:
			t.Fatalf("%s: ended before it was ready: %v\n%s", at, err, printedBy(t, c))
		case <-deadline:
			t.Fatalf("%s: not ready after 30 s:\n%s", at, printedBy(t, c))
		case <-time.After(20 * time.Millisecond):
		}
	}
	return s
}

// stop ends the server, if there is one, as Ctrl-C does.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if s == nil {
		return
	}
	if err := syscall.Kill(-s.Process.Pid, syscall.SIGINT); err != nil {
		t.Errorf("%s: interrupt: %v", s.at, err)
	}
	err := <-s.ended
	s.stopped = true
	if err != nil && !interrupted(err) {
		t.Errorf("%s: after an interrupt: %v\n%s", s.at, err, printedBy(t, s.Cmd))
	}
}

func isReady(line string) bool { return strings.HasPrefix(line, "ready http") }

// interrupted reports whether bash itself passed the interrupt on, as it does after a command that
// ended well.
func interrupted(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGINT
}

// inOrder finds the lines of want one after the other in got; a line of … stands for any number. It
// returns the first line that is missing.
func inOrder(want, got string) (string, bool) {
	rest := strings.Split(got, "\n")
	skip := true
	for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		line = strings.TrimSpace(line)
		if line == "…" || line == "" {
			skip = skip || line == "…"
			continue
		}
		i := slices.IndexFunc(rest, func(s string) bool { return strings.TrimSpace(s) == line })
		if i < 0 {
			return line, false
		}
		if !skip && strings.TrimSpace(strings.Join(rest[:i], "")) != "" {
			return line, false
		}
		rest, skip = rest[i+1:], false
	}
	return "", true
}

// checkClause adds a clause to the notice in testdata/readme and has it checked and tested.
func checkClause(t *testing.T, at, avow, clause string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "shown"), os.DirFS("testdata/readme")); err != nil {
		t.Fatal(err)
	}
	notice, err := os.OpenFile(filepath.Join(dir, "shown", "notice.md"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := notice.WriteString("\n" + clause); err != nil {
		t.Fatal(err)
	}
	if err := notice.Close(); err != nil {
		t.Fatal(err)
	}
	toTheEnd(t, at, shell(t, dir, avow, "avow check shown\navow test shown"), "")
}
