package client

import (
	"strings"
	"time"
)

// A Down says what holds for a purpose while the server cannot be reached.
type Down time.Duration

// Deny lets nothing happen without an answer. It is the rule of every purpose that has none.
const Deny Down = 0

// Snapshot lets the last answer to the same question hold, if the server signed it and it is not older than maxAge.
// Without one, the answer is no.
func Snapshot(maxAge time.Duration) Down { return Down(max(0, maxAge)) }

// MaxAge is how old an answer may be that still holds; 0 for Deny.
func (d Down) MaxAge() time.Duration { return time.Duration(d) }

// rules are what Config.Purposes says. A rule for a purpose is one for those below it, unless they have their own.
type rules map[string]Down

func (r rules) of(purpose string) Down {
	for {
		if d, ok := r[purpose]; ok {
			return d
		}
		i := strings.LastIndexByte(purpose, '.')
		if i < 0 {
			return Deny
		}
		purpose = purpose[:i]
	}
}

// longest is the greatest age that any rule takes.
func (r rules) longest() time.Duration {
	var longest Down
	for _, d := range r {
		longest = max(longest, d)
	}
	return longest.MaxAge()
}
