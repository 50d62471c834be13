// Package law holds profiles: what a law asks of every notice, as data with effective dates and a
// source per row. The deciding part (Profile.Law) never permits anything. Beside it stand rights and
// their deadlines, accepted reasons to refuse, what a notice must say, and who supervises. Rows that
// were not read in the source are marked unchecked.
//
// To add or mend a law, edit its file under profiles/; nothing here knows any law by name. What a file
// may say is in docs/spec/law.md.
package law

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// Strict is the id of the default that binds where no profile does.
const Strict = "strict"

// A Profile is one law as data.
type Profile struct {
	ID       string
	Title    string
	Revision int    // counts up with every change of the file
	Link     string // where the official text is
	Span
	// Territory lists the countries and regions whose residents and establishments it binds.
	Territory []string
	// Starts are places of the territory where it began to apply later than From. Deciding does not
	// look at them and is stricter before; rights and deadlines do.
	Starts []Start

	Rights      []Right
	Clocks      []Clock
	Refusals    []Refusal
	Contents    []Content
	Duties      []Duty
	Grounds     []Ground
	Authorities []Authority

	counting Counting
	law      decision.Law
	text     []byte
}

// A Span is the time in which a row is in effect, from From up to, not including, Until. Zero ends are
// open.
type Span struct {
	From  Date `json:"from,omitzero"`
	Until Date `json:"until,omitzero"`
}

// In reports whether the instant lies in the span.
func (s Span) In(at decision.Instant) bool {
	return decision.Instant(s.From) <= at && (s.Until == 0 || at < decision.Instant(s.Until))
}

// A Start says since when the law applies in one part of its territory.
type Start struct {
	Place string       `json:"place"`
	From  Date         `json:"from"`
	Row   decision.Row `json:"row"`
}

// Counting is how a law counts periods of days and months.
type Counting struct {
	// Rolls: one whose last day is no working day ends with the next working day.
	Rolls bool         `json:"rolls"`
	Row   decision.Row `json:"row"`
}

// A Clock is a period that is not the answer to a right: to report a breach, to keep a record.
type Clock struct {
	Span
	ID     string       `json:"id"`
	What   string       `json:"what"`
	Within Period       `json:"within,omitzero"`
	Row    decision.Row `json:"row"`
}

// A Refusal is a reason for which a right may be refused, or met only in part or for a charge.
type Refusal struct {
	Span
	Reason string       `json:"reason"` // a stable word
	Rights []string     `json:"rights,omitempty"`
	What   string       `json:"what"`
	Row    decision.Row `json:"row"`
}

// A Content is something that a notice, a register or an answer must say.
type Content struct {
	Span
	ID   string       `json:"id"`
	In   string       `json:"in"`   // notice, register, register-processor, access-answer, breach-report
	When string       `json:"when"` // always, or what makes it necessary: see docs/spec/law.md
	What string       `json:"what"`
	Row  decision.Row `json:"row"`
}

// A Duty is something a notice can get wrong, under the word that avow check --law reports.
type Duty struct {
	Span
	Word string       `json:"word"`
	What string       `json:"what"` // in words for people
	Row  decision.Row `json:"row"`
}

// A Ground is one on which special categories may be touched (GDPR art. 9(2)), beside the basis.
type Ground struct {
	Span
	ID   string       `json:"id"`
	What string       `json:"what"`
	Row  decision.Row `json:"row"`
}

// An Authority is who supervises a law at a place.
type Authority struct {
	Place string       `json:"place"`
	Name  string       `json:"name"`
	Link  string       `json:"link"`
	Row   decision.Row `json:"row"`
}

// Law is the part that decides.
func (p Profile) Law() decision.Law { return p.law }

// Digest is the SHA-256 of the profile's text, in hexadecimal.
func (p Profile) Digest() string {
	sum := sha256.Sum256(p.text)
	return hex.EncodeToString(sum[:])
}

// Text is the file as it was read.
func (p Profile) Text() []byte { return slices.Clone(p.text) }

// Binds reports whether the place lies in the territory and the profile is in effect. The strict
// default binds no place by itself.
func (p Profile) Binds(place string, at decision.Instant) bool {
	return p.In(at) && place != "" && lies(place, p.Territory)
}

// started reports whether the law applies in the place by then.
func (p Profile) started(place string, at decision.Instant) bool {
	for _, s := range p.Starts {
		if lies(place, []string{s.Place}) && at < decision.Instant(s.From) {
			return false
		}
	}
	return true
}

// lies reports whether the place is one of these, or in one: US-CA lies in US.
func lies(place string, in []string) bool {
	return slices.ContainsFunc(in, func(p string) bool { return place == p || strings.HasPrefix(place, p+"-") })
}

// Right finds the row of a right in effect, the one for the place if there is one. Of narrows it, as
// in {object, marketing}; a right that is not regulated more narrowly is found under the whole one.
func (p Profile) Right(right, of, place string, at decision.Instant) (Right, bool) {
	best, found := Right{}, false
	rank := func(r Right) int {
		n := 0
		if r.Of != "" {
			n += 2
		}
		if len(r.Places) > 0 {
			n++
		}
		return n
	}
	for _, r := range p.Rights {
		if r.Right != right || r.Of != "" && r.Of != of || len(r.Places) > 0 && !lies(place, r.Places) || !r.In(at) {
			continue
		}
		if !found || rank(r) > rank(best) {
			best, found = r, true
		}
	}
	if !found || best.Absent || !p.In(at) || !p.started(place, at) {
		return Right{}, false
	}
	best.rolls = p.counting.Rolls
	return best, true
}

// Refusal finds the row that lets this right be refused for the reason.
func (p Profile) Refusal(right, reason string, at decision.Instant) (Refusal, bool) {
	for _, r := range p.Refusals {
		if r.Reason == reason && (len(r.Rights) == 0 || slices.Contains(r.Rights, right)) && r.In(at) && p.In(at) {
			return r, true
		}
	}
	return Refusal{}, false
}

// Duty finds the row of a duty in effect.
func (p Profile) Duty(word string, at decision.Instant) (Duty, bool) {
	for _, d := range p.Duties {
		if d.Word == word && d.In(at) && p.In(at) {
			return d, true
		}
	}
	return Duty{}, false
}

// Clock finds a clock in effect, and how it is counted.
func (p Profile) Clock(id string, at decision.Instant) (c Clock, rolls, ok bool) {
	for _, c := range p.Clocks {
		if c.ID == id && c.In(at) && p.In(at) {
			return c, p.counting.Rolls, true
		}
	}
	return Clock{}, false, false
}

// AuthorityFor finds who supervises at the place: a region's own authority before its country's, that
// of a general law before that of a sectoral one, and else the profile that is listed first.
func AuthorityFor(profiles []Profile, place string) (Authority, bool) {
	best, rank := Authority{}, 0
	for _, p := range profiles {
		for _, a := range p.Authorities {
			if !lies(place, []string{a.Place}) {
				continue
			}
			n := 2 * len(a.Place)
			if !p.law.Sectoral {
				n++
			}
			if n > rank {
				best, rank = a, n
			}
		}
	}
	return best, rank > 0
}
