package policy

import (
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// A Policy is a folder that was read: the notice and what it stands on. Everything keeps its place in
// the source, so that whatever looks at it later can point there.
type Policy struct {
	Dir     string
	Front   Front
	Intro   string    // Markdown between the title and the first clause
	Clauses []*Clause // in document order
	// Translations are the other languages of the notice, in alphabetical order.
	Translations []Translation
	Vocabulary   Vocabulary
	Systems      Systems
	Laws         law.Library // those that come with Avow, and the policy's own
	Files        []File      // the sources, for messages
}

// A File is one source text.
type File struct {
	Name string // relative to the policy's folder
	Text []byte
}

// A Pos is a place in a source file; lines and columns count from 1, columns in runes.
type Pos struct {
	File string
	Line int
	Col  int
	Len  int // runes to underline; 0: to be found
}

// A Name is a word of the vocabulary where it is used.
type Name struct {
	Pos  Pos
	Text string
}

// A Set is a, [a, b], {not: a} or {not: [a, b]}. The zero Set is "left out".
type Set struct {
	Pos   Pos
	Names []Name
	Not   bool
}

// Stated reports whether the key was written.
func (s Set) Stated() bool { return s.Not || len(s.Names) > 0 }

// Front is the front matter of notice.md.
type Front struct {
	Version     Name // the language: v1
	Site        Name
	Title       Name
	Effective   decision.Instant
	Controller  Controller
	Controllers []Controller // beside it, joint
	Law         []Name
	Zone        Name           // IANA
	Location    *time.Location // the zone, loaded
	Languages   map[string]string
	Suspended   []Suspension
}

// Since is the midnight from which the notice is in force, in its own zone: its date there is the one that
// the front matter states.
func (f *Front) Since() time.Time { return f.Effective.Time().In(f.Location) }

// A Controller is who decides on purposes and means.
type Controller struct {
	Name, Contact, Country, Officer Name
}

// A Suspension stops a clause's promises; all others go on.
type Suspension struct {
	Clause Name
	Since  decision.Instant
	Reason Name
}

// A Clause is one heading with what stands under it.
type Clause struct {
	Pos      Pos
	ID       string
	Title    string
	Level    int    // 1 to 6
	Prose    string // Markdown, without the blocks
	Promises []*Promise
	Examples []*Example
}

// A Promise is one mapping of a promise block. Exactly one of the bodies is set.
type Promise struct {
	Pos    Pos
	ID     string // id:, or clause.n counted from 1 within the clause
	Kind   string // first key: allow, deny, collect, keep, on, every, right, measure, cookie, version, state
	Refs   []Name
	Clause *Clause

	Rule      *Rule      // allow, deny
	Collect   *Collect   // collect
	Keep      *Keep      // keep
	Duty      *Duty      // on, every
	Right     *Right     // right
	Measure   *Measure   // measure
	Cookie    *Cookie    // cookie
	Version   *Version   // version
	Statement *Statement // state
}

// A Rule is the body of allow and deny.
type Rule struct {
	Deny                                           bool
	Verbs                                          []Name
	Data, Service, Of, For, To, By, In, From, With Set
	As                                             Name
	Smallest                                       int // smallest-group, with as: aggregated
	Ground, Under                                  Set
	Basis                                          []Basis
	BasisNot                                       bool // deny … basis: {not: x}
	Objection                                      Name // ends, review
	Special                                        Name // explicit-consent, or a special ground
	Obliges                                        []Name
	Facets                                         []FacetSet
	When, Unless                                   []Test
}

// A Basis is a legal basis with the state or ground it rests on.
type Basis struct {
	Pos  Pos
	Kind decision.BasisKind
	On   Name
}

// A FacetSet is what a promise says of one facet.
type FacetSet struct {
	Facet Name
	Set   Set
}

// A Test is one entry of when, unless or while, already in the form deciding uses.
type Test struct {
	Pos  Pos
	Fact Name
	Test decision.Test
}

// A Moment is "30 days after account closes", or a bare event or state change.
type Moment struct {
	Pos    Pos
	Moment decision.Moment
	Name   Name // the event or state
}

// A Collect is a collection point.
type Collect struct {
	Name         Name
	Fields       []Field // required first, in order of writing
	Of           Set
	For          Set
	Basis        []Basis
	From         Name // default person
	Shows        []Name
	Ends         Name // service
	As           Name
	Special      Name // why special categories may be collected; a special ground
	Asks         []Ask
	When, Unless []Test
}

// A Field of a collection point.
type Field struct {
	Name     Name
	Data     Name
	Required bool
	Form     Name // a format; "" for any
}

// An Ask is one question put at a point.
type Ask struct {
	Pos           Pos
	For, Data, To Set
	By            Name
	How           Name
	When          []Test
	Lasts, Again  decision.Duration
	Silence       decision.Duration // silence: consent after …
}

// A Keep is a retention promise.
type Keep struct {
	Data  Set
	Of    Set
	While []Test
	Until *Moment
	Then  Name
	For   Set
	Basis Basis
}

// A Duty is what happens on a moment or at an interval.
type Duty struct {
	On                         *Moment           // on
	Every                      decision.Duration // every
	Data, Service, For, To, At Set               // filters of the event
	When, Unless               []Test
	Do                         []Step
	Within                     Deadline
}

// A Deadline is a duration, "at once" or "by law".
type Deadline struct {
	Pos           Pos
	Span          decision.Duration
	AtOnce, ByLaw bool
}

// A Step is one act of a duty.
type Step struct {
	Pos    Pos
	Act    Name
	On     Set // what the act is done to: categories, a service, people, detector names, …
	After  decision.Duration
	Unless []Test
	Once   bool
	About  Name
	In, To []Name
	As     Name
}

// A Right is what a person may ask for.
type Right struct {
	Rights                 []Name
	Data, Service, For, Of Set
	How                    []Name
	OnlyWith, Ends         Name
	ByEach                 []Name // facets
	Review                 Name
	Within                 Deadline
	MayRefuse              []Name
	Proof                  Set // categories that must be given to use it
	Steps                  int // acts it takes; 0: not stated
	To                     Name
	Facets                 []FacetSet
	When, Unless           []Test
}

// A Measure is a safeguard.
type Measure struct {
	Name     Name
	Covers   Set
	Checks   []Check
	Evidence decision.Duration // every …
	Limit    decision.Duration
	By       Name
}

// A Check is a label and the built-in check behind it.
type Check struct{ Label, Name Name }

// A Cookie is an entry of the cookie register.
type Cookie struct {
	Names   []Name
	SetBy   Name
	For     Set
	Basis   []Basis
	Data    Set
	Kept    decision.Duration // zero with Session
	Session bool
	Without []Name
	When    []Test
}

// A Version says how a change of the notice comes to bind.
type Version struct {
	Changes []Name
	Binds   Name // publication, use, notice, consent, approval
	Notice  decision.Duration
	Ends    Name
	When    []Test
}

// A Statement informs; nothing is enforced, but it must be shown.
type Statement struct {
	Text     Name
	Shown    []Name
	Links    []Name
	LeftOpen []Name // what the source leaves open, so that it cannot be bound
}

// An Example is one mapping of an example block: given some facts, a question, and the answer wanted.
// Its words are checked; RunExamples runs it.
type Example struct {
	Pos    Pos
	Clause *Clause
	Given  Value // mapping; zero if left out
	Ask    Value // mapping
	Want   Value // scalar or mapping
}

// A Value is YAML without types: a text, a list or a mapping, each with its place.
type Value struct {
	Pos  Pos
	Kind ValueKind
	Text string
	List []Value
	Map  []Entry
}

// ValueKind tells what a Value is. The zero Value is nothing at all.
type ValueKind byte

// The kinds of values.
const (
	Nothing ValueKind = iota
	Scalar
	List
	Mapping
)

// An Entry is one key of a mapping, in order of writing.
type Entry struct {
	Key   Name
	Value Value
}
