package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

type pgconnError = pgconn.PgError

// postgres is a pool of connections.
type postgres struct {
	pool *pgxpool.Pool
	head presumed
}

func openPostgres(ctx context.Context, c Config) (*postgres, error) {
	cfg, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("the PostgreSQL address cannot be read") // the cause repeats the password
	}
	cfg.MinConns = 1
	cfg.ConnConfig.RuntimeParams["application_name"] = "avow"
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	// The server would plan statements with arrays anew each time, which costs more than a short one does.
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET plan_cache_mode = force_generic_plan")
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, quiet(err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect: %w", quiet(err))
	}
	return &postgres{pool: pool}, nil
}

func (p *postgres) close() { p.pool.Close() }

// retries is how often a transaction runs again that met another.
const retries = 10

func (s *Store) updatePostgres(ctx context.Context, fn func(context.Context, *Tx) error) error {
	for range retries {
		err := s.oncePostgres(ctx, fn)
		var e *DatabaseError
		if errors.Is(err, errPresumed) || errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") { // serialisation, deadlock
			continue
		}
		return rethrow(err)
	}
	return errors.New("update: other transactions were in the way ten times")
}

// connTx is a connection in a transaction that the batches begin and end themselves, which saves two
// journeys to the server. Savepoints of libraries work.
type connTx struct{ conn }

// conn is embedded under another name than the method that returns it.
type conn = *pgx.Conn

func (c connTx) Conn() *pgx.Conn                { return c.conn }
func (c connTx) Commit(context.Context) error   { return errors.New("the store commits") }
func (c connTx) Rollback(context.Context) error { return errors.New("the store rolls back") }
func (c connTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (s *Store) oncePostgres(ctx context.Context, fn func(context.Context, *Tx) error) error {
	conn, err := s.pg.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", quiet(err))
	}
	defer conn.Release()
	tx := s.newTx()
	tx.pg = connTx{conn.Conn()}
	tx.queue(begin)
	if err := s.inPostgres(ctx, tx, fn); err != nil {
		undo(conn)
		return err
	}
	return nil
}

// undo rolls back, also where the caller has gone; a connection that cannot is given up.
func undo(conn *pgxpool.Conn) {
	if conn.Conn().PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
		_ = conn.Conn().Close(ctx) // given up, whether it says goodbye or not
	}
}

func (s *Store) inPostgres(ctx context.Context, tx *Tx, fn func(context.Context, *Tx) error) error {
	if err := call(ctx, tx, fn); err != nil {
		return err
	}
	if len(tx.entries) == 0 && len(tx.jobs) == 0 && !tx.moves && tx.since < 0 {
		tx.queue(commit)
		return tx.send(ctx)
	}
	if head := s.pg.head.take(tx); head != nil {
		next, err := s.commitPostgres(ctx, tx, head)
		return s.pg.head.give(next, err)
	}
	head, err := s.lockHead(ctx, tx)
	if err != nil {
		return err
	}
	if tx.since >= 0 && tx.since != head.Moved {
		return ErrMoved
	}
	next, err := s.commitPostgres(ctx, tx, head)
	if err != nil {
		return err
	}
	if next == nil {
		next = head
	}
	s.pg.head.learn(next)
	return nil
}

// commitPostgres writes what the transaction collected, under the head that it has locked or presumes.
func (s *Store) commitPostgres(ctx context.Context, tx *Tx, head *Head) (*Head, error) {
	g := gathered{}
	g.add(tx)
	next, err := s.commitLog(ctx, tx, head, &g)
	if err == nil {
		tx.queue(commit)
		err = tx.send(ctx)
	}
	if err != nil {
		s.tail.drop()
		return nil, fmt.Errorf("commit: %w", err)
	}
	s.committed(next, &g)
	return next, nil
}

func (s *Store) viewPostgres(ctx context.Context, fn func(context.Context, *Tx) error) error {
	dbtx, err := s.pg.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin: %w", quiet(err))
	}
	defer func() { _ = dbtx.Rollback(context.WithoutCancel(ctx)) }() // there is nothing to undo
	tx := s.newTx()
	tx.pg = dbtx
	return fn(ctx, tx)
}
