package decision

// A Model is a policy reduced to what deciding needs, still in names: rules, retention, collection
// points, law, and the vocabulary they stand on. It is what a signed release carries. Compile turns
// it into a Program; Reference reads it as it stands.
//
// Names are hierarchical at dots: "contact" is above "contact.email".
type Model struct {
	Site       string     `json:"site"`
	Version    string     `json:"version,omitempty"`
	Zone       string     `json:"zone"` // IANA time zone of the controller
	Vocabulary Vocabulary `json:"vocabulary"`
	Rules      []Rule     `json:"rules,omitempty"` // in document order
	Keeps      []Keep     `json:"keeps,omitempty"` // in document order
	Points     []Point    `json:"points,omitempty"`
	Laws       []Law      `json:"laws,omitempty"`
}

// Vocabulary is what names mean. Order is of no meaning, but it fixes how names are numbered.
type Vocabulary struct {
	Data       []Category  `json:"data,omitempty"`
	Purposes   []Purpose   `json:"purposes,omitempty"`
	Recipients []Recipient `json:"recipients,omitempty"` // without "us"
	Agreements []Agreement `json:"agreements,omitempty"`
	Locations  []Location  `json:"locations,omitempty"`
	People     []string    `json:"people,omitempty"`
	Roles      []string    `json:"roles,omitempty"`
	Services   []string    `json:"services,omitempty"`
	Cookies    []string    `json:"cookies,omitempty"`
	Facets     []Facet     `json:"facets,omitempty"`
	Events     []string    `json:"events,omitempty"`
	Facts      []Fact      `json:"facts,omitempty"`
	Grounds    []Ground    `json:"grounds,omitempty"`
	Sources    []string    `json:"sources,omitempty"` // "person", "device", recipients
	// Establishments are the countries the controller is established in.
	Establishments []string `json:"establishments,omitempty"`
}

// A Category is a kind of personal data.
type Category struct {
	Name       string `json:"name"`
	Special    bool   `json:"special,omitempty"`    // GDPR art. 9(1)
	Identifies bool   `json:"identifies,omitempty"` // tells who the person is
	// Terms are those of the W3C DPV that the category is an instance of: its own and all above it.
	// Laws speak of these, since they cannot know a vocabulary's words.
	Terms []string `json:"terms,omitempty"`
}

// A Purpose is what data is used for.
type Purpose struct {
	Name string `json:"name"`
	// Marketing purposes: every objection ends the use at once (GDPR art. 21(3)).
	Marketing bool `json:"marketing,omitempty"`
	// Serves names a use that a restriction leaves open (art. 18(2)): "claims", "rights-of-others",
	// "public-interest"; else "".
	Serves string `json:"serves,omitempty"`
	// Terms are those of the W3C DPV that the purpose is an instance of: its own and all above it, and
	// OwnSimilar where the vocabulary says so.
	Terms []string `json:"terms,omitempty"`
}

// OwnSimilar is the term of a purpose that offers own products similar to what the person bought
// (directive 2002/58/EC art. 13(2)). The DPV has none for it.
const OwnSimilar = "avow:own-similar"

// A Recipient is who may receive data.
type Recipient struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"` // processor affiliate partner registry authority public third-party
	Country   string `json:"country,omitempty"`
	Agreement string `json:"agreement,omitempty"`
	// Certified are the frameworks that it is certified under.
	Certified []Certificate `json:"certified,omitempty"`
}

// A Certificate says that a recipient, or who runs a location, was certified under a framework for
// transfers from From up to, not including, Until.
type Certificate struct {
	Name  string  `json:"name"`
	From  Instant `json:"from,omitempty"`
	Until Instant `json:"until,omitempty"`
}

// NeedsAgreement reports whether nothing goes to this kind of recipient without a contract in force.
func (r Recipient) NeedsAgreement() bool {
	return r.Kind == "processor" || r.Kind == "affiliate" || r.Kind == "partner"
}

// An Agreement is a contract with recipients; in force from From up to, not including, Until.
type Agreement struct {
	Name     string   `json:"name"`
	From     Instant  `json:"from,omitempty"`
	Until    Instant  `json:"until,omitempty"`
	For      []string `json:"for,omitempty"`  // purposes it covers; none: all
	Data     []string `json:"data,omitempty"` // categories it covers; none: all
	Terms    []string `json:"terms,omitempty"`
	Paid     bool     `json:"paid,omitempty"` // something is given in return: disclosing is selling
	Transfer string   `json:"transfer,omitempty"`
}

