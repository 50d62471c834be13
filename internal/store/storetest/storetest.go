// Package storetest gives tests real databases: SQLite in a folder of their own, and a PostgreSQL server
// that is started for them on a socket of its own.
package storetest

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Each runs the test once on every engine, with the address of an empty database.
func Each(t *testing.T, run func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, Postgres(t)) })
}

// SQLite is the path of a database that does not exist yet.
func SQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "avow.db") }

var number atomic.Int64

// Postgres is the address of an empty schema on a private server. Without PostgreSQL on the machine the
// test is skipped, except where AVOW_CI says that nothing may be.
func Postgres(t testing.TB) string {
	t.Helper()
	return schema(t, server)
}

// Durable is the same on a server with fsync on, for benchmarks. Its files lie in the folder for temporary
// ones, as SQLite's do.
func Durable(t testing.TB) string {
	t.Helper()
	return schema(t, durable)
}

func schema(t testing.TB, server func() (*cluster, error)) string {
	t.Helper()
	s, err := server()
	if err != nil {
		if os.Getenv("AVOW_CI") == "1" || os.Getenv("CI") == "true" {
			t.Fatalf("start PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), number.Add(1))
	if err := s.sql("CREATE SCHEMA " + name); err != nil {
		t.Fatalf("make a schema: %v", err)
	}
	t.Cleanup(func() {
		if err := s.sql("DROP SCHEMA " + name + " CASCADE"); err != nil {
			t.Logf("drop the schema: %v", err)
		}
	})
	q := url.Values{"host": {s.socket}, "port": {s.port}, "user": {"postgres"}, "sslmode": {"disable"}, "search_path": {name}}
	return "postgres:///postgres?" + q.Encode()
}
