package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// A Confirmation says that data went out as an answer permitted.
type Confirmation struct {
	Permit string    `json:"permit"`         // of the answer; required
	At     time.Time `json:"at,omitzero"`    // when; defaults to now
	Count  int64     `json:"count,omitzero"` // of messages or records, as you count
	Data   []string  `json:"data,omitempty"` // where less went out than was permitted; narrower words count as less
}

// A Confirmed disclosure has its place in the log.
type Confirmed struct {
	Permit string `json:"permit"`
	Index  int64  `json:"index"`
	Entry  string `json:"entry"` // the id of the entry
	Again  bool   `json:"again"` // it was confirmed before
}

// Confirm tells what was done of what was permitted: call it when the obligation confirm-disclosure is fulfilled, with
// the Permit of the answer. It can be repeated: a permit is confirmed once. What the server refuses, such as more than
// was permitted or a permit that is over, is a *Problem for that one.
//
// Confirmations travel a hundred at a time. On an error those that are returned are recorded, of the others some may be.
func (c *Client) Confirm(ctx context.Context, confirmations ...Confirmation) ([]Confirmed, error) {
	l := slices.Clone(confirmations)
	for i := range l {
		if l[i].Permit == "" || !utf8.ValidString(l[i].Permit) {
			return nil, fmt.Errorf("confirm disclosure %d: %w: Permit is missing, or not UTF-8", i, ErrQuestion)
		}
		if !l[i].At.IsZero() {
			l[i].At = l[i].At.UTC()
		}
	}
	var done []Confirmed
	var errs []error
	for len(l) > 0 {
		n := min(lot, len(l))
		some, err := c.confirmSome(ctx, l[:n])
		done, errs = append(done, some...), append(errs, err)
		if errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			break
		}
		l = l[n:]
	}
	if err := errors.Join(errs...); err != nil {
		return done, fmt.Errorf("confirm: %w", err)
	}
	return done, nil
}

// confirmSome sends one lot.
func (c *Client) confirmSome(ctx context.Context, l []Confirmation) ([]Confirmed, error) {
	body, err := json.Marshal(map[string]any{"disclosures": l})
	if err != nil {
		return nil, fmt.Errorf("%w: write it", ErrQuestion)
	}
	if body, err = c.call(ctx, "api/v1/"+c.site+"/disclosures", body); err != nil {
		return nil, err
	}
	var reply struct {
		Disclosures []struct {
			Confirmed
			Error *Problem `json:"error"`
		} `json:"disclosures"`
	}
	if err := decode(body, &reply); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(reply.Disclosures) != len(l) {
		return nil, fmt.Errorf("%w: %w: some of the disclosures are missing", ErrUnavailable, ErrAnswer)
	}
	var done []Confirmed
	var errs []error
	for i, r := range reply.Disclosures {
		switch {
		case r.Error != nil:
			errs = append(errs, fmt.Errorf("disclosure %d: %w", i, r.Error))
		case r.Permit != l[i].Permit:
			errs = append(errs, fmt.Errorf("%w: %w: disclosure %d has another permit", ErrUnavailable, ErrAnswer, i))
		default:
			done = append(done, r.Confirmed)
		}
	}
	return done, errors.Join(errs...)
}
