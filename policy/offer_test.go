package policy_test

import (
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// What a right comes with depends on what the purpose is, where the person lives, and who supervises there.
func TestOffer(t *testing.T) {
	texts := base(t)
	texts[policy.NoticeFile] = strings.Replace(texts[policy.NoticeFile], "law: eu-gdpr", "law: [eu-gdpr, us-ca]", 1) +
		"\n## No {#no}\n\nSay no.\n\n```yaml promise\n- right: [object, refuse, access]\n  for: [ads, letters, account]\n  how: link\n- allow: use\n  data: email\n  for: [ads, letters]\n  basis: consent\n```\n"
	texts[policy.VocabularyFile] = strings.Replace(texts[policy.VocabularyFile], "purposes:\n", "purposes:\n  ads: {term: dpv:TargetedAdvertising}\n  letters: {term: dpv:DirectMarketing}\n", 1)
	p, _, err := policy.Read(filesOf(texts))
	if err != nil {
		t.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	m.Vocabulary.Establishments = []string{"US-CA"} // so that the residence adds the other law
	for _, test := range []struct{ right, purpose, residence, within, law, authority string }{
		{"object", "ads", "US-CA", "15 business days", "us-ca", "US-CA"},
		{"object", "letters", "US-CA", "", "", "US-CA"},
		{"object", "letters", "DE", "at once", "eu-gdpr", "DE"},
		{"object", "account", "DE", "1 month", "eu-gdpr", "DE"},
		{"refuse", "letters", "DE", "at once", "eu-gdpr", "DE"},
		{"access", "account", "AQ", "15 days", "strict", "US-CA"},
	} {
		q, who := decision.Request{At: today()}, decision.Person{Residence: test.residence}
		o, err := p.Offer(m, policy.Claim{Right: test.right, For: test.purpose}, q, who)
		if err != nil {
			t.Fatal(err)
		}
		if o.Within != test.within || o.Law != test.law || o.Authority.Place != test.authority {
			t.Errorf("%s of %s in %s: within %q by %q, authority %q", test.right, test.purpose, test.residence, o.Within, o.Law, o.Authority.Place)
		}
	}
	// No law knows a technical reason, and refusing is withdrawing.
	reasons, err := p.Refused(m, policy.Claim{Right: "refuse", For: "letters"}, "technical-reason", decision.Request{At: today()}, decision.Person{Residence: "DE"})
	if err != nil || len(reasons) == 0 {
		t.Errorf("refusing may be refused: %v %v", reasons, err)
	}
}

// TestOfferOfAKind: a right that a notice gives of some people is offered to nobody of whom it was not said
// that they are one.
func TestOfferOfAKind(t *testing.T) {
	p, problems, err := policy.Load("../policies/isomedia")
	if err != nil || policy.Errors(problems) {
		t.Fatal(problems, err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	for of, offered := range map[string]bool{"minor": true, "customer": false, "": false} {
		o, err := p.Offer(m, policy.Claim{Right: "access", Data: []string{"name"}, Of: of}, decision.Request{At: p.Front.Effective}, decision.Person{Residence: "US-CA"})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(o.Promises) > 0; got != offered {
			t.Errorf("of %q: offered %t, want %t", of, got, offered)
		}
	}
}
