package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// vocabularyWords are what a site's requests may state, made once.
type vocabularyWords struct {
	verbs     map[string]string // action names, ours and aliases
	resources map[string]policy.ResourceAlias
	askers    map[string]bool
	stated    map[string]decision.FactType // facets and facts of the question

	actions, data, purposes, recipients map[string]bool // declared
	recipientNames                      map[string]string
}

func wordsOf(p *policy.Policy, m *decision.Model) vocabularyWords {
	v := vocabularyWords{
		verbs: map[string]string{}, resources: map[string]policy.ResourceAlias{}, askers: map[string]bool{},
		stated:  map[string]decision.FactType{decision.TransportFact: decision.EnumFact, decision.PublicFact: decision.FlagFact},
		actions: map[string]bool{}, data: map[string]bool{}, purposes: map[string]bool{}, recipients: map[string]bool{decision.Us: true},
		recipientNames: map[string]string{},
	}
	for _, r := range p.Vocabulary.Recipients {
		v.recipientNames[r.Name.Text] = r.Title
	}
	for _, verb := range slices.Concat(decision.DataVerbs(), decision.ServiceVerbs(), decision.DestructiveVerbs(), []string{decision.VerbSet}) {
		v.actions[verb] = true
	}
	for _, c := range m.Vocabulary.Data {
		v.data[c.Name] = true
	}
	for _, p := range m.Vocabulary.Purposes {
		v.purposes[p.Name] = true
	}
	for _, a := range p.Vocabulary.AuthZEN.Actions {
		v.verbs[a.Name.Text] = a.Verb.Text
	}
	for _, a := range p.Vocabulary.AuthZEN.Resources {
		v.resources[a.Name.Text] = a
	}
	for _, n := range m.Vocabulary.Roles {
		v.askers[n] = true
	}
	for _, r := range m.Vocabulary.Recipients {
		v.askers[r.Name], v.recipients[r.Name] = true, true
	}
	for _, f := range m.Vocabulary.Facets {
		v.stated[f.Name] = decision.EnumFact
	}
	for _, f := range m.Vocabulary.Facts {
		if f.Question {
			v.stated[f.Name] = f.Type
		}
	}
	return v
}

// question puts an evaluation in our words: subject is who asks, action the verb, resource the person
// and the data, context the rest of the question (design: AuthZEN).
func (x *site) question(e *evaluation, at decision.Instant) (policy.Question, error) {
	var q policy.Question
	var err error
	if facts, sent := e.Resource.Properties.value("facts").(map[string]any); sent {
		if q, err = policy.Given(x.policy, x.model, facts, at); err != nil {
			return q, err
		}
	}
	r := &q.Request
	r.At = at // the time is the server's
	r.Action = e.Action.Name
	if verb, ok := x.words.verbs[r.Action]; ok {
		r.Action = verb
	}
	if role := e.Subject.Properties.text("role"); x.words.askers[role] {
		r.By = role
	}
	if alias, ok := x.words.resources[e.Resource.Type]; ok {
		r.For = alias.For.Text
		for _, d := range alias.Data {
			r.Data = append(r.Data, d.Text)
		}
	} else {
		if r.Data, err = textsOf(e.Resource.Properties.value("data")); err != nil {
			return q, fmt.Errorf("resource.properties.data: %w", err)
		}
		r.Service, r.Cookie = e.Resource.Properties.text("service"), e.Resource.Properties.text("cookie")
		if of := e.Resource.Properties.text("of"); of != "" {
			r.Of = of
		}
	}
	if err := x.context(r, e.Context); err != nil {
		return q, err
	}
	x.attributes(r, e)
	return q, nil
}

// assigned names the states whose open case is given to the one who asks. The caller vouches for it, as
// for the ground it states.
const assigned = "assigned"

// context reads what the question states beside subject, action and resource. Members that we have no
// word for are ignored, as AuthZEN asks.
func (x *site) context(r *decision.Request, c members) error {
	for _, to := range []struct {
		name string
		at   *string
	}{{"for", &r.For}, {"to", &r.To}, {"in", &r.In}, {"source", &r.From}, {"ground", &r.Ground}} {
		if s := c.text(to.name); s != "" {
			*to.at = s
		}
	}
	r.As = decision.Form(c.text("as"))
	if n, ok := c.value("group").(float64); ok {
		r.Group = int(max(0, min(n, 1<<31-1)))
	}
	var err error
	if r.With, err = textsOf(c.value("with")); err != nil {
		return fmt.Errorf("context.with: %w", err)
	}
	if _, ours := x.words.stated[assigned]; !ours {
		given, err := textsOf(c.value(assigned))
		if err != nil {
			return fmt.Errorf("context.assigned: %w", err)
		}
		r.Assigned = append(r.Assigned, given...)
	}
	for i := range c {
		if kind, ok := x.words.stated[c[i].name]; ok {
			r.Stated = append(r.Stated, statedAs(c[i].name, kind, c[i].value))
		}
	}
	return nil
}

// attributes reads the typed attributes that the vocabulary declares. What is not sent is unknown.
func (x *site) attributes(r *decision.Request, e *evaluation) {
	for _, a := range x.policy.Vocabulary.Attributes {
		v, ok := e.at(a.From)
		if !ok {
			continue
		}
		s := statedAs(a.Name.Text, a.Type, v)
		if a.Type == decision.EnumFact && !slices.ContainsFunc(a.Values, func(n policy.Name) bool { return n.Text == s.Value }) {
			continue // a value we have no word for is unknown
		}
		r.Stated = slices.DeleteFunc(r.Stated, func(o decision.Stated) bool { return o.Name == s.Name })
		r.Stated = append(r.Stated, s)
	}
}

// at finds the value at a path such as subject.properties.role.
func (e *evaluation) at(path string) (any, bool) {
	switch path {
	case "subject.type":
		return e.Subject.Type, true
	case "subject.id":
		return e.Subject.ID, true
	case "action.name":
		return e.Action.Name, true
	case "resource.type":
		return e.Resource.Type, true
	case "resource.id":
		return e.Resource.ID, true
	}
	for prefix, props := range map[string]members{
		"subject.properties.": e.Subject.Properties,
		"action.properties.":  e.Action.Properties, "resource.properties.": e.Resource.Properties,
	} {
		if name, ok := strings.CutPrefix(path, prefix); ok {
			return props.find(name)
		}
	}
	return nil, false
}

func statedAs(name string, kind decision.FactType, v any) decision.Stated {
	if n, ok := v.(float64); ok && kind == decision.NumberFact {
		return decision.Stated{Name: name, Number: int32(max(-1<<31, min(n, 1<<31-1)))}
	}
	if b, ok := v.(bool); ok {
		return decision.Stated{Name: name, Value: map[bool]string{true: "yes", false: "no"}[b]}
	}
	return decision.Stated{Name: name, Value: text(v)}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func textsOf(v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		var out []string
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, fmt.Errorf("want a list of words")
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("want a word or a list of words")
}
