package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
)

// A protection turns key material into what may lie on a disk, and back. Everything else about the file
// (where, permissions, lock, replacement, checksum) is the same for all, so that a key management
// service is these two methods and no more.
type protection interface {
	seal(material []byte) ([]byte, error)
	open(sealed []byte) ([]byte, error)
}

// The names of the key file, by protection.
const (
	plainName = "keys.json"
	ageName   = "keys.age"
)

// sealing picks what the options ask for.
func (o Options) sealing() (*sealing, error) {
	switch {
	case o.Passphrase != "" && o.Identity != "":
		return nil, errors.New("a passphrase and an age identity: give one of them")
	case o.Passphrase != "":
		return &sealing{withPassphrase{string(o.Passphrase), o.work()}, ageName}, nil
	case o.Identity != "":
		p, err := readIdentity(o.Identity)
		return &sealing{p, ageName}, err
	}
	return &sealing{plain{}, plainName}, nil
}

// plain trusts the disk: the file holds the keys as they are.
type plain struct{}

func (plain) seal(material []byte) ([]byte, error) { return material, nil }
func (plain) open(sealed []byte) ([]byte, error)   { return sealed, nil }

// withPassphrase is age with scrypt.
type withPassphrase struct {
	passphrase string
	work       int // log2
}

func (p withPassphrase) seal(material []byte) ([]byte, error) {
	r, err := age.NewScryptRecipient(p.passphrase)
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(p.work)
	return sealTo(r, material)
}

func (p withPassphrase) open(sealed []byte) ([]byte, error) {
	id, err := age.NewScryptIdentity(p.passphrase)
	if err != nil {
		return nil, err
	}
	return openWith(id, sealed)
}

// withIdentity is age with a key pair, which lies in a file elsewhere.
type withIdentity struct {
	identity  age.Identity
	recipient age.Recipient
}

func (p withIdentity) seal(material []byte) ([]byte, error) { return sealTo(p.recipient, material) }
func (p withIdentity) open(sealed []byte) ([]byte, error)   { return openWith(p.identity, sealed) }

// readIdentity reads the first identity of an age key file. What age says of a bad line quotes it.
func readIdentity(path string) (protection, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("age identity: %w", err)
	}
	if err := private(path, info); err != nil {
		return nil, fmt.Errorf("age identity: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("age identity: %w", err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("age identity: %s: %w: it holds no AGE-SECRET-KEY line that can be read", path, ErrDamaged)
	}
	switch id := ids[0].(type) {
	case *age.X25519Identity:
		return withIdentity{id, id.Recipient()}, nil
	case *age.HybridIdentity:
		return withIdentity{id, id.Recipient()}, nil
	}
	return nil, fmt.Errorf("age identity: %s: its kind cannot also encrypt; use one of age-keygen", path)
}

func sealTo(r age.Recipient, material []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, r)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(material); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func openWith(id age.Identity, sealed []byte) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, fmt.Errorf("%w: see AVOW_KEYS_PASSPHRASE or the identity file", ErrPassphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("%w, or half-written: it is no whole age file", ErrDamaged)
	}
	material, err := io.ReadAll(io.LimitReader(r, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%w, or half-written: its age payload is not whole", ErrDamaged)
	}
	return material, nil
}
