package server

import (
	"fmt"

	"github.com/avowhq/avow/client"
)

// sign makes the answer into a note under the key of the log, which a client may act on while this server
// cannot be reached (docs/spec/answers.md). It is empty for a question that has no such form.
func (s *Server) sign(j *judged, v *verdict) (string, error) {
	e := j.asked
	sent := client.Evaluation{
		Subject:  client.Entity{Type: e.Subject.Type, ID: e.Subject.ID, Properties: e.Subject.Properties.asMap()},
		Action:   client.Action{Name: e.Action.Name, Properties: e.Action.Properties.asMap()},
		Resource: client.Entity{Type: e.Resource.Type, ID: e.Resource.ID, Properties: e.Resource.Properties.asMap()}, Context: e.Context.asMap(),
	}
	q, err := sent.Question()
	if err != nil {
		return "", nil // it is answered, but nobody can ask it again from a snapshot
	}
	hash, err := q.Hash(j.by.Key)
	if err != nil {
		return "", nil
	}
	c := &v.Context
	said := client.Signed{
		Site: j.x.model.Site, Question: hash, Allow: v.Decision, Version: c.Version, Seq: c.Seq, At: s.house.Store.Now(),
		Kind: c.Kind, Clauses: c.Clauses, Missing: c.Missing, Mode: c.Mode, Obligations: c.Obligations,
	}
	text, err := said.Text()
	if err != nil {
		return "", fmt.Errorf("sign an answer: %w", err)
	}
	note, err := s.house.Keys.Signer().Sign(text)
	if err != nil {
		return "", fmt.Errorf("sign an answer: %w", err)
	}
	return string(note), nil
}
