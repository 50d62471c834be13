package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/avowhq/avow/decision"
)

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
