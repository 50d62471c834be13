// Package worldtest draws random models, requests and people for property tests.
package worldtest

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/avowhq/avow/decision"
)

// Now is the time about which random worlds ask; everything in them happens near it.
const Now = decision.Instant(1_700_000_000_000_000)

const Hour = decision.Instant(3600e6)

// One draws a word; "" stands for left out where the list has it.
func One(t *rapid.T, what string, words ...string) string {
	return rapid.SampledFrom(words).Draw(t, what)
}

func Chance(t *rapid.T, what string, oneIn int) bool {
	return rapid.IntRange(0, oneIn-1).Draw(t, what) == 0
}

func Some(t *rapid.T, what string, words []string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 2, rapid.ID).Draw(t, what)
}

var (
	DataWords      = []string{"contact", "contact.email", "contact.phone", "contact.email.work", "health", "usage"}
	purposeWords   = []string{"care", "care.mail", "ads", "claims"}
	recipientWords = []string{"partners", "partners.ads", "partners.ads.west", "mailer", "public", "nowhere"}
	locationWords  = []string{"here", "there", "alps"}
	roleWords      = []string{"staff", "staff.sales", "officer"}
	countryWords   = []string{"DE", "US", "US-CA", "CH"}
	basisWords     = []decision.BasisKind{
		decision.Consent, decision.ExplicitConsent, decision.Contract, decision.LegalObligation,
		decision.VitalInterest, decision.LegitimateInterest, decision.AsKept, decision.PublicTask,
	}
)

func vocabulary() decision.Vocabulary {
	return decision.Vocabulary{
		Data: []decision.Category{
			{Name: "contact", Identifies: true},
			{Name: "contact.email", Terms: []string{"pd:EmailAddress", "pd:Contact"}},
			{Name: "contact.phone"},
			{Name: "contact.email.work"},
			{Name: "health", Special: true},
			{Name: "usage"},
		},
		Purposes: []decision.Purpose{{Name: "care", Terms: []string{"dpv:CustomerCare"}}, {Name: "care.mail", Terms: []string{"dpv:CustomerCare", decision.OwnSimilar}}, {Name: "ads", Marketing: true, Terms: []string{"dpv:Marketing"}}, {Name: "claims", Serves: "claims"}},
		Recipients: []decision.Recipient{
			{Name: "partners", Kind: "partner"},
			{Name: "partners.ads", Kind: "partner", Country: "US", Agreement: "paid", Certified: []decision.Certificate{{Name: "scc", From: Now - 2*Hour}, {Name: "shield", Until: Now}}},
			{Name: "mailer", Kind: "processor", Country: "DE", Agreement: "dpa"},
			{Name: "partners.ads.west", Kind: "partner", Country: "US-CA", Agreement: "paid", Certified: []decision.Certificate{{Name: "shield", From: Now}, {Name: "scc", From: Now - Hour, Until: Now + 1}}},
			{Name: "public", Kind: "public"},
			{Name: "nowhere", Kind: "third-party"},
		},
		Agreements: []decision.Agreement{
			{Name: "paid", From: Now - 9*Hour, Terms: []string{"secret"}, Paid: true, Transfer: "scc"},
			{Name: "dpa", From: Now - 9*Hour, Until: Now + Hour, For: []string{"care"}, Data: []string{"contact"}, Terms: []string{"secret", "safe"}},
		},
		Locations: []decision.Location{{Name: "here", Country: "DE"}, {Name: "there", Country: "US", Transfer: "old", Certified: []decision.Certificate{{Name: "shield", From: Now}}}, {Name: "alps", Country: "CH", Certified: []decision.Certificate{{Name: "shield", Until: Now}}}},
		People:    []string{"guest", "member"}, Roles: roleWords, Services: []string{"hosting"}, Cookies: []string{"_ga"},
		Facets: []decision.Facet{
			{Name: "channel", Verbs: []string{"use"}, Values: []string{"mail", "phone"}},
			{Name: "topic", Values: []string{"offers", "news", "bills"}},
		},
		Events: []string{"joined", "left", "bought"},
		Facts: []decision.Fact{
			{Name: "account", Type: decision.StateFact, Opens: []string{"joined"}, Closes: []string{"left"}},
			{Name: "vip", Type: decision.FlagFact},
			{Name: "tier", Type: decision.EnumFact, Values: []string{"low", "mid", "high"}, Unknown: "low"},
			{Name: "score", Type: decision.NumberFact},
			{Name: "mood", Type: decision.EnumFact, Values: []string{"good", "bad"}, Question: true},
		},
		Grounds:        []decision.Ground{{Name: "tax"}, {Name: "safety", Special: true}},
		Sources:        []string{"person", "device", "partners", "partners.ads"},
		Establishments: []string{"DE"},
	}
}

