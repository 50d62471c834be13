package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
)

// An answered is what a server says to a question.
type answered struct {
	Decision bool `json:"decision"`
	Context  struct {
		ReasonAdmin struct{ En string } `json:"reason_admin"`
		Kind        string              `json:"kind"`
		Clauses     []string            `json:"clauses"`
		Missing     []string            `json:"missing"`
		Obligations []struct{ ID string }
		Version     string `json:"version"`
		Seq         int64  `json:"seq"`
		Known       bool   `json:"known"`
		Mode        string `json:"mode"`
	} `json:"context"`
}

// askServer asks the running server about a person whom it knows.
func askServer(c *cobra.Command, server *remote, site, person string, r *decision.Request, asJSON bool) error {
	question := evaluationOf(person, r)
	question["context"].(map[string]any)["dry"] = true // whoever looks does not act: nothing is recorded as permitted
	var text json.RawMessage
	if err := server.call(c.Context(), "POST", "/"+url.PathEscape(site)+"/access/v1/evaluation", question, &text); err != nil {
		return err
	}
	var a answered
	if err := json.Unmarshal(text, &a); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch {
	case asJSON:
		if err := writeJSON(c.OutOrStdout(), text); err != nil {
			return err
		}
	case a.Context.Kind == decision.Indeterminate.String():
		return usage{errors.New(a.Context.ReasonAdmin.En)}
	default:
		a.tell(c.OutOrStdout())
	}
	if !a.Decision {
		return failure{exitFailed}
	}
	return nil
}

func evaluationOf(person string, r *decision.Request) map[string]any {
	resource := map[string]any{"data": r.Data, "service": r.Service, "cookie": r.Cookie, "of": r.Of}
	context := map[string]any{"for": r.For, "to": r.To, "in": r.In, "source": r.From, "ground": r.Ground, "as": string(r.As), "with": r.With}
	if r.Group > 0 {
		context["group"] = r.Group
	}
	for _, s := range r.Stated {
		if context[s.Name] = s.Value; s.Value == "" {
			context[s.Name] = s.Number
		}
	}
	for _, m := range []map[string]any{resource, context} {
		for k, v := range m {
			if v == "" {
				delete(m, k)
			}
		}
	}
	return map[string]any{
		"subject":  map[string]any{"type": "staff", "id": "local-admin", "properties": map[string]any{"role": r.By}},
		"action":   map[string]any{"name": r.Action},
		"resource": map[string]any{"type": "person", "id": person, "properties": resource},
		"context":  context,
	}
}

func (a *answered) tell(w io.Writer) {
	head := "denied"
	if a.Decision {
		head = "allowed"
	}
	fmt.Fprintf(w, "%s: %s\n", head, a.Context.ReasonAdmin.En)
	if a.Context.Mode != "" && a.Context.Kind != "allow" {
		fmt.Fprintf(w, "  allowed only because the mode is %s; enforced it would be denied\n", a.Context.Mode)
	}
	if len(a.Context.Clauses) > 0 {
		fmt.Fprintf(w, "  clauses: %s\n", strings.Join(a.Context.Clauses, ", "))
	}
	if len(a.Context.Missing) > 0 {
		fmt.Fprintf(w, "  missing: %s\n", strings.Join(a.Context.Missing, ", "))
	}
	for _, o := range a.Context.Obligations {
		fmt.Fprintf(w, "  you must: %s\n", o.ID)
	}
	if !a.Context.Known {
		fmt.Fprintln(w, "  nobody has told this server of the person")
	}
	fmt.Fprintf(w, "  by the notice of %s, as of %d entries of the log\n", a.Context.Version, a.Context.Seq)
}
