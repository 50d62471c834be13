package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// An event is what the command sends of one; empty members are not sent.
type eventFlags struct {
	Person string            `json:"person"`
	Kind   string            `json:"kind"`
	At     string            `json:"at,omitempty"`
	For    []string          `json:"for,omitempty"`
	Data   []string          `json:"data,omitempty"`
	To     []string          `json:"to,omitempty"`
	Style  string            `json:"style,omitempty"`
	Name   string            `json:"name,omitempty"`
	Facts  map[string]string `json:"facts,omitempty"`
	Source string            `json:"source,omitempty"`
}

func recordCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "record KIND PERSON",
		Short: "Tell the running server what happened with a person",
		Long: `Tell the running server what happened with a person: a consent granted, refused or
withdrawn, an objection, a restriction, an event of the vocabulary. It prints the
entry's index in the log; --receipt keeps its receipt in a file.`,
		Example: `  avow record granted email:ann@mail.example --site starter --for letter --style opt-in
  avow record happened customer:4711 --site starter --name order-placed`,
		Args: cobra.ExactArgs(2),
	}
	var server remote
	server.add(c)
	var e eventFlags
	site := c.Flags().String("site", "starter", "which notice")
	file := c.Flags().String("receipt", "", "write the receipt of the entry to this file")
	c.Flags().StringSliceVar(&e.For, "for", nil, "purposes")
	c.Flags().StringSliceVar(&e.Data, "data", nil, "categories of data; none: those that were asked for")
	c.Flags().StringSliceVar(&e.To, "to", nil, "recipients; none: those that were asked for")
	c.Flags().StringVar(&e.Style, "style", "", "how a consent was expressed: opt-in, explicit, …")
	c.Flags().StringVar(&e.At, "at", "", "when, as 2026-02-28T12:00:00Z; none: now")
	c.Flags().StringVar(&e.Name, "name", "", "of happened: which event of the vocabulary")
	c.Flags().StringToStringVar(&e.Facts, "fact", nil, "of stated: fact=value")
	c.Flags().StringVar(&e.Source, "source", "", "where it was imported from")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		e.Kind, e.Person = args[0], args[1]
		var out struct {
			Events []struct {
				Index int64
				Entry string
			}
			Seq int64
		}
		if err := server.call(c.Context(), "POST", "/api/v1/"+*site+"/events", map[string]any{"events": []eventFlags{e}}, &out); err != nil {
			return err
		}
		index := out.Events[0].Index
		if *file != "" {
			if err := saveReceipt(c, &server, *site, e.Person, index, *file); err != nil {
				return err
			}
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), out)
		}
		fmt.Fprintf(c.OutOrStdout(), "%s: entry %d of the log\n", e.Kind, index)
		if *file != "" {
			fmt.Fprintf(c.OutOrStdout(), "receipt: %s\n", *file)
		}
		return nil
	}
	return c
}

// idOf finds a person's id.
func idOf(c *cobra.Command, server *remote, site, person string) (string, error) {
	var found struct{ ID string }
	err := server.call(c.Context(), "POST", "/api/v1/"+site+"/people/find", map[string]string{"identity": person}, &found)
	return found.ID, err
}

func saveReceipt(c *cobra.Command, server *remote, site, person string, index int64, file string) error {
	id, err := idOf(c, server, site, person)
	if err != nil {
		return err
	}
	var text []byte
	if err := server.call(c.Context(), "GET", fmt.Sprintf("/api/v1/%s/people/%s/receipts/%d", site, id, index), nil, &text); err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("keep the receipt: %w", err)
	}
	return nil
}
