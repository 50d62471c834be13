package policy

import "github.com/avowhq/avow/decision"

// A Vocabulary is vocabulary.yaml: the words a notice may use. Each list is in order of writing.
// Properties that names inherit at dots are already filled in.
type Vocabulary struct {
	Data       []Category
	Purposes   []Purpose
	People     []Named
	Recipients []Recipient
	Agreements []Agreement
	Locations  []Location
	Roles      []Named
	Services   []Service
	Facets     []Facet
	Events     []Event
	Facts      []Fact
	Grounds    []Ground
	Formats    []Format
	Policies   []Linked
	Attributes []Attribute
	AuthZEN    AuthZEN
	// PersonalUnless is what the word "personal" leaves out.
	PersonalUnless []Test
}

// A Named is a word that has nothing but what people call it: a role, a kind of people.
type Named struct {
	Name  Name
	Title string // name:
}

// A Category is a kind of personal data.
type Category struct {
	Name       Name
	Title      string // name: what people call it; not inherited
	Term       string // DPV: pd:EmailAddress
	Identifies bool
	Special    bool
	Origin     string // collected, us, derived, never-stored
}

// A Purpose is what data is used for.
type Purpose struct {
	Name    Name
	Title   string // name: what people call it; not inherited
	Term    string // DPV: dpv:CustomerCare
	Foreign bool   // named only to be denied
	Serves  string // claims, rights-of-others, public-interest; else ""
	Similar bool   // offers own products similar to what the person bought

	// Interest is the interest it serves where it rests on one; Weighed is the day on which it was
	// weighed against those of the person (GDPR art. 6(1)(f), 13(1)(d)).
	Interest string
	Weighed  decision.Instant
}

// A Recipient is who may receive data.
type Recipient struct {
	Name      Name
	Kind      string
	Title     string // name:
	Country   Name
	Agreement Name
	Policy    string // link
	Support   string // link
	Certified []Certificate
}

// A Certificate is a framework for transfers that a recipient, or who runs a location, is certified
// under.
type Certificate struct {
	Name        Name
	From, Until decision.Instant
}

// An Agreement is a contract with recipients.
type Agreement struct {
	Name        Name
	From, Until decision.Instant
	For, Data   Set
	Terms       []Name
	Return      string // none (default), money, kind
	Transfer    Name
}

// A Location is where data lies.
type Location struct {
	Name      Name
	Title     string // name:
	Country   Name
	Transfer  Name
	Certified []Certificate
}

// A Service is what a person may have.
type Service struct {
	Name  Name
	Title string
}

// A Facet is a dimension shared by rules, consents, objections and questions.
type Facet struct {
	Name   Name
	Verbs  []Name
	Values []Name
}

// An Event is something that happens to a person or a record.
type Event struct {
	Name   Name
	Title  string // name: what happened, as a clause: your account was closed
	Record bool   // about: record
	Ground Name
}

// A Fact is something conditions may ask.
type Fact struct {
	Name          Name
	Title         string // name: of a state, what is open: your account; of a flag, what is so
	Type          decision.FactType
	Values        []Name
	Opens, Closes []Name
	Assigns       Name // role
	About         string
	Unknown       Name
}

// A Ground is a stated reason.
type Ground struct {
	Name    Name
	Title   string // name:
	Law     string
	Special bool
}

// A Format is what a field must look like.
type Format struct {
	Name    Name
	Pattern string
	Say     string
}

// A Linked policy is another organisation's text.
type Linked struct {
	Name Name
	Of   Name
	Link string
}

// An Attribute is a typed property of an AuthZEN request that conditions may test like a fact of the
// question: from is subject.type, subject.id, subject.properties.x, action.name,
// action.properties.x, resource.type, resource.id or resource.properties.x.
type Attribute struct {
	Name    Name
	From    string
	Type    decision.FactType
	Values  []Name
	Unknown Name
}

// AuthZEN maps the words of callers that do not speak ours: action names to verbs, and resource
// types to data and purpose.
type AuthZEN struct {
	Actions   []ActionAlias
	Resources []ResourceAlias
}

// An ActionAlias says which verb an action name stands for.
type ActionAlias struct{ Name, Verb Name }

// A ResourceAlias says which data and purpose a resource type stands for.
type ResourceAlias struct {
	Name Name
	Data []Name
	For  Name
}