func Model(t *rapid.T) *decision.Model {
	m := &decision.Model{Site: "site", Zone: "Europe/Berlin", Vocabulary: vocabulary()}
	m.Vocabulary.Establishments = rapid.SampledFrom([][]string{{"DE"}, {"DE"}, {"US-CA"}, {"CH", "DE"}, nil}).Draw(t, "establishments")
	for i := range rapid.IntRange(1, 7).Draw(t, "rules") {
		m.Rules = append(m.Rules, Rule(t, fmt.Sprintf("r%d", i)))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "keeps") {
		m.Keeps = append(m.Keeps, Keep(t, fmt.Sprintf("k%d", i)))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "laws") {
		m.Laws = append(m.Laws, Law(t, fmt.Sprintf("l%d", i)))
	}
	return m
}

// set draws a set over words, often left out.
func set(t *rapid.T, what string, oneIn int, not bool, words []string) decision.Set {
	if !Chance(t, what+"?", oneIn) {
		return decision.Set{}
	}
	return decision.Set{Names: Some(t, what, words), Not: not && Chance(t, what+" not", 3)}
}

func Rule(t *rapid.T, id string) decision.Rule {
	r := decision.Rule{ID: id, Clause: "c", Deny: Chance(t, "deny", 3)}
	d := r.Deny
	switch rapid.IntRange(0, 11).Draw(t, "object") {
	case 0:
		r.Verbs, r.Service = []string{One(t, "verb", "grant", "use")}, decision.Set{Names: []string{"hosting"}}
	case 1:
		r.Verbs, r.Cookie = []string{"set"}, decision.Set{Names: []string{"_ga"}}
	default:
		r.Verbs = Some(t, "verbs", []string{"use", "use", "use", "read", "store", "disclose", "combine", "collect", "publish", "sell"})
		r.Data = decision.Set{Names: Some(t, "data", DataWords)}
		if d && Chance(t, "data not", 5) {
			r.Data.Not = true
		}
		r.With = set(t, "with", 2, d, DataWords)
	}
	if r.For = set(t, "for", 2, d, purposeWords); !r.For.Stated() && !d && len(r.Data.Names) > 0 {
		r.For = decision.Set{Names: []string{One(t, "purpose", purposeWords...)}}
	}
	r.To = set(t, "to", 3, d, append([]string{"us"}, recipientWords...))
	r.By = set(t, "by", 6, d, append([]string{"partners"}, roleWords...))
	r.In = set(t, "in", 6, d, append([]string{"residence"}, locationWords...))
	r.From = set(t, "from", 8, d, []string{"person", "device", "partners"})
	r.Of = set(t, "of", 8, d, []string{"guest", "member"})
	r.Ground = set(t, "ground", 8, d, []string{"tax", "safety"})
	if Chance(t, "under?", 6) {
		r.Under = decision.Set{Names: Some(t, "under", []string{"secret", "safe"}), Not: d}
	}
	if Chance(t, "as?", 6) {
		r.As = decision.Form(One(t, "as", "identified", "unlinked", "aggregated"))
		r.Group = rapid.IntRange(0, 3).Draw(t, "group")
	}
	if Chance(t, "facet?", 4) {
		r.Facets = append(r.Facets, decision.FacetSet{Facet: "topic", Set: set(t, "topic", 1, true, []string{"offers", "news", "bills"})})
	}
	if Chance(t, "channel?", 6) {
		r.Facets = append(r.Facets, decision.FacetSet{Facet: "channel", Set: set(t, "channel", 1, true, []string{"mail", "phone"})})
	}
	r.When = Tests(t, "when", 3, word(d, "none", "valid"))
	if Chance(t, "unless?", 5) {
		r.Unless = append(r.Unless, Tests(t, "unless", 1, word(d, "valid", "none")))
	}
	if !d && len(r.Service.Names) == 0 {
		r.Basis = bases(t)
		r.Review = Chance(t, "review", 2)
		r.Special = One(t, "special", "", "", "safety", "explicit-consent")
	}
	if d && Chance(t, "only?", 4) {
		r.Only = bases(t)
	}
	if Chance(t, "obliges", 4) {
		r.Obliges = Some(t, "obliges", []string{"log", "tell"})
	}
	if !d && Chance(t, "point", 6) {
		r.Point = "desk"
	}
	return r
}

