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
	for _, check := range []func(){r.clausesBound, r.distinctPromises, r.origins, r.ends, r.placesOfData, r.unusedPurposes, r.unusedFields, r.vague, r.personEnded} {
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
	for _, c := range r.leaves() {
		if c.Origin == "collected" && !covered(c.Name.Text, collected) {
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
	for _, c := range r.leaves() {
		if c.Origin != "never-stored" && !covered(c.Name.Text, kept) {
			r.add("E10", c.Name.Pos, fmt.Sprintf("no keep says when %s goes", c.Name.Text), "add a keep with while: or until:")
		}
	}
}

// placesOfData: every category that is stored lies somewhere.
func (r *reader) placesOfData() {
	var mapped []string
	for _, s := range r.p.Systems.Systems {
		for _, t := range slices.Concat(s.Tables, s.Objects) {
			mapped = append(mapped, t.Is.Text)
			for _, c := range t.Columns {
				mapped = append(mapped, c.Is.Text)
			}
		}
	}
	for _, c := range r.leaves() {
		if c.Origin != "never-stored" && !covered(c.Name.Text, mapped) {
			r.add("E11", c.Name.Pos, fmt.Sprintf("no column holds %s", c.Name.Text), "map it in "+SystemsFile+", or say origin: never-stored")
		}
	}
}

// leaves are the categories with none below them.
func (r *reader) leaves() []Category {
	return slices.DeleteFunc(slices.Clone(r.p.Vocabulary.Data), func(c Category) bool {
		return slices.ContainsFunc(r.p.Vocabulary.Data, func(o Category) bool { return o.Name.Text != c.Name.Text && under(o.Name.Text, c.Name.Text) })
	})
}

// covered: one of the names is the category or stands above it.
func covered(category string, by []string) bool {
	return slices.ContainsFunc(by, func(b string) bool { return b == "personal" || b != "" && under(category, b) })
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
	for _, x := range r.p.promises() {
		if x.Collect == nil {
			continue
		}
		for _, f := range x.Collect.Fields {
			if f.Data.Text != "" && !covered(f.Data.Text, used) && !slices.ContainsFunc(used, func(u string) bool { return under(u, f.Data.Text) }) {
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
		if strings.Contains(k.Until.Moment.Event, "asked") || strings.Contains(k.Until.Moment.Event, "requested") {
			r.add("W38", k.Until.Pos, fmt.Sprintf("only the person can start this clock: %s", k.Until.Moment.Event), "add while: with a state, so that it ends without a request")
		}
	}
}
