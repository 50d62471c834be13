package decision

import "slices"

// holding is the truth of a keep for the item now.
func (r *reader) holding(k Keep, it item) truth {
	while := no
	if len(k.While) > 0 {
		while = r.whole(k.While, it)
	}
	if k.Until == nil {
		return while
	}
	end, started := r.moment(*k.Until)
	switch {
	case started && r.q.At < end:
		return yes
	case !started && len(k.While) == 0:
		return yes // a clock that did not start holds
	}
	return while
}

// moment is when the moment is, once what it counts from has happened.
func (r *reader) moment(m Moment) (Instant, bool) {
	var at Instant
	if m.Event != "" {
		at = r.last(m.Event)
	} else {
		f := r.fact(m.State)
		opened, closed := r.last(f.Opens...), r.last(f.Closes...)
		switch {
		case m.Opens && opened > closed:
			at = opened
		case !m.Opens && opened <= closed:
			at = closed
		}
	}
	if at == 0 {
		return 0, false
	}
	return m.Span.After(at, r.zone), true
}

// keeps lists those that cover the category.
func (r *reader) keeps(category string) []Keep {
	var out []Keep
	for _, k := range r.m.Keeps {
		if (Set{Names: k.Data}).covers(category) {
			out = append(out, k)
		}
	}
	return out
}

// kept: a keep of the datum surely holds.
func (r *reader) kept(it item) bool {
	return slices.ContainsFunc(r.keeps(it.object), func(k Keep) bool { return r.holding(k, it) == yes })
}

// keptForOthers lists the keeps that alone still hold the item's data, or a part of it, for other
// purposes.
func (r *reader) keptForOthers(it item) []string {
	if r.q.Service != "" || r.q.Cookie != "" || r.verb == VerbCollect {
		return nil
	}
	var ids []string
	for _, c := range r.m.Vocabulary.Data {
		if !under(c.Name, it.object) {
			continue
		}
		var others []string
		free := false
		for _, k := range r.keeps(c.Name) {
			ours := len(k.For) == 0 || (Set{Names: k.For}).covers(r.q.For)
			h := r.holding(k, it)
			free = free || ours && h == yes
			if !ours && h != no {
				others = append(others, k.ID)
			}
		}
		if !free {
			ids = append(ids, others...)
		}
	}
	return ids
}

// destruction answers the verbs that end data: a hold stops them, and so does a keep that a law
// demands; one on a legitimate interest waits for a person.
func (r *reader) destruction() Answer {
	ans := Answer{Outcome: Allow}
	for _, o := range r.q.Data {
		merge(&ans, r.destroy(item{object: o}))
	}
	return ans
}

func (r *reader) destroy(it item) Answer {
	if held, _ := r.standing(it, Held, Released); held {
		return Answer{Outcome: AgainstLaw, Laws: []Reason{{Law: "hold", Because: "held"}}}
	}
	var ends, demanded, interests []string
	for _, k := range r.m.Keeps {
		if !(Set{Names: k.Data}).hits(it.object) {
			continue
		}
		h := r.holding(k, it) != no
		switch {
		case h && (k.Basis.Kind == LegalObligation || k.Basis.Kind == PublicTask):
			demanded = append(demanded, k.ID)
		case h && k.Basis.Kind == LegitimateInterest:
			interests = append(interests, k.ID)
		}
		ends = append(ends, k.ID)
	}
	switch {
	case len(demanded) > 0:
		return Answer{Outcome: Violation, Promises: demanded}
	case len(interests) > 0:
		ans := Answer{Outcome: Unmet, Promises: interests}
		for _, id := range interests {
			ans.Missing = append(ans.Missing, Missing{id, MissingReview, ""})
		}
		return ans
	}
	return Answer{Outcome: Allow, Promises: ends}
}
