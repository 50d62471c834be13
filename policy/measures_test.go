package policy_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/avowhq/avow/policy"
)

// TestMeasuresOfThePolicy: each check that the policy answers says met for one that holds, and missing as soon
// as the one thing it looks at is taken out.
func TestMeasuresOfThePolicy(t *testing.T) {
	texts := base(t)
	const measure = "\n## Principles {#principles}\n\nWe keep to them.\n\n```yaml promise\n" +
		"- measure: principles\n  covers: personal\n  check: {a: CHECK}\n" +
		"- measure: safes\n  covers: personal\n  evidence: every 1 year\n" +
		"- right: rectify\n  how: request\n```\n\n```yaml example\nask: {status: principles}\nwant: met\n```\n"
	notice, systems := policy.NoticeFile, policy.SystemsFile
	for _, c := range []struct {
		check, file string
		change      []string // old, new, …
	}{
		{"every-system-has-a-measure", notice, []string{"safes\n  covers: personal\n", "safes\n  covers: name\n"}},
		{"every-field-can-be-rectified", notice, []string{"- right: rectify\n", "- right: access\n"}},
		{"every-field-can-be-rectified", notice, []string{"- right: rectify\n", "- right: rectify\n  data: name\n"}},
		{"every-system-names-its-backups", systems, []string{"    backups: {kept: 30 days, location: dublin}\n", ""}},
		{"every-rule-has-a-basis", notice, []string{"  basis: contract membership\n", ""}},
		{"bases-are-listed", notice, []string{"  basis: contract membership\n", ""}},
		{"every-datum-has-a-purpose", notice, []string{"{name: name, email: email}", "{name: name}", "data: [name, email]", "data: name"}},
		{"every-field-is-used", notice, []string{"data: [name, email]", "data: name"}},
		{"every-datum-has-an-end", notice, []string{"keep: [name, email]", "keep: name"}},
	} {
		with := maps.Clone(texts)
		with[policy.NoticeFile] += strings.Replace(measure, "CHECK", c.check, 1)
		if got := statusOf(t, with); got != policy.MeasureMet {
			t.Errorf("%s: %s, want met", c.check, got)
		}
		with[c.file] = strings.NewReplacer(c.change...).Replace(with[c.file])
		if got := statusOf(t, with); got != policy.MeasureMissing {
			t.Errorf("%s with %q: %s, want missing", c.check, c.change, got)
		}
	}
}

func statusOf(t *testing.T, texts map[string]string) string {
	t.Helper()
	p, _, err := policy.Read(filesOf(texts))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range policy.Measures(p) {
		if s.Name == "principles" {
			return s.Status
		}
	}
	t.Fatal("the measure is not there")
	return ""
}
