package vault

import (
	"errors"
	"fmt"
)

// Protect seals the key file anew: with another passphrase, with an identity, or not at all. Only the
// protection in the options counts. Other processes must be started again with the new one; until then
// they work with what they hold. Copies of the old file elsewhere still open with the old passphrase.
func (k *Keys) Protect(o Options) error {
	next, err := o.sealing()
	if err == nil {
		err = k.protect(next)
	}
	if err != nil {
		return fmt.Errorf("protect keys: %w", err)
	}
	return nil
}

func (k *Keys) protect(next *sealing) error {
	return k.alone(func(d *document) error {
		former := k.sealed.Swap(next)
		err := k.save(d)
		if err != nil && !errors.Is(err, errNotWiped) {
			k.sealed.Store(former)
		}
		return err
	})
}

// other is the name that the key file has under another protection.
func (k *Keys) other() string {
	if k.name() == plainName {
		return ageName
	}
	return plainName
}

// fits refuses a folder whose key file is protected in another way than the options say.
func (k *Keys) fits() error {
	if k.folder.has(k.name()) || !k.folder.has(k.other()) {
		return nil
	}
	advice := "it is not sealed, but a passphrase or an identity is given"
	if k.name() == plainName {
		advice = "it is sealed with age: give its passphrase (AVOW_KEYS_PASSPHRASE) or its identity"
	}
	return fmt.Errorf("%s: %w: %s", k.folder.at(k.other()), ErrPassphrase, advice)
}

// older refuses a second key file under another protection, unless it is known to be the older one: what
// is left where a crash broke off Protect before it wiped the former file. The caller holds the lock.
func (k *Keys) older(m *material) error {
	name := k.other()
	if !k.folder.has(name) {
		return nil
	}
	if name == plainName {
		text, _, err := k.folder.read(name)
		if err != nil {
			return err
		}
		if d, err := parseDocument(text); err == nil && d.Generation < m.document.Generation {
			return nil
		}
	}
	return fmt.Errorf("%s: %w: %s and %s are both there; move the older one away", k.folder, ErrDamaged, plainName, ageName)
}

// wipeOther wipes the key file under another protection. The caller holds the lock and knows it is older.
func (k *Keys) wipeOther() error {
	name := k.other()
	if err := k.folder.wipeLeft(name); err != nil || !k.folder.has(name) {
		return err
	}
	return wipe(k.folder.at(name))
}