// A Location is a place where data lies or is worked on.
type Location struct {
	Name     string `json:"name"`
	Country  string `json:"country"`
	Transfer string `json:"transfer,omitempty"`
	// Certified are the frameworks that who runs it is certified under.
	Certified []Certificate `json:"certified,omitempty"`
}

// A Facet is a dimension that rules, consents, objections and questions share: a channel, a topic.
type Facet struct {
	Name   string   `json:"name"`
	Verbs  []string `json:"verbs,omitempty"` // verbs it qualifies; none: all
	Values []string `json:"values"`
}

// A Ground is a stated reason: a law, a breach, an emergency.
type Ground struct {
	Name string `json:"name"`
	// Special grounds lift the ban on special categories (GDPR art. 9(2)(b)–(j)).
	Special bool `json:"special,omitempty"`
}

// FactType says which tests fit a fact.
type FactType string

// The types of facts.
const (
	FlagFact   FactType = "flag"   // yes, no
	EnumFact   FactType = "enum"   // one of Values
	NumberFact FactType = "number" // a whole number
	StateFact  FactType = "state"  // opened and closed by events
)

// A Fact is something conditions may ask about a person, a record or the question itself.
type Fact struct {
	Name     string   `json:"name"`
	Type     FactType `json:"type"`
	Values   []string `json:"values,omitempty"` // enum
	Opens    []string `json:"opens,omitempty"`  // events, state
	Closes   []string `json:"closes,omitempty"`
	Unknown  string   `json:"unknown,omitempty"`  // value taken when nothing is known
	Question bool     `json:"question,omitempty"` // stated by the question, not known of the person
}

// The facts that every vocabulary has. Residence and age are known of the person; the others are
// stated by the question.
const (
	ResidenceFact = "residence" // ISO 3166-1 alpha-2 code, or -2 code such as US-CA
	AgeFact       = "age"       // whole years
	TransportFact = "transport" // encrypted, plain
	PublicFact    = "public"    // yes, no: a record that anyone may see
	ConsentFact   = "consent"   // valid, none: for the promise's own purpose
)

// A Set is a choice among names. The zero Set is "not stated".
type Set struct {
	Names []string `json:"names,omitempty"`
	Not   bool     `json:"not,omitempty"` // all but Names
}

// Stated reports whether the set says anything.
func (s Set) Stated() bool { return s.Not || len(s.Names) > 0 }

// A Rule is an allow or a deny. A set that is not stated means what the language says of a key left
// out; see docs/spec/policy.md.
type Rule struct {
	ID     string   `json:"id"`     // lasting name of the promise, "clause.n"
	Clause string   `json:"clause"` // its clause
	Deny   bool     `json:"deny,omitempty"`
	Verbs  []string `json:"verbs"`

	// What is acted on; one of the three. A deny that names none hits all data.
	Data    Set `json:"data,omitzero"`
	Service Set `json:"service,omitzero"`
	Cookie  Set `json:"cookie,omitzero"`

	Of     Set        `json:"of,omitzero"`
	For    Set        `json:"for,omitzero"`
	To     Set        `json:"to,omitzero"` // allow: not stated is "us" only
	By     Set        `json:"by,omitzero"`
	In     Set        `json:"in,omitzero"`
	From   Set        `json:"from,omitzero"`
	With   Set        `json:"with,omitzero"`
	Ground Set        `json:"ground,omitzero"`
	Under  Set        `json:"under,omitzero"`  // allow: all these terms; deny with Not: lacks one of them
	As     Form       `json:"as,omitempty"`    // allow: this form and weaker; deny: this and stronger
	Group  int        `json:"group,omitempty"` // smallest group of an aggregate
	Facets []FacetSet `json:"facets,omitempty"`
	When   []Test     `json:"when,omitempty"`   // all hold
	Unless [][]Test   `json:"unless,omitempty"` // none of the groups holds whole

	Basis []Basis `json:"basis,omitempty"` // allow: any one of them
	// Only strikes every basis but these for the questions it matches (deny … basis: {not: x}).
	Only []Basis `json:"only,omitempty"`
	// Review: an objection is looked at by a person; else it ends the use at once.
	Review bool `json:"review,omitempty"`
	// Special is why special categories may be touched: "explicit-consent" or a special ground.
	Special string `json:"special,omitempty"`

	// Obliges is what the caller must do when this rule allows.
	Obliges []string `json:"obliges,omitempty"`
	// Point is the collection point the rule comes from; else "".
	Point string `json:"point,omitempty"`
}