func word(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func bases(t *rapid.T) []decision.Basis {
	var out []decision.Basis
	for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom(basisWords), 1, 2, rapid.ID).Draw(t, "basis") {
		b := decision.Basis{Kind: k}
		switch k {
		case decision.Contract:
			b.On = "account"
		case decision.LegalObligation, decision.PublicTask:
			b.On = "tax"
		}
		out = append(out, b)
	}
	return out
}

// Tests draws conditions; consent may only be tested for the given word there.
func Tests(t *rapid.T, what string, oneIn int, consent string) []decision.Test {
	if !Chance(t, what+"?", oneIn) {
		return nil
	}
	span := decision.Duration{Micros: int64(rapid.IntRange(0, 4).Draw(t, "span")) * int64(Hour)}
	all := []decision.Test{
		{Fact: "residence", In: decision.Set{Names: Some(t, "places", countryWords), Not: Chance(t, "not", 2)}},
		{Fact: "age", Min: int32(rapid.IntRange(0, 18).Draw(t, "min")), Max: int32(rapid.IntRange(0, 1).Draw(t, "max?")) * 30},
		{Fact: "account", State: One(t, "state", "open", "closed", "never", "assigned")},
		{Fact: "bought", Event: One(t, "event", "happened", "never", "within", "over"), Span: span},
		{Fact: "vip", In: decision.Set{Names: []string{One(t, "vip", "yes", "no")}}},
		{Fact: "tier", In: decision.Set{Names: Some(t, "tiers", []string{"low", "mid", "high"}), Not: Chance(t, "not", 2)}},
		{Fact: "score", Min: int32(rapid.IntRange(-1, 3).Draw(t, "min")), Max: int32(rapid.IntRange(0, 4).Draw(t, "max"))},
		{Fact: "mood", In: decision.Set{Names: []string{One(t, "mood", "good", "bad")}}},
		{Fact: "transport", In: decision.Set{Names: []string{"plain"}}},
	}
	if consent != "" {
		all = append(all, decision.Test{Fact: "consent", In: decision.Set{Names: []string{consent}}})
	}
	n := rapid.IntRange(1, 2).Draw(t, "tests")
	var out []decision.Test
	for range n {
		out = append(out, rapid.SampledFrom(all).Draw(t, "test"))
	}
	return out
}

