package auth

import "slices"

// A Scope is a class of calls that a key opens, or a liberty within them.
type Scope string

// The scopes. A key has those that were given to it and no others.
const (
	Decide           Scope = "decide"            // ask for decisions
	ReadPeople       Scope = "people:read"       // find and show people and what is known of them
	WritePeople      Scope = "people:write"      // create, identify, merge and split people
	WriteEvents      Scope = "events:write"      // report consents, objections, roles, states
	WriteDisclosures Scope = "disclosures:write" // confirm what was permitted, report what nobody asked about
	ReadLedger       Scope = "ledger:read"       // records and receipts; checkpoints and tiles are public
	ReadDecisions    Scope = "decisions:read"    // the log of decisions and the report of the shadow
	WriteShadow      Scope = "shadow:write"      // how far answers are enforced
	Erase            Scope = "erase"             // shred a person
	AdminKeys        Scope = "keys:admin"        // principals and keys
	AnyTime          Scope = "time:any"          // set the time of a question
	AnyFacts         Scope = "facts:any"         // bring the facts about a person with the question
	AnySubject       Scope = "subject:any"       // ask in the name of another principal
)

// Scopes are all of them.
func Scopes() []Scope {
	return []Scope{Decide, ReadPeople, WritePeople, WriteEvents, WriteDisclosures, ReadLedger, ReadDecisions, WriteShadow, Erase, AdminKeys, AnyTime, AnyFacts, AnySubject}
}

// Known reports whether there is such a scope.
func (s Scope) Known() bool { return slices.Contains(Scopes(), s) }
