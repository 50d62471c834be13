package vault

import "time"

// A Status tells of a key folder all that is no secret.
type Status struct {
	File       string // the key file
	Protected  bool   // sealed with a passphrase or an identity
	Generation uint64 // one more with each change of the file
	Origin     string // of the log
	Key        string // its public key, a C2SP vkey
	Former     []string
	Epochs     []EpochStatus
	Lookup     []LookupStatus
	Trouble    error // why the last look at the file did not succeed; what is held stays in use
}

// An EpochStatus is one epoch, from its beginning to its end.
type EpochStatus struct {
	Number    int64
	State     EpochState
	Created   time.Time
	Retired   time.Time // zero while it is current
	Escrow    time.Time // end of the escrow; zero: none set
	Destroyed time.Time // zero while its key exists
}

// A LookupStatus is one living look-up key.
type LookupStatus struct {
	Use     Use
	ID      int64
	Created time.Time
	From    time.Time // hashes are written under it from here on
	Ends    time.Time // it may be dropped from here on; zero: it is the newest
}

// Status describes the folder as the process knows it, at most a second behind the file.
func (k *Keys) Status() Status {
	m := k.current()
	d := m.document
	s := Status{
		File: k.path(), Protected: k.name() != plainName, Generation: d.Generation,
		Origin: m.signer.Origin(), Key: m.signer.Key(),
	}
	for _, l := range d.Log[:len(d.Log)-1] {
		s.Former = append(s.Former, l.Public)
	}
	for _, e := range d.Epochs {
		s.Epochs = append(s.Epochs, EpochStatus{e.Number, e.State, e.Created, e.Retired, e.Escrow, e.Destroyed})
	}
	for _, l := range d.Lookup {
		s.Lookup = append(s.Lookup, l.status())
	}
	if t := k.trouble.Load(); t != nil {
		s.Trouble = *t
	}
	return s
}

func (l *lookupKey) status() LookupStatus {
	return LookupStatus{l.Use, l.ID, l.Created, l.From, l.Ends}
}
