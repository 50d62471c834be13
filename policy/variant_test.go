package policy_test

import (
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// TestWithEnded: the variant is the same policy under another name, in which the agreement is over from that
// instant on, however it is written.
func TestWithEnded(t *testing.T) {
	at := decision.Instant(1_780_000_000_000_000)
	for how, agreement := range map[string]string{
		"in braces":     "  mail-deal: {from: 2025-01-01, for: account, data: email, terms: [no-other-use]}\n",
		"with an end":   "  mail-deal: {from: 2025-01-01, to: 2030-01-01, for: account, data: email}\n",
		"a quoted end":  "  mail-deal: {from: 2025-01-01, for: account, data: email, to: \"2030-01-01\"}\n",
		"in lines":      "  mail-deal:\n    from: 2025-01-01\n    for: account\n    data: email\n",
		"ä before it":   "  mail-deal: {terms: [nö], from: 2025-01-01, for: account, data: email}\n",
		"lines, an end": "  mail-deal:\n    from: 2025-01-01\n    to: 2030-01-01\n    for: account\n    data: email\n",
	} {
		texts := base(t)
		texts[policy.VocabularyFile] = strings.Replace(texts[policy.VocabularyFile], "  mail-deal: {from: 2025-01-01, for: account, data: email, terms: [no-other-use]}\n", agreement, 1)
		p, _, err := policy.Read(filesOf(texts))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.WithEnded("club-2", []string{"mail-deal"}, at)
		if err != nil {
			t.Errorf("%s: %v", how, err)
			continue
		}
		if got.Front.Site.Text != "club-2" || got.Vocabulary.Agreements[0].Until != at || got.Vocabulary.Agreements[0].From != p.Vocabulary.Agreements[0].From {
			t.Errorf("%s: site %s, agreement %+v", how, got.Front.Site.Text, got.Vocabulary.Agreements[0])
		}
		if p.Front.Site.Text != "club" || p.Vocabulary.Agreements[0].Until == at {
			t.Errorf("%s: the policy itself changed", how)
		}
	}
	p, _, err := policy.Read(filesOf(base(t)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.WithEnded("club-2", []string{"mail-deal"}, p.Vocabulary.Agreements[0].From); err == nil || !strings.Contains(err.Error(), "cannot have ended before it") {
		t.Errorf("an agreement that begins at that instant: %v", err)
	}
	early, err := p.WithEnded("club-2", []string{"mail-deal"}, p.Vocabulary.Agreements[0].From-1)
	if err != nil || early.Vocabulary.Agreements[0].Until != 0 {
		t.Errorf("one that had not begun: %v", err)
	}
}
