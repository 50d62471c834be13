package decision

import "slices"

// whole is the truth of a run of tests together.
func (p *Program) whole(f *Facts, q *question, s span) truth {
	t := yes
	for i := s.from; i < s.to; i++ {
		if one := p.test(f, q, &p.tests[i]); one < t {
			if t = one; t == no {
				break
			}
		}
	}
	return t
}

// test is the truth of one condition at the time of the question.
func (p *Program) test(f *Facts, q *question, t *test) truth {
	switch t.op {
	case testPlace:
		if f.residence == 0 {
			return unknown
		}
		return truthOf(p.pool.has(t.set, f.residence-1))
	case testAge:
		age, known := p.age(f, q.at)
		return t.inRange(age, known)
	case testConsent:
		return truthOf(p.anyConsent(f, q) == t.want)
	case testHappened, testNever, testWithin, testOver:
		return truthOf(p.eventHolds(f, q.at, t))
	case testOpen, testClosed, testNeverOpen, testAssigned:
		return truthOf(p.stateIs(f, q, t.op, t.fact))
	}
	n, known := p.value(f, q, t)
	if t.op == testNumber || !known {
		return t.inRange(n, known)
	}
	return truthOf(p.pool.has(t.set, uint16(n)))
}

func (t *test) inRange(n int32, known bool) truth {
	if !known {
		return unknown
	}
	return truthOf(n >= t.min && (t.max == 0 || n < t.max))
}

// value is what is stated or known of a fact, or the value taken when nothing is.
func (p *Program) value(f *Facts, q *question, t *test) (int32, bool) {
	from := f.values
	if t.question {
		from = q.stated
	}
	for i := range from {
		if from[i].fact == t.fact {
			return from[i].n, true
		}
	}
	spec := &p.factSpecs[t.fact]
	return spec.value, spec.known
}

func (p *Program) age(f *Facts, at Instant) (int32, bool) {
	if f.born != 0 {
		return ageAt(f.born, at, p.zone), true
	}
	return int32(f.age), f.age > 0
}

// last is when an event last happened, up to now; 0 if it did not.
func (f *Facts) last(id uint16, now Instant) Instant {
	var at Instant
	for i := range f.events {
		if e := &f.events[i]; e.id == id && e.at <= now && e.at > at {
			at = e.at
		}
	}
	return at
}

// lastOf is when any of the events last happened.
func (p *Program) lastOf(f *Facts, events setAt, now Instant) Instant {
	var at Instant
	for i := range f.events {
		if e := &f.events[i]; e.at <= now && e.at > at && p.pool.has(events, e.id) {
			at = e.at
		}
	}
	return at
}

func (p *Program) eventHolds(f *Facts, now Instant, t *test) bool {
	at := f.last(t.fact, now)
	switch t.op {
	case testHappened:
		return at != 0
	case testNever:
		return at == 0
	case testWithin:
		return at != 0 && now < t.span.After(at, p.zone)
	}
	return at != 0 && now >= t.span.After(at, p.zone)
}

// stateIs: open from the last opening until a closing at or after it.
func (p *Program) stateIs(f *Facts, q *question, op testOp, fact uint16) bool {
	spec := &p.factSpecs[fact]
	opened, closed := p.lastOf(f, spec.opens, q.at), p.lastOf(f, spec.closes, q.at)
	switch op {
	case testOpen:
		return opened > closed
	case testClosed:
		return opened <= closed && closed != 0
	case testNeverOpen:
		return opened == 0 && closed == 0
	}
	if opened <= closed {
		return false
	}
	return slices.Contains(q.assigned, fact)
}