func Keep(t *rapid.T, id string) decision.Keep {
	k := decision.Keep{ID: id, Clause: "k", Data: Some(t, "data", DataWords), Then: "erase"}
	if Chance(t, "for", 2) {
		k.For = Some(t, "for", purposeWords)
	}
	if Chance(t, "until", 2) {
		k.Until = &decision.Moment{Span: decision.Duration{Days: int32(rapid.IntRange(0, 1).Draw(t, "days")), Micros: int64(Hour)}}
		if Chance(t, "state", 2) {
			k.Until.State, k.Until.Opens = "account", Chance(t, "opens", 2)
		} else {
			k.Until.Event = One(t, "event", "bought", "left")
		}
	}
	if k.Until == nil || Chance(t, "while", 2) {
		k.While = Tests(t, "while", 1, word(k.For == nil, "valid", ""))
	}
	if Chance(t, "basis", 2) {
		k.Basis = bases(t)[0]
	}
	return k
}

func Law(t *rapid.T, id string) decision.Law {
	l := decision.Law{
		ID: id, Territory: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"DE", "US", "US-CA", "CH", "*"}), 1, 3, rapid.ID).Draw(t, "territory"),
		ChildAge: int32(rapid.IntRange(0, 1).Draw(t, "child")) * 16, ChildRow: decision.Row{Article: "8", Because: "child"},
	}
	l.Sectoral = Chance(t, "sectoral", 3)
	if Chance(t, "dated", 4) {
		l.From = Now + decision.Instant(rapid.IntRange(-1, 1).Draw(t, "from"))*Hour
	}
	if Chance(t, "ages", 3) {
		l.ChildAges = map[string]int32{"DE": 14, "US": 20}
	}
	for _, s := range rapid.SliceOfNDistinct(rapid.SampledFrom(decision.Styles()), 0, 3, rapid.ID).Draw(t, "strikes") {
		l.Strikes = append(l.Strikes, decision.Strike{Style: s, Row: decision.Row{Article: "7", Because: string(s)}})
	}
	if Chance(t, "ends", 6) {
		l.Until = Now + decision.Instant(rapid.IntRange(0, 1).Draw(t, "until"))*Hour
	}
	if Chance(t, "transfers", 3) {
		l.Transfers = transfers(t)
	}
	if Chance(t, "restriction", 3) {
		l.Restriction = decision.Row{Article: "18", Because: "restricted"}
	}
	for range rapid.IntRange(0, 2).Draw(t, "bans") {
		l.Bans = append(l.Bans, ban(t))
	}
	return l
}

// transfers draws places and mechanisms whose dates begin or end about now, and just now.
func transfers(t *rapid.T) *decision.Transfers {
	about := func(what string) decision.Instant {
		return rapid.SampledFrom([]decision.Instant{0, Now - Hour, Now, Now + Hour}).Draw(t, what)
	}
	out := &decision.Transfers{Free: Some(t, "free", []string{"DE", "CH", "US-CA"}), Row: decision.Row{Article: "44", Because: "no-mechanism"}}
	for range rapid.IntRange(0, 2).Draw(t, "adequate") {
		out.Adequate = append(out.Adequate, decision.Adequacy{
			Country: One(t, "adequate", "US-CA", "US", "CH"), Certified: One(t, "adequate certified", "", "shield", "scc"), From: about("from"), Until: about("until"),
		})
	}
	for _, name := range []string{"scc", "old"} {
		if Chance(t, name, 4) {
			continue
		}
		out.Mechanisms = append(out.Mechanisms, decision.Mechanism{
			Name: name, Certified: Chance(t, "certified", 2), Row: decision.Row{Article: "46", Because: "ended"}, From: about("from"), Until: about("until"),
		})
	}
	return out
}

