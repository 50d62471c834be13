package policy

// A Code is one sort of problem. Codes keep their meaning for ever; numbers that are missing are not
// in use.
type Code struct {
	Code    string // E: stops publication; W: a warning
	Meaning string // on one line
}

// Catalogue lists every code that reading and checking a policy can report.
func Catalogue() []Code {
	return []Code{
		{"E01", "something is missing or out of place: a file, an anchor, a promise under a clause, a clause over a block"},
		{"E02", "a block that is no promise or example, or a promise whose kind cannot be told"},
		{"E03", "a key that is not known here"},
		{"E04", "a name that nothing declares"},
		{"E05", "a value that has not the form its key wants"},
		{"E06", "not where a word added later would be permitted unseen"},
		{"E07", "something that must be said is left out"},
		{"E08", "a condition or a basis that does not fit what it is about"},
		{"E09", "a category that no collection point and no other origin explains"},
		{"E10", "a category that no keep ends"},
		{"E11", "a category that no column holds"},
		{"E12", "a data map that leaves open whose rows are, where a link goes, or how long copies live"},
		{"E13", "a column of a category that nothing declares"},
		{"E15", "a clause that binds without an example"},
		{"E16", "an example that fails"},
		{"E17", "a special category without explicit consent or a named exception"},
		{"E18", "a text that cannot be read for certain: not YAML, a double, an anchor, an invisible character, too long, too deep"},
		{"E19", "what enters unlinked tells who the person is, or lies in rows that do"},
		{"W19", "a promise whose removal turns no example red"},
		{"W20", "an allow that never decides"},
		{"W21", "an allow that lies wholly under denies"},
		{"W23", "a purpose that is never used"},
		{"W24", "a category that is collected and never used"},
		{"W35", "a purpose at the root of the taxonomy"},
		{"W38", "a clock that only the person can start"},
	}
}
