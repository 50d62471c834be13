package law

import (
	"slices"
	"time"

	"github.com/avowhq/avow/decision"
)

// A Right is what a person may ask for under a law, by when it is answered, and on what terms.
type Right struct {
	Span
	// Right is the word of the language: access, rectify, erase, port, restrict, object, withdraw,
	// review, complain.
	Right string `json:"right"`
	// Of narrows it: marketing, sale, targeted-advertising, profiling, sensitive. Empty: the right itself.
	Of string `json:"of,omitempty"`
	// Places are the parts of the territory for which the row stands in for the general one.
	Places []string `json:"places,omitempty"`
	// Absent: in these places there is no such right.
	Absent bool `json:"absent,omitempty"`

	Within      Period `json:"within,omitzero"`      // from the start of the clock to the answer
	Extended    Period `json:"extended,omitzero"`    // instead, counted from the same start; none: cannot be extended
	Told        Period `json:"told,omitzero"`        // by when the person hears of the extension, with the reasons
	Acknowledge Period `json:"acknowledge,omitzero"` // by when receipt is confirmed
	Appeal      Period `json:"appeal,omitzero"`      // by when an appeal against a refusal is answered

	// Starts names what the clock waits for before it starts, Pauses what makes it stand still.
	Starts []Wait `json:"starts,omitempty"`
	Pauses []Wait `json:"pauses,omitempty"`

	// Bases are those on which the use must rest for the right to exist; empty: any.
	Bases []decision.BasisKind `json:"bases,omitempty"`
	// Verify says what the person may be asked to show who they are: none, channel (the way it was
	// given), reasonable-doubt, reasonable, tiered (more for what would harm more), parent.
	Verify     string `json:"verify"`
	VerifyNote string `json:"verify_note,omitempty"`
	// Fee is free, free-once-a-year or free-twice-a-year; FeeNote says when something may be charged.
	Fee     string       `json:"fee"`
	FeeNote string       `json:"fee_note,omitempty"`
	Row     decision.Row `json:"row"`

	rolls bool // the profile's rule of counting
}

// A Wait is something that the controller waits for.
type Wait string

// What is waited for.
const (
	Identity      Wait = "identity"      // what shows who the person is
	Fee           Wait = "fee"           // a charge that was asked
	Clarification Wait = "clarification" // what exactly is wanted
)

// On reports whether the right exists where the use rests on the basis.
func (r Right) On(basis decision.BasisKind) bool {
	return len(r.Bases) == 0 || slices.Contains(r.Bases, basis)
}

// A Count is what happened to one request, as far as time is concerned.
type Count struct {
	Received time.Time
	Waits    []Waited
	Zone     *time.Location // of the controller
	Calendar Calendar       // of its establishment
}

// Waited is a span in which the controller waited for the person. Both days belong to it.
type Waited struct {
	For      Wait
	From, To time.Time // To is zero while it lasts
}

// Due says when the request is to be answered, and when it is if the period has been extended. Both
// are zero where the law fixes none, or while the clock waits for the person; the second also where
// the law knows no extension.
func (r Right) Due(c Count) (due, extended Due) {
	start, waiting := r.start(c)
	if waiting {
		return Due{}, Due{}
	}
	return r.count(r.Within, start, c), r.count(r.Extended, start, c)
}

// ToldBy says until when the person must hear that the period is extended, with the reasons.
func (r Right) ToldBy(c Count) Due {
	start, waiting := r.start(c)
	if waiting {
		return Due{}
	}
	return r.count(r.Told, start, c)
}

// AcknowledgedBy says when receipt must have been confirmed. Nothing stops that clock.
func (r Right) AcknowledgedBy(c Count) Due {
	return r.Acknowledge.After(c.Received.In(c.zone()), 0, c.Calendar, r.rolls)
}

// start is the receipt, or the later arrival of what the clock waits for.
func (r Right) start(c Count) (start time.Time, waiting bool) {
	start = c.Received
	for _, w := range c.Waits {
		switch {
		case slices.Contains(r.Pauses, w.For) && w.To.IsZero():
			waiting = true
		case !slices.Contains(r.Starts, w.For):
		case w.To.IsZero():
			waiting = true
		case w.To.After(start):
			start = w.To
		}
	}
	return start.In(c.zone()), waiting
}

func (c Count) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// count lengthens the period by the days on which the clock stood still: those of a wait that began
// before the period was over, each once. The first day is not counted anyway, so it is not taken out.
func (r Right) count(p Period, start time.Time, c Count) Due {
	uncounted := 0
	last := func() time.Time { return p.After(start, uncounted, c.Calendar, false).Day }
	counted := dayOf(start) // all days up to this one are accounted for
	waits := slices.Clone(c.Waits)
	slices.SortFunc(waits, func(a, b Waited) int { return a.From.Compare(b.From) })
	for _, w := range waits {
		from, to := dayOf(w.From.In(c.zone())), dayOf(w.To.In(c.zone()))
		if !slices.Contains(r.Pauses, w.For) || p.IsZero() || from.After(last()) {
			continue
		}
		if from.After(counted) {
			counted = from.AddDate(0, 0, -1)
		}
		for counted.Before(to) {
			counted = next(counted)
			uncounted++
		}
	}
	return p.After(start, uncounted, c.Calendar, r.rolls)
}

func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// Shortest is the profile whose answer to the request is due first, with its right and the date. Of
// two that are due at once, it is the one given first; ok is false if none knows the right or fixes a
// time. While the clock of one stands still, another's may run.
func Shortest(profiles []Profile, right, of, place string, c Count) (p Profile, r Right, due Due, ok bool) {
	for _, x := range profiles {
		row, known := x.Right(right, of, place, decision.InstantOf(c.Received))
		if !known {
			continue
		}
		d, _ := row.Due(c)
		if d.End.IsZero() || ok && !d.End.Before(due.End) {
			continue
		}
		p, r, due, ok = x, row, d, true
	}
	return p, r, due, ok
}
