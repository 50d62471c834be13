package ledger

import (
	"errors"
	"time"
)

// An Instant is a point in time in UTC microseconds since 1970. Zero means "not set"; no record is written with it.
type Instant int64

// InstantOf cuts t to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns the instant in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// String is the instant as records write it: RFC 3339 in UTC with six decimals, "2026-11-24T09:30:00.000000Z".
func (i Instant) String() string { return string(i.append(nil)) }

const (
	firstInstant = -62135596800000000 // 0001-01-01T00:00:00.000000Z
	lastInstant  = 253402300799999999 // 9999-12-31T23:59:59.999999Z

	instantForm = "2006-01-02T15:04:05.000000Z"
)

// valid reports an instant that has a year of four digits.
func (i Instant) valid() bool { return i != 0 && i >= firstInstant && i <= lastInstant }

// append writes the instant. It does by hand what time.Format does in four times as long.
func (i Instant) append(b []byte) []byte {
	if i < firstInstant || i > lastInstant {
		return i.Time().AppendFormat(b, instantForm)
	}
	const day = 24 * 3600 * 1000000
	micros := uint64(i - firstInstant)
	year, month, date := civil(micros / day)
	micros %= day
	seconds := micros / 1000000
	micros %= 1000000
	t := [...]byte{
		0, 0, 0, 0, '-', 0, 0, '-', 0, 0, 'T', 0, 0, ':', 0, 0, ':', 0, 0, '.', 0, 0, 0, 0, 0, 0, 'Z',
	}
	two(t[0:], year/100)
	two(t[2:], year%100)
	two(t[5:], month)
	two(t[8:], date)
	two(t[11:], seconds/3600)
	two(t[14:], seconds/60%60)
	two(t[17:], seconds%60)
	two(t[20:], micros/10000)
	two(t[22:], micros/100%100)
	two(t[24:], micros%100)
	return append(b, t[:]...)
}

// two writes a number of two digits.
func two(b []byte, n uint64) { b[0], b[1] = '0'+byte(n/10), '0'+byte(n%10) }

// civil turns days since 0001-01-01 into a date of the Gregorian calendar. Years are counted from March,
// so that the leap day is the last of them.
func civil(days uint64) (year, month, date uint64) {
	days += 306 // since 0000-03-01
	era := days / 146097
	inEra := days % 146097
	yearOfEra := (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	inYear := inEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	march := (5*inYear + 2) / 153
	date = inYear - (153*march+2)/5 + 1
	year, month = era*400+yearOfEra, march+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, date
}

var errInstant = errors.New("not an instant like " + instantForm)

// ParseInstant reads an instant as [Instant.String] writes it, and in no other form.
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(instantForm, s)
	if err != nil {
		return 0, errInstant // time's own error would repeat s
	}
	if i := InstantOf(t); i.valid() && i.String() == s {
		return i, nil
	}
	return 0, errInstant
}
