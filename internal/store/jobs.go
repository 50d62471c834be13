package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// A job may run this long before it is stopped, and is taken for dead some time after.
const (
	jobTimeout = 5 * time.Minute
	jobRescue  = jobTimeout + time.Minute
)

// A Job is what is to be done, by kind. It is stored as JSON and must hold no personal data.
type Job interface{ Kind() string }

type job struct {
	Job
	after time.Time // zero: at once
}

type jobs struct{ instance string }

func instance(name string) string {
	if name == "" {
		name, _ = os.Hostname()
	}
	return "avow-" + name
}

// Handlers are what does the jobs, one function a kind.
type Handlers struct{ workers *river.Workers }

// NewHandlers is empty.
func NewHandlers() *Handlers { return &Handlers{river.NewWorkers()} }

// Handle registers what does the jobs of J's kind. It may run again after a crash: it continues from the
// cursor that it kept with Run.Keep.
func Handle[J Job](h *Handlers, do func(ctx context.Context, j J, run *Run) error) {
	river.AddWorker(h.workers, &worker[J]{do: do})
}

type worker[J Job] struct {
	river.WorkerDefaults[J]
	do func(context.Context, J, *Run) error
}

func (w *worker[J]) Timeout(*river.Job[J]) time.Duration { return jobTimeout }

func (w *worker[J]) Work(ctx context.Context, j *river.Job[J]) error {
	return quiet(w.do(ctx, j.Args, &Run{job: j.ID, Attempt: j.Attempt}))
}

// A Run is one attempt at a job.
type Run struct {
	job     int64
	Attempt int // from 1
}

// Cursor is what the job kept last, nil at first.
func (r *Run) Cursor(ctx context.Context, tx *Tx) ([]byte, error) {
	var cursor []byte
	err := tx.Row(ctx, `SELECT cursor FROM job_cursor WHERE job = $1`, []any{r.job}, &cursor)
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	return cursor, err
}

// Keep stores how far the job has come, in the transaction that brought it there: neither is without the
// other.
func (r *Run) Keep(ctx context.Context, tx *Tx, cursor []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO job_cursor(job, cursor) VALUES($1, $2) ON CONFLICT (job) DO UPDATE SET cursor = excluded.cursor`, r.job, cursor)
	return err
}

func config(h *Handlers, s *Store) *river.Config {
	c := &river.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if h != nil {
		c.ID, c.Workers = s.jobs.instance, h.workers
		c.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}}
		c.JobTimeout, c.RescueStuckJobsAfter = jobTimeout, jobRescue
	}
	return c
}

// insertJobs puts the jobs of a commit in with one statement.
func (s *Store) insertJobs(ctx context.Context, tx *Tx, all []job) error {
	if len(all) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(all))
	for i, j := range all {
		params[i] = river.InsertManyParams{Args: j.Job, InsertOpts: &river.InsertOpts{ScheduledAt: j.after}}
	}
	if tx.pg != nil {
		if err := tx.send(ctx); err != nil {
			return err
		}
		c, err := river.NewClient(riverpgxv5.New(nil), config(nil, s))
		if err == nil {
			_, err = c.InsertManyFastTx(ctx, tx.pg, params)
		}
		return wrap("enqueue", err)
	}
	c, err := river.NewClient(riversqlite.New(nil), config(nil, s))
	if err != nil {
		return wrap("enqueue", err)
	}
	group, err := tx.lite.writer.conn.BeginTx(ctx, nil) // the group's own
	if err != nil {
		return wrap("enqueue", err)
	}
	defer func() { _ = group.Rollback() }() // it ends nothing: the group goes on
	_, err = c.InsertManyFastTx(ctx, group, params)
	return wrap("enqueue", err)
}

// Work does jobs until ctx ends, then lets those under way finish for ten seconds.
func (s *Store) Work(ctx context.Context, h *Handlers) error {
	if err := s.orphans(ctx); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return fmt.Errorf("take up jobs again: %w", err)
	}
	if s.pg != nil {
		c, err := river.NewClient(riverpgxv5.New(s.pg.pool), config(h, s))
		if err != nil {
			return fmt.Errorf("begin to work: %w", err)
		}
		return work(ctx, c)
	}
	c, err := river.NewClient(riversqlite.New(s.lite.jobs), config(h, s))
	if err != nil {
		return fmt.Errorf("begin to work: %w", err)
	}
	return work(ctx, c)
}

func work[T any](ctx context.Context, c *river.Client[T]) error {
	if err := c.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("begin to work: %w", err)
	}
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := c.Stop(grace); err != nil {
		return c.StopAndCancel(context.WithoutCancel(ctx))
	}
	return nil
}

// orphans makes jobs ready again that this process was doing when it ended: nobody else does them.
func (s *Store) orphans(ctx context.Context) error {
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		if tx.pg != nil {
			_, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`, s.jobs.instance)
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running'`)
		return err
	})
}