func ban(t *rapid.T) decision.Ban {
	return decision.Ban{
		Data: few(t, "ban data", "pd:EmailAddress", "pd:Contact"), For: few(t, "ban for", "dpv:Marketing", "dpv:CustomerCare"),
		NotFor: few(t, "ban not for", decision.OwnSimilar, "dpv:Marketing"), Under: int32(rapid.IntRange(0, 1).Draw(t, "under") * 13),
		Objected: Chance(t, "ban objected", 4), Outside: few(t, "outside", "DE", "US"),
		From:       decision.Instant(rapid.IntRange(0, 1).Draw(t, "begun")) * (Now + decision.Instant(rapid.IntRange(0, 1).Draw(t, "from"))),
		Until:      decision.Instant(rapid.IntRange(0, 1).Draw(t, "ended")) * (Now + decision.Instant(rapid.IntRange(0, 1).Draw(t, "until"))),
		Verbs:      Some(t, "verbs", []string{"use", "disclose", "publish", "sell", "set", "combine", "store"}),
		Identifies: Chance(t, "identifies", 2), Special: Chance(t, "special", 3), Marketing: Chance(t, "marketing", 3),
		Except: rapid.SliceOfNDistinct(rapid.SampledFrom(basisWords), 0, 2, rapid.ID).Draw(t, "except"), Row: decision.Row{Article: "9", Because: "banned"},
	}
}

// few draws one word of the list, or mostly none.
func few(t *rapid.T, what string, words ...string) []string {
	if !Chance(t, what+"?", 4) {
		return nil
	}
	return []string{One(t, what, words...)}
}

// Aimed draws a request that some rule of the model speaks of, more often than chance would.
func Aimed(t *rapid.T, m *decision.Model) decision.Request {
	if len(m.Rules) == 0 || Chance(t, "stray", 4) {
		return Request(t)
	}
	return AimedAt(t, rapid.SampledFrom(m.Rules).Draw(t, "aim"))
}

// AimedAt draws a request that the rule speaks of, as far as it names what it is about.
func AimedAt(t *rapid.T, r decision.Rule) decision.Request {
	q := Request(t)
	if len(r.Data.Names) == 0 || r.Data.Not {
		return q
	}
	q.Service, q.Cookie, q.With = "", "", nil
	q.Action, q.Data = r.Verbs[0], r.Data.Names[:1]
	if q.Action == "combine" {
		q.With = []string{"usage"}
		if len(r.With.Names) > 0 {
			q.With = r.With.Names[:1]
		}
	}
	if q.For == "" {
		q.For = "care"
	}
	if len(r.For.Names) > 0 && !r.For.Not {
		q.For = r.For.Names[0]
	}
	q.To = ""
	if len(r.To.Names) > 0 && !r.To.Not && r.To.Names[0] != decision.Us {
		q.To = r.To.Names[0]
	}
	for at, s := range map[*string]decision.Set{&q.By: r.By, &q.From: r.From, &q.Of: r.Of, &q.Ground: r.Ground} {
		if *at = ""; len(s.Names) > 0 && !s.Not {
			*at = s.Names[0]
		}
	}
	return q
}

func Request(t *rapid.T) decision.Request {
	q := decision.Request{At: Now}
	switch rapid.IntRange(0, 13).Draw(t, "object") {
	case 0:
		q.Action, q.Service = One(t, "verb", "grant", "use"), "hosting"
	case 1:
		q.Action, q.Cookie = "set", "_ga"
	case 2:
		q.Action, q.Data = One(t, "verb", "erase", "detach"), Some(t, "data", DataWords)
	default:
		q.Action = One(t, "verb", "use", "use", "use", "read", "store", "disclose", "disclose", "combine", "collect", "publish", "sell", "profile")
		q.Data = Some(t, "data", DataWords)
	}
	if q.Action == "combine" {
		q.With = Some(t, "with", DataWords)
	}
	q.For = One(t, "for", append([]string{"", "care"}, purposeWords...)...)
	if q.For == "" && len(q.Data) > 0 && !Chance(t, "no purpose", 20) {
		q.For = "care"
	}
	maybe := func(what string, words []string) string {
		if !Chance(t, what+"?", 3) {
			return ""
		}
		return One(t, what, words...)
	}
	q.To = maybe("to", recipientWords)
	q.By = maybe("by", append([]string{"partners"}, roleWords...))
	q.In = maybe("in", locationWords)
	q.From = maybe("from", []string{"person", "device", "partners.ads"})
	q.Of = maybe("of", []string{"guest", "member"})
	q.Ground = maybe("ground", []string{"tax", "safety"})
	q.As = decision.Form(maybe("as", []string{"identified", "unlinked", "aggregated"}))
	q.Group = rapid.IntRange(0, 3).Draw(t, "group")
	for name, values := range map[string][]string{"topic": {"offers", "news", "bills"}, "channel": {"mail", "phone"}, "mood": {"good", "bad"}, "transport": {"plain", "encrypted"}} {
		if Chance(t, name+"?", 2) {
			q.Stated = append(q.Stated, decision.Stated{Name: name, Value: One(t, name, values...)})
		}
	}
	if Chance(t, "assigned", 2) {
		q.Assigned = []string{"account"}
	}
	if Chance(t, "ended", 8) {
		q.Ended = []string{One(t, "ended", "dpa", "paid")}
	}
	return q
}

