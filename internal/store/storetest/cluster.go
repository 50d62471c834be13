package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A cluster is a PostgreSQL server on a Unix socket, without TCP. It ends with the test process.
type cluster struct{ bin, socket, port string }

// server starts the cluster once a process, or uses that of AVOW_TEST_POSTGRES, the folder of a socket.
var server = sync.OnceValues(func() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	if socket := os.Getenv("AVOW_TEST_POSTGRES"); socket != "" {
		return &cluster{bin, socket, "5432"}, nil
	}
	return start(bin, "-c", "fsync=off", "-c", "shared_buffers=64MB")
})

// durable starts another, which keeps its promises: what measures waits for the disk, like all who use it.
var durable = sync.OnceValues(func() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	return start(bin, "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "shared_buffers=256MB")
})

// binaries finds the newest version that Debian has installed.
func binaries() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Sort(dirs)
	if len(dirs) == 0 {
		return "", errors.New("nothing in /usr/lib/postgresql; on Debian: apt-get install postgresql")
	}
	return dirs[len(dirs)-1], nil
}

// start makes and starts a cluster. PostgreSQL refuses root, so root lends it another account.
func start(bin string, settings ...string) (*cluster, error) {
	dir, err := os.MkdirTemp("", "avow-pg")
	if err != nil {
		return nil, err
	}
	as, err := account()
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	ctx := context.Background() // the server is of the process, not of the test that asked first
	make := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C")
	make.Dir, make.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := make.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	run := exec.CommandContext(ctx, "/bin/sh", append([]string{
		"-c", untilTold, dir, filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=",
		"-c", "max_connections=200", "-c", "log_min_messages=fatal",
	}, settings...)...)
	run.Dir = dir
	c := &cluster{bin, dir, "5432"}
	if err := tied(run, as); err != nil {
		return nil, err
	}
	return c, c.ready()
}

// untilTold runs the server and removes its folder, $0, afterwards: when the server ends, or when the shell
// is told that the test process has.
const untilTold = `"$@" & server=$!
end() { kill -QUIT $server 2>/dev/null; wait $server; cd /; rm -rf "$0"; exit 0; }
trap end TERM
wait $server
end`

// account is the one that owns the cluster: our own, unless we are root.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("root cannot run PostgreSQL, and there is no account postgres or nobody")
}

// tied starts the command so that it ends with us, however we end. The thread that started it must live
// as long, hence the goroutine that keeps it.
func tied(run *exec.Cmd, as *syscall.Credential) error {
	run.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := run.Start()
		started <- err
		if err == nil {
			_ = run.Wait() // however it ended: nobody is left to tell
		}
	}()
	return <-started
}

// ready waits until the server answers.
func (c *cluster) ready() error {
	var err error
	for range 300 {
		if err = c.sql("SELECT 1"); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the server does not answer: %w", err)
}

// sql has no context of a test: what a test made goes after it.
func (c *cluster) sql(text string) error {
	out, err := exec.CommandContext(context.Background(), filepath.Join(c.bin, "psql"), "-h", c.socket, "-p", c.port, "-U", "postgres", "-d", "postgres", "-qXc", text).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
