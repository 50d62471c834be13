package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// A queued statement waits to be sent to PostgreSQL with others.
type queued struct {
	text string
	args []any
	late func() ([]any, error) // makes args while the server works on what stands before; nil for none
}

// queue adds a statement to those that go with the next.
func (tx *Tx) queue(text string, args ...any) {
	tx.queued = append(tx.queued, queued{text: text, args: args})
}

// send gives PostgreSQL the statements that wait, in one go.
func (tx *Tx) send(ctx context.Context) error { return tx.sendReading(ctx, nil) }

// sendReading does the same; read has the rows of the last of them.
func (tx *Tx) sendReading(ctx context.Context, read func(pgx.Rows) error) error {
	if len(tx.queued) == 0 {
		return nil
	}
	waiting := tx.queued
	tx.queued = nil
	return quiet(sendAll(ctx, tx.pg.Conn(), waiting, read))
}

// What a transaction begins and ends with.
const (
	begin  = "BEGIN"
	commit = "COMMIT"
)

// sendAll makes one journey of the statements; only one that a connection has not seen yet costs a
// journey of its own. A whole transaction needs neither beginning nor end: what is sent together is one.
func sendAll(ctx context.Context, conn *pgx.Conn, all []queued, read func(pgx.Rows) error) error {
	if len(all) > 1 && all[0].text == begin && all[len(all)-1].text == commit {
		all = all[1 : len(all)-1]
	}
	known := make([]*pgconn.StatementDescription, len(all))
	for i := range all {
		var err error
		if known[i], err = conn.Prepare(ctx, all[i].text, all[i].text); err != nil {
			return err
		}
	}
	pipe := conn.PgConn().StartPipeline(ctx)
	for i := range all {
		if err := sendOne(pipe, conn.TypeMap(), known[i], &all[i]); err != nil {
			_ = pipe.Close() // and with it, where something was sent, the connection: the server rolls back
			return err
		}
	}
	if err := pipe.Sync(); err != nil {
		return err
	}
	err := receive(pipe, conn.TypeMap(), len(all), read)
	if e := pipe.Close(); err == nil {
		err = e
	}
	return err
}

func sendOne(pipe *pgconn.Pipeline, types *pgtype.Map, known *pgconn.StatementDescription, q *queued) error {
	args := q.args
	if q.late != nil {
		if err := pipe.Flush(); err != nil {
			return err
		}
		var err error
		if args, err = q.late(); err != nil {
			return err
		}
	}
	values, formats, err := encode(types, known, args)
	if err != nil {
		return err
	}
	pipe.SendQueryStatement(known, values, formats, binaryFormat)
	return nil
}

// receive reads what comes back, up to the end of the journey. The first error counts: those behind it
// were not run.
func receive(pipe *pgconn.Pipeline, types *pgtype.Map, n int, read func(pgx.Rows) error) error {
	var first error
	for i := 0; ; i++ {
		result, err := pipe.GetResults()
		var refused *pgconn.PgError
		if err != nil && !errors.As(err, &refused) {
			return errors.Join(first, err)
		}
		rows, ok := result.(*pgconn.ResultReader)
		if !ok && err == nil {
			return first // it is the end
		}
		if ok && i == n-1 && read != nil && first == nil {
			err = read(pgx.RowsFromResultReader(types, rows))
		}
		if ok {
			if _, e := rows.Close(); err == nil {
				err = e
			}
		}
		if first == nil {
			first = err
		}
	}
}

var binaryFormat = []int16{pgtype.BinaryFormatCode}

// encode puts the arguments of a statement in PostgreSQL's binary form.
func encode(types *pgtype.Map, known *pgconn.StatementDescription, args []any) ([][]byte, []int16, error) {
	if len(args) != len(known.ParamOIDs) {
		return nil, nil, fmt.Errorf("%d arguments for %d parameters", len(args), len(known.ParamOIDs))
	}
	if len(args) == 0 {
		return nil, nil, nil
	}
	values := make([][]byte, len(args))
	for i, a := range args {
		var err error
		if values[i], err = encodeOne(types, known.ParamOIDs[i], a); err != nil {
			return nil, nil, errors.New("an argument does not go with its parameter") // the cause repeats the value
		}
	}
	return values, binaryFormat, nil
}

func encodeOne(types *pgtype.Map, oid uint32, arg any) ([]byte, error) {
	switch a := arg.(type) {
	case int64:
		if oid == pgtype.Int8OID {
			return binary.BigEndian.AppendUint64(nil, uint64(a)), nil
		}
	case []byte:
		if oid == pgtype.ByteaOID {
			return a, nil
		}
	case []int64:
		if oid == pgtype.Int8ArrayOID {
			return bigints(a), nil
		}
	case [][]byte:
		if oid == pgtype.ByteaArrayOID {
			return byteas(a), nil
		}
	}
	return types.Encode(oid, pgtype.BinaryFormatCode, arg, []byte{})
}

// The arrays are written out because pgx takes each element by itself, with allocations.

// arrayHeader is that of an array of one dimension that begins at 1.
func arrayHeader(b []byte, n int, nulls uint32, element uint32) []byte {
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, nulls)
	b = binary.BigEndian.AppendUint32(b, element)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return binary.BigEndian.AppendUint32(b, 1)
}

func bigints(l []int64) []byte {
	b := arrayHeader(make([]byte, 0, 20+12*len(l)), len(l), 0, pgtype.Int8OID)
	for _, v := range l {
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	return b
}

func byteas(l [][]byte) []byte {
	size, nulls := 20, uint32(0)
	for _, v := range l {
		size += 4 + len(v)
		if v == nil {
			nulls = 1
		}
	}
	b := arrayHeader(make([]byte, 0, size), len(l), nulls, pgtype.ByteaOID)
	for _, v := range l {
		if v == nil {
			b = binary.BigEndian.AppendUint32(b, 0xffffffff)
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	return b
}
