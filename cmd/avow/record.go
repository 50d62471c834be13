package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// An eventFlags is what the command sends of an event (docs/spec/events.md); empty members are not sent.
type eventFlags struct {
	ID        string              `json:"id,omitempty"`
	Person    string              `json:"person"`
	Kind      string              `json:"kind"`
	At        string              `json:"at,omitempty"`
	Source    string              `json:"source,omitempty"`
	For       []string            `json:"for,omitempty"`
	Data      []string            `json:"data,omitempty"`
	To        []string            `json:"to,omitempty"`
	Facets    map[string][]string `json:"facets,omitempty"`
	Style     string              `json:"style,omitempty"`
	Guardian  bool                `json:"guardian,omitempty"`
	Until     string              `json:"until,omitempty"`
	Name      string              `json:"name,omitempty"`
	Facts     map[string]any      `json:"facts,omitempty"`
	Residence string              `json:"residence,omitempty"`
	Born      string              `json:"born,omitempty"`
	Grounds   string              `json:"grounds,omitempty"`
}

func (e *eventFlags) add(c *cobra.Command) (facets *[]string, facts *map[string]string) {
	f := c.Flags()
	f.StringVar(&e.ID, "id", "", "a key of your own: sent again, the event is recorded once")
	f.StringVar(&e.At, "at", "", "when, as 2026-02-28T12:00:00Z; none: now")
	f.StringVar(&e.Source, "source", "", "where it was imported from")
	f.StringSliceVar(&e.For, "for", nil, "purposes")
	f.StringSliceVar(&e.Data, "data", nil, "categories of data; none: those that were asked for")
	f.StringSliceVar(&e.To, "to", nil, "recipients; none: those that were asked for")
	facets = f.StringSlice("facet", nil, "facet=value of the purpose, such as a channel")
	f.StringVar(&e.Style, "style", "", "how a consent was expressed: opt-in, explicit, submit, opt-out, use, reply, deemed")
	f.BoolVar(&e.Guardian, "guardian", false, "a guardian said it, for a child")
	f.StringVar(&e.Until, "until", "", "of granted, renewed: when it ends")
	f.StringVar(&e.Name, "name", "", "of happened: which event of the vocabulary")
	facts = f.StringToString("fact", nil, "of stated: fact=value")
	f.StringVar(&e.Residence, "residence", "", "of described: a country, or a country and a region, as IE or US-CA")
	f.StringVar(&e.Born, "born", "", "of described: a day, as 2001-02-28")
	f.StringVar(&e.Grounds, "grounds", "", "of overridden, held, lifted: why")
	return facets, facts
}

// take fills in what flags hold in another form.
func (e *eventFlags) take(facets []string, facts map[string]string) error {
	for _, f := range facets {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			return usage{hinted{fmt.Errorf("--facet is a facet and its value"), "--facet channel=email"}}
		}
		if e.Facets == nil {
			e.Facets = map[string][]string{}
		}
		e.Facets[name] = append(e.Facets[name], value)
	}
	for name, value := range facts {
		if e.Facts == nil {
			e.Facts = map[string]any{}
		}
		e.Facts[name] = value
		if n, err := strconv.ParseInt(value, 10, 32); err == nil {
			e.Facts[name] = n
		}
	}
	return nil
}

func recordCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "record KIND PERSON",
		Short: "Tell the running server what happened with a person",
		Long: `Tell the running server what happened with a person. It prints the entry's index in
the log; --receipt keeps its receipt in a file.

Kinds: asked deferred granted renewed refused withdrawn revoked expired; objected upheld
overridden unobjected; restricted lifted; held released; happened (an event of the
vocabulary); stated (facts of the vocabulary); described (residence, birth).
A person is kind:value, as email:ann@mail.example or customer:4711, or an id.`,
		Example: `  avow record granted email:ann@mail.example --site starter --for letter --style opt-in
  avow record happened customer:4711 --site starter --name order-placed
  avow record described customer:4711 --site starter --residence IE`,
		Args: exactly("KIND", "PERSON"),
	}
	var server remote
	server.add(c)
	var e eventFlags
	facets, facts := e.add(c)
	site := c.Flags().String("site", "", siteFlag)
	file := c.Flags().String("receipt", "", "write the receipt of the entry to this file")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		e.Kind, e.Person = args[0], args[1]
		if err := e.take(*facets, *facts); err != nil {
			return err
		}
		name, err := server.site(c.Context(), *site)
		if err != nil {
			return err
		}
		return record(c, &server, name, &e, *file, *asJSON)
	}
	return c
}

func record(c *cobra.Command, server *remote, site string, e *eventFlags, file string, asJSON bool) error {
	type event struct {
		ID    string `json:"id,omitempty"`
		Index int64  `json:"index"`
		Entry string `json:"entry"`
		Again bool   `json:"again,omitempty"`
	}
	var out struct {
		Events []event `json:"events"`
		Seq    int64   `json:"seq"`
	}
	if err := server.call(c.Context(), "POST", api(site, "events"), map[string]any{"events": []*eventFlags{e}}, &out); err != nil {
		return err
	}
	if len(out.Events) != 1 {
		return fmt.Errorf("the server answered for %d events, not for one", len(out.Events))
	}
	if file != "" {
		if err := saveReceipt(c, server, site, e.Person, out.Events[0].Index, file); err != nil {
			return err
		}
	}
	if asJSON {
		return writeJSON(c.OutOrStdout(), out)
	}
	what := e.Kind
	if out.Events[0].Again {
		what = "recorded before under this --id"
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: entry %d of the log\n", what, out.Events[0].Index)
	if file != "" {
		fmt.Fprintf(c.OutOrStdout(), "receipt: %s\n", file)
	}
	return nil
}

// idOf finds a person's id.
func idOf(c *cobra.Command, server *remote, site, person string) (string, error) {
	var found struct{ ID string }
	err := server.call(c.Context(), "POST", api(site, "people", "find"), map[string]string{"identity": person}, &found)
	return found.ID, err
}

func saveReceipt(c *cobra.Command, server *remote, site, person string, index int64, file string) error {
	id, err := idOf(c, server, site, person)
	if err != nil {
		return err
	}
	var text []byte
	if err := server.call(c.Context(), "GET", api(site, "people", id, "receipts", strconv.FormatInt(index, 10)), nil, &text); err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("keep the receipt of entry %d, which is recorded: %w", index, err)
	}
	return nil
}
