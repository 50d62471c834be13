package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/avowhq/avow/ledger"
)

// A Check says how much of a database is recomputed. The zero Check does the log's own tables.
type Check struct {
	// Deep has the rows of entries checked too, and on SQLite the file.
	Deep bool
	// Open opens people's records, for Deep. Defaults to none: then only the records of nobody are held
	// against their leaves, since their keys lie beside them.
	Open Opener
	// Progress is told, now and then, how many entries of how many are done. Defaults to nobody.
	Progress func(done, total int64)
}

// An Opener opens some records, in the snapshot of tx: one Opened for each.
type Opener func(ctx context.Context, tx *Tx, entries []Stored) ([]Opened, error)

// Opened is a record with the key of its leaf, or why it does not open.
type Opened struct {
	Record []byte // canonical
	Key    [32]byte
	Err    error
}

// A Report counts what was checked, up to the end or the first defect.
type Report struct {
	Size    int64       // entries of the log
	Root    ledger.Hash // signed
	Bundles int64       // read and hashed, the last one incomplete
	Tiles   int64       // of all levels, recomputed
	Commits int64       // rows of the last commits
	Entries int64       // rows, each at an index of its own
	Opened  int64       // records found to be what their leaves commit to
	Erased  int64       // entries without a row: as many as the erasures in the log say
}

// A Defect is the first place where the tables are not what the signed head says.
type Defect struct {
	Table  string
	Row    string // "level = 0, n = 3"
	Column string // or several, where they cannot be told apart; "" for the row as a whole
	Index  int64  // of the first entry concerned, -1 for none
	What   string // holds no personal data
}

// Error names the place.
func (d *Defect) Error() string {
	at := d.Table
	if d.Row != "" {
		at += " where " + d.Row
	}
	if d.Column != "" {
		at += ", column " + d.Column
	}
	return at + ": " + d.What
}

// Check recomputes the log in one snapshot and in constant memory: every bundle to leaf hashes, these to
// the tiles of every level, these to the root that the head's checkpoint signs; and, if deep, every row of
// an entry against its leaf. The error of a database that is not whole wraps a *Defect, the first one
// found. docs/adr/0006-refusal-on-doubt.md lists the tables and how each column is covered.
//
// It holds a snapshot all the while. On SQLite the write-ahead log grows meanwhile.
func (s *Store) Check(ctx context.Context, c Check) (Report, error) {
	k := checker{s: s, c: c}
	err := s.View(ctx, func(ctx context.Context, tx *Tx) error {
		k.tx = tx
		return k.run(ctx)
	})
	if err != nil {
		return k.report, fmt.Errorf("check the database: %w", err)
	}
	return k.report, nil
}

// A checker is one Check under way.
type checker struct {
	s      *Store
	c      Check
	tx     *Tx
	head   Head
	report Report

	wrongRoot *Defect // of the first tile whose root is not that of its hashes
	rows      entryRows
	touched   touchedRows
	told      int64 // missing records that erasures tell of
}

func (k *checker) run(ctx context.Context) error {
	if err := k.readHead(ctx); err != nil {
		return err
	}
	if err := k.commits(ctx); err != nil {
		return err
	}
	if err := k.tree(ctx); err != nil {
		return err
	}
	if err := k.surplus(ctx); err != nil {
		return err
	}
	if err := k.commitLeaves(ctx); err != nil {
		return err
	}
	if k.c.Deep {
		if err := k.file(ctx); err != nil {
			return err
		}
	}
	k.progress(k.head.Size)
	return nil
}

func (k *checker) progress(done int64) {
	if k.c.Progress != nil {
		k.c.Progress(done, k.head.Size)
	}
}

// readHead reads the one row that all else is held against, column by column.
func (k *checker) readHead(ctx context.Context) error {
	h := &k.head
	var edge []byte
	var at int64
	err := k.tx.Row(ctx, selectHead, nil, &h.Size, &edge, &at, &h.Moved, &h.Checkpoint, &h.Origin)
	if errors.Is(err, ErrNone) {
		return headDefect("", "is missing")
	}
	if err != nil {
		return err
	}
	v, err := ledger.NewVerifier(k.s.signer.Key())
	if err != nil {
		return err
	}
	cp, err := v.Open(h.Checkpoint)
	if err != nil {
		return headDefect("checkpoint", "is not signed with our key: "+err.Error())
	}
	if h.Origin != cp.Origin {
		return headDefect("origin", "is not the one that the checkpoint has")
	}
	if uint64(h.Size) != cp.Size {
		return headDefect("size", fmt.Sprintf("is %d, and %d entries are signed", h.Size, cp.Size))
	}
	if h.Edge, err = ledger.ParseEdge(edge); err != nil || h.Edge.Size != cp.Size || h.Edge.Root() != cp.Root {
		return headDefect("edge", "does not lead to the signed root")
	}
	if at <= 0 || h.Moved < 0 {
		return headDefect("at, moved", "are out of range")
	}
	h.At = time.UnixMicro(at).UTC()
	k.report.Size, k.report.Root = h.Size, cp.Root
	return nil
}

func headDefect(column, what string) error {
	return &Defect{Table: "log_head", Row: "id = 1", Column: column, Index: -1, What: what}
}

// file asks SQLite whether its file is sound: a bit of an index can hide a row that is there. PostgreSQL
// checks its pages itself where data_checksums is on.
func (k *checker) file(ctx context.Context) error {
	if k.tx.Postgres() {
		return nil
	}
	var said string
	if err := k.tx.Row(ctx, `SELECT integrity_check FROM pragma_integrity_check LIMIT 1`, nil, &said); err != nil {
		return err
	}
	if said != "ok" {
		return &Defect{Table: "the database file", Index: -1, What: said}
	}
	return nil
}
