package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// An Offer is how a person may use a right, and what follows.
type Offer struct {
	Promises  []*Promise    // that give it, those of the narrowest scope; none: no promise does
	How       []string      // any of these
	Within    string        // "at once", a duration; "" where nothing fixes one
	Law       string        // whose deadline it is; "" for the notice's own
	Authority law.Authority // of the place where the person lives; where it has none, of the controller's
	Review    bool          // a person decides
	Ends      string        // service that ends by it
	OnlyWith  string        // not alone: only when this service ends
	To        string        // recipient it is routed to
}

// A Claim is a person's wish to use a right.
type Claim struct {
	Right        string
	Data         []string
	Service, For string
	Of           string
	Facets       map[string]string
}

// Offer finds the promises about the right with the narrowest scope whose conditions hold, and what the
// laws that bind add to them. Of several that are equally narrow, each way is open, and the first says
// the rest.
func (p *Policy) Offer(m *decision.Model, c Claim, q decision.Request, who decision.Person) (Offer, error) {
	var best []*Promise
	for _, x := range p.promises() {
		if x.Right == nil || p.suspended(x.Clause.ID) || !c.within(x.Right) || !m.Holds(q, who, conditions(x.Right.When), groups(x.Right.Unless)) {
			continue
		}
		switch {
		case len(best) == 0 || c.narrowness(x.Right) > c.narrowness(best[0].Right):
			best = []*Promise{x}
		case c.narrowness(x.Right) == c.narrowness(best[0].Right):
			best = append(best, x)
		}
	}
	if len(best) == 0 {
		return Offer{}, nil
	}
	g := best[0].Right
	o := Offer{Promises: best, Review: g.Review.Text == "human", Ends: g.Ends.Text, To: g.To.Text}
	for _, x := range best {
		for _, how := range texts(x.Right.How) {
			o.How = appendNew(o.How, how)
		}
	}
	if g.OnlyWith.Text != "" && c.Service != g.OnlyWith.Text {
		o.OnlyWith = g.OnlyWith.Text
	}
	if o.Ends == "" && c.Right == "erase" {
		o.Ends = p.endsBy(c.Data)
	}
	if err := p.offerByLaw(m, &o, c, q, who); err != nil {
		return Offer{}, err
	}
	return o, nil
}

// within: the promise is about what is claimed.
func (c Claim) within(g *Right) bool {
	in := func(s Set, name string) bool { return name == "" || set(s).Covers(name) || names(s, "personal") }
	if !slices.Contains(texts(g.Rights), c.Right) || !in(g.For, c.For) && !names(g.For, "by-interest") || !in(g.Of, c.Of) || g.Of.Stated() && c.Of == "" {
		return false
	}
	if c.Service != "" && !names(g.Service, c.Service) || c.Service == "" && g.Service.Stated() && len(c.Data) > 0 {
		return false
	}
	for _, d := range c.Data {
		if !in(g.Data, d) {
			return false
		}
	}
	for _, f := range g.Facets {
		if v := c.Facets[f.Facet.Text]; v == "" || !set(f.Set).Covers(v) {
			return false
		}
	}
	return true
}

// narrowness ranks scopes: what is named closely goes before what is named widely, and that before what
// is left out.
func (c Claim) narrowness(g *Right) int {
	rank := func(s Set, name string) int {
		n := 0
		for _, x := range s.Names {
			switch {
			case x.Text == "personal" || x.Text == "by-interest":
				n = max(n, 1)
			case name != "" && under(name, x.Text):
				n = max(n, 2+strings.Count(x.Text, "."))
			}
		}
		return n
	}
	n := rank(g.For, c.For) + rank(g.Of, c.Of) + 2*len(g.Facets) + rank(g.Service, c.Service)
	for _, d := range c.Data {
		n += rank(g.Data, d)
	}
	if len(g.When) > 0 {
		n++
	}
	if len(c.Data) == 0 && g.Data.Stated() && !names(g.Data, "personal") {
		n-- // about a part, where all is claimed
	}
	return n
}

// endsBy is what a person loses by erasing what a collection point requires.
func (p *Policy) endsBy(data []string) string {
	for _, x := range p.promises() {
		if x.Collect == nil || x.Collect.Ends.Text == "" {
			continue
		}
		for _, f := range x.Collect.Fields {
			if f.Required && slices.ContainsFunc(data, func(d string) bool { return under(f.Data.Text, d) || under(d, f.Data.Text) }) {
				return x.Collect.Ends.Text
			}
		}
	}
	return ""
}

