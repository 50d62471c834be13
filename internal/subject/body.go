package subject

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/ledger"
)

// appendBody writes what the event says as canonical JSON: members in their order, none that is empty.
func (e *Event) appendBody(b []byte) []byte {
	o := object{b: append(b, '{'), start: len(b) + 1}
	o.text("born", e.Born)
	o.text("by", e.By)
	o.text("controller", e.Scope.Controller)
	if e.Scope.Closed {
		o.list("countries", e.Scope.Countries, true)
	}
	o.list("data", e.Scope.Data, e.Scope.Closed)
	o.facets(e.Scope.Facets)
	o.facts(e.Facts)
	o.list("for", e.Scope.For, e.Scope.Closed)
	o.text("grounds", e.Grounds)
	if e.Guardian {
		o.name("guardian")
		o.b = append(o.b, "true"...)
	}
	o.text("name", e.Name)
	o.text("residence", e.Residence)
	o.text("source", e.Source)
	o.text("style", string(e.Style))
	o.list("to", e.Scope.To, e.Scope.Closed)
	if e.Until != 0 {
		o.text("until", ledger.Instant(e.Until).String())
	}
	return append(o.b, '}')
}

// An object is JSON being written.
type object struct {
	b     []byte
	start int
}

func (o *object) name(n string) {
	if len(o.b) > o.start {
		o.b = append(o.b, ',')
	}
	o.b = append(ledger.AppendJSONString(o.b, n), ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.b = ledger.AppendJSONString(o.b, value)
	}
}

func (o *object) list(name string, l []string, empty bool) {
	if len(l) == 0 && !empty {
		return
	}
	o.name(name)
	o.b = appendList(o.b, l)
}

func appendList(b []byte, l []string) []byte {
	b = append(b, '[')
	for i, s := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = ledger.AppendJSONString(b, s)
	}
	return append(b, ']')
}

func (o *object) facets(l []decision.FacetValues) {
	if len(l) == 0 {
		return
	}
	l = slices.Clone(l)
	slices.SortFunc(l, func(a, b decision.FacetValues) int { return compareNames(a.Facet, b.Facet) })
	o.name("facets")
	o.b = append(o.b, '{')
	for i, f := range l {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(ledger.AppendJSONString(o.b, f.Facet), ':')
		o.b = appendList(o.b, f.Values)
	}
	o.b = append(o.b, '}')
}

func (o *object) facts(l []decision.Stated) {
	if len(l) == 0 {
		return
	}
	l = slices.Clone(l)
	slices.SortFunc(l, func(a, b decision.Stated) int { return compareNames(a.Name, b.Name) })
	l = slices.CompactFunc(l, func(a, b decision.Stated) bool { return a.Name == b.Name })
	o.name("facts")
	o.b = append(o.b, '{')
	for i, f := range l {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(ledger.AppendJSONString(o.b, f.Name), ':')
		if f.Value != "" {
			o.b = ledger.AppendJSONString(o.b, f.Value)
		} else {
			o.b = strconv.AppendInt(o.b, int64(f.Number), 10)
		}
	}
	o.b = append(o.b, '}')
}

// compareNames orders declared names, which are ASCII, as canonical JSON does.
func compareNames(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// readEvent is the event of a record.
func readEvent(r *ledger.Record) (*Event, error) {
	var body struct {
		Born, By, Controller, Grounds, Name, Residence, Source, Style, Until string

		Countries *[]string
		Data, To  []string
		For       []string
		Facets    map[string][]string
		Facts     map[string]any
		Guardian  bool
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return nil, fmt.Errorf("read the body of a %s record: it is not as this version writes it", r.Kind)
	}
	e := &Event{
		Kind: Kind(r.Kind), At: decision.Instant(r.At), Source: body.Source, Style: decision.Style(body.Style), Guardian: body.Guardian,
		By: body.By, Name: body.Name, Residence: body.Residence, Born: body.Born, Grounds: body.Grounds,
		Scope: decision.Scope{For: body.For, Data: body.Data, To: body.To, Controller: body.Controller},
	}
	if body.Countries != nil {
		e.Scope.Closed, e.Scope.Countries = true, *body.Countries
	}
	if body.Until != "" {
		until, err := ledger.ParseInstant(body.Until)
		if err != nil {
			return nil, fmt.Errorf("read until: %w", err)
		}
		e.Until = decision.Instant(until)
	}
	for name, values := range body.Facets {
		e.Scope.Facets = append(e.Scope.Facets, decision.FacetValues{Facet: name, Values: values})
	}
	slices.SortFunc(e.Scope.Facets, func(a, b decision.FacetValues) int { return compareNames(a.Facet, b.Facet) })
	for name, v := range body.Facts {
		switch v := v.(type) {
		case string:
			e.Facts = append(e.Facts, decision.Stated{Name: name, Value: v})
		case float64:
			e.Facts = append(e.Facts, decision.Stated{Name: name, Number: int32(v)})
		}
	}
	slices.SortFunc(e.Facts, func(a, b decision.Stated) int { return compareNames(a.Name, b.Name) })
	return e, nil
}

// day is midnight of a date in a zone, UTC if none.
func day(s string, zone *time.Location) (decision.Instant, error) {
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		return 0, fmt.Errorf("not a day: want 2001-02-28")
	}
	return decision.InstantOf(t), nil
}
