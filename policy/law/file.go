package law

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

// A Date is a day in a profile, midnight UTC: 2026-02-05.
type Date decision.Instant

// String writes the day; nothing for none.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return decision.Instant(d).Time().Format(time.DateOnly)
}

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a day.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("date %q: want year-month-day", text)
	}
	*d = Date(decision.InstantOf(t))
	return nil
}

// file is a profile as it is written.
type file struct {
	Span
	ID        string `json:"id"`
	Revision  int    `json:"revision"`
	Title     string `json:"title"`
	Link      string `json:"link"`
	Note      string `json:"note"` // for who reads the file
	Territory places `json:"territory"`

	Sectoral    bool              `json:"sectoral"`
	Strikes     []decision.Strike `json:"strikes"`
	ChildAge    int32             `json:"child_age"`
	ChildAges   map[string]int32  `json:"child_ages"`
	ChildRow    decision.Row      `json:"child_row"`
	Restriction decision.Row      `json:"restriction"`
	Transfers   *transfers        `json:"transfers"`
	Bans        []ban             `json:"bans"`

	Starts      []Start     `json:"starts"`
	Counting    Counting    `json:"counting"`
	Rights      []Right     `json:"rights"`
	Clocks      []Clock     `json:"clocks"`
	Refusals    []Refusal   `json:"refusals"`
	Contents    []Content   `json:"contents"`
	Duties      []Duty      `json:"duties"`
	Grounds     []Ground    `json:"grounds"`
	Authorities []Authority `json:"authorities"`
}

// A ban carries its dates as days.
type ban struct {
	decision.Ban
	From  Date `json:"from"`
	Until Date `json:"until"`
}

type transfers struct {
	Free       places       `json:"free"`
	Adequate   []adequacy   `json:"adequate"`
	Mechanisms []mechanism  `json:"mechanisms"`
	Row        decision.Row `json:"row"`
}

type adequacy struct {
	Span
	Countries places       `json:"countries"`
	Certified string       `json:"certified"`
	Row       decision.Row `json:"row"`
}

type mechanism struct {
	Span
	Name      string       `json:"name"`
	Certified bool         `json:"certified"`
	Row       decision.Row `json:"row"`
}

// places is a list of countries and regions in which a group stands for its members.
type places []string

func (p *places) UnmarshalJSON(text []byte) error {
	var written []string
	if err := json.Unmarshal(text, &written); err != nil {
		return err
	}
	*p = nil
	for _, w := range written {
		if members := Group(w); members != nil {
			*p = append(*p, members...)
		} else {
			*p = append(*p, w)
		}
	}
	return nil
}

// Group lists the members of a group of countries, EU or EEA as of today; nil for another word.
func Group(name string) []string {
	const eu = "AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
	switch name {
	case "EU":
		return strings.Fields(eu)
	case "EEA":
		return strings.Fields(eu + " IS LI NO")
	}
	return nil
}

// maxProfile is more than any law here takes.
const maxProfile = 1 << 20

// Parse reads one profile. A member that is not known, or that stands twice, is an error: a misspelt
// limit must not vanish. So is a row without a source, and one that ends before it begins.
func Parse(text []byte) (Profile, error) {
	if len(text) > maxProfile {
		return Profile{}, fmt.Errorf("%d bytes; a profile may have %d", len(text), maxProfile)
	}
	first := json.NewDecoder(bytes.NewReader(text))
	if err := unique(first, 0); err != nil {
		return Profile{}, placed(text, first.InputOffset(), err)
	}
	var f file
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return Profile{}, placed(text, 0, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Profile{}, errors.New("more than one JSON value")
	}
	p := Profile{
		ID: f.ID, Title: f.Title, Revision: f.Revision, Link: f.Link, Span: f.Span, Territory: f.Territory, Starts: f.Starts,
		Rights: f.Rights, Clocks: f.Clocks, Refusals: f.Refusals, Contents: f.Contents, Duties: f.Duties, Grounds: f.Grounds,
		Authorities: f.Authorities, counting: f.Counting, law: f.law(), text: slices.Clone(text),
	}
	if faults := p.faults(); len(faults) > 0 {
		return Profile{}, errors.New(strings.Join(faults, "; "))
	}
	return p, nil
}

// law is what decides, with days as instants.
func (f *file) law() decision.Law {
	instant := func(d Date) decision.Instant { return decision.Instant(d) }
	l := decision.Law{
		ID: f.ID, Title: f.Title, Territory: f.Territory, From: instant(f.From), Until: instant(f.Until), Sectoral: f.Sectoral,
		Strikes: f.Strikes, ChildAge: f.ChildAge, ChildAges: f.ChildAges, ChildRow: f.ChildRow, Restriction: f.Restriction,
	}
	for _, b := range f.Bans {
		b.Ban.From, b.Ban.Until = instant(b.From), instant(b.Until)
		l.Bans = append(l.Bans, b.Ban)
	}
	if t := f.Transfers; t != nil {
		l.Transfers = &decision.Transfers{Free: t.Free, Row: t.Row}
		for _, a := range t.Adequate {
			for _, country := range a.Countries {
				l.Transfers.Adequate = append(l.Transfers.Adequate, decision.Adequacy{
					Country: country, Certified: a.Certified, From: instant(a.From), Until: instant(a.Until), Row: a.Row,
				})
			}
		}
		for _, m := range t.Mechanisms {
			l.Transfers.Mechanisms = append(l.Transfers.Mechanisms, decision.Mechanism{
				Name: m.Name, Certified: m.Certified, From: instant(m.From), Until: instant(m.Until), Row: m.Row,
			})
		}
	}
	return l
}

// unique refuses an object that names a member twice, in whatever case: of two, one would vanish.
func unique(dec *json.Decoder, depth int) error {
	if depth > 32 {
		return errors.New("nested too deep")
	}
	t, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			t, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := t.(string)
			if name != strings.ToLower(name) && name != strings.ToUpper(name) || seen[name] {
				return fmt.Errorf("member %q stands twice, or is not in small letters", name)
			}
			seen[name] = true
		}
		if err := unique(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}
