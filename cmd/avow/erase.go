package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func eraseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "erase PERSON",
		Short: "Erase a person from what Avow itself holds",
		Long: `Erase a person from what Avow itself holds: identities, answers, history and their
keys. What proves consent and refusal stays, restricted, until its own end. The log
keeps its leaves, which say nothing without those keys; every other proof holds.`,
		Example: "  avow erase email:ann@mail.example --site starter --yes",
		Args:    exactly("PERSON"),
	}
	var server remote
	server.add(c)
	site := c.Flags().String("site", "", siteFlag)
	yes := c.Flags().Bool("yes", false, "do it; without it nothing happens")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		name, err := server.site(c.Context(), *site)
		if err != nil {
			return err
		}
		id, err := idOf(c, &server, name, args[0])
		if err != nil {
			return err
		}
		if !*yes {
			return usage{hinted{errors.New("nothing was erased: erasing cannot be undone"), "add --yes"}}
		}
		var out struct {
			Records    int64  `json:"records"`
			Identities int64  `json:"identities"`
			Evidence   int64  `json:"evidence"`
			Index      int64  `json:"index"`
			Since      string `json:"unreadable_here_since"`
		}
		if err := server.call(c.Context(), "POST", api(name, "people", id, "erase"), struct{}{}, &out); err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(c.OutOrStdout(), out)
		}
		since := "since " + out.Since
		if out.Since == "" {
			since = "within seconds of the end of whoever reads the database now"
		}
		fmt.Fprintf(c.OutOrStdout(), "erased: %s, %s and their keys; of evidence %s, restricted\nunreadable here %s; entry %d of the log\n",
			counted(out.Identities, "identity", "identities"), counted(out.Records, "record", "records"), counted(out.Evidence, "record stays", "records stay"), since, out.Index)
		return nil
	}
	return c
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
