package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

// TestCookieAgainstLaw: an example of a cookie says which law stops it, and fails by any other answer.
func TestCookieAgainstLaw(t *testing.T) {
	texts := map[string]string{}
	for _, name := range []string{policy.NoticeFile, policy.VocabularyFile, policy.SystemsFile} {
		text, err := os.ReadFile(filepath.Join("..", "policies", "isomedia", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	const as = "want:  {blocked: law, because: device-access-needs-consent}"
	if !strings.Contains(texts[policy.NoticeFile], as) {
		t.Fatal("the notice has no such example any more")
	}
	for want, passes := range map[string]bool{
		as: true,
		"want:  {blocked: law, because: eu-eprivacy}":            true,
		"want:  {blocked: law, because: \"5(3)\"}":               true,
		"want:  {blocked: law}":                                  true,
		"want:  {blocked: law, because: objection-to-marketing}": false,
		"want:  {blocked: consent}":                              false,
		"want:  set":                                             false,
	} {
		changed := map[string]string{}
		for name, text := range texts {
			changed[name] = strings.Replace(text, as, want, 1)
		}
		p, problems, err := policy.Read(filesOf(changed))
		if err != nil || policy.Errors(problems) {
			t.Fatal(problems, err)
		}
		m, err := policy.Lower(p)
		if err != nil {
			t.Fatal(err)
		}
		program, err := decision.Compile(m)
		if err != nil {
			t.Fatal(err)
		}
		failed, law := 0, false
		for _, r := range policy.RunExamples(p, program, m) {
			if r.Verdict == policy.Failed {
				failed++
			}
			law = law || r.Example.Clause.ID == "cookies" && r.Law
		}
		if passes != (failed == 0) || !law {
			t.Errorf("%s: %d examples fail; shown as against law: %v", want, failed, law)
		}
	}
}
