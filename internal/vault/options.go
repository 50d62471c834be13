package vault

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Options say how a key folder is protected. The zero value keeps the keys in a plain file, readable by
// its owner only.
type Options struct {
	// Origin names the log, as a host and path without a scheme. Create needs it; Open does not look.
	Origin string
	// Passphrase seals the key file with age and scrypt. Defaults to none.
	Passphrase Passphrase
	// Identity is the path of an age identity (age-keygen) that seals the key file. Defaults to none.
	Identity string
	// Work is the work of scrypt, as log2. Defaults to 18, about a second.
	Work int
	// Clock tells the time. Defaults to time.Now.
	Clock func() time.Time
}

// A Passphrase never prints.
type Passphrase string

// Format prints that it is a passphrase, and no more.
func (Passphrase) Format(f fmt.State, _ rune) { redact(f, "(passphrase)") }

// FromEnvironment fills what is not set from AVOW_KEYS_PASSPHRASE, from the file that
// AVOW_KEYS_PASSPHRASE_FILE names (its first line), or from AVOW_KEYS_IDENTITY, a path. variable is
// usually os.Getenv.
func (o Options) FromEnvironment(variable func(string) string) (Options, error) {
	if o.Passphrase != "" || o.Identity != "" {
		return o, nil
	}
	o.Passphrase = Passphrase(variable("AVOW_KEYS_PASSPHRASE"))
	o.Identity = variable("AVOW_KEYS_IDENTITY")
	if path := variable("AVOW_KEYS_PASSPHRASE_FILE"); path != "" && o.Passphrase == "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return o, fmt.Errorf("passphrase of the keys: %w", err)
		}
		line, _, _ := strings.Cut(string(text), "\n")
		if o.Passphrase = Passphrase(strings.TrimSuffix(line, "\r")); o.Passphrase == "" {
			return o, fmt.Errorf("passphrase of the keys: %s: its first line is empty", path)
		}
	}
	return o, nil
}

// MarshalText writes that it is a passphrase, and no more.
func (Passphrase) MarshalText() ([]byte, error) { return []byte("(passphrase)"), nil }

func (o Options) work() int {
	if o.Work == 0 {
		return 18
	}
	return o.Work
}

func (o Options) clock() func() time.Time {
	if o.Clock == nil {
		return time.Now
	}
	return o.Clock
}

// redact prints a word in place of what must not be printed, whatever the verb.
func redact(f fmt.State, word string) { _, _ = f.Write([]byte(word)) }
