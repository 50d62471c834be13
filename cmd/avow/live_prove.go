package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/subject"
	"github.com/avowhq/avow/ledger"
	"github.com/avowhq/avow/policy"
)

// A storedEntry is one record of a person, as the server's history shows it.
type storedEntry struct {
	Index  int64
	Record json.RawMessage
}

// prove reads back what the example left in the log: every event must be there as it was told, and every entry
// of the person, but those that say that they were read, must have a receipt that verifies without the server.
func (s *liveServer) prove(ctx context.Context, c *liveCase) error {
	if c.there.Verdict == policy.Failed {
		return nil // and why is said
	}
	var history struct{ Entries []storedEntry }
	if err := s.http.do(ctx, "GET", api(c.site, "people", c.person, "history")+"?limit=1000", nil, &history); err != nil {
		return err
	}
	for n := range c.events {
		i := slices.IndexFunc(history.Entries, func(e storedEntry) bool { return e.Index == c.indexes[n] })
		if i < 0 {
			c.fail(fmt.Sprintf("the log does not show the %s event that it took", c.events[n].Kind))
			return nil
		}
		if why := differs(&c.events[n], history.Entries[i].Record); why != "" {
			c.fail(fmt.Sprintf("entry %d of the log is not the %s event that was told: %s", c.indexes[n], c.events[n].Kind, why))
			return nil
		}
	}
	if c.permit != "" && !slices.ContainsFunc(history.Entries, func(e storedEntry) bool { return permits(e.Record, c.permit, e.Index) }) {
		c.fail("the log does not show the disclosure that the server permitted")
		return nil
	}
	for i := range history.Entries {
		e := &history.Entries[i]
		record, err := s.receipt(ctx, c, e)
		if err != nil {
			return err
		}
		if record != "" {
			c.fail(fmt.Sprintf("entry %d of the log: %s", e.Index, record))
			return nil
		}
	}
	return nil
}

// permits reports whether a record is that of a permit, which names it and its place (docs/spec/disclosures.md).
func permits(record []byte, permit string, index int64) bool {
	r, err := ledger.ParseRecord(compact(record))
	if err != nil || r.Kind != subject.Permitted {
		return false
	}
	var body struct{ Permit string }
	return json.Unmarshal(r.Body, &body) == nil && permit == body.Permit+"-"+strconv.FormatInt(index, 10)
}

// receipt gets the receipt of an entry and verifies it; the text is what is wrong with it.
func (s *liveServer) receipt(ctx context.Context, c *liveCase, e *storedEntry) (string, error) {
	shown, err := ledger.ParseRecord(compact(e.Record))
	if err != nil {
		return "its record cannot be read: " + err.Error(), nil
	}
	if shown.Kind == "accessed" {
		return "", nil // that this run looked is no entry of the example
	}
	var text []byte
	if err := s.http.do(ctx, "GET", api(c.site, "people", c.person, "receipts", strconv.FormatInt(e.Index, 10)), nil, &text); err != nil {
		return "", err
	}
	r, err := ledger.ParseReceipt(text)
	if err != nil {
		return err.Error(), nil
	}
	switch _, head, err := r.Verify(s.trusted); {
	case err != nil:
		return unproven(err), nil
	case r.Proof.Index != uint64(e.Index) || head.Size <= uint64(e.Index):
		return "its receipt is of another entry", nil
	case !bytes.Equal(r.Record, compact(e.Record)):
		return "its receipt says something else than the history", nil
	}
	c.proven++
	return "", nil
}

func compact(text []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return text
	}
	return b.Bytes()
}

// differs says in what a record is not the event that was told, or "".
func differs(e *eventFlags, record []byte) string {
	r, err := ledger.ParseRecord(compact(record))
	if err != nil {
		return err.Error()
	}
	var body struct {
		Name, Source, Residence, Born, Style string
		For, Data, To                        []string
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return "its body cannot be read"
	}
	if at := decision.Instant(r.At).Time(); instantKey(e.At) != instantKey(at.Format("2006-01-02T15:04:05.999999999Z07:00")) {
		return "it is of " + at.String()
	}
	for _, w := range []struct{ what, told, kept string }{
		{"kind", e.Kind, r.Kind},
		{"name", e.Name, body.Name},
		{"source", e.Source, body.Source},
		{"residence", e.Residence, body.Residence},
		{"born", e.Born, body.Born},
		{"style", e.Style, body.Style},
	} {
		if w.told != w.kept {
			return "another " + w.what
		}
	}
	for _, w := range []struct {
		what       string
		told, kept []string
	}{{"for", e.For, body.For}, {"data", e.Data, body.Data}, {"to", e.To, body.To}} {
		if i := slices.IndexFunc(w.told, func(n string) bool { return !slices.Contains(w.kept, n) }); i >= 0 {
			return w.what + " lacks " + w.told[i]
		}
	}
	return ""
}

// page reads the served notice: statements that it holds are shown. It also notes the laws that answers named.
func (r *liveReport) page(ctx context.Context, s *liveServer) error {
	p := r.loaded.policy
	var plain, system []byte
	for path, to := range map[string]*[]byte{"/privacy": &plain, "/privacy?show=system": &system} {
		if err := s.http.do(ctx, "GET", sitePath(r.loaded.model.Site, path), nil, to); err != nil {
			return err
		}
	}
	text, machine := words(string(plain)), words(string(system))
	for _, c := range p.Clauses {
		prose, err := policy.RenderProse(c.Prose)
		if err != nil {
			return err
		}
		for _, x := range c.Promises {
			if x.Statement != nil && strings.Contains(text, words(prose)) && (c.Prose != "" || strings.Contains(machine, words(x.Statement.Text.Text))) {
				r.live.Shown = append(r.live.Shown, x.ID)
			}
		}
	}
	return nil
}

// words is the text of an HTML page: without tags, references resolved, white space as one blank.
func words(page string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(page, "<")
		b.WriteString(before)
		if !found {
			break
		}
		_, page, _ = strings.Cut(rest, ">")
		b.WriteByte(' ')
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}
