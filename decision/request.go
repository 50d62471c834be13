package decision

// Us is the recipient outside whom nothing goes; the default of a request.
const Us = "us"

// A Request is one question in names. Left out, a dimension means what the language says of it: no
// recipient is "us", no form is identified, a facet left out must pass for every value, and any
// other dimension a rule asks about is unknown, which never permits.
type Request struct {
	Action string `json:"action"`
	// One of the three: data categories, each of which must pass; a service; a cookie.
	Data    []string `json:"data,omitempty"`
	Service string   `json:"service,omitempty"`
	Cookie  string   `json:"cookie,omitempty"`

	For    string   `json:"for,omitempty"` // the purpose; data needs one
	To     string   `json:"to,omitempty"`
	By     string   `json:"by,omitempty"` // role, or recipient speaking for itself; none: the system
	In     string   `json:"in,omitempty"`
	From   string   `json:"from,omitempty"`
	With   []string `json:"with,omitempty"` // combine: the other data
	As     Form     `json:"as,omitempty"`
	Group  int      `json:"group,omitempty"` // people in the smallest group of an aggregate
	Ground string   `json:"ground,omitempty"`
	Of     string   `json:"of,omitempty"`

	// Stated are facets and facts of the question.
	Stated []Stated `json:"stated,omitempty"`
	// Assigned are state facts whose open case is given to the principal who asks.
	Assigned []string `json:"assigned,omitempty"`
	// Ended are agreements that are known to have ended, whatever their dates say.
	Ended []string `json:"ended,omitempty"`

	At Instant `json:"at"` // the time asked about; required
}

// Stated is a facet or a fact that the question states: flag "yes" or "no", enum and facet by value,
// number by Number.
type Stated struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Number int32  `json:"number,omitempty"`
}
