package decision

// Style is how a consent was expressed. The law of the person may strike a style; the notice never
// has to repeat it.
type Style string

// The styles. Deemed is silence after a question that was put by message.
const (
	OptIn    Style = "opt-in"
	Explicit Style = "explicit"
	Submit   Style = "submit" // by sending the form itself
	OptOut   Style = "opt-out"
	ByUse    Style = "use"
	Reply    Style = "reply"
	Deemed   Style = "deemed"
)

// Styles lists them in the order they are numbered in facts.
func Styles() []Style { return []Style{OptIn, Explicit, Submit, OptOut, ByUse, Reply, Deemed} }

// ChoiceKind is what a person, or someone for or about them, settled.
type ChoiceKind string

// The kinds of choices.
const (
	Granted    ChoiceKind = "granted"
	Refused    ChoiceKind = "refused"
	Withdrawn  ChoiceKind = "withdrawn"
	Expired    ChoiceKind = "expired"
	Objected   ChoiceKind = "objected"
	Overridden ChoiceKind = "overridden" // objection not upheld, for stated compelling grounds
	Unobjected ChoiceKind = "unobjected" // objection taken back
	Restricted ChoiceKind = "restricted" // GDPR art. 18
	Lifted     ChoiceKind = "lifted"     // restriction ended
	Held       ChoiceKind = "held"       // legal hold placed
	Released   ChoiceKind = "released"   // legal hold released
)

// ChoiceKinds lists them in the order they are numbered in facts.
func ChoiceKinds() []ChoiceKind {
	return []ChoiceKind{
		Granted, Refused, Withdrawn, Expired, Objected, Overridden, Unobjected,
		Restricted, Lifted, Held, Released,
	}
}

// A Person is what is known of somebody, in names. Program.Facts makes the compact form that Decide
// reads. The zero Person is a stranger.
type Person struct {
	Residence string `json:"residence,omitempty"` // country, or country and region: US-CA
	// Born is the birth date's midnight; it goes before Age, a number of whole years, 0 if unknown.
	Born    Instant  `json:"born,omitempty"`
	Age     int32    `json:"age,omitempty"`
	Facts   []Stated `json:"facts,omitempty"`
	Events  []Event  `json:"events,omitempty"`
	Choices []Choice `json:"choices,omitempty"`
}

// An Event is something that happened. Several of one name may stand beside each other.
type Event struct {
	Name string  `json:"name"`
	At   Instant `json:"at"`
}

// A Choice is one consent, objection, restriction or hold. At is the instant from which it counts:
// for the use, the later of claimed and recorded; against it, the claimed one.
type Choice struct {
	Kind     ChoiceKind `json:"kind"`
	Scope    Scope      `json:"scope,omitzero"`
	Style    Style      `json:"style,omitempty"`    // of a grant
	Guardian bool       `json:"guardian,omitempty"` // given by a guardian
	At       Instant    `json:"at"`
	// Until ends a grant, counted in whole seconds from At, cut; 0, or 136 years and more: no end.
	Until Instant `json:"until,omitempty"`
}

// lasts is the length of a grant in seconds, 0 for no end.
func (c *Choice) lasts() uint32 {
	const forever = 1<<32 - 1
	s := int64(c.Until-c.At) / 1e6
	switch {
	case c.Until == 0 || s >= forever:
		return 0
	case s < 1:
		return 1 // as short as can be said; it is over before anyone asks
	}
	return uint32(s)
}

// ends is when the grant ends, 0 if it does not.
func (c *Choice) ends() Instant {
	if c.lasts() == 0 {
		return 0
	}
	return c.At + Instant(c.lasts())*1e6
}

// A Scope is what a choice is about. An empty list means all. Names stand for all below them, unless
// Closed: then the lists are all that was shown, and what was added to the vocabulary since is not
// covered.
type Scope struct {
	For        []string      `json:"for,omitempty"`
	Data       []string      `json:"data,omitempty"`
	To         []string      `json:"to,omitempty"`
	Facets     []FacetValues `json:"facets,omitempty"`
	Closed     bool          `json:"closed,omitempty"`
	Countries  []string      `json:"countries,omitempty"`  // of recipients and locations; with Closed
	Controller string        `json:"controller,omitempty"` // site at the time; with Closed
}

// FacetValues are the values of one facet that a choice is about.
type FacetValues struct {
	Facet  string   `json:"facet"`
	Values []string `json:"values"`
}
