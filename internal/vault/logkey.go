package vault

import (
	"fmt"
	"strings"
	"time"

	"github.com/avowhq/avow/ledger"
)

// RenewLog gives the log a new origin with a new key, as recovering from a lost database does. The old
// private key is gone; its public key stays, so that old checkpoints and receipts verify.
func (k *Keys) RenewLog(origin string, now time.Time) error {
	err := k.change(func(d *document) error { return d.renewLog(origin, instant(now)) })
	if err != nil {
		return fmt.Errorf("renew log key: %w", err)
	}
	return nil
}

func (d *document) renewLog(origin string, now time.Time) error {
	private, public, err := ledger.GenerateKey(origin)
	if err != nil {
		return fmt.Errorf("log key for origin %q: %w", origin, err)
	}
	for i := range d.Log {
		if former, _, _ := strings.Cut(d.Log[i].Public, "+"); former == origin {
			return fmt.Errorf("log key for origin %q: the log had this origin before; take a new one", origin)
		}
		d.Log[i].Private = ""
	}
	d.Log = append(d.Log, logKey{Public: public, Private: private, Created: now})
	return nil
}

// prepareLog makes signer and verifier. What the ledger says of a key it cannot read may quote it.
func (m *material) prepareLog(keys []logKey) error {
	public := make([]string, len(keys))
	for i, l := range keys {
		public[i] = l.Public
	}
	var err error
	if m.verifier, err = ledger.NewVerifier(public...); err != nil {
		return fmt.Errorf("%w: a public log key cannot be read", ErrDamaged)
	}
	last := keys[len(keys)-1]
	if m.signer, err = ledger.NewSigner(last.Private); err != nil {
		return fmt.Errorf("%w: the log key cannot be read", ErrDamaged)
	}
	if m.signer.Key() != last.Public {
		return fmt.Errorf("%w: the private and the public log key are not a pair", ErrDamaged)
	}
	return nil
}
