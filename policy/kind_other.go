package policy

import (
	"fmt"
	"strings"
)

func rightWords() []string {
	return []string{"access", "rectify", "erase", "port", "restrict", "object", "withdraw", "refuse", "complain", "review", "restore", "contact"}
}

// rightWays are how a right is used.
func rightWays() []string { return []string{"account", "request", "mail", "link", "banner"} }

func rightKind() kind {
	return kind{
		name: "right", doc: "what a person may ask for", facets: true,
		fields: func(r *reader, x *Promise) []field {
			g := &Right{}
			x.Right = g
			return []field{
				{"right", formWords, "which rights", true, r.among(&g.Rights, rightWords()...)},
				{"data", formSet, "about these categories", false, r.set(dataNames, &g.Data)},
				{"service", formSet, "about these services", false, r.set(serviceNames, &g.Service)},
				{"for", formSet, "about these purposes", false, r.set(purposeNames, &g.For)},
				{"of", formSet, "whose", false, r.set(peopleNames, &g.Of)},
				{"how", formWords, "account, request, mail, link or banner", true, r.among(&g.How, rightWays()...)},
				{"only-with", formWord, "not alone: only when this service ends", false, r.one(serviceNames, &g.OnlyWith)},
				{"ends", formWord, "service that ends by it; told and confirmed before", false, r.one(serviceNames, &g.Ends)},
				{"by-each", formWords, "facets by whose values it may be used", false, r.many(facetNames, &g.ByEach)},
				{"review", formWord, "human: a person decides", false, r.enum(&g.Review, "human")},
				{"within", formDeadline, "deadline; default and limit: by law", false, r.deadline(&g.Within)},
				{"may-refuse", formWords, "reasons beside the law's", false, r.free(&g.MayRefuse)},
				{"proof", formSet, "categories that must be given to use it", false, r.set(dataNames, &g.Proof)},
				{"steps", formNumber, "how many acts it takes", false, r.number(&g.Steps)},
				{"to", formWord, "recipient it is routed to", false, r.one(recipientNames, &g.To)},
				{"when", formTests, "only while these hold", false, r.tests(&g.When)},
				{"unless", formTests, "not while these hold together", false, r.tests(&g.Unless)},
			}
		},
	}
}

func measureKind() kind {
	return kind{
		name: "measure", doc: "a safeguard, attested or checked",
		fields: func(r *reader, x *Promise) []field {
			m := &Measure{}
			x.Measure = m
			return []field{
				{"measure", formWord, "its name", true, func(v Value) {
					r.word(&m.Name)(v)
					r.words.add(measureNames, m.Name.Text)
				}},
				{"covers", formSet, "categories it protects", true, r.set(dataNames, &m.Covers)},
				{"check", formMap, "built-in checks: {label: check}", false, r.checks(m)},
				{"evidence", formText, "every and a duration", false, r.evidence(m)},
				{"limit", formSpan, "bound of a check that measures", false, r.span(&m.Limit)},
				{"by", formWord, "role that attests", false, r.one(roleNames, &m.By)},
			}
		},
		check: func(r *reader, x *Promise, v Value) {
			if !v.has("check") && !v.has("evidence") {
				r.add("E07", x.Pos, "a measure with neither check nor evidence", "write check: or evidence: every 6 months")
			}
		},
	}
}

// checkWords are the built-in checks.
func checkWords() []string {
	return []string{
		"every-rule-has-a-basis", "every-datum-has-a-purpose", "every-field-is-used", "every-field-can-be-rectified", "every-datum-has-an-end",
		"every-system-has-a-measure", "bases-are-listed", "every-system-names-its-backups", "restore-replays-erasures", "tls-on-every-address",
		"column-is-password-hash", "versions-supported", "backup-age", "certificates-valid", "key-age",
	}
}

func (r *reader) checks(m *Measure) func(Value) {
	return func(v Value) {
		if len(v.Map) == 0 {
			r.form(v, "a mapping of labels to checks")
			return
		}
		for _, e := range v.Map {
			c := Check{Label: e.Key}
			r.enum(&c.Name, checkWords()...)(e.Value)
			m.Checks = append(m.Checks, c)
		}
	}
}

func (r *reader) evidence(m *Measure) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "every and a duration")
		if !ok {
			return
		}
		rest, every := strings.CutPrefix(n.Text, "every ")
		d, err := durationIn(rest)
		if !every || err != nil {
			r.add("E05", n.Pos, fmt.Sprintf("%q is no interval of evidence", n.Text), "write every 6 months")
		}
		m.Evidence = d
	}
}

func changeWords() []string {
	return []string{"first", "new-purpose", "new-data", "new-recipient", "new-location", "longer-retention", "any-change", "other-change"}
}

func versionKind() kind {
	return kind{
		name: "version", doc: "how a change of the notice comes to bind",
		fields: func(r *reader, x *Promise) []field {
			u := &Version{}
			x.Version = u
			return []field{
				{"version", formWords, "kinds of change", true, r.among(&u.Changes, changeWords()...)},
				{"binds", formText, "by publication, use, notice of a duration, consent or approval", true, r.binds(u)},
				{"ends", formWord, "service that ends for who does not accept", false, r.one(serviceNames, &u.Ends)},
				{"when", formTests, "only while these hold", false, r.tests(&u.When)},
			}
		},
	}
}

func (r *reader) binds(u *Version) func(Value) {
	return func(v Value) {
		n, ok := r.text(v, "how it binds")
		if !ok {
			return
		}
		u.Binds = n
		if rest, ok := strings.CutPrefix(n.Text, "by notice of "); ok {
			d, err := durationIn(rest)
			if err != nil {
				r.add("E05", n.Pos, err.Error(), "")
			}
			u.Notice = d
			return
		}
		r.enum(&u.Binds, "by publication", "by use", "by consent", "by approval")(v)
	}
}

// openWords are what a statement can leave open. Each is a finding of the law check.
func openWords() []string {
	return []string{"retention", "purposes", "recipients", "locations", "factors", "deadline"}
}

func stateKind() kind {
	return kind{
		name: "state", doc: "information; nothing is enforced, but it must be shown",
		fields: func(r *reader, x *Promise) []field {
			s := &Statement{}
			x.Statement = s
			return []field{
				{"state", formText, "what is stated", true, r.word(&s.Text)},
				{"shown", formWords, "where", true, r.free(&s.Shown)},
				{"link", formWords, "linked policies", false, r.many(linkedNames, &s.Links)},
				{"left-open", formWords, "what this leaves open, so that nothing can be bound: " + strings.Join(openWords(), ", "), false, r.among(&s.LeftOpen, openWords()...)},
			}
		},
	}
}
