package storetest

import "os"

// Rounds is how often a test of chance is repeated: the first number, or the second where AVOW_NIGHTLY=1.
func Rounds(often, nightly int) int {
	if os.Getenv("AVOW_NIGHTLY") == "1" {
		return nightly
	}
	return often
}
