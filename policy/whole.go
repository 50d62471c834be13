package policy

import (
	"fmt"
	"slices"
	"strings"
)

// whole runs what can only be seen with everything read.
func (r *reader) whole() {
	for _, check := range r.later {
		check()
	}
	for _, check := range []func(){r.clausesBound, r.distinctPromises, r.unlinkedPoints, r.origins, r.ends, r.placesOfData, r.unusedPurposes, r.unusedFields, r.vague, r.personEnded} {
		check()
	}
}

// clausesBound: every clause has something under it, and an example if it binds more than a
// statement. A heading that only groups the ones below needs neither.
func (r *reader) clausesBound() {
	for i, c := range r.p.Clauses {
		if slices.Contains(r.garbled, c) {
			continue // what it lacks may stand in the block
		}
		groups := c.Prose == "" && i+1 < len(r.p.Clauses) && r.p.Clauses[i+1].Level > c.Level
		if len(c.Promises) == 0 && !groups {
			r.add("E01", c.Pos, fmt.Sprintf("nothing stands under clause %s", c.ID), "write a promise of what it makes the system do, or state: if it only informs")
			continue
		}
		binds := slices.ContainsFunc(c.Promises, func(x *Promise) bool { return x.Statement == nil })
		if binds && len(c.Examples) == 0 {
			r.add("E15", c.Pos, fmt.Sprintf("clause %s has no example", c.ID), "add a yaml example block that shows it")
		}
	}
}

// distinctPromises: a promise's id is its own.
func (r *reader) distinctPromises() {
	first := map[string]*Promise{}
	for _, x := range r.p.promises() {
		o := first[x.ID]
		if o != nil && o.Clause != x.Clause && o.Clause.ID == x.Clause.ID {
			continue // their anchor is, and that is reported
		}
		if o != nil {
			r.add("E18", x.Pos, fmt.Sprintf("the id %s is that of another promise", x.ID), fmt.Sprintf("it is taken on line %d", o.Pos.Line))
			continue
		}
		first[x.ID] = x
	}
}

// unlinkedPoints: what is stored without a path to the person cannot itself tell who it is, nor lie in
// rows that are somebody's.
func (r *reader) unlinkedPoints() {
	linked, unlinked := map[string]bool{}, map[string]bool{}
	for _, x := range r.p.promises() {
		if x.Collect == nil {
			continue
		}
		free := x.Collect.As.Text == "unlinked"
		for _, f := range x.Collect.Fields {
			if linked[f.Data.Text] = linked[f.Data.Text] || !free; !free {
				continue
			}
			unlinked[f.Data.Text] = true
			if r.identifies(f.Data.Text) {
				r.add("E19", f.Data.Pos, fmt.Sprintf("%s tells who the person is, and what enters at %s is unlinked", f.Data.Text, x.Collect.Name.Text),
					"leave the field out, or take as: unlinked away")
			}
		}
	}
	for _, s := range r.p.Systems.Systems {
		for _, t := range s.Tables {
			for _, c := range t.Columns {
				if !t.Nobody && unlinked[c.Is.Text] && !linked[c.Is.Text] {
					r.add("E19", c.Is.Pos, fmt.Sprintf("%s enters unlinked, and the rows of %s lead to people", c.Is.Text, t.Name.Text),
						"keep it in a table of nobody: yes, or take as: unlinked away")
				}
			}
		}
	}
}

// identifies: the category, one above it or one below it tells who the person is.
func (r *reader) identifies(name string) bool {
	return slices.ContainsFunc(r.p.Vocabulary.Data, func(c Category) bool {
		return c.Identifies && (under(name, c.Name.Text) || under(c.Name.Text, name))
	})
}

// origins: every category comes from somewhere.
func (r *reader) origins() {
	var collected []string
	for _, x := range r.p.promises() {
		switch {
		case x.Collect != nil:
			for _, f := range x.Collect.Fields {
				collected = append(collected, f.Data.Text)
			}
		case x.Cookie != nil:
			collected = append(collected, texts(x.Cookie.Data.Names)...)
		}
	}
	by := nameSet(collected...)
	for _, c := range r.leaves() {
		if c.Origin == "collected" && !covered(c.Name.Text, by) {
			r.add("E09", c.Name.Pos, fmt.Sprintf("no point collects %s", c.Name.Text), "add it to a collect, or say origin: us, derived or never-stored")
		}
	}
}

// ends: every category that is stored goes some day.
func (r *reader) ends() {
	var kept []string
	for _, x := range r.p.promises() {
		if x.Keep != nil {
			kept = append(kept, texts(x.Keep.Data.Names)...)
		}
	}
	by := nameSet(kept...)
	for _, c := range r.leaves() {
		if c.Origin != "never-stored" && !covered(c.Name.Text, by) {
			r.add("E10", c.Name.Pos, fmt.Sprintf("no keep says when %s goes", c.Name.Text), "add a keep with while: or until:")
		}
	}
}

