package main

import (
	"fmt"
	"path/filepath"
)

// The starter's second version: offers reach back three years, not two.
const (
	demoOld = "when: {order-placed: within 2 years}"
	demoNew = "when: {order-placed: within 3 years}"
)

// A step of the tour is one command to paste.
type step struct{ what, command string }

func tourCommands(self, dir string) []step {
	p := func(name string) string { return filepath.Join(dir, name) }
	ask := "--ask 'action: use, data: contact.email, for: letter'"
	return []step{
		{"an answer with its reasons: nobody may read an identity document to look for fraud",
			fmt.Sprintf("%s decide %s --given 'residence: US-CA, role: authorised.registrar' --ask 'action: read, data: id-document, for: fraud-prevention'", self, p("isodme"))},
		{"a fact is missing: without a consent the letter is not sent …",
			fmt.Sprintf("%s decide %s %s", self, p("starter"), ask)},
		{"… and a consent flips the answer",
			fmt.Sprintf("%s decide %s --given 'consented: letter' %s", self, p("starter"), ask)},
		{"exactly what a new version allows that the old one did not",
			fmt.Sprintf("%s diff %s %s", self, p("starter"), p("starter-2"))},
		{"how much of a notice is true in software",
			fmt.Sprintf("%s coverage %s", self, p("isodme"))},
	}
}