// A FacetSet is what a rule, consent or objection says of one facet.
type FacetSet struct {
	Facet string `json:"facet"`
	Set   Set    `json:"set"`
}

// A Test is one condition on one fact.
type Test struct {
	Fact string `json:"fact"`
	// In: the value is in the set (flag, enum, residence, transport, public, consent).
	In Set `json:"in,omitzero"`
	// Min, Max: the number is at least Min and under Max (number, age).
	Min int32 `json:"min,omitempty"`
	Max int32 `json:"max,omitempty"` // 0: no upper end
	// State: "open", "closed", "never", "assigned".
	State string `json:"state,omitempty"`
	// Event: "happened", "never", "within", "over" (longer ago than Span).
	Event string   `json:"event,omitempty"`
	Span  Duration `json:"span,omitzero"`
}

// BasisKind is a legal basis.
type BasisKind string

// The bases (GDPR art. 6(1), art. 9(2)(a)), and the two that lean on others.
const (
	Consent            BasisKind = "consent"
	ExplicitConsent    BasisKind = "explicit-consent"
	Contract           BasisKind = "contract"
	LegalObligation    BasisKind = "legal-obligation"
	PublicTask         BasisKind = "public-task"
	VitalInterest      BasisKind = "vital-interest"
	LegitimateInterest BasisKind = "legitimate-interest"
	AsKept             BasisKind = "as-kept"   // while a keep of the datum holds
	Necessary          BasisKind = "necessary" // a cookie without which the service asked for fails
)

// A Basis is a legal basis with the state or ground it rests on.
type Basis struct {
	Kind BasisKind `json:"kind"`
	On   string    `json:"on,omitempty"` // contract: the state; obligation, task: the ground
}

// String writes the basis as a notice does.
func (b Basis) String() string {
	if b.On == "" {
		return string(b.Kind)
	}
	return string(b.Kind) + " " + b.On
}

// Form says how far data leads to a person.
type Form string

// The forms, strongest first. "" in a question is identified.
const (
	Identified Form = "identified"
	Unlinked   Form = "unlinked"
	Aggregated Form = "aggregated"
)

func (f Form) rank() uint8 {
	switch f {
	case Unlinked:
		return 1
	case Aggregated:
		return 2
	}
	return 0
}

// A Keep says how long data is kept.
type Keep struct {
	ID     string   `json:"id"`
	Clause string   `json:"clause"`
	Data   []string `json:"data"`
	While  []Test   `json:"while,omitempty"`
	Until  *Moment  `json:"until,omitempty"`
	Then   string   `json:"then"`          // erase anonymise detach fingerprint
	For    []string `json:"for,omitempty"` // only for these purposes, once no other keep holds
	Basis  Basis    `json:"basis,omitzero"`
}

// A Moment is a span after (or, negative, before) an event or the change of a state.
type Moment struct {
	Span  Duration `json:"span,omitzero"`
	Event string   `json:"event,omitempty"`
	State string   `json:"state,omitempty"`
	Opens bool     `json:"opens,omitempty"` // the state opens; else it closes
}

// A Point is a place where data enters.
type Point struct {
	Name   string   `json:"name"`
	Rule   string   `json:"rule"` // id of the promise
	Clause string   `json:"clause"`
	Fields []Field  `json:"fields"`
	When   []Test   `json:"when,omitempty"`
	Unless [][]Test `json:"unless,omitempty"`
	For    []string `json:"for"`
	From   string   `json:"from"`
	Of     string   `json:"of,omitempty"`
	As     Form     `json:"as,omitempty"` // the form its fields are stored in
	Shows  []string `json:"shows,omitempty"`
	Asks   []Ask    `json:"asks,omitempty"`
}

// A Field of a point takes one category.
type Field struct {
	Name     string `json:"name"`
	Data     string `json:"data"`
	Required bool   `json:"required,omitempty"`
	Pattern  string `json:"pattern,omitempty"` // RE2 the value must match; "" for any
	Say      string `json:"say,omitempty"`     // what a fitting value looks like, for people
}

// An Ask is one question a point puts to the person.
type Ask struct {
	For     string   `json:"for"`
	Data    []string `json:"data,omitempty"`
	To      []string `json:"to,omitempty"`
	By      string   `json:"by,omitempty"` // "guardian"; else the person
	How     Style    `json:"how"`
	Lasts   Duration `json:"lasts,omitzero"`
	Silence Duration `json:"silence,omitzero"`
}

