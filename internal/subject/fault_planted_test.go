package subject_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
	"github.com/avowhq/avow/internal/subject"
)

// What is planted in everything that a caller can say of a person.
const (
	plantedMail    = "Zoë.Seedling+9@planted-mail.example"
	plantedPhone   = "+49 1577 5550147"
	plantedNumber  = "Kündnr/4711-Ølund"
	plantedBorn    = "1931-07-29"
	plantedGrounds = "Prüfung »Akte Birnbaum« & <Söhne>"
	plantedSource  = "old list of Ämter & \"Höfe\""
)

func plantedHere() *storetest.Planted {
	return storetest.Plant(
		storetest.Value{Name: "the address", Plain: plantedMail, Spellings: []string{"zoë.seedling+9@planted-mail.example", "Zoe\u0308.Seedling+9@planted-mail.example", "email:zoë.seedling+9@planted-mail.example"}},
		storetest.Value{Name: "the phone", Plain: plantedPhone, Spellings: []string{"+4915775550147", "phone:+4915775550147", "015775550147"}},
		storetest.Value{Name: "the number", Plain: plantedNumber, Spellings: []string{"Ku\u0308ndnr/4711-Ølund", "customer:" + plantedNumber}},
		storetest.Value{Name: "the birth date", Plain: plantedBorn, Spellings: []string{`"born":"1931-07-29"`}},
		storetest.Value{Name: "the grounds", Plain: plantedGrounds, Spellings: []string{"Pru\u0308fung »Akte Birnbaum« & <So\u0308hne>"}},
		storetest.Value{Name: "the source", Plain: plantedSource, Spellings: []string{"old list of A\u0308mter & \"Ho\u0308fe\""}},
		storetest.Value{Name: "a word that nobody declared", Plain: "undeclared-bïrnbaum"},
	)
}

