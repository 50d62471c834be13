package subject

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/ledger"
)

// Kinds of records about a person that say where data went. Facts do not know them; access answers do.
const (
	Permitted = "permitted" // a question that lets data out was allowed
	Disclosed = "disclosed" // data went out: confirmed against a permit, or learned of afterwards
)

// A Disclosure is data of one person that goes, or went, to one recipient for one purpose.
type Disclosure struct {
	Action string
	Data   []string
	For    string
	To     string
	In     string
	As     decision.Form
	Ground string
	// What it stood on when it was permitted; a disclosure that nobody asked about has none of these.
	Bases     []string
	Agreement string // with the recipient, in force then
	Mechanism string // of the transfer to Country
	Country   string // of the recipient
	DecidedBy string // who decided, as the question claims it
}

// body are the members that a disclosure has in a record.
func (d *Disclosure) body() map[string]any {
	return map[string]any{
		"action": d.Action, "agreement": d.Agreement, "as": string(d.As), "bases": d.Bases, "country": d.Country, "data": d.Data, "decided_by": d.DecidedBy,
		"for": d.For, "ground": d.Ground, "in": d.In, "mechanism": d.Mechanism, "to": d.To,
	}
}

// same reports whether two are of the same question; what it stood on may have changed between.
func (d *Disclosure) same(o *Disclosure) bool {
	return d.Action == o.Action && d.For == o.For && d.To == o.To && d.In == o.In && d.As == o.As && d.Ground == o.Ground && d.DecidedBy == o.DecidedBy && slices.Equal(d.Data, o.Data)
}

// disclosureBody is what stands in a record of either kind.
type disclosureBody struct {
	Action, Agreement, As, By, Country, For, Ground, In, Mechanism, Permit, Principal, Source, To, Until string

	Bases     []string
	Count     int64
	Data      []string
	DecidedBy string `json:"decided_by"`
	Permitted int64
	Seq       int64
	Unasked   bool
}

func readDisclosure(r *ledger.Record) (*disclosureBody, error) {
	b := &disclosureBody{}
	if err := json.Unmarshal(r.Body, b); err != nil {
		return nil, fmt.Errorf("read the body of a %s record: it is not as this version writes it", r.Kind)
	}
	return b, nil
}

func (b *disclosureBody) disclosure() Disclosure {
	return Disclosure{
		Action: b.Action, Data: b.Data, For: b.For, To: b.To, In: b.In, As: decision.Form(b.As), Ground: b.Ground,
		Bases: b.Bases, Agreement: b.Agreement, Mechanism: b.Mechanism, Country: b.Country, DecidedBy: b.DecidedBy,
	}
}

// A PermitID names a permit to whoever asked: random, with the place of its entry in the log. It leads to a
// person only as long as the house keeps its row: until it is long over, or the person is erased.
type PermitID struct {
	ID    [16]byte
	Index int64
}

// String is 32 hexadecimal digits, a hyphen and the index.
func (p PermitID) String() string {
	return hex.EncodeToString(p.ID[:]) + "-" + strconv.FormatInt(p.Index, 10)
}

// ParsePermit reads what String wrote.
func ParsePermit(text string) (PermitID, error) {
	id, index, ok := strings.Cut(text, "-")
	b, err := hex.DecodeString(id)
	n, err2 := strconv.ParseInt(index, 10, 64)
	p := PermitID{Index: n}
	if !ok || err != nil || err2 != nil || len(b) != len(p.ID) {
		return p, fmt.Errorf("%w: a permit is 32 hexadecimal digits, a hyphen and a number, as the answer gave it", ErrDisclosure)
	}
	copy(p.ID[:], b)
	if p.String() != text {
		return p, fmt.Errorf("%w: a permit is sent as the answer gave it", ErrDisclosure)
	}
	return p, nil
}

// How long a permit may be acted upon, and how much longer it can be confirmed that this was done in time.
const (
	PermitFor    = 7 * 24 * time.Hour
	PermitGrace  = 30 * 24 * time.Hour
	disclosedMax = 1 << 53 // a count, in canonical JSON
)

// What is wrong with a confirmation or a report. The texts hold declared words only.
var (
	ErrDisclosure = errors.New("the disclosure cannot be recorded")
	ErrNoPermit   = errors.New("there is no such permit: it was never given, it is long over, or whom it was about is gone")
	ErrExpired    = errors.New("the permit was over at that time: ask again; what has happened without one is reported as unasked")
	ErrBeyond     = errors.New("more than was permitted")
	ErrNotYours   = errors.New("the permit was given to another principal")
	ErrConfirmed  = errors.New("the permit is confirmed already, and otherwise")
)

// ErrStale is returned where people were erased or merged between the decision and its record: decide again.
var ErrStale = errors.New("people were erased or merged meanwhile")
