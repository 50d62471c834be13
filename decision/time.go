package decision

import (
	"fmt"
	"strings"
	"time"
)

// An Instant is a point in time in UTC microseconds since 1970.
// The zero Instant means "not set"; a moment that really is 1970-01-01T00:00:00Z cannot be told.
type Instant int64

// InstantOf cuts t to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns the instant in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// String is RFC 3339 in UTC, or "unset".
func (i Instant) String() string {
	if i == 0 {
		return "unset"
	}
	return i.Time().Format("2006-01-02T15:04:05.999999Z07:00")
}

// A Duration is a length of calendar time, as notices state it: "30 days", "1 year".
// Months and days follow the calendar of the controller's zone; the rest is exact.
type Duration struct {
	Months int32 `json:"months,omitempty"`
	Days   int32 `json:"days,omitempty"`
	Micros int64 `json:"micros,omitempty"`
}

// IsZero reports a duration of no length.
func (d Duration) IsZero() bool { return d == Duration{} }

// Neg is the same length backwards.
func (d Duration) Neg() Duration { return Duration{-d.Months, -d.Days, -d.Micros} }

// After returns the end of d counted from i. A day that the month lacks becomes the month's last:
// one month after 31 January is 28 or 29 February.
func (d Duration) After(i Instant, zone *time.Location) Instant {
	if d.Months == 0 && d.Days == 0 {
		return i + Instant(d.Micros)
	}
	t := i.Time().In(zone)
	y, m, day := t.Date()
	if d.Months != 0 {
		first := time.Date(y, m+time.Month(d.Months), 1, 0, 0, 0, 0, zone)
		y, m = first.Year(), first.Month()
		day = min(day, time.Date(y, m+1, 0, 0, 0, 0, 0, zone).Day())
	}
	h, mi, s := t.Clock()
	end := time.Date(y, m, day+int(d.Days), h, mi, s, t.Nanosecond(), zone)
	return InstantOf(end) + Instant(d.Micros)
}

// String writes the duration as a notice does.
func (d Duration) String() string {
	var parts []string
	add := func(n int64, unit string) {
		switch n {
		case 0:
		case 1:
			parts = append(parts, "1 "+unit)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit))
		}
	}
	add(int64(d.Months/12), "year")
	add(int64(d.Months%12), "month")
	add(int64(d.Days), "day")
	const minute, hour = int64(60e6), int64(3600e6)
	add(d.Micros/hour, "hour")
	add(d.Micros%hour/minute, "minute")
	if rest := d.Micros % minute; rest != 0 {
		parts = append(parts, (time.Duration(rest) * time.Microsecond).String())
	}
	if parts == nil {
		return "no time"
	}
	return strings.Join(parts, " and ")
}
