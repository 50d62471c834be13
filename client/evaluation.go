package client

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An Evaluation is a question as it travels: a request of the AuthZEN Authorization API 1.0. A server that signs
// answers reads the question back with [Evaluation.Question], so that both sides hash the same.
type Evaluation struct {
	Subject  Entity         `json:"subject"` // who asks
	Action   Action         `json:"action"`
	Resource Entity         `json:"resource"` // whose data, and which
	Context  map[string]any `json:"context,omitempty"`
}

// An Entity is a subject or a resource.
type Entity struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
	Properties map[string]any `json:"properties,omitempty"`
}

// An Action is the verb.
type Action struct {
	Name       string         `json:"name"`
	Properties map[string]any `json:"properties,omitempty"`
}

const (
	askerType  = "service"
	personType = "person"
)

// contextWords are the members of a context that are not Stated.
var contextWords = []string{"as", "at_least", "for", "ground", "group", "in", "site", "snapshot", "source", "to", "with"}

// Evaluation is the question as the caller of this name sends it. Context has no at_least and no snapshot.
func (q *Question) Evaluation(name string) Evaluation {
	e := Evaluation{Subject: Entity{Type: askerType, ID: name}, Action: Action{Name: q.Action}, Resource: Entity{Type: personType, ID: q.Person}, Context: map[string]any{}}
	set := func(m *map[string]any, name, value string) {
		if value == "" {
			return
		}
		put(m, name, value)
	}
	set(&e.Subject.Properties, "role", q.Role)
	set(&e.Resource.Properties, "service", q.Service)
	set(&e.Resource.Properties, "cookie", q.Cookie)
	set(&e.Resource.Properties, "of", q.Of)
	if len(q.Data) > 0 {
		put(&e.Resource.Properties, "data", q.Data)
	}
	for path, v := range q.Attributes {
		switch entity, property, _ := attributePlace(path); entity {
		case "subject":
			put(&e.Subject.Properties, property, v)
		case "action":
			put(&e.Action.Properties, property, v)
		case "resource":
			put(&e.Resource.Properties, property, v)
		}
	}
	maps.Copy(e.Context, q.Stated)
	for name, value := range map[string]string{"for": q.For, "to": q.To, "in": q.In, "source": q.Source, "ground": q.Ground, "as": q.As} {
		set(&e.Context, name, value)
	}
	if len(q.With) > 0 {
		e.Context["with"] = q.With
	}
	if q.Group != 0 {
		e.Context["group"] = q.Group
	}
	return e
}

func put(m *map[string]any, name string, v any) {
	if *m == nil {
		*m = map[string]any{}
	}
	(*m)[name] = v
}

// attributePlace splits "action.properties.channel". The properties that have a field in Question are no attributes.
func attributePlace(path string) (entity, property string, ok bool) {
	entity, property, ok = strings.Cut(path, ".properties.")
	switch {
	case !ok || property == "":
		return "", "", false
	case entity == "subject":
		return entity, property, property != "role"
	case entity == "action":
		return entity, property, true
	case entity == "resource":
		return entity, property, !slices.Contains([]string{"data", "service", "cookie", "of"}, property)
	}
	return "", "", false
}

// Question reads the question back, so that its hash covers all that was sent, save the subject's type and id (which
// the API key stands for), at_least, snapshot and site. It fails where something was sent that a Question has no place
// for, such as stated facts of the person; such a question is answered, but the answer is not signed.
func (e *Evaluation) Question() (Question, error) {
	r := reader{}
	q := Question{
		Person: e.Resource.ID, Action: e.Action.Name,
		Role:    r.text(e.Subject.Properties, "role"),
		Service: r.text(e.Resource.Properties, "service"), Cookie: r.text(e.Resource.Properties, "cookie"), Of: r.text(e.Resource.Properties, "of"),
		Data: r.texts(e.Resource.Properties, "data"), With: r.texts(e.Context, "with"),
		For: r.text(e.Context, "for"), To: r.text(e.Context, "to"), In: r.text(e.Context, "in"),
		Source: r.text(e.Context, "source"), Ground: r.text(e.Context, "ground"), As: r.text(e.Context, "as"),
		Group: r.whole(e.Context, "group"),
	}
	if e.Resource.Type != personType {
		r.fail("resource.type")
	}
	for entity, properties := range map[string]map[string]any{"subject": e.Subject.Properties, "action": e.Action.Properties, "resource": e.Resource.Properties} {
		for name, v := range properties {
			path := entity + ".properties." + name
			if _, _, free := attributePlace(path); free {
				put(&q.Attributes, path, r.scalar(v))
			}
		}
	}
	for name, v := range e.Context {
		if !slices.Contains(contextWords, name) {
			put(&q.Stated, name, r.scalar(v))
		}
	}
	if r.err != nil {
		return Question{}, r.err
	}
	return q, q.check()
}

// A reader takes members out of JSON and remembers the first that has no place.
type reader struct{ err error }

func (r *reader) fail(member string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s is not what a question can have there", ErrQuestion, member)
	}
}

func (r *reader) text(m map[string]any, name string) string {
	s, ok := m[name].(string)
	if m[name] != nil && !ok {
		r.fail(name)
	}
	return s
}

func (r *reader) texts(m map[string]any, name string) []string {
	switch v := m[name].(type) {
	case nil:
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		out := make([]string, 0, len(v))
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				r.fail(name)
			}
			out = append(out, s)
		}
		return out
	default:
		r.fail(name)
	}
	return nil
}

func (r *reader) whole(m map[string]any, name string) int {
	if m[name] == nil {
		return 0
	}
	v, _ := scalar(m[name])
	n, ok := v.(int64)
	if !ok {
		r.fail(name)
	}
	return int(n)
}

func (r *reader) scalar(v any) any {
	out, err := scalar(v)
	if err != nil && r.err == nil {
		r.err = err
	}
	return out
}
