package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/ledger"
)

// What was decided is written in blocks, at the latest after a second, and when a block is full. What a
// crash loses is that second of the log of questions; events are never in it.
const (
	blockEvery = time.Second
	blockFull  = 256 << 10 // bytes of JSON
	blockMost  = 4 << 20   // bytes that wait for a database that does not take them; above, lines are counted and lost
)

// A decisionLog gathers the lines of one site. It is private by default: the fields of a line are those
// of decisionLine and no others, and the person is a pseudonym that changes every month.
type decisionLog struct {
	site        int64
	mu          sync.Mutex
	lines       []byte
	n, lost     int64
	first, last int64 // µs
	full        chan<- struct{}

	flushing sync.Mutex // one at a time; what follows is its own
	spare    []byte
	zip      *gzip.Writer
	zipped   bytes.Buffer
}

// A decisionLine is all that is kept of a question and its answer.
type decisionLine struct {
	At      string   `json:"at"`
	ID      string   `json:"id"`
	Key     string   `json:"key"`
	Who     string   `json:"who,omitempty"` // HMAC(profile key, month); empty: nobody knows the person
	Action  string   `json:"action"`
	Data    []string `json:"data,omitempty"`
	For     string   `json:"for,omitempty"`
	To      string   `json:"to,omitempty"`
	Kind    string   `json:"kind"`
	Clauses []string `json:"clauses,omitempty"`
	Missing []string `json:"missing,omitempty"`
	Shadow  string   `json:"shadow,omitempty"` // the mode, where the answer was yes and enforcing says no
	Version string   `json:"version"`
	Seq     int64    `json:"seq"`
}

// add writes the line by hand: this is on the path of every decision.
func (l *decisionLog) add(at decision.Instant, d *decisionLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) > blockMost {
		l.lost++
		return
	}
	b := append(l.lines, `{"at":"`...)
	b = at.Time().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, '"')
	text := func(name, v string) {
		if v != "" {
			b = append(append(append(b, `,"`...), name...), `":`...)
			b = ledger.AppendJSONString(b, v)
		}
	}
	list := func(name string, v []string) {
		if len(v) == 0 {
			return
		}
		b = append(append(append(b, `,"`...), name...), `":[`...)
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = ledger.AppendJSONString(b, s)
		}
		b = append(b, ']')
	}
	text("id", d.ID)
	text("key", d.Key)
	text("who", d.Who)
	text("action", d.Action)
	list("data", d.Data)
	text("for", d.For)
	text("to", d.To)
	text("kind", d.Kind)
	list("clauses", d.Clauses)
	list("missing", d.Missing)
	text("shadow", d.Shadow)
	text("version", d.Version)
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, d.Seq, 10)
	l.lines = append(b, "}\n"...)
	if l.n == 0 {
		l.first = int64(at)
	}
	l.n, l.last = l.n+1, int64(at)
	if len(l.lines) > blockFull {
		select {
		case l.full <- struct{}{}:
		default:
		}
	}
}

// flush writes what has gathered as one block. When it returns, what was added before is written.
func (l *decisionLog) flush(ctx context.Context, s *store.Store) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	lines, n, first, last := l.lines, l.n, l.first, l.last
	l.lines, l.n = l.spare, 0
	l.mu.Unlock()
	l.spare = nil
	if n == 0 {
		l.spare = lines
		return nil
	}
	err := s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO decision_block(site, first, last, n, data) VALUES($1, $2, $3, $4, $5)`, l.site, first, last, n, l.compressed(lines))
		return err
	})
	if err == nil {
		if cap(lines) <= 2*blockFull {
			l.spare = lines[:0]
		}
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines, l.n, l.first = append(lines, l.lines...), n+l.n, first // for the next time
	return fmt.Errorf("write the log of decisions: %w", err)
}

// compressed is valid until the next call.
func (l *decisionLog) compressed(lines []byte) []byte {
	if l.zip == nil {
		l.zip, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one that there is
	}
	l.zipped.Reset()
	l.zip.Reset(&l.zipped)
	_, _ = l.zip.Write(lines) // into memory, which takes all
	_ = l.zip.Close()         // so too
	return l.zipped.Bytes()
}

func readBlock(block []byte, fn func(d *decisionLine) bool) error {
	z, err := gzip.NewReader(bytes.NewReader(block))
	if err != nil {
		return fmt.Errorf("read a block of decisions: %w", err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, blockMost)
	for lines.Scan() {
		var d decisionLine
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return fmt.Errorf("read a block of decisions: %w", err)
		}
		if !fn(&d) {
			return nil
		}
	}
	return lines.Err()
}

// A cursor is a place in the log of decisions: behind a line of a block.
type cursor struct{ block, line int64 }

func (c cursor) String() string { return fmt.Sprintf("%d.%d", c.block, c.line) }

func readCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	if n, err := fmt.Sscanf(text, "%d.%d", &c.block, &c.line); n != 2 || err != nil || c.block < 0 || c.line < 0 || c.String() != text {
		return c, refusal{http.StatusBadRequest, "after is what next was in the answer before"}
	}
	return c, nil
}

// blocks reads the lines of a site from an instant on and behind a place, oldest first, until fn says
// enough.
func (s *Server) blocks(ctx context.Context, x *site, from time.Time, behind cursor, fn func(d *decisionLine, at cursor) bool) error {
	if err := x.log.flush(ctx, s.house.Store); err != nil {
		return err
	}
	floor, more := ledger.InstantOf(from).String(), true
	for at := (cursor{block: behind.block - 1}); more; {
		var block []byte
		err := s.house.Store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Row(ctx, `SELECT no, data FROM decision_block WHERE site = $1 AND last >= $2 AND no > $3 ORDER BY no LIMIT 1`,
				[]any{x.place.No, from.UnixMicro(), at.block}, &at.block, &block)
		})
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the log of decisions: %w", err)
		}
		at.line = 0
		err = readBlock(block, func(d *decisionLine) bool {
			at.line++
			if d.At < floor || at.block == behind.block && at.line <= behind.line {
				return true
			}
			more = fn(d, at)
			return more
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// decisionList answers with what was decided, oldest first. Next is behind the last of them: with it as
// after the list goes on, also with what is decided later.
func (s *Server) decisionList(w http.ResponseWriter, r *http.Request, x *site, _ *auth.Principal) error {
	from, err := span(r, time.Hour, s.clock)
	if err != nil {
		return err
	}
	behind, err := readCursor(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		return err
	}
	out := struct {
		Decisions []decisionLine `json:"decisions"`
		Next      string         `json:"next"`
	}{[]decisionLine{}, behind.String()}
	err = s.blocks(r.Context(), x, from, behind, func(d *decisionLine, at cursor) bool {
		out.Decisions, out.Next = append(out.Decisions, *d), at.String()
		return len(out.Decisions) < int(limit)
	})
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, out)
	return nil
}

// span is the instant that since names, or the time before now.
func span(r *http.Request, unset time.Duration, clock func() time.Time) (time.Time, error) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return clock().Add(-unset), nil
	}
	t, err := parseTime(text)
	if err != nil {
		return t, refusal{http.StatusBadRequest, "since is an instant of RFC 3339, as 2026-02-28T12:00:00Z"}
	}
	return t, nil
}

func parseTime(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) }

func pseudonym(p [16]byte) string {
	if p == [16]byte{} {
		return ""
	}
	return hex.EncodeToString(p[:])
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
