package law

import (
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/us"
)

// A Calendar says on which days people work at a place. The zero Calendar knows weekends only, which
// gives the earlier of the possible dates: nobody is late by it.
type Calendar struct {
	// Place is where the holidays are kept; empty where only weekends are known.
	Place    string
	holidays []*cal.Holiday
	days     []string // further ones, 2026-12-25
}

// CalendarOf is the calendar of a country or a region, or of the country that the region is in; only
// weekends where the holidays of neither are known.
func CalendarOf(place string) Calendar {
	country, _, _ := strings.Cut(place, "-")
	for _, p := range []string{place, country} {
		if h := holidays(p); h != nil {
			return Calendar{Place: p, holidays: h}
		}
	}
	return Calendar{}
}

// With is the calendar with further days, such as a single day of mourning: 2022-09-19.
func (c Calendar) With(days ...string) Calendar {
	c.days = slices.Concat(c.days, days)
	return c
}

// Working reports whether the day is neither Saturday nor Sunday nor a holiday.
func (c Calendar) Working(day time.Time) bool {
	if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	if slices.Contains(c.days, day.Format(time.DateOnly)) {
		return false
	}
	actual, observed, _ := (&cal.Calendar{Holidays: c.holidays}).IsHoliday(day)
	return !actual && !observed
}

// holidays are those that the whole country or region keeps, nil where they are not known. Days that
// only some of its regions keep are left out: without them a period is never longer.
func holidays(place string) []*cal.Holiday {
	return map[string][]*cal.Holiday{
		"AT": at.Holidays, "BE": be.Holidays, "BG": bg.Holidays, "BR": br.Holidays, "CH": ch.Holidays, "CZ": cz.Holidays,
		"DE": de.Holidays, "DK": dk.Holidays, "ES": es.Holidays, "FR": fr.Holidays, "GB": gb.Holidays, "GR": gr.Holidays,
		"HR": hr.Holidays, "IE": ie.Holidays, "IT": it.Holidays, "LT": lt.Holidays, "LV": lv.Holidays, "NL": nl.Holidays,
		"NO": no.Holidays, "PL": pl.Holidays, "RO": ro.Holidays, "SE": se.Holidays, "SI": si.Holidays, "SK": sk.Holidays,
		"US": us.Holidays,
		// Government Code 6700, less the days on which the state's offices are open.
		"US-CA": {
			us.NewYear, us.MlkDay, us.PresidentsDay, us.MemorialDay, us.IndependenceDay, us.LaborDay,
			us.VeteransDay, us.ThanksgivingDay, us.DayAfterThanksgivingDay, us.ChristmasDay,
		},
	}[place]
}
