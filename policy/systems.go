package policy

import (
	"slices"

	"github.com/avowhq/avow/decision"
)

// Systems is systems.yaml: where data lies.
type Systems struct {
	Identifiers []Identifier
	Systems     []System
}

// An Identifier links rows of one person across systems.
type Identifier struct {
	Name  Name
	Of    Name // category
	Match string
}

// A System holds personal data.
type System struct {
	Name          Name
	Kind          Name // postgresql mysql sqlite s3 scim httpapi …
	Location      Name
	Backups       *Backups
	Events, Facts []Reading
	Tables        []Table
	Objects       []Table // stores of files, by pattern
}

// Backups say how long copies live and where.
type Backups struct {
	Pos      Pos
	Kept     decision.Duration
	Location Name
}

// A Reading is where an event or a fact is read: table.column.
type Reading struct{ Name, Column Name }

// A Table says whose its rows are.
type Table struct {
	Name     Name
	Person   []Link // identifiers its rows carry
	OwnedBy  []Link // goes with its person
	CoOwned  []Link // goes with its last owner
	Mentions []Link // never goes for a person; the mention is cut
	Nobody   bool
	Is       Name // kind of person
	Since    Name
	Columns  []Column
}

// A Link ties a column to a column elsewhere or to an identifier.
type Link struct {
	Column     Name
	To         Name // table.column; "" with Identifier
	Identifier Name
	Remove     Name
}

// A Column holds one category.
type Column struct {
	Name   Name
	Is     Name // category
	Remove Name // null blank network keep, or a text
	Source Name // column that says where the datum came from
}

// locationsOf are the places where a system, or a copy of it, holds the category or one below it.
func (s *Systems) locationsOf(category string) []string {
	var out []string
	for _, x := range s.Systems {
		if !slices.ContainsFunc(slices.Concat(x.Tables, x.Objects), func(t Table) bool {
			return slices.ContainsFunc(t.Columns, func(c Column) bool { return under(c.Is.Text, category) })
		}) {
			continue
		}
		places := []Name{x.Location}
		if x.Backups != nil {
			places = append(places, x.Backups.Location)
		}
		for _, n := range places {
			if n.Text != "" {
				out = appendNew(out, n.Text)
			}
		}
	}
	return out
}
