package policy

import "github.com/avowhq/avow/decision"

// retainedRegions is what keeps say of a category and a purpose.
type retainedRegions struct {
	kept      region // some keep of it surely holds
	forOthers region // it, or a part of it, is kept for other purposes only
}

// retention reads the keeps for one category and purpose; serving are those that serve it.
func (f *formula) retention(object, purpose, serving string) retainedRegions {
	key := object + " " + serving
	if out, ok := f.retained[key]; ok {
		return out
	}
	var out retainedRegions
	for _, c := range f.m.Vocabulary.Data {
		if !under(c.Name, object) {
			continue
		}
		free, others := nowhere, nowhere
		for i := range f.m.Keeps {
			k := &f.m.Keeps[i]
			if !(decision.Set{Names: k.Data}).Covers(c.Name) {
				continue
			}
			holds := f.holds(i)
			if serves(k, purpose) {
				free = f.r.either(free, holds.yes)
			} else {
				others = f.r.either(others, holds.maybe)
			}
			if c.Name == object {
				out.kept = f.r.either(out.kept, holds.yes)
			}
		}
		out.forOthers = f.r.either(out.forOthers, f.r.minus(others, free))
	}
	f.retained[key] = out
	return out
}

func serves(k *decision.Keep, purpose string) bool {
	return len(k.For) == 0 || decision.Set{Names: k.For}.Covers(purpose)
}

// holds is the truth of a keep: while its condition is met, or until its clock has run out.
func (f *formula) holds(i int) truth {
	out, ok := f.keeping[i]
	if !ok {
		out = f.holding(&f.m.Keeps[i])
		f.keeping[i] = out
	}
	return out
}

func (f *formula) holding(k *decision.Keep) truth {
	while := truth{}
	if len(k.While) > 0 {
		while = f.whole(k.While)
	}
	if k.Until == nil {
		return while
	}
	running := func(from decision.Instant) bool {
		return from != 0 && f.at < k.Until.Span.After(from, f.side.zone) || from == 0 && len(k.While) == 0
	}
	var clock region
	switch {
	case k.Until.Event != "":
		clock = f.where("event "+k.Until.Event, func(w way) bool { return running(w.opened) })
	case k.Until.Opens:
		clock = f.stateWhere(k.Until.State, func(opened, closed decision.Instant) bool {
			if opened <= closed {
				opened = 0
			}
			return running(opened)
		})
	default:
		clock = f.stateWhere(k.Until.State, func(opened, closed decision.Instant) bool {
			if opened > closed {
				closed = 0
			}
			return running(closed)
		})
	}
	return truth{f.r.either(while.yes, clock), f.r.either(while.maybe, clock)}
}
