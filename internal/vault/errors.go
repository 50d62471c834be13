package vault

import "errors"

// What can be wrong with a key folder. The errors that Create and Open return wrap one of these and say
// where and what to do.
var (
	ErrMissing     = errors.New("no keys")
	ErrExists      = errors.New("there are keys already")
	ErrDamaged     = errors.New("damaged")
	ErrVersion     = errors.New("unknown version")
	ErrPermissions = errors.New("permissions too open")
	ErrPassphrase  = errors.New("wrong passphrase or identity")
	ErrLocked      = errors.New("locked by another process")
	ErrOlder       = errors.New("older than what this process holds")
	ErrOther       = errors.New("no continuation of what this process holds")
)

// What can be wrong with a use of the keys.
var (
	ErrNoEpoch     = errors.New("no such epoch key")      // unknown, or destroyed
	ErrNoLookupKey = errors.New("no such look-up key")    // unknown, or past its end
	ErrNotOpened   = errors.New("does not open")          // another key, another place, or changed
	ErrCurrent     = errors.New("it is the current one")  // retire or destroy it after the next rotation
	ErrEscrow      = errors.New("its escrow is not over") // destroying must wait
)

// errNotWiped says that a change is saved and that the overwritten file could not be wiped yet.
var errNotWiped = errors.New("the replaced key file is not wiped yet")
