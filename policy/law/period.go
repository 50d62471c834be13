package law

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Unit is what a period is counted in.
type Unit string

// The units.
const (
	Hours        Unit = "hour"         // elapsed; no weekend lengthens them (Regulation 1182/71 art. 3(4))
	Days         Unit = "day"          // of the calendar
	BusinessDays Unit = "business day" // days on which people work
	Months       Unit = "month"        // to the same date, or the last there is
)

// A Period is a length of time as a law writes it: 1 month, 45 days, 10 business days, 72 hours, or at
// once, which is no hours. The zero Period says that the law fixes none.
type Period struct {
	N    int
	Unit Unit
}

// IsZero reports whether no period is fixed.
func (p Period) IsZero() bool { return p.Unit == "" }

// String writes it as a profile does.
func (p Period) String() string {
	switch {
	case p.IsZero():
		return ""
	case p.N == 0:
		return "at once"
	case p.N == 1:
		return "1 " + string(p.Unit)
	}
	return fmt.Sprintf("%d %ss", p.N, p.Unit)
}

// MarshalText is String.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String writes.
func (p *Period) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "at once" {
		*p = Period{0, Hours}
		return nil
	}
	number, unit, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 10000 {
		return fmt.Errorf("period %q: want a number and hours, days, business days or months, or at once", s)
	}
	for _, u := range []Unit{Hours, Days, BusinessDays, Months} {
		if unit == string(u) || unit == string(u)+"s" {
			*p = Period{n, u}
			return nil
		}
	}
	return fmt.Errorf("period %q: %q is no unit; there are hours, days, business days and months", s, unit)
}

// A Due is when a period ends. The zero Due is for a law that fixes no period, and for a clock that
// stands still.
type Due struct {
	Day time.Time // the last day, at its midnight, in the zone of the count
	End time.Time // the first instant that is too late
}

// After counts the period from an instant, in the instant's zone. The day of the event is not counted.
// Uncounted days are added before the last day rolls forward to a working day, if rolls says that it
// does and the period is one of days or months.
func (p Period) After(start time.Time, uncounted int, c Calendar, rolls bool) Due {
	if p.IsZero() {
		return Due{}
	}
	y, m, d := start.Date()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, start.Location()) }
	var last time.Time
	switch p.Unit {
	case Hours:
		end := start.Add(time.Duration(p.N) * time.Hour)
		y, m, d = end.Date()
		return Due{day(y, m, d), end}
	case Months:
		// The 0th day of a month is the last one of the month before.
		m += time.Month(p.N)
		last = day(y, m, min(d, day(y, m+1, 0).Day()))
	case BusinessDays:
		last = day(y, m, d)
		for left := p.N; left > 0; {
			if last = next(last); c.Working(last) {
				left--
			}
		}
	default:
		last = day(y, m, d+p.N)
	}
	y, m, d = last.Date()
	last = day(y, m, d+uncounted)
	for rolls && p.Unit != BusinessDays && !c.Working(last) {
		last = next(last)
	}
	return Due{last, next(last)}
}

// next is midnight of the day after.
func next(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, t.Location())
}
