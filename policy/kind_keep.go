package policy

import "github.com/avowhq/avow/decision"

func keepKind() kind {
	return kind{
		name: "keep", doc: "how long data is kept, and what happens then", check: (*reader).checkKeep,
		fields: func(r *reader, x *Promise) []field {
			k := &Keep{}
			x.Keep = k
			return []field{
				{"keep", formSet, "categories", true, r.set(dataNames, &k.Data)},
				{"of", formSet, "whose data", false, r.set(peopleNames, &k.Of)},
				{"while", formTests, "while these hold", false, r.tests(&k.While)},
				{"until", formMoment, "until this moment", false, r.moment(&k.Until)},
				{"then", formWord, "erase, anonymise, detach or fingerprint", true, r.enum(&k.Then, "erase", "anonymise", "detach", "fingerprint")},
				{"for", formSet, "only for these purposes, once no other keep holds", false, r.set(purposeNames, &k.For)},
				{"basis", formBasis, "what the keeping itself rests on", false, func(v Value) {
					var l []Basis
					if r.bases(&l, nil)(v); len(l) > 0 {
						k.Basis = l[0]
					}
				}},
			}
		},
	}
}

func (r *reader) checkKeep(x *Promise, v Value) {
	k := x.Keep
	if !v.has("while") && !v.has("until") {
		r.add("E07", x.Pos, "a keep without an end", "write while: with a state, or until: with an event and a duration; as long as necessary is no end")
	}
	for _, s := range []Set{k.Data, k.For} {
		if s.Not {
			r.add("E06", s.Pos, "not in a keep", "name what is kept")
		}
	}
	for _, t := range k.While {
		bad := t.Test.In.Not || len(t.Test.In.Names) != 1 || t.Test.In.Names[0] != "valid"
		if t.Fact.Text == decision.ConsentFact && (k.For.Stated() || bad) {
			r.add("E08", t.Pos, "so a withdrawal would permit something", "keep while consent is valid for all purposes, or test something else")
		}
	}
}
