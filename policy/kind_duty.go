package policy

import (
	"fmt"
	"slices"

	"github.com/avowhq/avow/decision"
)

func onKind() kind {
	return kind{
		name: "on", doc: "what happens at a moment", check: (*reader).checkDuty,
		fields: func(r *reader, x *Promise) []field {
			x.Duty = &Duty{}
			return append([]field{{"on", formMoment, "the moment", true, r.moment(&x.Duty.On)}}, dutyFields(r, x.Duty)...)
		},
	}
}

func everyKind() kind {
	return kind{
		name: "every", doc: "what happens at an interval", check: (*reader).checkDuty,
		fields: func(r *reader, x *Promise) []field {
			x.Duty = &Duty{}
			return append([]field{{"every", formSpan, "the interval", true, r.span(&x.Duty.Every)}}, dutyFields(r, x.Duty)...)
		},
	}
}

func dutyFields(r *reader, d *Duty) []field {
	return []field{
		{"data", formSet, "only events about these categories", false, r.set(dataNames, &d.Data)},
		{"service", formSet, "only events about these services", false, r.set(serviceNames, &d.Service)},
		{"for", formSet, "only events for these purposes", false, r.set(purposeNames, &d.For)},
		{"to", formSet, "only events to these recipients", false, r.set(recipientNames, &d.To)},
		{"at", formSet, "only at these collection points", false, r.laterSet(pointNames, &d.At)},
		{"when", formTests, "only while these hold", false, r.tests(&d.When)},
		{"unless", formTests, "not while these hold together", false, r.tests(&d.Unless)},
		{"do", formList, "the acts", true, r.steps(d)},
		{"within", formDeadline, "deadline of the first act", false, r.deadline(&d.Within)},
	}
}

// laterSet reads names that may be declared further on in the notice.
func (r *reader) laterSet(ns namespace, to *Set) func(Value) {
	return func(v Value) {
		*to = r.setOf(v)
		names := to.Names
		r.later = append(r.later, func() { r.needAll(ns, names) })
	}
}

// acts are the verbs of steps, and what each is done to.
func acts() map[string]namespace {
	return map[string]namespace{
		"erase": dataNames, "anonymise": dataNames, "detach": dataNames, "restrict": dataNames, "fingerprint": dataNames, "cut": dataNames,
		"mask": detectorNames, "flag": detectorNames, "suspend": serviceNames, "restore": serviceNames, "end": serviceNames,
		"tell": "", "remind": "", "review": "", "ask": "", "publish": "", "record": "",
	}
}

func (r *reader) steps(d *Duty) func(Value) {
	return func(v Value) {
		for _, x := range r.items(v, "a step") {
			if s, ok := r.step(x); ok {
				d.Do = append(d.Do, s)
			}
		}
	}
}

func (r *reader) step(v Value) (Step, bool) {
	s := Step{Pos: v.Pos}
	var names []string
	for n := range acts() {
		names = append(names, n)
	}
	slices.Sort(names)
	if v.Kind != Mapping || len(v.Map) == 0 || !slices.Contains(names, v.Map[0].Key.Text) {
		r.form(v, fmt.Sprint("a step: its first key is one of ", names))
		return s, false
	}
	s.Act = v.Map[0].Key
	ns := acts()[s.Act.Text]
	on := r.set(ns, &s.On)
	if s.Act.Text == "tell" || s.Act.Text == "remind" {
		on = r.told(&s.On)
	}
	r.fill("a step", v, append([]field{{s.Act.Text, formSet, "what it is done to", true, on}}, stepFields(r, &s)...), nil)
	return s, true
}

func stepFields(r *reader, s *Step) []field {
	return []field{
		{"after", formSpan, "counted from the moment", false, r.span(&s.After)},
		{"unless", formTests, "not while these hold together", false, r.tests(&s.Unless)},
		{"once", formFlag, "only the first time", false, r.flag(&s.Once)},
		{"about", formWord, "template of the message", false, r.word(&s.About)},
		{"in", formWords, "fields that are looked through", false, r.free(&s.In)},
		{"to", formWords, "what is left: last 4, city, country, year, network, nothing", false, r.among(&s.To, "last 4", "city", "country", "year", "network", "nothing")},
		{"as", formWord, "category that holds the print", false, r.one(dataNames, &s.As)},
	}
}

// told reads who is told: the person, a guardian, recipients, an authority, everyone, or a role.
func (r *reader) told(to *Set) func(Value) {
	return func(v Value) {
		*to = r.setOf(v)
		known := append([]string{"person", "guardian", "recipients", "authority", "everyone"}, r.words.all(roleNames)...)
		for _, n := range to.Names {
			if !slices.Contains(known, n.Text) {
				r.unknown("E04", "somebody to tell", n, known)
			}
		}
	}
}

func (r *reader) checkDuty(x *Promise, _ Value) {
	d := x.Duty
	if d.On != nil && d.On.Moment.Event == "" && d.On.Moment.State == "" {
		r.add("E05", x.Pos, "on says no moment", "")
	}
	if x.Kind == "every" && d.Every == (decision.Duration{}) {
		r.add("E05", x.Pos, "every says no interval", "write every: 6 months")
	}
}
