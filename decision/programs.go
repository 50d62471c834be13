package decision

import "slices"

// Programs are the versions of one site's notice, each in force from an instant on. Several can be in
// force at once: a person whom a customer's agreement pins, or who was asked again and has not
// answered, keeps the older promise.
type Programs struct{ releases []Release }

// A Release is one published version. Numbers rise.
type Release struct {
	Number  int
	From    Instant
	Program *Program
}

// NewPrograms orders the releases by number.
func NewPrograms(releases ...Release) Programs {
	l := slices.Clone(releases)
	slices.SortStableFunc(l, func(a, b Release) int { return a.Number - b.Number })
	return Programs{l}
}

// For picks the version that holds for a person at an instant: the newest in force then, or, where the
// person is pinned to a version, the newest up to that number. It is nil before the first.
func (p Programs) For(pinned int, at Instant) *Program {
	for _, r := range slices.Backward(p.releases) {
		if r.From <= at && (pinned == 0 || r.Number <= pinned) {
			return r.Program
		}
	}
	return nil
}
