package vault

import (
	"fmt"
	"time"
)

// An EpochState is how far an epoch is: current, retired, destroyed.
type EpochState string

// The states of an epoch, in their order.
const (
	Current   EpochState = "current"   // new rings are wrapped under it
	Retired   EpochState = "retired"   // its key is in escrow, for backups that could still be restored
	Destroyed EpochState = "destroyed" // its number and times remain
)

// Rotate begins a new epoch and retires the one before, without an end of its escrow: nothing wrapped
// under it is lost until Retire gives one and Destroy follows. It returns the new epoch.
func (k *Keys) Rotate(now time.Time) (epoch int64, err error) {
	err = k.change(func(d *document) error {
		last := &d.Epochs[len(d.Epochs)-1]
		last.State, last.Retired = Retired, instant(now)
		epoch = d.addEpoch(instant(now))
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("rotate epoch: %w", err)
	}
	return epoch, nil
}

func (d *document) addEpoch(now time.Time) int64 {
	n := int64(len(d.Epochs)) + 1
	d.Epochs = append(d.Epochs, epochKey{Number: n, State: Current, Created: now, Key: newKey()})
	return n
}

// Retire sets the end of a retired epoch's escrow: when the last backup that holds rings wrapped under it
// has expired. The end can be brought forward later and not put off, because certificates name it.
func (k *Keys) Retire(epoch int64, until time.Time) error {
	until = instant(until)
	err := k.change(func(d *document) error {
		e, err := d.epoch(epoch)
		switch {
		case err != nil:
			return err
		case e.State == Destroyed:
			return fmt.Errorf("it is destroyed: %w", ErrNoEpoch)
		case !e.Escrow.IsZero() && until.After(e.Escrow):
			return fmt.Errorf("its escrow ends %s, and certificates say so: it cannot be put off", e.Escrow.Format(time.RFC3339))
		}
		e.Escrow = until
		return nil
	})
	if err != nil {
		return fmt.Errorf("retire epoch %d: %w", epoch, err)
	}
	return nil
}

// Destroy removes an epoch's key for ever, from the file and from the memory of every process that looks
// at it. What is still wrapped under the epoch is lost: re-wrap first, and count again in the database
// right before. It refuses the current epoch, one whose escrow has no end or is not over, and one that
// was retired less than ten seconds ago, because another process may still take it for current.
// Destroying what is destroyed does nothing.
func (k *Keys) Destroy(epoch int64, now time.Time) error {
	now = instant(now)
	err := k.change(func(d *document) error {
		e, err := d.epoch(epoch)
		if err != nil || e.State == Destroyed {
			return err
		}
		switch {
		case e.Escrow.IsZero():
			return fmt.Errorf("%w: it has no end yet; retire the epoch with the day of its last backup", ErrEscrow)
		case now.Before(e.Escrow):
			return fmt.Errorf("%w: it ends %s", ErrEscrow, e.Escrow.Format(time.RFC3339))
		case now.Before(e.Retired.Add(settle)):
			return fmt.Errorf("%w: other processes learn of the rotation until %s", ErrEscrow, e.Retired.Add(settle).Format(time.RFC3339))
		}
		e.State, e.Destroyed, e.Key = Destroyed, now, nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("destroy epoch %d: %w", epoch, err)
	}
	return nil
}

// epoch finds one that is not current.
func (d *document) epoch(number int64) (*epochKey, error) {
	if number < 1 || number > int64(len(d.Epochs)) {
		return nil, fmt.Errorf("%w: the last one is %d", ErrNoEpoch, len(d.Epochs))
	}
	e := &d.Epochs[number-1]
	if e.State == Current {
		return nil, fmt.Errorf("%w: rotate first", ErrCurrent)
	}
	return e, nil
}
