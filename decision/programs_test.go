package decision_test

import (
	"testing"

	"github.com/avowhq/avow/decision"
)

func TestProgramsForAPinnedPerson(t *testing.T) {
	one, two, three := new(decision.Program), new(decision.Program), new(decision.Program)
	all := decision.NewPrograms(
		decision.Release{Number: 3, From: 30, Program: three},
		decision.Release{Number: 1, From: 10, Program: one},
		decision.Release{Number: 2, From: 20, Program: two},
	)
	for _, c := range []struct {
		pinned int
		at     decision.Instant
		want   *decision.Program
	}{{0, 9, nil}, {0, 10, one}, {0, 29, two}, {0, 30, three}, {2, 99, two}, {1, 99, one}, {3, 25, two}} {
		if got := all.For(c.pinned, c.at); got != c.want {
			t.Errorf("pinned to %d at %d: the wrong version", c.pinned, c.at)
		}
	}
}
