package storetest

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
)

// A Copy is a database as it was: a backup that can be put back.
type Copy struct {
	url    string
	files  map[string][]byte // of SQLite, by what follows the path; nil: there was none
	schema string            // of PostgreSQL, beside that of the database
}

// Take copies a database. On SQLite it may be open, between two transactions: then the copy is what a crash
// would leave.
func Take(t testing.TB, address string) *Copy {
	t.Helper()
	c := &Copy{url: address}
	if of, ok := schemaOf(t, address); ok {
		c.schema = fmt.Sprintf("%s_copy_%d", of, number.Add(1))
		run(t, fmt.Sprintf(`CREATE SCHEMA %[1]s; DO $$ DECLARE r record; BEGIN
			FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = '%[2]s' AND tablename !~ '^(river|goose)' LOOP
				EXECUTE format('CREATE TABLE %[1]s.%%I AS TABLE %[2]s.%%I', r.tablename, r.tablename);
			END LOOP; END $$`, c.schema, of))
		t.Cleanup(func() { run(t, "DROP SCHEMA "+c.schema+" CASCADE") })
		return c
	}
	c.files = map[string][]byte{}
	for _, part := range []string{"", "-wal"} {
		content, err := os.ReadFile(address + part)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		c.files[part] = content
	}
	return c
}

// Restore puts the copy in the place of the database, which nobody has open.
func (c *Copy) Restore(t testing.TB) {
	t.Helper()
	if c.schema != "" {
		of, _ := schemaOf(t, c.url)
		run(t, fmt.Sprintf(`DO $$ DECLARE r record; BEGIN
			SET LOCAL session_replication_role = replica;
			FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = '%[1]s' LOOP
				EXECUTE format('DELETE FROM %[2]s.%%I', r.tablename);
				EXECUTE format('INSERT INTO %[2]s.%%I OVERRIDING SYSTEM VALUE TABLE %[1]s.%%I', r.tablename, r.tablename);
			END LOOP; END $$`, c.schema, of))
		return
	}
	for _, part := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(c.url + part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if content := c.files[part]; content != nil {
			if err := os.WriteFile(c.url+part, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// schemaOf is the schema of a PostgreSQL address; false for SQLite.
func schemaOf(t testing.TB, address string) (string, bool) {
	t.Helper()
	_, query, ok := strings.Cut(address, "?")
	if !ok || !strings.HasPrefix(address, "postgres://") {
		return "", false
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return q.Get("search_path"), true
}

func run(t testing.TB, text string) {
	t.Helper()
	s, err := server()
	if err == nil {
		err = s.sql(text)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Empty makes a database as it was before it was ever opened. On PostgreSQL its tables stay, without rows.
func Empty(t testing.TB, address string) {
	t.Helper()
	of, ok := schemaOf(t, address)
	if !ok {
		(&Copy{url: address, files: map[string][]byte{}}).Restore(t)
		return
	}
	run(t, fmt.Sprintf(`DO $$ DECLARE r record; BEGIN
		SET LOCAL session_replication_role = replica;
		FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = '%[1]s' AND tablename !~ '^(river|goose)' LOOP
			EXECUTE format('DELETE FROM %[1]s.%%I', r.tablename);
		END LOOP; END $$`, of))
}
