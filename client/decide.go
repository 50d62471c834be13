package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// lot is how many questions, or events, travel in one request.
const lot = 100

// Decide asks one question. The answer allows only if Allowed says so, whatever the error. The error is nil if a
// decision was had, from the server or from a snapshot; else it is an ErrQuestion, a *Problem, an ErrUnavailable, or
// that of a cancelled context.
func (c *Client) Decide(ctx context.Context, q Question) (Answer, error) {
	asked := []*asking{c.asking(q)}
	c.decide(ctx, "evaluation", asked)
	return asked[0].answer, asked[0].err
}

// DecideAll asks several questions in as few calls as it takes. Answers stand in the order of the questions; one
// without a decision is a denial, and the error says why. It joins the errors of all.
func (c *Client) DecideAll(ctx context.Context, questions ...Question) ([]Answer, error) {
	answers := make([]Answer, 0, len(questions))
	var errs []error
	for len(questions) > 0 {
		n := min(lot, len(questions))
		asked := make([]*asking, n)
		for i, q := range questions[:n] {
			asked[i] = c.asking(q)
		}
		c.decide(ctx, "evaluations", asked)
		for _, a := range asked {
			if a.err != nil {
				errs = append(errs, fmt.Errorf("question %d: %w", len(answers), a.err))
			}
			answers = append(answers, a.answer)
		}
		questions = questions[n:]
	}
	return answers, errors.Join(errs...)
}

// An asking is one question on its way to an answer.
type asking struct {
	evaluation Evaluation
	down       Down
	hash       [32]byte // of the canonical question
	slot       slot     // where its snapshot lies
	order      uint64   // among askings and changes

	reply  Answer // as it came
	answer Answer
	err    error
}

func (c *Client) asking(q Question) *asking {
	a := &asking{down: c.rules.of(q.For), answer: unavailable()}
	if a.hash, a.err = q.Hash(c.keyID); a.err != nil {
		a.answer.Kind = Indeterminate
		return a
	}
	a.evaluation = q.Evaluation(c.name)
	if c.snapshots == nil {
		a.down = Deny
	}
	if a.down != Deny {
		a.evaluation.Context["snapshot"] = true
		a.slot = c.snapshots.slot(q.Person, q.For, a.hash)
	}
	return a
}

// decide finds an answer for each that has no error yet.
func (c *Client) decide(ctx context.Context, path string, all []*asking) {
	var asked []*asking
	for _, a := range all {
		if a.err == nil {
			asked = append(asked, a)
		}
	}
	if len(asked) == 0 {
		return
	}
	err := c.ask(ctx, path, asked)
	// Those that allow come first: a denial that was given in the same breath may still take them away.
	for _, allowed := range []bool{true, false} {
		for _, a := range asked {
			if err == nil && a.err == nil && a.reply.Allowed == allowed {
				a.err = c.settle(a)
			}
		}
	}
	for _, a := range asked {
		if a.err == nil {
			a.err = err
		}
		if errors.Is(a.err, ErrAnswer) && !errors.Is(a.err, ErrUnavailable) {
			a.err = fmt.Errorf("%w: %w", ErrUnavailable, a.err)
		}
		if errors.Is(a.err, ErrUnavailable) {
			c.fall(a)
		}
		if a.err != nil {
			a.err = fmt.Errorf("decide: %w", a.err)
		}
	}
}

// ask sends the questions and reads the replies; what is wrong with one of them is that one's err.
func (c *Client) ask(ctx context.Context, path string, asked []*asking) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	began := c.now()
	ok, probe := c.breaker.admit(began)
	if !ok {
		return fmt.Errorf("%w: it did not answer lately, and is tried again in a while", ErrUnavailable)
	}
	err := c.send(ctx, path, asked)
	c.breaker.done(c.result(ctx, err, began), probe, c.now())
	return err
}

// result is what a call tells about the server. A deadline of the caller that came soon tells nothing.
func (c *Client) result(ctx context.Context, err error, began time.Time) result {
	switch {
	case err == nil:
		return answered
	case errors.Is(err, ErrAnswer), errors.Is(err, ErrUnavailable) && ctx.Err() == nil:
		return failed
	case errors.Is(err, ErrUnavailable) && c.now().Sub(began) >= c.timeout/4:
		return failed
	case errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled):
		return abandoned
	}
	return answered // with a refusal
}

// send asks as of what this client wrote. A server that has less was restored from a copy: what was written is
// forgotten, and every snapshot with it.
func (c *Client) send(ctx context.Context, path string, asked []*asking) error {
	for {
		if c.snapshots != nil {
			order := c.snapshots.ask() // before the next line: what is recorded from here on is later than the asking
			for _, a := range asked {
				a.order = order
			}
		}
		atLeast := c.wrote.Load()
		err := c.sendOnce(ctx, path, asked, atLeast)
		p, refused := errors.AsType[*Problem](err)
		if !refused || p.Status != http.StatusConflict || atLeast == 0 {
			return err
		}
		if c.wrote.CompareAndSwap(atLeast, 0) && c.snapshots != nil {
			if err := c.snapshots.clear(); err != nil {
				return err
			}
		}
	}
}

func (c *Client) sendOnce(ctx context.Context, path string, asked []*asking, atLeast int64) error {
	evaluations := make([]Evaluation, len(asked))
	for i, a := range asked {
		evaluations[i] = a.evaluation
		if delete(a.evaluation.Context, "at_least"); atLeast > 0 {
			a.evaluation.Context["at_least"] = atLeast
		}
	}
	var message any = evaluations[0]
	if path != "evaluation" {
		message = map[string]any{"evaluations": evaluations}
	}
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("%w: write it", ErrQuestion)
	}
	body, err = c.call(ctx, c.site+"/access/v1/"+path, body)
	if err != nil {
		return err
	}
	replies, err := readReplies(path, body, len(asked))
	if err != nil {
		return err
	}
	for i, a := range asked {
		if a.reply, a.err = replies[i].answer(); a.err == nil && a.reply.Allowed && a.reply.Seq < atLeast {
			a.err = fmt.Errorf("%w: it is older than what this client recorded", ErrAnswer)
		}
		if p, refused := errors.AsType[*Problem](a.err); refused && p.Status == http.StatusConflict {
			return p // all asked as of the same state
		}
	}
	return nil
}

func readReplies(path string, body []byte, n int) ([]reply, error) {
	if path == "evaluation" {
		replies := make([]reply, 1)
		return replies, decode(body, &replies[0])
	}
	var batch struct {
		Evaluations []reply `json:"evaluations"`
	}
	if err := decode(body, &batch); err != nil {
		return nil, err
	}
	if len(batch.Evaluations) != n {
		return nil, fmt.Errorf("%w: it has not as many answers as there were questions", ErrAnswer)
	}
	return batch.Evaluations, nil
}

// settle takes the server's answer, and keeps it for worse times if it is signed.
func (c *Client) settle(a *asking) error {
	if a.down != Deny {
		if err := c.snapshots.settle(a); err != nil {
			return err
		}
	}
	a.answer = a.reply.fulfilled(c.obligations)
	return nil
}

// fall lets the purpose's rule decide where the server did not.
func (c *Client) fall(a *asking) {
	if a.down == Deny {
		return
	}
	if s, age, ok := c.snapshots.use(a); ok {
		a.answer, a.err = s.answer(s.note, age).fulfilled(c.obligations), nil
	}
}
