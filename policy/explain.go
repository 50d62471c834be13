package policy

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// Explain writes an answer as a good compiler would: what it is, which promises of the notice made it
// so, at their place, what is missing and where to get it.
func Explain(w io.Writer, p *Policy, a decision.Answer) {
	verdict := "allow"
	if !a.Allowed() {
		verdict = "deny (" + a.Outcome.String() + ")"
	}
	fmt.Fprintf(w, "%s: %s\n", verdict, sentence(a))
	for _, id := range a.Promises {
		x := p.promise(id)
		if x == nil {
			continue
		}
		fmt.Fprintf(w, "\n  %s:%d: clause %s — %s (%s %s)\n", x.Pos.File, x.Pos.Line, x.Clause.ID, x.Clause.Title, x.Kind, id)
		if line, ok := lineOf(p.Files, x.Pos); ok {
			fmt.Fprintf(w, "    %s\n", strings.TrimSpace(line))
		}
		for _, m := range a.Missing {
			if m.Promise == id {
				fmt.Fprintf(w, "    missing %s: %s\n", strings.TrimSpace(m.What+" "+m.Name), p.where(m))
			}
		}
	}
	for _, l := range a.Laws {
		fmt.Fprintf(w, "\n  law: %s art. %s: %s\n", l.Law, l.Article, strings.TrimSpace(l.Because+" "+l.Name))
	}
	if len(a.Bases) > 0 {
		fmt.Fprintf(w, "\n  basis: %s\n", strings.Join(a.Bases, ", "))
	}
	if len(a.Obliges) > 0 {
		fmt.Fprintf(w, "  obliges: %s\n", strings.Join(a.Obliges, ", "))
	}
}

func (p *Policy) promise(id string) *Promise {
	for _, x := range p.promises() {
		if x.ID == id {
			return x
		}
	}
	return nil
}

// where tells how what is missing can be had.
func (p *Policy) where(m decision.Missing) string {
	switch m.What {
	case decision.MissingConsent, decision.MissingExplicit:
		for _, x := range p.promises() {
			if x.Collect != nil && slices.ContainsFunc(x.Collect.Asks, func(a Ask) bool {
				return slices.ContainsFunc(a.For.Names, func(n Name) bool { return under(m.Name, n.Text) })
			}) {
				return "asked for at collection point " + x.Collect.Name.Text
			}
		}
		return "no collection point asks for it"
	case decision.MissingContract:
		return m.Name + " is not open"
	case decision.MissingGround:
		return "the asker must state one"
	case decision.MissingRole:
		return "the asker must act in a role that the promise names"
	case decision.MissingAgreement:
		return "none in force with this recipient covers this purpose and datum with the terms asked"
	case decision.MissingCondition:
		return "its condition is not met, or not known to be"
	case decision.MissingLocation, decision.MissingSource, decision.MissingPeople:
		return "the question must state it"
	case decision.MissingGroup:
		return "the smallest group has fewer people"
	case decision.MissingFinding:
		return "a person must find compelling grounds against the objection"
	case decision.MissingObjection:
		return "the person objected"
	case decision.MissingKeep:
		return "nothing says that it is kept now"
	}
	return "see the promise"
}

// Say is the answer in one sentence for staff.
func Say(a decision.Answer) string { return sentence(a) }

// SayToPerson is the answer in one sentence for the person, without inner words.
func SayToPerson(a decision.Answer) string {
	switch a.Outcome {
	case decision.Allow:
		return "This use is one that the privacy notice allows."
	case decision.AgainstLaw:
		return "The law that protects you does not allow this use."
	case decision.Violation:
		return "The privacy notice promises that this is not done."
	case decision.Unmet:
		return "The privacy notice allows this only under a condition that is not met now."
	case decision.Gap:
		return "The privacy notice does not speak of this use, so it is not done."
	}
	return "The question could not be read, so nothing is done."
}

func sentence(a decision.Answer) string {
	switch a.Outcome {
	case decision.Allow:
		return "a clause allows it and its basis holds"
	case decision.AgainstLaw:
		return "a law that applies forbids it"
	case decision.Violation:
		return "a clause forbids it"
	case decision.Unmet:
		return "a clause would allow it, but something is missing"
	case decision.Gap:
		return "no clause speaks of it, and silence permits nothing"
	}
	return "the question names something that is not declared, or cannot be read"
}
