package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/avowhq/avow/decision"
)

// A Change is one kind of question that two versions answer differently: everything about one verb,
// one object, one purpose and one recipient in one direction.
type Change struct {
	Allowed   bool   `json:"allowed"` // newly allowed; else newly denied
	Verb      string `json:"verb"`
	Object    string `json:"object"` // category, service or cookie
	Purpose   string `json:"purpose,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	// Classes counts the classes of questions that changed: questions that neither version can tell
	// apart are one class.
	Classes int     `json:"classes"`
	Witness Witness `json:"witness"`
}

// A Witness is the smallest question found that shows a change: the one that states least.
type Witness struct {
	Request decision.Request `json:"request"`
	Person  decision.Person  `json:"person"`
	Old     decision.Answer  `json:"old"`
	New     decision.Answer  `json:"new"`
	stated  int
}

// A Comparison is every difference between two versions, and nothing else.
type Comparison struct {
	Changes []Change `json:"changes"`
	Classes int      `json:"classes"` // of questions that were decided under both
}

// Compare computes exactly what the new version allows or denies that the old one did not, as of an
// instant: what agreements and laws say then. It does not sample: every dimension of a question falls into classes that neither version
// can tell apart, and one question of each combination is decided under both. Cells whose rules and
// all they refer to are the same are the same, and are skipped.
func Compare(old, new *decision.Model, at decision.Instant) (*Comparison, error) {
	c := &comparer{at: at, seen: map[string][]found{}}
	for i, m := range []*decision.Model{old, new} {
		p, err := decision.Compile(m)
		if err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		c.sides[i] = side{m: m, p: p, known: knownTo(m)}
	}
	laws, _ := json.Marshal([]any{old.Laws, old.Vocabulary.Establishments, old.Zone})
	lawsNew, _ := json.Marshal([]any{new.Laws, new.Vocabulary.Establishments, new.Zone})
	c.sameLaw = string(laws) == string(lawsNew)
	c.sameWords = fmt.Sprintf("%+v", old.Vocabulary) == fmt.Sprintf("%+v", new.Vocabulary)
	out := &Comparison{Changes: []Change{}}
	for kind := decision.DataObject; kind <= decision.CookieObject; kind++ {
		for _, verb := range kind.Verbs() {
			for _, purpose := range c.purposes(kind) {
				same := c.sameRules(kind, verb, purpose)
				for _, object := range c.objects(kind) {
					if same && (kind != decision.DataObject || c.sameKeeps(object)) {
						continue
					}
					if err := c.cell(out, cell{kind, verb, purpose, object}); err != nil {
						return nil, fmt.Errorf("compare: %w", err)
					}
				}
			}
		}
	}
	return out, nil
}

// A side is one of the two versions.
type side struct {
	m     *decision.Model
	p     *decision.Program
	d     decision.Decision
	known map[string]bool
}

type comparer struct {
	sides     [2]side
	at        decision.Instant
	sameLaw   bool
	sameWords bool
	seen      map[string][]found // by what the versions say of a cell
}

// sameRules: both versions have the same rules on the verb and the purpose, and the same words, so that
// only what is kept can tell their answers apart.
func (c *comparer) sameRules(kind decision.ObjectKind, verb, purpose string) bool {
	if !c.sameLaw || !c.sameWords {
		return false
	}
	text := func(m *decision.Model) string {
		rules := m.Speaking(kind, verb, purpose)
		if verb == decision.VerbDisclose {
			rules = append(rules, m.Speaking(kind, decision.VerbSell, purpose)...) // where something is given in return
		}
		for i := range rules {
			rules[i].ID, rules[i].Clause, rules[i].Obliges = "", "", nil
		}
		return fmt.Sprintf("%+v", rules)
	}
	return text(c.sides[0].m) == text(c.sides[1].m)
}

// sameKeeps: both versions keep the category, and what is above and below it, alike.
func (c *comparer) sameKeeps(object string) bool {
	text := func(m *decision.Model) string {
		var s strings.Builder
		for _, k := range m.Keeps {
			if (decision.Set{Names: k.Data}).Hits(object) {
				k.ID, k.Clause = "", ""
				if k.Until != nil {
					fmt.Fprintf(&s, "%+v", *k.Until)
					k.Until = nil
				}
				fmt.Fprintf(&s, "%+v", k)
			}
		}
		return s.String()
	}
	return text(c.sides[0].m) == text(c.sides[1].m)
}

// A cell is all questions of one verb, purpose and object.
type cell struct {
	kind                  decision.ObjectKind
	verb, purpose, object string
}

// found is a change of a cell, to be told of every cell that looks the same.
type found struct {
	change  Change
	classes int
}

func union(lists ...[]string) []string {
	var out []string
	for _, l := range lists {
		for _, s := range l {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func wordsOf[T any](l []T, name func(T) string) []string {
	var out []string
	for _, x := range l {
		out = append(out, name(x))
	}
	return out
}

func (c *comparer) each(list func(v *decision.Vocabulary) []string) []string {
	return union(list(&c.sides[0].m.Vocabulary), list(&c.sides[1].m.Vocabulary))
}

func (c *comparer) purposes(kind decision.ObjectKind) []string {
	all := c.each(func(v *decision.Vocabulary) []string {
		return wordsOf(v.Purposes, func(p decision.Purpose) string { return p.Name })
	})
	if kind == decision.DataObject {
		return all
	}
	return append([]string{""}, all...)
}

func (c *comparer) objects(kind decision.ObjectKind) []string {
	return c.each(func(v *decision.Vocabulary) []string {
		switch kind {
		case decision.ServiceObject:
			return v.Services
		case decision.CookieObject:
			return v.Cookies
		}
		return wordsOf(v.Data, func(d decision.Category) string { return d.Name })
	})
}

func (c *comparer) recipients() []string {
	return append([]string{""}, c.each(func(v *decision.Vocabulary) []string {
		return wordsOf(v.Recipients, func(r decision.Recipient) string { return r.Name })
	})...)
}

// cell compares one cell, recipient by recipient; recipients that neither version tells apart are one.
func (c *comparer) cell(out *Comparison, x cell) error {
	var views [2]view
	texts := [2]string{}
	groups := map[string][]string{}
	var order []string
	for _, to := range c.recipients() {
		for i := range c.sides {
			views[i] = c.sides[i].view(x, to)
		}
		if !views[0].allows() && !views[1].allows() {
			continue // silence permits nothing, in both
		}
		for i := range c.sides {
			text, err := json.Marshal(views[i].sign)
			if err != nil {
				return err
			}
			texts[i] = string(text)
		}
		if c.sameLaw && texts[0] == texts[1] {
			continue
		}
		key := texts[0] + "\x00" + texts[1]
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], to)
	}
	for _, key := range order {
		changes, known := c.seen[key]
		if !known {
			var err error
			if changes, err = c.partition(x, groups[key][0], out); err != nil {
				return err
			}
			c.seen[key] = changes
		}
		for _, f := range changes {
			for _, to := range groups[key] {
				out.Changes = append(out.Changes, c.retell(f, x, to))
			}
		}
	}
	return nil
}

// retell puts a change in the words of another cell that looks the same, and decides its witness anew.
func (c *comparer) retell(f found, x cell, to string) Change {
	ch := f.change
	ch.Verb, ch.Object, ch.Purpose, ch.Recipient, ch.Classes = x.verb, x.object, x.purpose, to, f.classes
	w := &ch.Witness
	w.Request = x.about(w.Request, to)
	w.Old, w.New = c.sides[0].answer(w.Request, w.Person), c.sides[1].answer(w.Request, w.Person)
	return ch
}

// about makes the request one of the cell's.
func (x cell) about(q decision.Request, to string) decision.Request {
	q.Action, q.For, q.To = x.verb, x.purpose, to
	switch x.kind {
	case decision.DataObject:
		q.Data = []string{x.object}
	case decision.ServiceObject:
		q.Service = x.object
	case decision.CookieObject:
		q.Cookie = x.object
	}
	return q
}