func instant(t *rapid.T, what string) decision.Instant {
	return Now + decision.Instant(rapid.IntRange(-4, 1).Draw(t, what))*Hour
}

func Person(t *rapid.T) decision.Person {
	p := decision.Person{Residence: One(t, "residence", append([]string{"", "FR", "US-NY"}, countryWords...)...)}
	switch rapid.IntRange(0, 2).Draw(t, "age") {
	case 1:
		p.Age = int32(rapid.IntRange(1, 30).Draw(t, "years"))
	case 2:
		p.Born = Now - decision.Instant(rapid.IntRange(0, 30*365).Draw(t, "born"))*24*Hour
	}
	if Chance(t, "vip?", 2) {
		p.Facts = append(p.Facts, decision.Stated{Name: "vip", Value: One(t, "vip", "yes", "no")})
	}
	if Chance(t, "tier?", 2) {
		p.Facts = append(p.Facts, decision.Stated{Name: "tier", Value: One(t, "tier", "low", "mid", "high")})
	}
	if Chance(t, "score?", 2) {
		p.Facts = append(p.Facts, decision.Stated{Name: "score", Number: int32(rapid.IntRange(-1, 4).Draw(t, "score"))})
	}
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		p.Events = append(p.Events, decision.Event{Name: One(t, "event", "joined", "joined", "left", "bought"), At: instant(t, "at")})
	}
	for range rapid.IntRange(0, 5).Draw(t, "choices") {
		p.Choices = append(p.Choices, ChoiceOf(t, rapid.SampledFrom(append(decision.ChoiceKinds(), decision.Granted, decision.Granted, decision.Granted)).Draw(t, "kind")))
	}
	return p
}

func ChoiceOf(t *rapid.T, kind decision.ChoiceKind) decision.Choice {
	c := decision.Choice{Kind: kind, At: instant(t, "at"), Guardian: Chance(t, "guardian", 3)}
	if kind == decision.Granted {
		c.Style = rapid.SampledFrom(append(decision.Styles(), decision.OptIn, decision.Explicit)).Draw(t, "style")
		if Chance(t, "ends", 4) {
			c.Until = c.At + decision.Instant(rapid.IntRange(1, 5*3600*1000).Draw(t, "length"))*1000
		}
	}
	s := &c.Scope
	if Chance(t, "for?", 2) {
		s.For = Some(t, "for", purposeWords)
	}
	if Chance(t, "data?", 2) {
		s.Data = Some(t, "data", DataWords)
	}
	if Chance(t, "to?", 4) {
		s.To = Some(t, "to", recipientWords)
	}
	if Chance(t, "topic?", 4) {
		s.Facets = []decision.FacetValues{{Facet: "topic", Values: Some(t, "topics", []string{"offers", "news", "bills"})}}
	}
	if kind == decision.Granted && Chance(t, "closed", 4) {
		s.Closed, s.Controller, s.Countries = true, One(t, "controller", "site", "site", "other"), Some(t, "countries", []string{"DE", "US"})
		s.Data = append(s.Data, "contact", "contact.email")
		s.For = append(s.For, "care", "care.mail")
		s.To = append(s.To, "partners", "partners.ads")
	}
	return c
}
