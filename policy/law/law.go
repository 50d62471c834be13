// Package law holds profiles: what a law takes away from every notice, as data with effective dates
// and a source per row. A profile never permits anything. Rows that were not read in the source are
// marked unchecked.
//
// To add or mend a law, edit its file under profiles/; nothing here knows any law by name.
package law

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

//go:embed profiles/*.json
var profiles embed.FS

// Strict is the id of the default that binds where no profile does.
const Strict = "strict"

// IDs lists the profiles there are, without the strict default, in alphabetical order.
func IDs() []string {
	entries, _ := fs.ReadDir(profiles, "profiles")
	var ids []string
	for _, e := range entries {
		if id := strings.TrimSuffix(e.Name(), ".json"); id != Strict {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Profiles reads the named profiles, in order, and the strict default after them. A name that has no
// profile is an error that lists those that do.
func Profiles(ids ...string) ([]decision.Law, error) {
	var out []decision.Law
	for _, id := range append(slices.Clone(ids), Strict) {
		text, err := profiles.ReadFile(path.Join("profiles", id+".json"))
		if err != nil {
			return nil, fmt.Errorf("law %q has no profile; there are %s", id, strings.Join(IDs(), ", "))
		}
		l, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("read law %s: %w", id, err)
		}
		out = append(out, l)
	}
	return out, nil
}

// date is a day in a profile: midnight UTC.
type date decision.Instant

func (d *date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("date %q: want year-month-day", text)
	}
	*d = date(decision.InstantOf(t))
	return nil
}

type span struct {
	From  date `json:"from"`
	Until date `json:"until"`
}

type profile struct {
	span
	ID        string            `json:"id"`
	Title     string            `json:"title"`
	Territory []string          `json:"territory"`
	Strikes   []decision.Strike `json:"strikes"`
	ChildAge  int32             `json:"child_age"`
	ChildAges map[string]int32  `json:"child_ages"`
	ChildRow  decision.Row      `json:"child_row"`
	Transfers *transfers        `json:"transfers"`
	Bans      []ban             `json:"bans"`

	Restriction decision.Row `json:"restriction"`
}

// A ban carries its dates as days.
type ban struct {
	decision.Ban
	From  date `json:"from"`
	Until date `json:"until"`
}

type transfers struct {
	Free     []string `json:"free"`
	Adequate []struct {
		span
		Country   string       `json:"country"`
		Certified string       `json:"certified"`
		Row       decision.Row `json:"row"`
	} `json:"adequate"`
	Mechanisms []struct {
		span
		Name      string       `json:"name"`
		Certified bool         `json:"certified"`
		Row       decision.Row `json:"row"`
	} `json:"mechanisms"`
	Row decision.Row `json:"row"`
}

// Parse reads one profile. Unknown members are errors: a misspelt limit must not vanish.
func Parse(text []byte) (decision.Law, error) {
	var p profile
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return decision.Law{}, err
	}
	l := decision.Law{
		ID: p.ID, Title: p.Title, Territory: p.Territory, From: decision.Instant(p.From), Until: decision.Instant(p.Until),
		Strikes: p.Strikes, ChildAge: p.ChildAge, ChildAges: p.ChildAges, ChildRow: p.ChildRow, Restriction: p.Restriction,
	}
	for _, b := range p.Bans {
		b.Ban.From, b.Ban.Until = decision.Instant(b.From), decision.Instant(b.Until)
		l.Bans = append(l.Bans, b.Ban)
	}
	if t := p.Transfers; t != nil {
		l.Transfers = &decision.Transfers{Free: t.Free, Row: t.Row}
		for _, a := range t.Adequate {
			l.Transfers.Adequate = append(l.Transfers.Adequate, decision.Adequacy{
				Country: a.Country, Certified: a.Certified, From: decision.Instant(a.From), Until: decision.Instant(a.Until), Row: a.Row,
			})
		}
		for _, m := range t.Mechanisms {
			l.Transfers.Mechanisms = append(l.Transfers.Mechanisms, decision.Mechanism{
				Name: m.Name, Certified: m.Certified, From: decision.Instant(m.From), Until: decision.Instant(m.Until), Row: m.Row,
			})
		}
	}
	return l, nil
}
