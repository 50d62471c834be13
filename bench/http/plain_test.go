package http_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/avowhq/avow/internal/store/storetest"
)

// plain is what most programs have: a handler that reads the same body, inserts one row and commits. It
// checks no key, seals nothing, and finds no person.
func plain(insert func(ctx context.Context, person, kind string, at int64, record []byte) (index int64, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b struct {
			Events []struct {
				Person, Kind, Style string
				For                 []string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil || len(b.Events) != 1 {
			http.Error(w, "not JSON", http.StatusBadRequest)
			return
		}
		record, err := json.Marshal(b.Events[0])
		if err != nil {
			http.Error(w, "no record", http.StatusInternalServerError)
			return
		}
		index, err := insert(r.Context(), b.Events[0].Person, b.Events[0].Kind, time.Now().UnixMicro(), record)
		if err != nil {
			http.Error(w, "not recorded", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"index": index}) // the caller sees an answer that is cut off
	})
}

const plainTable = `(idx INTEGER PRIMARY KEY, person TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, record BLOB NOT NULL)`

func plainLite(b testing.TB) http.Handler {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "cache_size(-16384)", "wal_autocheckpoint(4000)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "plain.db")+"?"+q.Encode())
	if err != nil {
		b.Fatal(err)
	}
	closeAfter(b, db)
	db.SetMaxOpenConns(1) // a second one would wait for the first anyway
	for _, text := range []string{`CREATE TABLE event` + plainTable, `CREATE INDEX event_person ON event(person)`} {
		if _, err := db.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	one, err := db.PrepareContext(b.Context(), `INSERT INTO event(person, kind, at, record) VALUES($1, $2, $3, $4) RETURNING idx`)
	if err != nil {
		b.Fatal(err)
	}
	return plain(func(ctx context.Context, person, kind string, at int64, record []byte) (index int64, err error) {
		err = one.QueryRowContext(ctx, person, kind, at, record).Scan(&index)
		return index, err
	})
}

func plainPostgres(b testing.TB) http.Handler {
	c, err := pgxpool.ParseConfig(storetest.Durable(b))
	if err != nil {
		b.Fatal(err)
	}
	c.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	for _, text := range []string{`CREATE TABLE event(idx bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person text NOT NULL, kind text NOT NULL, at bigint NOT NULL, record bytea NOT NULL)`, `CREATE INDEX event_person ON event(person)`} {
		if _, err := pool.Exec(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	return plain(func(ctx context.Context, person, kind string, at int64, record []byte) (index int64, err error) {
		err = pool.QueryRow(ctx, `INSERT INTO event(person, kind, at, record) VALUES($1, $2, $3, $4) RETURNING idx`, person, kind, at, record).Scan(&index)
		return index, err
	})
}

// echo reads the question and writes it back, as any handler of JSON does.
func echo(w http.ResponseWriter, r *http.Request) {
	var q any
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(q) // the caller sees an answer that is cut off
}

// constant reads the question into the types that it has, and answers the same to all.
func constant(w http.ResponseWriter, r *http.Request) {
	type entity struct {
		Type, ID   string
		Properties map[string]any
	}
	var q struct {
		Subject, Resource entity
		Action            struct{ Name string }
		Context           map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"decision":true,"context":{"kind":"allow"}}` + "\n"))
}