// placesOfData: every category that is stored lies somewhere.
func (r *reader) placesOfData() {
	var mapped []string
	for _, s := range r.p.Systems.Systems {
		for _, t := range s.Objects {
			mapped = append(mapped, t.Is.Text)
		}
		for _, t := range slices.Concat(s.Tables, s.Objects) {
			for _, c := range t.Columns {
				mapped = append(mapped, c.Is.Text)
			}
		}
	}
	by := nameSet(mapped...)
	for _, c := range r.leaves() {
		if c.Origin != "never-stored" && !covered(c.Name.Text, by) {
			r.add("E11", c.Name.Pos, fmt.Sprintf("no column holds %s", c.Name.Text), "map it in "+SystemsFile+", or say origin: never-stored")
		}
	}
}

// leaves are the categories with none below them.
func (r *reader) leaves() []Category {
	inner := map[string]bool{}
	for _, c := range r.p.Vocabulary.Data {
		for _, a := range ancestors(c.Name.Text) {
			inner[a] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(r.p.Vocabulary.Data), func(c Category) bool { return inner[c.Name.Text] })
}

// ancestors are the names above a name, at its dots.
func ancestors(name string) []string {
	var out []string
	for i := range min(len(name), maxName) {
		if name[i] == '.' {
			out = append(out, name[:i])
		}
	}
	return out
}

// covered: one of the names is the category or stands above it.
func covered(category string, by map[string]bool) bool {
	return by["personal"] || by[category] || slices.ContainsFunc(ancestors(category), func(a string) bool { return by[a] })
}

func nameSet(names ...string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = n != ""
	}
	return out
}

// purposesUsed are all that promises name.
func (r *reader) purposesUsed() []string {
	var out []string
	for _, x := range r.p.promises() {
		for _, s := range x.purposeSets() {
			out = append(out, texts(s.Names)...)
		}
	}
	return out
}

func (x *Promise) purposeSets() []Set {
	switch {
	case x.Rule != nil:
		return []Set{x.Rule.For}
	case x.Collect != nil:
		l := []Set{x.Collect.For}
		for _, a := range x.Collect.Asks {
			l = append(l, a.For)
		}
		return l
	case x.Keep != nil:
		return []Set{x.Keep.For}
	case x.Cookie != nil:
		return []Set{x.Cookie.For}
	case x.Right != nil:
		return []Set{x.Right.For}
	case x.Duty != nil:
		return []Set{x.Duty.For}
	}
	return nil
}

func (r *reader) unusedPurposes() {
	used := r.purposesUsed()
	for _, p := range r.p.Vocabulary.Purposes {
		if p.Foreign {
			continue // named so that it can be denied, or asked about and found to be a gap
		}
		if !slices.ContainsFunc(used, func(u string) bool { return under(u, p.Name.Text) || under(p.Name.Text, u) }) {
			r.add("W23", p.Name.Pos, fmt.Sprintf("purpose %s is never used", p.Name.Text), "drop it, or say what is done for it")
		}
	}
}

// unusedFields: what is collected serves some use, not its own collecting only.
func (r *reader) unusedFields() {
	var used []string
	for _, x := range r.p.promises() {
		if x.Rule != nil && !x.Rule.Deny {
			used = append(append(used, texts(x.Rule.Data.Names)...), texts(x.Rule.With.Names)...)
		}
	}
	by, partly := nameSet(used...), map[string]bool{}
	for _, u := range used {
		for _, a := range ancestors(u) {
			partly[a] = true
		}
	}
	for _, x := range r.p.promises() {
		if x.Collect == nil {
			continue
		}
		for _, f := range x.Collect.Fields {
			if f.Data.Text != "" && !covered(f.Data.Text, by) && !partly[f.Data.Text] {
				r.add("W24", f.Data.Pos, fmt.Sprintf("%s is collected, and nothing uses it", f.Data.Text), "allow a use of it, or stop asking for it")
			}
		}
	}
}

// vague: a purpose at the root of the taxonomy says nothing.
func (r *reader) vague() {
	for _, p := range r.p.Vocabulary.Purposes {
		if p.Term == "dpv:Purpose" {
			r.add("W35", p.Name.Pos, fmt.Sprintf("purpose %s is the root of the taxonomy", p.Name.Text), "name what is done: below "+strings.Join([]string{"dpv:ServiceProvision", "dpv:Marketing"}, ", "))
		}
	}
}

// personEnded: a clock that only the person can start may never start.
func (r *reader) personEnded() {
	for _, x := range r.p.promises() {
		k := x.Keep
		if k == nil || k.Until == nil || len(k.While) > 0 || k.Until.Moment.Event == "" {
			continue
		}
		if startedByPerson(k.Until.Moment.Event) {
			r.add("W38", k.Until.Pos, fmt.Sprintf("only the person can start this clock: %s", k.Until.Moment.Event), "add while: with a state, so that it ends without a request")
		}
	}
}

// startedByPerson: the event is a request of the person, by its name.
func startedByPerson(event string) bool {
	return strings.Contains(event, "asked") || strings.Contains(event, "requested")
}
