package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// A reply is one answer as it came.
type reply struct {
	Decision *bool `json:"decision"`
	Context  *struct {
		ReasonAdmin  map[string]string `json:"reason_admin"`
		ReasonUser   map[string]string `json:"reason_user"`
		Kind         string            `json:"kind"`
		Clauses      []string          `json:"clauses"`
		Missing      []string          `json:"missing"`
		Law          []Law             `json:"law"`
		Obligations  []obligation      `json:"obligations"`
		Version      string            `json:"version"`
		Seq          int64             `json:"seq"`
		EvaluationID string            `json:"evaluation_id"`
		Permit       string            `json:"permit"`
		Mode         string            `json:"mode"`
		Signed       string            `json:"signed"`
		Error        *struct {
			Status  int    `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	} `json:"context"`
}

type obligation struct {
	ID string `json:"id"`
}

// answer reads a reply. A refusal of this one question is a *Problem; what allows and contradicts itself is an
// ErrAnswer. A denial is heeded, whatever stands beside it.
func (r *reply) answer() (Answer, error) {
	switch {
	case r.Decision != nil && !*r.Decision && r.Context == nil:
		return Answer{Kind: Indeterminate}, nil
	case r.Decision == nil || r.Context == nil:
		return Answer{}, fmt.Errorf("%w: decision or context is missing", ErrAnswer)
	case r.Context.Error != nil && gone(r.Context.Error.Status):
		return Answer{}, fmt.Errorf("%w: status %d for one of several questions", ErrUnavailable, r.Context.Error.Status)
	case r.Context.Error != nil && *r.Decision:
		return Answer{}, fmt.Errorf("%w: it allows, and has an error", ErrAnswer)
	case r.Context.Error != nil:
		return Answer{}, &Problem{Status: r.Context.Error.Status, Detail: r.Context.Error.Message}
	}
	c := r.Context
	mode, kind := c.Mode, c.Kind
	if mode == "enforce" {
		mode = ""
	}
	switch err := coherent(*r.Decision, kind, mode); {
	case *r.Decision && err != nil:
		return Answer{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	case *r.Decision && c.Seq < 0:
		return Answer{}, fmt.Errorf("%w: seq is negative", ErrAnswer)
	case err != nil:
		kind = Indeterminate
	}
	a := Answer{
		Allowed: *r.Decision, Kind: kind, Clauses: c.Clauses, Missing: c.Missing, Law: c.Law,
		ReasonAdmin: english(c.ReasonAdmin), ReasonUser: english(c.ReasonUser),
		Version: c.Version, Seq: max(0, c.Seq), EvaluationID: c.EvaluationID, Permit: c.Permit, Mode: mode,
	}
	if c.Signed != "" {
		a.Signed = []byte(c.Signed)
	}
	for _, o := range c.Obligations {
		if o.ID == "" && a.Allowed {
			return Answer{}, fmt.Errorf("%w: an obligation without an id", ErrAnswer)
		}
		a.Obligations = append(a.Obligations, o.ID)
	}
	return a, nil
}

// says reports whether the signed text says the same as the answer that it came with.
func (s *Signed) says(a Answer) bool {
	return s.Allow == a.Allowed && s.Kind == a.Kind && s.Mode == a.Mode && s.Version == a.Version && s.Seq == a.Seq &&
		slices.Equal(s.Clauses, a.Clauses) && slices.Equal(s.Missing, a.Missing) && slices.Equal(s.Obligations, a.Obligations)
}

func english(reason map[string]string) string {
	if text, ok := reason["en"]; ok {
		return text
	}
	for _, text := range reason {
		if len(reason) == 1 {
			return text
		}
	}
	return ""
}

// decode reads one JSON value as I-JSON has it: UTF-8, no name twice in an object, in whichever case, nothing behind.
// Its errors repeat nothing.
func decode(body []byte, v any) error {
	if !utf8.Valid(body) {
		return fmt.Errorf("%w: it is not UTF-8", ErrAnswer)
	}
	if err := namesOnce(json.NewDecoder(bytes.NewReader(body))); err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: a member has another type than the protocol gives it", ErrAnswer)
	}
	return nil
}

// namesOnce walks over one value and refuses names that encoding/json would take for the same.
func namesOnce(d *json.Decoder) error {
	bad := fmt.Errorf("%w: it is not JSON", ErrAnswer)
	var open []map[string]bool // nil for an array
	var name bool              // a name is due
	for first := true; first || len(open) > 0; first = false {
		t, err := d.Token()
		if err != nil {
			return bad
		}
		text, isText := t.(string)
		switch {
		case t == json.Delim('}') || t == json.Delim(']'):
			open = open[:len(open)-1]
		case name && isText:
			seen := open[len(open)-1]
			if text = strings.ToLower(text); seen[text] {
				return fmt.Errorf("%w: it names a member twice", ErrAnswer)
			}
			seen[text], name = true, false
			continue
		case t == json.Delim('{'):
			open = append(open, map[string]bool{})
		case t == json.Delim('['):
			open = append(open, nil)
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad
	}
	return nil
}
