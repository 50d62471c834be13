package decision

import (
	"cmp"
	"slices"
)

// Outcome is the kind of an answer. All but Allow are denials.
type Outcome uint8

// The outcomes, from the mildest to the one that outweighs all others when a request has several
// categories.
const (
	Allow         Outcome = iota
	Gap                   // no clause speaks of it
	Unmet                 // a clause would allow it, but something is missing
	Violation             // a clause forbids it
	AgainstLaw            // a law forbids it
	Indeterminate         // the question cannot be read
)

var outcomeNames = [...]string{"allow", "gap", "unmet", "violation", "law", "indeterminate"}

// String is the outcome's word in notices and answers.
func (o Outcome) String() string { return outcomeNames[o] }

// MarshalText writes the word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// An Answer is a decision in names, with everything that led to it. Lists are sorted as documented
// and free of doubles.
type Answer struct {
	Outcome Outcome `json:"outcome"`
	// Promises are the ids of those that determined the answer, in document order: the allows that
	// hold, the denies that match, or the allows that speak of it and lack something.
	Promises []string  `json:"promises,omitempty"`
	Bases    []string  `json:"bases,omitempty"` // on which the allows hold
	Missing  []Missing `json:"missing,omitempty"`
	Laws     []Reason  `json:"laws,omitempty"`
	Obliges  []string  `json:"obliges,omitempty"` // in document order
}

// Allowed reports the only answer that permits.
func (a Answer) Allowed() bool { return a.Outcome == Allow }

// Missing is one thing that would have to be so.
type Missing struct {
	Promise string `json:"promise"` // whose condition it is
	What    string `json:"what"`    // consent, objection, contract, ground, role, agreement, condition, …
	Name    string `json:"name,omitempty"`
}

// A Reason is a provision that took something away.
type Reason struct {
	Law     string `json:"law"`
	Article string `json:"article"`
	Because string `json:"because"`
	Name    string `json:"name,omitempty"` // mechanism, country
}

// What can be missing.
const (
	MissingConsent   = "consent"
	MissingExplicit  = "explicit-consent"
	MissingContract  = "contract"
	MissingGround    = "ground"
	MissingRole      = "role"
	MissingAgreement = "agreement"
	MissingCondition = "condition"
	MissingLocation  = "location"
	MissingSource    = "source"
	MissingPeople    = "people"
	MissingGroup     = "group"
	MissingKeep      = "keep"
	MissingFinding   = "finding"   // an objection waits for, or lacks, a person's finding
	MissingObjection = "objection" // the person objected
	MissingSpecial   = "special-ground"
	MissingBasis     = "basis" // every basis was struck by a deny
	MissingReview    = "review"
)

func (a *Answer) tidy(order map[string]int) {
	byOrder := func(x, y string) int { return cmp.Compare(order[x], order[y]) }
	slices.SortFunc(a.Promises, byOrder)
	a.Promises = slices.Compact(a.Promises)
	slices.Sort(a.Bases)
	a.Bases = slices.Compact(a.Bases)
	a.tidyLists(order)
}

// tidyLists orders what is missing, by promise, and the laws.
func (a *Answer) tidyLists(order map[string]int) {
	byOrder := func(x, y string) int { return cmp.Compare(order[x], order[y]) }
	slices.SortFunc(a.Missing, func(x, y Missing) int {
		return cmp.Or(byOrder(x.Promise, y.Promise), cmp.Compare(x.What, y.What), cmp.Compare(x.Name, y.Name))
	})
	a.Missing = slices.Compact(a.Missing)
	slices.SortFunc(a.Laws, func(x, y Reason) int {
		return cmp.Or(cmp.Compare(x.Law, y.Law), cmp.Compare(x.Article, y.Article), cmp.Compare(x.Because, y.Because), cmp.Compare(x.Name, y.Name))
	})
	a.Laws = slices.Compact(a.Laws)
}
