//go:build !unix

package vault

import (
	"errors"
	"os"
)

// tryLock refuses: without a lock between processes, two could each write half of the keys.
func tryLock(*os.File, bool) (bool, error) {
	return false, errors.New("a key folder needs a Unix system")
}

func inherit(*os.File, string) error { return nil }
