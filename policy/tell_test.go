package policy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/policy"
)

// told are the policies of the repository, each in every language.
func told(t *testing.T, do func(t *testing.T, p *policy.Policy, tell *policy.Teller)) {
	t.Helper()
	entries, err := os.ReadDir("../policies")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		for _, lang := range policy.SpeechLanguages() {
			t.Run(e.Name()+" in "+lang, func(t *testing.T) {
				p, _, err := policy.Load("../policies/" + e.Name())
				if err != nil {
					t.Fatal(err)
				}
				do(t, p, policy.NewTeller(p, speech(t, lang)))
			})
		}
	}
}

func speech(t *testing.T, lang string) *policy.Speech {
	t.Helper()
	s, err := policy.SpeechIn(lang)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every promise, example and line of the summary is said in every language, with no word missing and no
// hole left open.
func TestEverythingIsTold(t *testing.T) {
	hole := regexp.MustCompile(`⟦[^⟧]*⟧|\{[a-z]+\}`)
	told(t, func(t *testing.T, p *policy.Policy, tell *policy.Teller) {
		said := 0
		look := func(what, text string) {
			said++
			if text == "" {
				t.Errorf("%s: nothing is said", what)
			}
			if left := hole.FindString(text); left != "" {
				t.Errorf("%s: %s in %q", what, left, text)
			}
			if strings.Contains(text, "  ") || strings.Contains(text, " ,") || strings.Contains(text, "..") {
				t.Errorf("%s: badly joined: %q", what, text)
			}
		}
		for _, c := range p.Clauses {
			for _, x := range c.Promises {
				look(x.ID, tell.Promise(x))
			}
			for _, e := range c.Examples {
				look(c.ID, tell.Example(e))
			}
		}
		s := tell.Summary()
		for _, l := range s.Collected {
			look("what is collected", l.Text)
		}
		for _, l := range slices.Concat(s.Collected, s.Uses, s.Recipients, s.Places, s.Kept, s.Rights, s.Never, s.Changes) {
			look("summary", l.Head+" "+l.Text)
		}
		if said < 40 {
			t.Errorf("only %d things are said", said)
		}
	})
}

// TestSpeechesAgree: the languages have the same keys with the same holes, and name the same countries.
func TestSpeechesAgree(t *testing.T) {
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	holes := func(s string) []string { return slices.Sorted(slices.Values(hole.FindAllString(s, -1))) }
	en := speech(t, "en")
	for _, lang := range policy.SpeechLanguages() {
		s := speech(t, lang)
		for k := range s.Texts {
			if _, ok := en.Texts[k]; !ok && !strings.HasPrefix(k, "says.") { // findings say it in English themselves
				t.Errorf("%s: %s is not in English", lang, k)
			}
		}
		if s.Lang != lang || s.Name == "" || len(s.Texts) < len(en.Texts) || len(s.Countries) != len(en.Countries) {
			t.Errorf("%s: %d texts and %d countries, English has %d and %d", lang, len(s.Texts), len(s.Countries), len(en.Texts), len(en.Countries))
		}
		for k, text := range en.Texts {
			if other, ok := s.Texts[k]; !ok || !slices.Equal(slices.Compact(holes(text)), slices.Compact(holes(other))) {
				t.Errorf("%s: %s is %q, in English %q", lang, k, other, text)
			}
		}
		for c := range en.Countries {
			if s.Countries[c] == "" {
				t.Errorf("%s: no name for %s", lang, c)
			}
		}
	}
	if _, err := policy.SpeechIn("xx"); err == nil || !strings.Contains(err.Error(), "de, en") {
		t.Errorf("an unknown language: %v", err)
	}
}

// What would read like code is said in words: a basis that is another promise, who may, what a law minds,
// who looks at a safeguard, and that a denial of all but some permits nothing.
func TestNothingReadsLikeCode(t *testing.T) {
	en, de := speech(t, "en"), speech(t, "de")
	for _, x := range []struct {
		policy, clause string
		s              *policy.Speech
		want           string
	}{
		{"isodme", "locations", en, "for storing it. It lies there because, and only as long as, another promise here keeps it."},
		{"isodme", "confidential", en, "Nobody but authorised staff may look at personal data. What this leaves open still needs a promise that allows it."},
		{"isodme", "confidential", en, "no, something is missing: our billing staff, who alone may do this."},
		{"isodme", "payment", en, "the answer is: yes. The framework named here no longer carries data abroad. While no other does, the data stays."},
		{"isodme", "payment", de, "lautet die Antwort: ja. Die "},
		{"isodme", "inquiries", en, "“May we take your e-mail address, your messages to us (subject) and your messages to us (text) at inquiry form?”"},
		{"isodme", "inquiries", en, "no, something is missing: the right state of your inquiry."},
		{"isodme", "location", en, "since this is missing: that you are using the site."},
		{"starter", "backups", en, "checks in them: every system says how long its backups live. A look at the running systems has to show: putting back a backup erases again what was erased since."},
	} {
		p, _, err := policy.Load("../policies/" + x.policy)
		if err != nil {
			t.Fatal(err)
		}
		tell, said := policy.NewTeller(p, x.s), ""
		for _, c := range p.Clauses {
			if c.ID == x.clause {
				for _, y := range c.Promises {
					said += tell.Promise(y) + "\n"
				}
				for _, y := range c.Examples {
					said += tell.Example(y) + "\n"
				}
			}
		}
		if about := tell.About("billing, fraud-prevention"); x.policy == "isodme" && x.s == en && about != "billing and preventing fraud" {
			t.Errorf("a finding is about %q", about)
		}
		if !strings.Contains(said, x.want) {
			t.Errorf("%s, %s: said\n%s\nwant in it %q", x.policy, x.clause, said, x.want)
		}
	}
}

// What is said of the starter, word by word.
func TestStarterIsTold(t *testing.T) {
	p, _, err := policy.Load("../policies/starter")
	if err != nil {
		t.Fatal(err)
	}
	clause := func(id string) *policy.Clause {
		return p.Clauses[slices.IndexFunc(p.Clauses, func(c *policy.Clause) bool { return c.ID == id })]
	}
	en, de := policy.NewTeller(p, speech(t, "en")), policy.NewTeller(p, speech(t, "de"))
	for _, x := range []struct{ got, want string }{
		{en.Promise(clause("letter").Promises[0]), "At letter form we ask for your e-mail address. It is for the letter. Basis: your consent. You are asked about the letter: nothing happens unless you say yes."},
		{en.Promise(clause("order").Promises[2]), "We may pass on your name and your postal address to Parcel carrier for delivering your order. Basis: our contract with you (your order)."},
		{en.Promise(clause("account").Promises[2]), "We keep your name, your e-mail address and your password as long as your account is open, and until 30 days after your account closes. Then it is erased."},
		{en.Promise(clause("never").Promises[0]), "We do not sell personal data."},
		{en.Example(clause("letter").Examples[3]), "If you said yes to the letter and you took back your yes to the letter, and somebody asks “May we use your e-mail address for the letter?”, the answer is: no, something is missing: your consent."},
		{en.Example(clause("invoices").Examples[0]), "If the invoice was written 3 years ago, and somebody asks “May our treasurer look at your invoices for our books?”, the answer is: yes, on this basis: a duty by law."},
		{en.Example(clause("rights").Examples[0]), "If you live in Ireland, and somebody asks “Can I see what we have (how to reach you)?”, the answer is: yes, on your own page, within 1 month."},
		{de.Promise(clause("letter").Promises[1]), "Wir dürfen your e-mail address für the letter verwenden. Grundlage: Ihre Einwilligung."},
		{de.Example(clause("account").Examples[4]), "Wenn „your account was closed“ war: vor 31 Tagen und jemand fragt „Bewahren wir your password noch auf?“, lautet die Antwort: nein, es ist weg."},
	} {
		if x.got != x.want {
			t.Errorf("said %q\nwant %q", x.got, x.want)
		}
	}
	s := en.Summary()
	if got := s.Recipients[0]; got.Head != "Brief & Bote" || got.Text != "Works for us, Germany. Gets your e-mail address, for the letter and offers like what you bought." || len(got.Clauses) != 1 || got.Clauses[0].ID != "helper" {
		t.Errorf("recipients begin with %+v", got)
	}
}
