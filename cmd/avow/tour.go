package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// The starter's second version: offers reach back three years, not two.
const (
	demoOld = "when: {order-placed: within 2 years}"
	demoNew = "when: {order-placed: within 3 years}"
)

// noEnd is the expiry of a key that has none.
var noEnd time.Time

// A step of the tour is a few commands to paste.
type step struct {
	what     string
	commands []string
}

// The tour's person has not answered the question of the letter.
const tourPerson = "email:newcomer@mail.example"

func tourCommands(self, dir, base string) []step {
	p := func(name string) string { return filepath.Join(dir, name) }
	ask := fmt.Sprintf("%s decide %s --dir %s --person %s --ask 'action: use, data: contact.email, for: letter'", self, p("starter"), dir, tourPerson)
	return []step{
		{"may we send her the letter? no, there is no consent; she gives one, and the answer flips", []string{
			ask,
			fmt.Sprintf("%s record granted %s --dir %s --site starter --for letter --style opt-in --receipt %s", self, tourPerson, dir, p("receipt.json")),
			ask,
		}},
		{"her receipt, checked offline: it needs the file and the log's key, and asks nobody", []string{
			fmt.Sprintf("%s verify %s --key %s", self, p("receipt.json"), p("log.vkey")),
		}},
		{"the same receipt with one word changed", []string{
			fmt.Sprintf("sed 's/granted/refused/' %s > %s", p("receipt.json"), p("forged.json")),
			fmt.Sprintf("%s verify %s --key %s", self, p("forged.json"), p("log.vkey")),
		}},
		{"she is erased: what is left of her in the log says nothing, and every other proof still holds", []string{
			fmt.Sprintf("%s erase %s --dir %s --site starter --yes", self, tourPerson, dir),
			fmt.Sprintf("%s verify %s --key %s", self, p("receipts/*.json"), p("log.vkey")),
			fmt.Sprintf("%s verify %s/ledger --key %s", self, base, p("log.vkey")),
		}},
		{"a mailing has asked about everybody with a key that is only observed: what enforcing would have denied", []string{
			fmt.Sprintf("%s shadow starter --dir %s", self, dir),
		}},
		{"what the laws say of a notice: what they override, what they miss, and what they mind", []string{
			fmt.Sprintf("%s check --law %s", self, p("iso-services")),
		}},
		{"and before the notice changes: what would its next version allow that this one does not", []string{
			fmt.Sprintf("%s diff %s %s", self, p("starter"), p("starter-2")),
		}},
	}
}
