package storage_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// A row is what both write: as Avow's table of entries has it, with a record of the same length.
type row struct {
	site, subject, ring int64
	id, record          []byte
}

// plain writes the same rows into the same table with the same index, many callers together, and does
// nothing else: no keys, no tree, no checkpoint. Its rows are sealed before the clock runs.
type plain struct {
	lots *store.Gatherer[row]
	idx  int64 // only who writes touches it
	size int
}

// add writes one row, durable when it returns.
func (p *plain) add(ctx context.Context, subject int64) error {
	b := make([]byte, p.size)
	random(b)
	id := make([]byte, 16)
	random(id)
	return p.lots.Add(ctx, row{site: 1, subject: subject, ring: 3, id: id, record: b})
}

// random is quick, and does not compress.
func random(b []byte) {
	for i := 0; i < len(b); i += 8 {
		for v, j := rand.Uint64(), i; j < min(i+8, len(b)); v, j = v>>8, j+1 {
			b[j] = byte(v)
		}
	}
}

// plainLite is one transaction a lot, with one prepared INSERT an event: the fast way on SQLite.
func plainLite(b *testing.B, size int) *plain {
	b.Helper()
	path := filepath.Join(b.TempDir(), "plain.db")
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "cache_size(-6144)", "wal_autocheckpoint(4000)"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	if err != nil {
		b.Fatal(err)
	}
	closeAfter(b, db)
	db.SetMaxOpenConns(1)
	for _, text := range []string{
		`CREATE TABLE entry(idx INTEGER PRIMARY KEY, site INTEGER NOT NULL, subject INTEGER NOT NULL, ring INTEGER NOT NULL, id BLOB NOT NULL, record BLOB NOT NULL, key BLOB)`,
		`CREATE INDEX entry_subject ON entry(site, subject)`,
	} {
		if _, err := db.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	insert, err := db.PrepareContext(b.Context(), `INSERT INTO entry(idx, site, subject, ring, id, record, key) VALUES($1, $2, $3, $4, $5, $6, NULL)`)
	if err != nil {
		b.Fatal(err)
	}
	p := &plain{size: size}
	p.lots = store.NewGatherer(2048, func(ctx context.Context, lot []row) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // after the commit it only says that there was one
		one := tx.StmtContext(ctx, insert)
		for _, r := range lot {
			p.idx++
			if _, err := one.ExecContext(ctx, p.idx, r.site, r.subject, r.ring, r.id, r.record); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
	return p
}

// plainPostgres is one INSERT … unnest a lot, which commits by itself: one journey.
func plainPostgres(b *testing.B, size int) *plain {
	b.Helper()
	ctx := b.Context()
	pool, err := pgxpool.New(ctx, storetest.Durable(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if _, err := pool.Exec(ctx, `CREATE TABLE entry(site bigint NOT NULL, subject bigint NOT NULL, idx bigint NOT NULL, ring bigint NOT NULL, id bytea NOT NULL, record bytea NOT NULL, key bytea, PRIMARY KEY (site, subject, idx))`); err != nil {
		b.Fatal(err)
	}
	p := &plain{size: size}
	p.lots = store.NewGatherer(2048, func(ctx context.Context, lot []row) error {
		n := len(lot)
		site, subject, idx, ring, id, record := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([][]byte, n), make([][]byte, n)
		for i, r := range lot {
			p.idx++
			site[i], subject[i], idx[i], ring[i], id[i], record[i] = r.site, r.subject, p.idx, r.ring, r.id, r.record
		}
		_, err := pool.Exec(ctx, `INSERT INTO entry(site, subject, idx, ring, id, record) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[])`, site, subject, idx, ring, id, record)
		return err
	})
	return p
}