// offerByLaw fills in the deadline, the notice's or the law's if that is shorter, and the authority.
func (p *Policy) offerByLaw(m *decision.Model, o *Offer, c Claim, q decision.Request, who decision.Person) error {
	laws, err := p.Binding(m, who.Residence, q.At)
	if err != nil {
		return err
	}
	d := o.Promises[0].Right.Within
	place := who.Residence
	home := ""
	if len(m.Vocabulary.Establishments) > 0 {
		home = m.Vocabulary.Establishments[0]
	}
	if place == "" {
		place = home
	}
	count := law.Count{Received: q.At.Time(), Zone: p.Front.Location, Calendar: law.CalendarOf(home)}
	profile, right, due, fixed := law.Profile{}, law.Right{}, law.Due{}, false
	for _, of := range c.narrowed(m) {
		if l, r, d, ok := law.Shortest(laws, asLaw(c.Right), of, place, count); ok && (!fixed || d.End.Before(due.End)) {
			profile, right, due, fixed = l, r, d, true
		}
	}
	own := d.Span.After(q.At, p.Front.Location).Time()
	switch {
	case d.AtOnce:
		o.Within = "at once"
	case !d.Span.IsZero() && (!fixed || !own.After(due.End)):
		o.Within = d.Span.String()
	case fixed:
		o.Within, o.Law = right.Within.String(), profile.ID
	}
	for _, at := range []string{place, home} {
		if a, ok := law.AuthorityFor(laws, at); ok {
			o.Authority = a
			break
		}
	}
	return nil
}

// narrowed are the words by which a law may narrow the right that is claimed: by what the purpose is, and
// by what the notice does for it.
func (c Claim) narrowed(m *decision.Model) []string {
	out := []string{""}
	for _, x := range m.Vocabulary.Purposes {
		if x.Name != c.For {
			continue
		}
		if x.Marketing {
			out = append(out, "marketing")
		}
		if slices.Contains(x.Terms, "dpv:TargetedAdvertising") {
			out = append(out, "targeted-advertising")
		}
	}
	does := func(verbs ...string) bool {
		return c.For != "" && slices.ContainsFunc(m.Rules, func(x decision.Rule) bool {
			return !x.Deny && x.For.Stated() && x.For.Covers(c.For) && slices.ContainsFunc(x.Verbs, func(v string) bool { return slices.Contains(verbs, v) })
		})
	}
	if does(decision.VerbSell) {
		out = append(out, "sale")
	}
	if does(decision.VerbProfile, decision.VerbDecide) {
		out = append(out, "profiling")
	}
	if slices.ContainsFunc(m.Vocabulary.Data, func(x decision.Category) bool { return x.Special && slices.Contains(c.Data, x.Name) }) {
		out = append(out, "sensitive")
	}
	return out
}

// Refused tells whether the laws that bind let the right be refused for the reason; else which of them
// do not. Where none of them knows the right, what the notice says holds.
func (p *Policy) Refused(m *decision.Model, c Claim, reason string, q decision.Request, who decision.Person) ([]decision.Reason, error) {
	laws, err := p.Binding(m, who.Residence, q.At)
	if err != nil {
		return nil, err
	}
	var out []decision.Reason
	for _, l := range laws {
		_, known := l.Right(asLaw(c.Right), "", who.Residence, q.At)
		if _, accepted := l.Refusal(asLaw(c.Right), reason, q.At); known && !accepted {
			article := ""
			if d, ok := l.Duty("refusal-without-ground", q.At); ok {
				article = d.Row.Article
			}
			out = append(out, decision.Reason{Law: l.ID, Article: article, Because: NoAcceptedReason, Name: reason})
		}
	}
	return out, nil
}

// NoAcceptedReason is why a law does not let a right be refused.
const NoAcceptedReason = "no-accepted-reason"

