package client

import (
	"slices"
	"time"
)

// The kinds of answers. The server gives all but the last two.
const (
	Allow         = "allow"
	Gap           = "gap"           // no clause speaks of it
	Unmet         = "unmet"         // a clause would allow it, but something is missing
	Violation     = "violation"     // a clause forbids it
	AgainstLaw    = "law"           // a law forbids it
	Indeterminate = "indeterminate" // the question cannot be read
	Unfulfilled   = "unfulfilled"   // it obliges to something that this client does not do
	Unavailable   = "unavailable"   // no decision could be had
)

// An Answer says whether it may be done, and why. The zero Answer is a denial.
type Answer struct {
	Allowed bool
	Kind    string

	Clauses     []string // of the notice, that determined it
	Missing     []string // what would have to be so, as "consent letter"
	Law         []Law    // what laws took away
	Obligations []string // what the caller must do if it acts on the answer, by id
	Unknown     []string // those of the obligations that Config.Obligations does not list

	ReasonAdmin string // a sentence for staff
	ReasonUser  string // a sentence for the person

	Version      string // of the notice
	Seq          int64  // of the log, as of which was decided
	EvaluationID string // the server's name for this answer; none from a snapshot
	Permit       string // of an allowed disclosure of a known person: what Confirm takes; none from a snapshot

	// Mode is "" where the notice is enforced, else Observe or Warn: there an answer allows what the notice would deny.
	Mode      string
	WouldDeny bool // allowed by the mode alone

	FromSnapshot bool          // the server was down, and this is its last signed answer
	Age          time.Duration // of the snapshot
	Signed       []byte        // the signed note of the answer, if it came with one
}

// Law is a provision that took something away.
type Law struct {
	Law     string `json:"law"`
	Article string `json:"article"`
	Because string `json:"because"`
	Name    string `json:"name,omitempty"` // a mechanism, a country
}

// fulfilled turns an answer into a denial if the caller would not do what it obliges to. In a shadow mode it stays
// as it is, and says that it would be one.
func (a Answer) fulfilled(known []string) Answer {
	if !a.Allowed {
		return a
	}
	a.WouldDeny = a.Kind != Allow
	for _, o := range a.Obligations {
		if !slices.Contains(known, o) {
			a.Unknown = append(a.Unknown, o)
		}
	}
	if len(a.Unknown) == 0 {
		return a
	}
	a.WouldDeny = true
	if a.Mode == "" {
		a.Allowed, a.WouldDeny, a.Kind = false, false, Unfulfilled
		a.ReasonAdmin = "the answer obliges to something that the caller does not list among what it fulfils"
		a.ReasonUser = "This cannot be done here in the way that the privacy notice promises."
	}
	return a
}

// unavailable is the denial where no decision could be had.
func unavailable() Answer {
	return Answer{
		Kind:        Unavailable,
		ReasonAdmin: "no decision could be had, and no snapshot may speak instead",
		ReasonUser:  "Whether the privacy notice allows this cannot be found out just now, so it is not done.",
	}
}

// snapshot is what a signed answer says later.
func (s *Signed) answer(note []byte, age time.Duration) Answer {
	a := Answer{
		Allowed: s.Allow, Kind: s.Kind, Clauses: s.Clauses, Missing: s.Missing, Obligations: s.Obligations,
		Version: s.Version, Seq: s.Seq, Mode: s.Mode, FromSnapshot: true, Age: age, Signed: note,
		ReasonAdmin: "the server is unavailable; this is its last signed answer to the question",
		ReasonUser:  "This use is one that the privacy notice allows.",
	}
	if !s.Allow {
		a.ReasonUser = "The privacy notice does not allow this use as things stand."
	}
	return a
}
