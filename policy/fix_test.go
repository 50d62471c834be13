package policy_test

import (
	"testing"

	"github.com/avowhq/avow/policy"
)

// TestFixHeadings: anchors go to headings that lack one, not to what looks like a heading in a block.
func TestFixHeadings(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"bare":              {"## Our Offers\n", "## Our Offers {#our-offers}\n"},
		"closing hashes":    {"## Our Offers ##\n", "## Our Offers {#our-offers}\n"},
		"taken":             {"## A {#b}\n## B\n## B\n", "## A {#b}\n## B {#b-2}\n## B {#b-3}\n"},
		"comment in tildes": {"~~~yaml promise\n## a note\n~~~\n## C\n", "~~~yaml promise\n## a note\n~~~\n## C {#c}\n"},
		"fence in a fence":  {"````md\n```\n## x\n```\n````\n## C\n", "````md\n```\n## x\n```\n````\n## C {#c}\n"},
		"title":             {"# Title\n", "# Title\n"},
	} {
		if got := string(policy.FixText(policy.NoticeFile, []byte(test.text))); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