// claim reads the question of an example about a right.
func (r *run) claim() Claim {
	c := Claim{Facets: map[string]string{}}
	for _, a := range r.e.Ask.Map {
		v := a.Value
		switch a.Key.Text {
		case "right", "refuse":
			c.Right = v.Text
		case "data":
			c.Data = v.texts()
		case "service":
			c.Service = v.Text
		case "for":
			c.For = v.Text
		case "of":
			c.Of = v.Text
		case "reason":
		default:
			if slices.ContainsFunc(r.m.Vocabulary.Facets, func(f decision.Facet) bool { return f.Name == a.Key.Text }) {
				c.Facets[a.Key.Text] = v.Text
				continue
			}
			r.req.Stated = append(r.req.Stated, r.stated(a))
		}
	}
	return c
}

func (r *run) right() Result {
	o, err := r.p.Offer(r.m, r.claim(), r.req, r.who)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	if len(o.Promises) == 0 {
		return Result{Verdict: Failed, Why: "got no promise that offers this"}
	}
	right := true
	for _, w := range r.e.Want.Map {
		v := w.Value
		switch w.Key.Text {
		case "offered":
			right = right && o.OnlyWith == ""
			for _, how := range v.texts() {
				right = right && slices.Contains(o.How, how)
			}
		case "within":
			right = right && sameSpan(o.Within, v.Text)
		case "review":
			right = right && o.Review
		case "ends":
			right = right && o.Ends == v.Text
		case "authority":
			right = right && under(v.Text, o.Authority.Place)
		case "to":
			right = right && o.To == v.Text
		case "refuse":
			right = right && o.OnlyWith != ""
		case "service":
			right = right && o.OnlyWith == v.Text
		}
	}
	return r.judge(right, "got "+o.String(), o.ids(), false)
}

func (o Offer) ids() []string {
	var out []string
	for _, x := range o.Promises {
		out = append(out, x.ID)
	}
	return out
}

// String is the offer on one line.
func (o Offer) String() string {
	if o.OnlyWith != "" {
		return "refuse: only-with " + o.OnlyWith
	}
	s := []string{"offered: " + strings.Join(o.How, ", ")}
	for _, x := range []struct{ word, value string }{{"within", o.Within}, {"by", o.Law}, {"ends", o.Ends}, {"to", o.To}, {"authority", o.Authority.Place}} {
		if x.value != "" {
			s = append(s, x.word+" "+x.value)
		}
	}
	return strings.Join(s, "; ")
}

// sameSpan: two ways to write one length of time.
func sameSpan(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := durationIn(a)
	y, errY := durationIn(b)
	at := decision.InstantOf(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	return errX == nil && errY == nil && x.After(at, time.UTC) == y.After(at, time.UTC)
}

func (r *run) refused() Result {
	c := r.claim()
	reason := ""
	for _, a := range r.e.Ask.Map {
		if a.Key.Text == "reason" {
			reason = a.Value.Text
		}
	}
	laws, err := r.p.Refused(r.m, c, reason, r.req, r.who)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	o, err := r.p.Offer(r.m, c, r.req, r.who)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	right := r.e.Want.Text == "allow" && len(laws) == 0
	for _, w := range r.e.Want.Map {
		switch v := w.Value; w.Key.Text {
		case "deny":
			right = len(laws) > 0
		case "because":
			right = right && slices.ContainsFunc(laws, func(l decision.Reason) bool { return l.Because == v.Text || l.Law == v.Text || l.Article == v.Text })
		}
	}
	got := []string{"got allow"}
	for _, l := range laws {
		got = append(got, fmt.Sprintf("%s %s %s", l.Law, l.Article, l.Because))
	}
	res := r.judge(right, strings.Join(got, "; "), o.ids(), false)
	res.Law = len(laws) > 0
	return res
}

// lawCheck: what the law says of a clause is what the example expects.
func (r *run) lawCheck(clause string) Result {
	found, err := findings(r.p, r.m, r.program, r.now, clause)
	if err != nil {
		return Result{Verdict: Failed, Why: err.Error()}
	}
	var words, promises []string
	var laws []decision.Reason
	right, overridden := false, false
	for _, x := range found {
		words = append(words, x.Word)
		for _, w := range r.e.Want.Map {
			if w.Value.Text == x.Word {
				right, promises, overridden = true, append(promises, x.Promise), overridden || x.Kind == Overridden
				for _, by := range x.Provisions {
					laws = append(laws, decision.Reason{Law: by.Law, Article: by.Article, Because: x.Word, Name: x.About})
				}
			}
		}
	}
	res := r.judge(right, "got "+strings.Join(slices.Compact(words), ", "), promises, false)
	res.Law, res.Laws = right && overridden, laws
	return res
}
