package server

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An evaluation is a request of the AuthZEN Authorization API 1.0. Unknown members are ignored.
type evaluation struct {
	Subject  *entity `json:"subject"`
	Action   *action `json:"action"`
	Resource *entity `json:"resource"`
	Context  members `json:"context"`
}

type entity struct {
	Type       string  `json:"type"`
	ID         string  `json:"id"`
	Properties members `json:"properties"`
}

type action struct {
	Name       string  `json:"name"`
	Properties members `json:"properties"`
}

// lacks names the first required member that is missing or empty, or "".
func (e *evaluation) lacks() string {
	switch {
	case e.Subject == nil:
		return "subject"
	case e.Subject.Type == "":
		return "subject.type"
	case e.Subject.ID == "":
		return "subject.id"
	case e.Action == nil:
		return "action"
	case e.Action.Name == "":
		return "action.name"
	case e.Resource == nil:
		return "resource"
	case e.Resource.Type == "":
		return "resource.type"
	case e.Resource.ID == "":
		return "resource.id"
	}
	return ""
}

// members are those of an object whose names are the caller's: few, and faster to go through than a map.
type members []member

type member struct {
	name  string
	value any // as package json has it: a string, float64, bool, []any, map[string]any or nil
}

func (m members) find(name string) (any, bool) {
	for i := range m {
		if m[i].name == name {
			return m[i].value, true
		}
	}
	return nil, false
}

func (m members) value(name string) any {
	v, _ := m.find(name)
	return v
}

func (m members) text(name string) string { return text(m.value(name)) }

// asMap is what a map of them would be, nil for none.
func (m members) asMap() map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for i := range m {
		out[m[i].name] = m[i].value
	}
	return out
}

// UnmarshalJSONFrom reads an object or null.
func (m *members) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	begin, err := d.ReadToken()
	if err != nil {
		return err
	}
	*m = nil
	switch begin.Kind() {
	case 'n':
		return nil
	case '{':
	default:
		return fmt.Errorf("want an object")
	}
	*m = members{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		one := member{name: name.String()}
		if err := json.UnmarshalDecode(d, &one.value); err != nil {
			return err
		}
		*m = append(*m, one)
	}
	_, err = d.ReadToken()
	return err
}
