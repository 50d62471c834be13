package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// A loaded policy is ready to answer.
type loaded struct {
	policy  *policy.Policy
	model   *decision.Model
	program *decision.Program
}

// load reads a policy that must be free of errors; its problems are told on errs.
func load(dir string, errs io.Writer) (loaded, error) {
	p, problems, err := policy.Load(dir)
	if err != nil {
		return loaded{}, err
	}
	if policy.Errors(problems) {
		policy.Print(errs, p.Files, problems)
		return loaded{}, hinted{fmt.Errorf("%s has errors", dir), "avow check " + dir + " lists them"}
	}
	m, err := policy.Lower(p)
	if err != nil {
		return loaded{}, err
	}
	program, err := decision.Compile(m)
	if err != nil {
		return loaded{}, err
	}
	return loaded{p, m, program}, nil
}

// jsonFlag adds --json.
func jsonFlag(c *cobra.Command) *bool { return c.Flags().Bool("json", false, "answer in JSON") }

// writeJSON writes v indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
