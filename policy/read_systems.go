package policy

import (
	"fmt"
	"slices"
	"strings"
)

// systems reads systems.yaml.
func (r *reader) systems(v Value) {
	if v.Kind == Nothing {
		return
	}
	s := &r.p.Systems
	for _, e := range v.at("identifiers").Map {
		r.words.add(identifierNames, e.Key.Text)
	}
	r.fill("the data map", v, systemsFields(r, s), nil)
}

func systemsFields(r *reader, s *Systems) []field {
	return []field{
		{"avow", formWord, "the language: v1", true, r.version()},
		{"identifiers", formMap, "what links rows of one person across systems", false, func(v Value) {
			r.each(v, func(n Name, v Value) {
				i := Identifier{Name: n}
				var match Name
				r.fill("an identifier", v, []field{
					{"of", formWord, "category it is", false, r.one(dataNames, &i.Of)},
					{"match", formWord, "exact (default) or case-insensitive", false, r.enum(&match, "exact", "case-insensitive")},
				}, nil)
				i.Match = match.Text
				s.Identifiers = append(s.Identifiers, i)
			})
		}},
		{"systems", formMap, "stores of personal data", true, func(v Value) {
			r.each(v, func(n Name, v Value) { s.Systems = append(s.Systems, r.system(n, v)) })
		}},
	}
}

func (r *reader) system(n Name, v Value) System {
	s := System{Name: n}
	r.fill("a system", v, []field{
		{
			"kind", formWord, "postgresql, mysql, sqlite, s3, scim, httpapi, manual, avow", true,
			r.enum(&s.Kind, "postgresql", "mysql", "sqlite", "s3", "scim", "httpapi", "manual", "avow"),
		},
		{"location", formWord, "where it is", true, r.one(locationNames, &s.Location)},
		{"backups", formMap, "how long copies live, and where", false, func(v Value) {
			b := &Backups{Pos: v.Pos}
			r.fill("backups", v, []field{
				{"kept", formSpan, "how long", true, r.span(&b.Kept)},
				{"location", formWord, "where", true, r.one(locationNames, &b.Location)},
			}, nil)
			s.Backups = b
		}},
		{"events", formMap, "where events are read: {event: table.column}", false, r.readings(eventNames, &s.Events)},
		{"facts", formMap, "where facts are read", false, r.readings(factNames, &s.Facts)},
		{"tables", formMap, "its tables", false, r.tables(&s.Tables, false)},
		{"objects", formMap, "stores of files, by pattern", false, r.tables(&s.Objects, true)},
	}, nil)
	if s.Backups == nil && s.Kind.Text != "avow" && s.Kind.Text != "manual" {
		r.add("E12", n.Pos, fmt.Sprintf("system %s declares no backups", n.Text), "write backups: {kept: 35 days, location: …}; 0 days if there are none")
	}
	r.links(&s)
	return s
}

func (r *reader) readings(ns namespace, to *[]Reading) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			r.need(ns, n)
			if c, ok := r.text(v, "table.column"); ok {
				*to = append(*to, Reading{n, c})
			}
		})
	}
}

func (r *reader) tables(to *[]Table, files bool) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			t := Table{Name: n}
			r.fill("a table", v, []field{
				{"person", formMap, "its rows are people: {identifier: column}", false, r.identifiersOf(&t.Person)},
				{"owned_by", formMap, "goes with its person: {column: table.column}", false, r.linksTo(&t.OwnedBy)},
				{"co_owned", formMap, "goes with its last owner", false, r.linksTo(&t.CoOwned)},
				{"mentions", formMap, "never goes for a person; the mention is cut", false, r.linksTo(&t.Mentions)},
				{"nobody", formFlag, "no person's", false, r.flag(&t.Nobody)},
				{"is", formWord, "category of a file, or kind of person", false, r.isOf(&t, files)},
				{"since", formWord, "column that says when a row's events happened", false, r.word(&t.Since)},
				{"columns", formMap, "{column: category}", false, r.columns(&t.Columns)},
			}, nil)
			if !t.Nobody && len(t.Person)+len(t.OwnedBy)+len(t.CoOwned)+len(t.Mentions) == 0 {
				r.add("E12", n.Pos, fmt.Sprintf("table %s does not say whose its rows are", n.Text), "write person, owned_by, co_owned, mentions or nobody: yes")
			}
			*to = append(*to, t)
		})
	}
}

// isOf: a file is of a category; the rows of a table are of a kind of person.
func (r *reader) isOf(t *Table, files bool) func(Value) {
	if files {
		return r.one(dataNames, &t.Is)
	}
	return r.one(peopleNames, &t.Is)
}

