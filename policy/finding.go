package policy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// FindingKind says what a finding is about.
type FindingKind string

// The kinds of findings.
const (
	Overridden FindingKind = "overridden" // a law answers otherwise than the promise says; Decide shows it
	Lacking    FindingKind = "missing"    // a law asks for something that no promise says
	Suspicious FindingKind = "suspicious" // a law minds the way it is promised
)

// A Finding is what a law has to say about a clause, or about the notice where Clause is empty.
type Finding struct {
	Kind    FindingKind `json:"kind"`
	Word    string      `json:"word"` // stable: silence-is-no-consent
	Clause  string      `json:"clause,omitempty"`
	Promise string      `json:"promise,omitempty"`
	Pos     Pos         `json:"pos,omitzero"`
	// Provisions are where the laws say so, in the order in which the notice lists them.
	Provisions []Provision `json:"provisions"`
	// About is what in the promise: a style, a mechanism, a purpose, a right, a reason.
	About string `json:"about,omitempty"`
	// Message says what is the matter, Proposal a wording that would do.
	Message  string `json:"message"`
	Proposal string `json:"proposal,omitempty"`
	// Says is the matter in words for the people whom the notice addresses.
	Says string `json:"says,omitempty"`
	// Question and Person show an overridden promise: this answer is the law's.
	Question *decision.Request `json:"question,omitempty"`
	Person   *decision.Person  `json:"person,omitempty"`
}

// A Provision is one place in a law.
type Provision struct {
	Law     string `json:"law"` // id of the profile
	Article string `json:"article"`
	// Unchecked: it was not read in its source.
	Unchecked bool `json:"unchecked,omitempty"`
}

// String is the provision as it is cited: by its article, or as the profile writes it.
func (p Provision) String() string {
	if p.Article != "" && p.Article[0] >= '0' && p.Article[0] <= '9' {
		return p.Law + " art. " + p.Article
	}
	return p.Law + " " + p.Article
}

// Findings are what the listed laws say about the policy at an instant, in the order of the notice.
// The policy has no errors but examples that fail; m is what it lowers to.
func Findings(p *Policy, m *decision.Model, at decision.Instant) ([]Finding, error) {
	program, err := decision.Compile(m)
	if err != nil {
		return nil, fmt.Errorf("check law: %w", err)
	}
	return findings(p, m, program, at, "")
}

// findings are those about one clause, or, without one, all.
func findings(p *Policy, m *decision.Model, program *decision.Program, at decision.Instant, clause string) ([]Finding, error) {
	laws, err := p.Profiles()
	if err != nil {
		return nil, err
	}
	f := finder{p: p, m: m, at: at, laws: inEffect(laws, at), only: clause, cited: map[decision.Reason]bool{}}
	f.overridden(program)
	f.suspicious()
	f.missing()
	order := map[string]int{}
	for i, c := range p.Clauses {
		order[c.ID] = i + 1
	}
	slices.SortStableFunc(f.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order[a.Clause], order[b.Clause]), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Word, b.Word), cmp.Compare(a.About, b.About))
	})
	return f.found, nil
}

// A finder collects findings, each once.
type finder struct {
	p     *Policy
	m     *decision.Model
	at    decision.Instant
	laws  []law.Profile
	only  string // clause; "" for all
	found []Finding
	cited map[decision.Reason]bool // of those that were looked up: the row was not read in its source
}

// inEffect leaves out the strict default, which repeats what the others say, and laws not in effect.
func inEffect(laws []law.Profile, at decision.Instant) []law.Profile {
	return slices.DeleteFunc(slices.Clone(laws), func(l law.Profile) bool {
		return l.ID == law.Strict || !l.In(at)
	})
}

// add notes a finding that a law has a provision about, and fills in its words. What several laws say
// alike is one finding.
func (f *finder) add(x Finding, by Provision) {
	if f.only != "" && x.Clause != f.only {
		return
	}
	for i := range f.found {
		o := &f.found[i]
		if o.Word == x.Word && o.Promise == x.Promise && o.Clause == x.Clause && o.About == x.About {
			if !slices.Contains(o.Provisions, by) {
				o.Provisions = append(o.Provisions, by)
			}
			return
		}
	}
	x.Provisions = []Provision{by}
	word(&x)
	f.found = append(f.found, x)
}

// minds adds a suspicious finding for every law that has a duty of that word.
func (f *finder) minds(name string, x *Promise, about string) {
	one := Finding{Kind: Suspicious, Word: name, About: about}
	if x != nil {
		one.Clause, one.Promise, one.Pos = x.Clause.ID, x.ID, x.Pos
	}
	f.mindsOf(one)
}

func (f *finder) mindsOf(x Finding) {
	for _, l := range f.laws {
		if d, ok := l.Duty(x.Word, f.at); ok {
			f.add(x, Provision{l.ID, d.Row.Article, d.Row.Unchecked})
		}
	}
}

// promise finds a promise by its lasting name.
func (f *finder) promise(id string) *Promise {
	for _, x := range f.p.promises() {
		if x.ID == id {
			return x
		}
	}
	return nil
}