// A Law is a profile: what one law takes away from every policy. Profiles never permit.
type Law struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	// Territory lists the countries and regions whose residents and establishments it binds; "*"
	// marks the strict default, which binds where no other profile of the model does.
	Territory []string `json:"territory"`
	// Sectoral: it speaks of one matter only, such as mail or children, and leaves the rest to the
	// strict default where no other profile covers the place.
	Sectoral bool    `json:"sectoral,omitempty"`
	From     Instant `json:"from,omitempty"`
	Until    Instant `json:"until,omitempty"`

	// Strikes are styles of consent that count for nothing here.
	Strikes []Strike `json:"strikes,omitempty"`
	// ChildAge: below it a consent counts only if a guardian gave it. 0: no such age.
	ChildAge int32 `json:"child_age,omitempty"`
	// ChildAges overrides ChildAge by country of residence.
	ChildAges map[string]int32 `json:"child_ages,omitempty"`
	ChildRow  Row              `json:"child_row,omitzero"`
	// Restriction is the provision that restricted data is only stored under; without an article, this
	// law has none (GDPR art. 18(2)).
	Restriction Row `json:"restriction,omitzero"`
	// Transfers limits the countries data may go to; nil: no limit.
	Transfers *Transfers `json:"transfers,omitempty"`
	// Bans are acts that it forbids outright.
	Bans []Ban `json:"bans,omitempty"`
}

// A Row is one provision: where it stands and what it says, in a word and in a sentence.
type Row struct {
	Article string `json:"article"`
	Because string `json:"because"` // a stable word: silence-is-no-consent
	Source  string `json:"source,omitempty"`
	// Unchecked rows were not read in the source; a release must not depend on them.
	Unchecked bool `json:"unchecked,omitempty"`
}

// A Strike takes away a style of consent.
type Strike struct {
	Style Style `json:"style"`
	Row   Row   `json:"row"`
}

// Transfers says which countries data may go to and on which mechanism.
type Transfers struct {
	Free       []string    `json:"free"` // countries inside the law's own area
	Adequate   []Adequacy  `json:"adequate,omitempty"`
	Mechanisms []Mechanism `json:"mechanisms,omitempty"`
	Row        Row         `json:"row"`
}

// Adequacy is a decision that a country protects enough, from From up to Until.
type Adequacy struct {
	Country string `json:"country"`
	// Certified: only for recipients that hold this certificate then.
	Certified string  `json:"certified,omitempty"`
	From      Instant `json:"from,omitempty"`
	Until     Instant `json:"until,omitempty"`
	Row       Row     `json:"row,omitzero"`
}

// A Mechanism carries a transfer where no adequacy does (GDPR art. 46), from From up to Until.
type Mechanism struct {
	Name string `json:"name"`
	// Certified: the recipient must hold the certificate of this name then.
	Certified bool    `json:"certified,omitempty"`
	From      Instant `json:"from,omitempty"`
	Until     Instant `json:"until,omitempty"`
	Row       Row     `json:"row,omitzero"`
}

// A Ban forbids verbs unless the rule rests on one of the bases excepted. All that it states beside
// them must hold for it to bite.
type Ban struct {
	Verbs      []string `json:"verbs"`
	Identifies bool     `json:"identifies,omitempty"` // only data that identifies, in the form identified
	Special    bool     `json:"special,omitempty"`    // only special categories
	Marketing  bool     `json:"marketing,omitempty"`  // only marketing purposes
	// Data: only categories that are, or hold one that is, an instance of one of these terms.
	Data []string `json:"data,omitempty"`
	// For: only purposes that are an instance of one of these terms; NotFor: of none of these.
	For    []string `json:"for,omitempty"`
	NotFor []string `json:"not_for,omitempty"`
	// Under: only people known to be younger, in whole years. 0: everybody.
	Under int32 `json:"under,omitempty"`
	// Objected: only while an objection to this use stands. No finding of ours lifts it.
	Objected bool `json:"objected,omitempty"`
	// Outside: only at a location that lies in none of these places.
	Outside []string    `json:"outside,omitempty"`
	From    Instant     `json:"from,omitempty"`
	Until   Instant     `json:"until,omitempty"`
	Except  []BasisKind `json:"except,omitempty"` // bases on which it does not bite
	Row     Row         `json:"row"`
}
