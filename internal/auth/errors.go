package auth

import (
	"errors"
	"fmt"
)

// Why a secret is refused. None of them repeats it.
var (
	ErrMalformed = errors.New("this is no API key: one begins with avow_ and has " + fmt.Sprint(secretSize) + " characters")
	ErrMistyped  = errors.New("the API key is mistyped or cut: its checksum does not match")
	ErrUnknown   = errors.New("no such API key")
	ErrExpired   = errors.New("the API key has expired")
	ErrRevoked   = errors.New("the API key is revoked")
	ErrEnded     = errors.New("the principal of the API key has ended")
)

// Why an act is refused.
var (
	ErrForbidden = errors.New("forbidden")                  // see Forbidden for the part
	ErrInvalid   = errors.New("invalid")                    // an argument; the text says which
	ErrTaken     = errors.New("the name is taken")          // also by a principal that has ended
	ErrNone      = errors.New("no such principal or key")   // of that number or id
	ErrRotated   = errors.New("the key is rotated already") // rotate its successor
)

// A Forbidden is an ErrForbidden that says which part of the binding refuses. It holds no value.
type Forbidden struct {
	Part string // scope, site, action, purpose, recipient or binding
}

func (f Forbidden) Error() string {
	if f.Part == "binding" {
		return "forbidden: the key would act on, or hand out, more than it is bound to itself"
	}
	return "forbidden: the key is not bound to this " + f.Part
}

// Is makes it an ErrForbidden.
func (f Forbidden) Is(target error) bool { return target == ErrForbidden }