// Nothing of what is planted stands anywhere: not in the files of the database or the keys, in no column,
// no log line, no error and no job.
func TestPlantedNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		p := plantedHere()
		s := setting{url: address, dir: filepath.Join(t.TempDir(), "keys"), log: &bytes.Buffer{}}
		h := openHouse(t, s)
		said := h.sow(t)
		h.jobThatFails(t)
		if _, err := h.people.Check(t.Context(), nil); err != nil {
			said = append(said, err.Error())
		}
		p.Nowhere(t, "an error", []byte(strings.Join(said, "\n")))
		p.Nowhere(t, "the log", s.log.Bytes())
		p.Nowhere(t, "a column", h.columns(t))
		for _, dir := range filesOf(t, s) {
			p.NotUnder(t, dir)
		}

		// The control: a value that slips through is found in each of these.
		err := h.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO counter(name, next) VALUES($1, 1)`, "x"+plantedMail)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.In(h.columns(t))) == 0 {
			t.Error("the control is not found in the columns")
		}
		if found := countUnder(t, p, filesOf(t, s)[0]); found == 0 {
			t.Error("the control is not found in the files")
		}
	})
}

// sow brings the values in wherever a caller can, and returns all errors.
func (h *house) sow(t *testing.T) (said []string) {
	t.Helper()
	mail, number := ref(t, "email:"+plantedMail), ref(t, "customer:"+plantedNumber)
	note := func(err error) {
		if err != nil {
			said = append(said, err.Error())
		}
	}
	try := func(e subject.Event, who subject.Identity) {
		_, errs := h.people.Append(context.Background(), h.site, []subject.Report{{Person: who, Event: e, Create: true, Key: plantedNumber, Caller: plantedSource}, {Person: who, Event: e, Create: true}})
		note(errors.Join(errs...))
	}
	const undeclared = "undeclared-bïrnbaum"
	past := decision.InstantOf(h.store.Now()) - 1
	for _, e := range []subject.Event{
		grant(),
		{Kind: subject.Withdrawn, Scope: letter, At: past, Source: plantedSource, Grounds: plantedGrounds},
		{Kind: subject.Described, Born: plantedBorn, Residence: "IE"},
		{Kind: subject.Held, Grounds: plantedGrounds},
		{Kind: subject.Released, Grounds: plantedGrounds},
		// What is refused.
		{Kind: undeclared},
		{Kind: subject.Happened, Name: undeclared},
		{Kind: subject.Granted, Scope: decision.Scope{For: []string{undeclared}}},
		{Kind: subject.Withdrawn, Scope: decision.Scope{Data: []string{undeclared}}},
		{Kind: subject.Withdrawn, Scope: decision.Scope{To: []string{undeclared}}},
		{Kind: subject.Withdrawn, Scope: decision.Scope{Facets: []decision.FacetValues{{Facet: undeclared, Values: []string{undeclared}}}}},
		{Kind: subject.Granted, Scope: letter, Style: undeclared},
		{Kind: subject.Stated, Facts: []decision.Stated{{Name: undeclared, Value: undeclared}}},
		{Kind: subject.Described, Residence: undeclared},
		{Kind: subject.Described, Born: undeclared},
		{Kind: subject.Described, Born: plantedBorn + "x"},
		{Kind: subject.Withdrawn, Scope: letter, Grounds: plantedGrounds + "\xff"},
		{Kind: subject.Withdrawn, At: 1 << 60, Grounds: plantedGrounds},
	} {
		try(e, mail)
		try(e, number)
	}
	for _, bad := range []string{"email:" + plantedMail + "@" + undeclared, "phone:" + plantedNumber, undeclared + ":" + plantedNumber, plantedNumber, "id:" + plantedNumber, "email:" + plantedSource} {
		_, err := subject.ParseIdentity(bad)
		note(err)
	}
	note(h.people.Identify(context.Background(), h.site, "somebody", number, ref(t, "phone:"+plantedPhone)))
	note(h.people.Identify(context.Background(), h.site, "somebody", mail, ref(t, "phone:"+plantedPhone)))
	_, _, err := h.people.Create(context.Background(), h.site, "somebody", mail, number)
	note(err)
	note(h.people.Merge(context.Background(), h.site, "test", mail, number))
	note(h.people.Merge(context.Background(), h.site, "test", mail, number))
	if k, err := h.people.Facts(context.Background(), h.site, mail, 1<<40); err == nil {
		t.Error("the log is not that far", k.Seq)
	} else {
		note(err)
	}
	note(h.damaged(mail))
	note(h.refusedByDatabase(context.Background()))
	_, err = h.people.Erase(context.Background(), h.site, ref(t, "customer:nobody"))
	note(err)
	_, err = h.people.Receipt(context.Background(), h.site, mail, 1<<40)
	note(err)
	return said
}

// damaged spoils a sealed record and reads it: the error names the entry.
func (h *house) damaged(who subject.Identity) error {
	var old []byte
	set := func(ctx context.Context, tx *store.Tx, record []byte) error {
		_, err := tx.Exec(ctx, `UPDATE entry SET record = $1 WHERE idx = 2`, record)
		return err
	}
	err := h.store.Update(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Row(ctx, `SELECT record FROM entry WHERE idx = 2`, nil, &old); err != nil {
			return err
		}
		return set(ctx, tx, []byte(plantedNothing))
	})
	_, histErr := h.people.History(context.Background(), h.site, who, 0, 100)
	_, checkErr := h.people.Check(context.Background(), nil)
	back := h.store.Update(context.Background(), func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, old) })
	return errors.Join(err, histErr, checkErr, back)
}

const plantedNothing = "spoiled"

// jobThatFails does what the database refuses with a value in its hands: the error is kept with the job.
func (h *house) jobThatFails(t *testing.T) {
	t.Helper()
	handlers := store.NewHandlers()
	ran := make(chan struct{}, 10)
	store.Handle(handlers, func(ctx context.Context, _ failingJob, _ *store.Run) error {
		defer func() { ran <- struct{}{} }()
		return h.refusedByDatabase(ctx)
	})
	err := h.store.Update(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.Enqueue(failingJob{}, time.Time{}); return nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.store.Work(ctx, handlers) }()
	select {
	case <-ran:
	case <-time.After(20 * time.Second):
		t.Error("the job does not run")
	}
	time.Sleep(200 * time.Millisecond) // its error is written
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// refusedByDatabase are errors that databases and drivers write with the value in them.
func (h *house) refusedByDatabase(ctx context.Context) error {
	var n int64
	var errs []error
	for _, text := range []string{`SELECT CAST($1 AS text)`, `SELECT CAST(CAST($1 AS text) AS bigint) + 1 FROM site WHERE CAST($1 AS text) > ''`, `SELECT no FROM site WHERE name = $1 AND CAST(name AS bigint) = 1`} {
		errs = append(errs, h.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Row(ctx, text, []any{plantedMail}, &n) }))
		errs = append(errs, h.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Each(ctx, text, []any{plantedMail}, func(scan func(...any) error) error { return scan(&n) })
		}))
	}
	return errors.Join(errs...)
}

type failingJob struct{}

func (failingJob) Kind() string { return "failing" }

// columns is every column of every table as text.
func (h *house) columns(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	err := h.store.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		list := `SELECT name FROM sqlite_schema WHERE type = 'table'`
		if h.store.Postgres() {
			list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
		}
		var tables []string
		err := tx.Each(ctx, list, nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			tables = append(tables, name)
			return err
		})
		for _, table := range tables {
			if err == nil {
				err = h.rows(ctx, tx, table, &out)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "starter") {
		t.Error("the columns are not read")
	}
	return out.Bytes()
}

func (h *house) rows(ctx context.Context, tx *store.Tx, table string, out *bytes.Buffer) error {
	text := fmt.Sprintf(`SELECT row_to_json(t)::text FROM %s t`, table)
	if !h.store.Postgres() {
		var names []string
		err := tx.Each(ctx, fmt.Sprintf(`SELECT name FROM pragma_table_info('%s')`, table), nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			names = append(names, fmt.Sprintf(`coalesce(CAST("%s" AS TEXT), '') || ' ' || coalesce(hex("%[1]s"), '')`, name))
			return err
		})
		if err != nil {
			return err
		}
		text = fmt.Sprintf(`SELECT %s FROM %s`, strings.Join(names, " || ' ' || "), table)
	}
	return tx.Each(ctx, text, nil, func(scan func(...any) error) error {
		var row []byte
		err := scan(&row)
		out.Write(append(row, '\n'))
		return err
	})
}

// filesOf are the folders of the database and of the keys.
func filesOf(t *testing.T, s setting) []string {
	t.Helper()
	dir := filepath.Dir(s.url)
	if _, query, ok := strings.Cut(s.url, "?"); ok && strings.HasPrefix(s.url, "postgres") {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(q.Get("host"), "data")
	}
	return []string{dir, s.dir}
}

// countUnder is how many files hold something, without failing.
func countUnder(t *testing.T, p *storetest.Planted, dir string) int {
	t.Helper()
	quiet := &counter{TB: t}
	p.NotUnder(quiet, dir)
	return quiet.n
}

type counter struct {
	testing.TB
	n int
}

func (c *counter) Errorf(string, ...any) { c.n++ }
