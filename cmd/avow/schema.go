package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/policy"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema NAME",
		Short:   "Print the JSON Schema of a block or a file, for editors: " + strings.Join(policy.SchemaNames(), ", "),
		Example: "  avow schema vocabulary > vocabulary.schema.json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage{hinted{fmt.Errorf("schema prints one schema"), "name one of " + strings.Join(policy.SchemaNames(), ", ")}}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			s, err := policy.Schema(args[0])
			if err != nil {
				return usage{err}
			}
			_, err = c.OutOrStdout().Write(s)
			return err
		},
	}
}
