package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

// durationIn reads "24 hours", "1 year", "1 year and 1 day".
func durationIn(text string) (decision.Duration, error) {
	var d decision.Duration
	parts := strings.Split(text, " and ")
	for _, part := range parts {
		number, unit, ok := strings.Cut(strings.TrimSpace(part), " ")
		n, err := strconv.ParseUint(number, 10, 31)
		if !ok || err != nil || n > 100_000 || len(parts) > 6 {
			return d, fmt.Errorf("%q is no duration; write one like 30 days or 1 year", text)
		}
		switch strings.TrimSuffix(strings.TrimSpace(unit), "s") {
		case "minute":
			d.Micros += int64(n) * 60e6
		case "hour":
			d.Micros += int64(n) * 3600e6
		case "day":
			d.Days += int32(n)
		case "week":
			d.Days += 7 * int32(n)
		case "month":
			d.Months += int32(n)
		case "year":
			d.Months += 12 * int32(n)
		default:
			return d, fmt.Errorf("%q is no unit of time; there are minute, hour, day, week, month and year", unit)
		}
	}
	return d, nil
}

// dateIn reads 2026-03-01, midnight in the zone, or a full RFC 3339 time.
func dateIn(text, zone string) (decision.Instant, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return decision.InstantOf(t), nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	t, err := time.ParseInLocation(time.DateOnly, text, loc)
	if err != nil {
		return 0, fmt.Errorf("%q is no date; write year-month-day", text)
	}
	return decision.InstantOf(t), nil
}

// momentIn reads "account-closed", "account closes", "30 days after account closes", "2 days before
// renewal", "1 year after account-used". It returns the event's or state's name too.
func momentIn(text string) (m decision.Moment, name string, err error) {
	what := text
	for _, side := range []string{" after ", " before "} {
		span, rest, ok := strings.Cut(text, side)
		if !ok {
			continue
		}
		if m.Span, err = durationIn(span); err != nil {
			return m, "", err
		}
		if side == " before " {
			m.Span = m.Span.Neg()
		}
		what = rest
		break
	}
	what = strings.TrimSpace(what)
	if state, ok := strings.CutSuffix(what, " closes"); ok {
		m.State = state
		return m, state, nil
	}
	if state, ok := strings.CutSuffix(what, " opens"); ok {
		m.State, m.Opens = state, true
		return m, state, nil
	}
	if what == "" || strings.Contains(what, " ") {
		return m, "", fmt.Errorf("%q is no moment; write an event, a state with opens or closes, or a duration after or before one", text)
	}
	m.Event = what
	return m, what, nil
}

// rangeIn reads "under 18", "at least 18", "13 to 17", "18".
func rangeIn(text string) (lo, hi int32, err error) {
	bad := fmt.Errorf("%q is no test of a number; write under 18, at least 18 or 13 to 17", text)
	number := func(s string) int32 {
		n, e := strconv.ParseUint(strings.TrimSpace(s), 10, 31) // a number has no sign: -1 would end a range with no end
		if e != nil || n == 1<<31-1 {
			err = bad
		}
		return int32(n)
	}
	const least = -1 << 31
	if rest, ok := strings.CutPrefix(text, "under "); ok {
		hi = number(rest)
		if hi == 0 && err == nil {
			err = bad
		}
		return least, hi, err
	}
	if rest, ok := strings.CutPrefix(text, "at least "); ok {
		return number(rest), 0, err
	}
	if a, b, ok := strings.Cut(text, " to "); ok {
		lo, hi = number(a), number(b)+1
		if err == nil && hi <= lo {
			err = bad
		}
		return lo, hi, err
	}
	return 0, 0, bad
}
