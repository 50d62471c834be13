package subject

import (
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// choices adds what an event that is a choice means: nothing, one choice, or for an event against the use
// several, one for each instant from which it counts (docs/spec/time.md).
func (e *recorded) choices(to []decision.Choice, kind decision.ChoiceKind, all []recorded) []decision.Choice {
	c := decision.Choice{Kind: kind, Scope: e.Scope, Style: e.Style, Guardian: e.Guardian}
	if e.Kind.Against() {
		for _, c.At = range e.instants(all) {
			to = append(to, c)
		}
		return to
	}
	if e.Source != "" && overruled(e, all) {
		return to
	}
	c.At, c.Until = e.counts(), e.Until
	if c.Until != 0 && c.Until-c.At < second {
		// It ended before it counted, or within the second that the length of a grant is cut to. That end
		// is against the use all the same.
		c.Kind, c.At, c.Until = decision.Expired, e.Until, 0
	}
	return append(to, c)
}

const second = 1_000_000

// counts is the instant from which an event for the use counts: the later of claimed and recorded, unless
// it was imported with its source.
func (e *recorded) counts() decision.Instant {
	if e.Source != "" {
		return e.At
	}
	return max(e.At, e.at)
}

// instants are those from which an event against the use counts: the claimed one; if that lies ahead, also
// the recorded one, since it holds at once. And where an event for the use claimed to lie ahead when this
// one came, from that claim on too: a clock that runs fast must not put a consent behind its withdrawal.
func (e *recorded) instants(all []recorded) []decision.Instant {
	from := min(e.At, e.at)
	out := []decision.Instant{from}
	if e.At > from {
		out = append(out, e.At)
	}
	for i := range all {
		f := &all[i]
		if _, isChoice := f.Kind.choice(); isChoice && !f.Kind.Against() && f.At > f.at && f.at <= from && from <= f.At && !slices.Contains(out, f.At) {
			out = append(out, f.At)
		}
	}
	return out
}

// overruled reports whether a recorded event speaks against an imported one for the use: it was in the log
// before, or counts from no later. An import never overrides those.
func overruled(e *recorded, all []recorded) bool {
	return slices.ContainsFunc(all, func(o recorded) bool {
		return o.Source == "" && contradicts(o.Kind, e.Kind) && (o.index < e.index || min(o.At, o.at) <= e.At) &&
			meets(o.Scope.For, e.Scope.For) && meets(o.Scope.Data, e.Scope.Data) && meets(o.Scope.To, e.Scope.To)
	})
}

// contradicts: the first is what the second would undo.
func contradicts(against, use Kind) bool {
	switch use {
	case Granted, Renewed:
		return against.Against() && against != Held
	case Unobjected, Overridden:
		return against == Objected || against == Upheld
	case Lifted:
		return against == Restricted
	case Released:
		return against == Held
	}
	return false
}

// meets: a name of one list is the same as, above or below one of the other. No list is all.
func meets(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool {
			return x == y || strings.HasPrefix(x, y+".") || strings.HasPrefix(y, x+".")
		})
	})
}
