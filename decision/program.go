package decision

import "time"

// A Program is a compiled Model: names are numbers, sets are bits, and rules are found by verb,
// purpose and object. It is immutable and safe for concurrent use.
type Program struct {
	site string
	zone *time.Location

	promises []PromiseName  // rules, then keeps, as in the model
	order    map[string]int // by id of a promise: its place

	verbs      map[string]verbRef
	data       names
	purposes   names
	recipients names // 0 is us
	askers     names // roles, then recipients
	locations  names
	sources    names
	people     names
	services   names
	cookies    names
	grounds    names
	agreements names
	events     names
	facts      names
	places     names // countries and regions that something names; the last is any other
	factSpecs  []factSpec
	stated     map[string]statedRef // facets and facts of the question
	values     []map[string]int32   // by fact: numbers of its values
	facets     []facetSpec
	forms      map[Form]uint8

	pool      pool
	rules     []rule
	tests     []test
	bases     []Basis // distinct ones of all rules
	basis     []basisRef
	baseNames []string

	tables [objectKinds]table
	cells  []cell
	refs   []uint16

	keeps     []keep
	keepsOf   [][]uint16 // by category: keeps that cover it
	keepsHit  [][]uint16 // by category: keeps that have to do with it
	forOthers [][]uint16 // by category: itself and those below it, where some keep is for some purposes only

	recipientSpecs []recipientSpec // by recipient
	agreementSpecs []agreementSpec
	locationSpecs  []locationSpec
	special        bits // by category: it or one below is special
	identifies     bits
	marketing      bits // by purpose + 1
	serves         bits // by purpose + 1

	facetsOf  [objectKinds][]uint64 // by verb: facets that qualify it
	countryOf []uint16              // by place: its country
	termWords int                   // words of a set of terms

	laws        []law
	lawAll      uint64   // every law of the model, where the residence is unknown
	lawHome     uint64   // by the controller's establishments
	lawStrict   uint64   // strict default
	lawSectoral uint64   // do not keep the strict default away
	lawAt       []uint64 // by place
	lawSince    []lawsSince
	// What lets deciding pass over laws. Bans by bit, laws by bit.
	bansBy       [objectKinds][]uint64 // by verb: bans that can bite
	bansFor      []uint64              // by purpose + 1
	bansOn       []uint64              // by category
	bansOnAll    uint64                // without a category too
	lawBans      []uint64              // by law: its bans
	lawStrikes   []uint64              // by style: laws
	lawTransfers uint64                // laws that limit transfers
	points       map[string]*point
}

// lawsSince are the laws in effect from an instant on, up to the next.
type lawsSince struct {
	from Instant
	laws uint64
}

// PromiseName is a promise that can determine an answer.
type PromiseName struct{ ID, Clause string }

// Promises lists the promises that can determine an answer: rules, then keeps, in document order.
func (p *Program) Promises() []PromiseName { return p.promises }

// Site is the site the program speaks for.
func (p *Program) Site() string { return p.site }

// Rules is the number of compiled rules.
func (p *Program) Rules() int { return len(p.rules) }

// What a request acts on.
const (
	dataObject = iota
	serviceObject
	cookieObject
	objectKinds
	destruction // data, by a verb that no rule speaks of
)

type verbRef struct {
	fits [objectKinds]bool // objects it can act on
	ends bool              // destructive
	at   [objectKinds]uint8
	id   verbID
}

// verbID numbers verbs that deciding treats in a way of their own.
type verbID uint8

const (
	plainVerb verbID = iota
	collectVerb
	storeVerb
	combineVerb
	discloseVerb
	sellVerb
)

// A table finds the cell of a verb, a purpose (0: none) and an object.
type table struct {
	purposes, objects int
	cells             []uint32
}

func (t *table) cell(verb uint8, purpose, object uint16) uint32 {
	return t.cells[(int(verb)*t.purposes+int(purpose))*t.objects+int(object)]
}

// A cell lists the rules that can speak of its questions: denies, denies that strike bases, allows;
// and the facets they mention.
type cell struct {
	denies, strikes, allows, end uint32 // into refs
	facets                       uint64
}

// Dimensions that a rule constrains beside verb, purpose and object.
const (
	dimTo = 1 << iota
	dimBy
	dimIn
	dimHome // in: residence
	dimHomeNot
	dimFrom
	dimOf
	dimGround
	dimUnder
	dimAs
	dimFacets
	dimWhen
	dimPurpose // a service rule asks a purpose
	dimNoRole  // deny by {not: …}: hits a question without a role
)

type rule struct {
	promise              uint16
	dims                 uint16
	as                   uint8
	review               bool
	point                bool
	special              uint8 // 0 none, 1 a ground, 2 explicit consent
	group                int32
	to, by, in, from, of setAt
	ground, under, value setAt // value: facet values
	data, with           setAt // of a combination
	facets               uint64
	when                 span // into tests
	basis                span
	only                 []Basis
	onlyName             string
	groupName            string
	obliges              []string
	groups               []span // unless: none of them holds whole
}

type span struct{ from, to uint32 }

type basisRef struct {
	kind  basisID
	state uint16 // fact of a contract
	id    uint16 // into bases
	only  Basis
}

type basisID uint8

const (
	onConsent basisID = iota
	onExplicit
	onContract
	onObligation // legal-obligation, public-task, necessary: always
	onVital
	onInterest
	onKept
)

type facetSpec struct {
	name   string
	first  uint16 // first value's number among all facets' values
	values []string
	verbs  []string
}

type statedRef struct {
	facet  bool
	id     uint16
	values map[string]int32
	number bool
}

type factSpec struct {
	name          string
	kind          FactType
	question      bool
	opens, closes setAt
	known         bool // a value is taken when nothing is known
	value         int32
}

type recipientSpec struct {
	agreement uint16 // + 1
	needs     bool
	public    bool
	countries []uint16
	certified []Certificate
}

type agreementSpec struct {
	name        string
	from, until Instant
	purposes    setAt // by purpose + 1
	data        setAt
	terms       setAt
	paid        bool
	transfer    string
}

type locationSpec struct {
	country   uint16 // place
	countryOf uint16 // place of the bare country
	home      bool   // the controller is established in that country
	transfer  string
	certified []Certificate
}