func (r *reader) identifiersOf(to *[]Link) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			r.need(identifierNames, n)
			if c, ok := r.text(v, "a column"); ok {
				*to = append(*to, Link{Column: c, Identifier: n})
			}
		})
	}
}

func (r *reader) linksTo(to *[]Link) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			l := Link{Column: n}
			if v.Kind == Scalar {
				l.To = Name{v.Pos, v.Text}
			} else {
				r.fill("a link", v, []field{
					{"is", formWord, "table.column", false, r.word(&l.To)},
					{"identifier", formWord, "where no foreign key exists", false, r.one(identifierNames, &l.Identifier)},
					{"remove", formText, "null, blank, network, keep or a text", false, r.word(&l.Remove)},
				}, nil)
				if v.Kind == Mapping && l.To.Text == "" && l.Identifier.Text == "" && !v.has("identifier") && !v.has("is") {
					r.add("E12", n.Pos, "a link that goes nowhere", "write is: table.column, or identifier:")
				}
			}
			*to = append(*to, l)
		})
	}
}

func (r *reader) columns(to *[]Column) func(Value) {
	return func(v Value) {
		r.each(v, func(n Name, v Value) {
			c := Column{Name: n}
			read := func(v Value) {
				n, ok := r.text(v, "a category")
				if ok && !r.words.has(dataNames, n.Text) {
					r.unknown("E13", "category", n, r.words.all(dataNames))
					return
				}
				c.Is = n
			}
			if v.Kind == Mapping {
				r.fill("a column", v, []field{
					{"is", formWord, "category", true, read},
					{"remove", formText, "null, blank, network, keep or a text", false, r.word(&c.Remove)},
					{"source", formWord, "column that says where the datum came from", false, r.word(&c.Source)},
				}, nil)
			} else {
				read(v)
			}
			*to = append(*to, c)
		})
	}
}

// links: every link goes to a column that is declared, or to a table whose rows are people, and what
// is read is read from a table that is declared.
func (r *reader) links(s *System) {
	for _, x := range slices.Concat(s.Events, s.Facts) {
		table, column, _ := strings.Cut(x.Column.Text, ".")
		if column == "" || !slices.ContainsFunc(s.Tables, func(t Table) bool { return t.Name.Text == table }) {
			r.add("E12", x.Column.Pos, fmt.Sprintf("%s is in no table of system %s", x.Column.Text, s.Name.Text), "write table.column of a table declared here")
		}
	}
	declared := func(to string) bool {
		table, column, ok := strings.Cut(to, ".")
		i := slices.IndexFunc(s.Tables, func(t Table) bool { return t.Name.Text == table })
		if !ok || i < 0 {
			return false
		}
		t := s.Tables[i]
		return len(t.Person) > 0 && column == "id" ||
			slices.ContainsFunc(t.Person, func(l Link) bool { return l.Column.Text == column }) ||
			slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name.Text == column })
	}
	r.owners(s)
	for _, t := range s.Tables {
		for _, l := range slices.Concat(t.OwnedBy, t.CoOwned, t.Mentions) {
			if l.To.Text != "" && !declared(l.To.Text) {
				r.add("E12", l.To.Pos, fmt.Sprintf("%s is no column of system %s", l.To.Text, s.Name.Text), "link to table.column of a table declared here")
			}
		}
	}
}

// owners: the rows that go with an owner lead to people in the end. A link to a table that is not
// declared is told elsewhere.
func (r *reader) owners(s *System) {
	declared := map[string]bool{}
	for _, t := range s.Tables {
		declared[t.Name.Text] = true
	}
	owned := map[string][]string{} // by each table
	led := map[string]bool{}
	var next []string
	for _, t := range s.Tables {
		leads := len(t.Person) > 0
		for _, l := range slices.Concat(t.OwnedBy, t.CoOwned) {
			owner, _, _ := strings.Cut(l.To.Text, ".")
			owned[owner] = append(owned[owner], t.Name.Text)
			leads = leads || l.Identifier.Text != "" || !declared[owner]
		}
		if leads {
			next = append(next, t.Name.Text)
		}
	}
	for len(next) > 0 {
		name := next[0]
		next = next[1:]
		if !led[name] {
			led[name] = true
			next = append(next, owned[name]...)
		}
	}
	for _, t := range s.Tables {
		if !led[t.Name.Text] && len(t.OwnedBy)+len(t.CoOwned) > 0 {
			r.add("E12", t.Name.Pos, fmt.Sprintf("the rows of %s lead to no person", t.Name.Text), "own them by a table whose rows are people, or say mentions")
		}
	}
}
