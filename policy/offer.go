package policy

import (
	"slices"
	"strings"

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
