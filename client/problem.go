package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
)

var (
	// ErrUnavailable is a server that could not be reached, or whose answer cannot be one. What follows from it is
	// Config.Purposes' to say; it is returned when that left no answer.
	ErrUnavailable = errors.New("avow is unavailable")

	// ErrAnswer is an answer that cannot be used: not of the protocol, contradicting itself or its signature, signed
	// falsely, older than what this client recorded. It counts as unavailable.
	ErrAnswer = errors.New("the answer cannot be used")
)

// A Problem is the server's refusal to answer: of the key, of the request. The server was there; no snapshot speaks
// for it. Its members are those of RFC 9457, as far as the server sent them.
type Problem struct {
	Type   string `json:"type,omitempty"`
	Title  string `json:"title,omitempty"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// Error is the problem in one line.
func (p *Problem) Error() string {
	title := p.Title
	if title == "" {
		title = http.StatusText(p.Status)
	}
	if p.Detail == "" || p.Detail == title {
		return fmt.Sprintf("refused: %d %s", p.Status, title)
	}
	return fmt.Sprintf("refused: %d %s: %s", p.Status, title, p.Detail)
}

// problemOf reads a refusal: a JSON string under /access/v1, a problem under /api/v1. Whatever else comes with such
// a status comes from something between us and Avow.
func problemOf(status int, kind string, body []byte) (*Problem, bool) {
	media, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return nil, false
	}
	p := &Problem{}
	switch media {
	case "application/json":
		err = json.Unmarshal(body, &p.Detail)
	case "application/problem+json":
		err = json.Unmarshal(body, p)
	default:
		return nil, false
	}
	p.Status = status // the one inside is advisory
	return p, err == nil
}

// gone reports a status that says nothing about the question, only that the server cannot see to it now.
func gone(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
}
