package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

func decideCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "decide POLICY --ask '…' [--given '…' | --person REF]",
		Short: "Answer a question by a notice, and explain",
		Long: `Answer a question by a notice, and explain. Facts and question are written in the
words of a notice's examples. With --person the running server answers, from what
it knows of the person; nothing is recorded as permitted. Exit status 1 is a denial.`,
		Example: `  avow decide policies/isodme --given 'account: open, residence: DE' \
    --ask 'action: use, data: contact.email, for: direct-marketing, channel: email, topic: offers'
  avow decide policies/starter --person email:ann@mail.example --ask 'action: use, data: contact.email, for: letter'`,
		Args: dirs,
	}
	asJSON := jsonFlag(c)
	ask := c.Flags().String("ask", "", "the question: action, data or service, for, to, in, …")
	given := c.Flags().String("given", "", "what is known: facts, events, consents, a role, a date")
	person := c.Flags().String("person", "", "ask the running server about this person: kind:value, as email:ann@mail.example, or an id")
	var server remote
	server.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if strings.TrimSpace(*ask) == "" {
			return usage{hinted{errors.New("no question"), "write --ask 'action: use, data: contact.email, for: billing'"}}
		}
		l, err := load(args[0], c.ErrOrStderr())
		if err != nil {
			return err
		}
		q, problems := policy.ParseQuestion(l.policy, l.model, *given, *ask, decision.InstantOf(time.Now()))
		if len(problems) > 0 {
			policy.Print(c.ErrOrStderr(), []policy.File{{Name: "given", Text: []byte("{" + *given + "}")}, {Name: "ask", Text: []byte("{" + *ask + "}")}}, problems)
			return usage{errors.New("the question cannot be read")}
		}
		if err := askable(q, *person, *given); err != nil {
			return err
		}
		if *person != "" {
			return askServer(c, &server, l.model.Site, *person, &q.Request, *asJSON)
		}
		facts, err := l.program.Facts(q.Person)
		if err != nil {
			return err
		}
		var d decision.Decision
		l.program.Decide(&q.Request, &facts, &d)
		answer := d.Answer()
		if *asJSON {
			if err := writeJSON(c.OutOrStdout(), answer); err != nil {
				return err
			}
		} else {
			policy.Explain(c.OutOrStdout(), l.policy, answer)
		}
		if !answer.Allowed() {
			return failure{exitFailed}
		}
		return nil
	}
	return c
}

// askable: the question is one that a decision answers, about one person.
func askable(q policy.Question, person, given string) error {
	switch {
	case q.Request.Action == "":
		return usage{hinted{errors.New("the question names no action"), "write action: use, or another verb; what a right, a form, a cookie or a keep answers is asked in an example, and avow test answers it"}}
	case person != "" && given != "":
		return usage{hinted{errors.New("--given and --person exclude each other"), "the server knows the person; avow record tells it what happened"}}
	}
	return nil
}
