package policy_test

import (
	"slices"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// TestAsCollected: the word means the purposes of each category's own collection points, also where it is
// negated and where other purposes stand beside it.
func TestAsCollected(t *testing.T) {
	texts := base(t)
	change(t, texts, "vocabulary.yaml after purposes:", "  news: {term: dpv:CommunicationManagement}\n  post: {term: dpv:DeliveryOfGoods}\n")
	change(t, texts, "notice.md after # more promises", `- collect: letter
  required: {email: email}
  for: news
  basis: contract membership
- allow: use
  data: [name, email]
  for: [as-collected, post]
  basis: contract membership
- deny: use
  data: [name, email]
  for: {not: [as-collected, post]}
`)
	change(t, texts, "notice.md after # more examples", `- given: {membership: open}
  ask: {action: use, data: email, for: news}
  want: allow
- given: {membership: open}
  ask: {action: use, data: [name, email], for: post}
  want: allow
- given: {membership: open}
  ask: {action: use, data: name, for: news}
  want: {deny: violation}
- given: {membership: open}
  ask: {action: use, data: [name, email], for: news}
  want: {deny: violation}
- ask: {collect: letter, fields: {email: ann@mail.example}}
  want: accept
`)
	p, problems := check(t, filesOf(texts))
	// The base allows use for account; as-collected takes that in, so the base's rule is not needed here.
	problems = slices.DeleteFunc(problems, func(x policy.Problem) bool { return x.Code == "W19" || x.Code == "W20" })
	report(t, p, problems)
}

// TestByInterestOfNone: where nothing rests on legitimate interest, the word names no purpose, not each.
func TestByInterestOfNone(t *testing.T) {
	texts := base(t)
	change(t, texts, "notice.md after # more promises", "- allow: profile\n  data: name\n  for: by-interest\n  basis: contract membership\n")
	p, _, err := policy.Read(filesOf(texts))
	if err != nil {
		t.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(m.Rules, func(r decision.Rule) bool { return slices.Contains(r.Verbs, "profile") }) {
		t.Error("an allow for no purpose became one for every purpose")
	}
}
