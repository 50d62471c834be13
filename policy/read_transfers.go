package policy

import "github.com/avowhq/avow/policy/law"

// certificates reads what a recipient or a location is certified under, with its dates.
func (r *reader) certificates(to *[]Certificate) func(Value) {
	return func(v Value) {
		*to = nil // what is written stands in place of what is inherited
		r.each(v, func(n Name, v Value) {
			c := Certificate{Name: n}
			r.mechanism(&c.Name)(Value{Kind: Scalar, Text: n.Text, Pos: n.Pos})
			r.fill("a certificate", v, []field{
				{"from", formDate, "first day certified", true, r.date(&c.From)},
				{"to", formDate, "first day no longer certified", false, r.date(&c.Until)},
			}, nil)
			if c.Until != 0 && c.Until <= c.From {
				r.add("E05", n.Pos, "the certificate ends before it begins", "")
			}
			*to = append(*to, c)
		})
	}
}

// mechanism reads a mechanism that some law accepts, or once did.
func (r *reader) mechanism(to *Name) func(Value) {
	return func(v Value) {
		if r.words[mechanismNames] == nil {
			r.words.add(mechanismNames, mechanisms(r.p.Laws)...)
		}
		r.one(mechanismNames, to)(v)
	}
}

func mechanisms(laws law.Library) []string {
	profiles, err := laws.Load(laws.IDs()...)
	if err != nil {
		return nil // they are part of the program, and its tests read them
	}
	var out []string
	for _, l := range law.Laws(profiles) {
		if l.Transfers == nil {
			continue
		}
		for _, m := range l.Transfers.Mechanisms {
			out = append(out, m.Name)
		}
		for _, a := range l.Transfers.Adequate {
			if a.Certified != "" {
				out = append(out, a.Certified)
			}
		}
	}
	return out
}
