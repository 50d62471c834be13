package policies_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
)

var update = flag.Bool("update", false, "write generated documents anew")

// docs/promises.md is generated from the notices: promise → clause → example → status.
func TestPromisesDocument(t *testing.T) {
	const path = "../docs/promises.md"
	var b strings.Builder
	b.WriteString("# The promises\n\nGenerated from the notices (`go test ./policies -update`): which clause keeps each promise of the mission, how many of its\n" +
		"examples pass, and how far software carries it. *declared* means: written down and checked, its engine is still to come.\n")
	for _, name := range []string{"isodme", "iso-services", "iso-online", "onvif", "isomedia"} {
		promises(t, &b, name)
	}
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Error("docs/promises.md is out of step: go test ./policies -update")
	}
}

func promises(t *testing.T, b *strings.Builder, name string) {
	t.Helper()
	sub, err := fs.Sub(policies.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := policy.Read(sub)
	if err != nil {
		t.Fatal(err)
	}
	m, err := policy.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	program, err := decision.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		clauses, flags []string
		passed, all    int
		statuses       []string
	}
	rows := map[string]*row{}
	for _, c := range policy.Cover(p, policy.RunExamples(p, program, m)).Clauses {
		for _, x := range c.Promises {
			for _, ref := range x.Refs {
				r := rows[ref]
				if r == nil {
					r = &row{}
					rows[ref] = r
				}
				if !slices.Contains(r.clauses, c.ID) {
					r.clauses = append(r.clauses, c.ID)
					r.passed, r.all = r.passed+c.Passed, r.all+c.Examples
					r.flags = append(r.flags, c.Flags...)
				}
				if s := fmt.Sprintf("%s %s", x.Kind, x.Status); !slices.Contains(r.statuses, s) {
					r.statuses = append(r.statuses, s)
				}
			}
		}
	}
	fmt.Fprintf(b, "\n## %s\n\n| promise | clauses | examples passed | status by kind | flags |\n|---|---|---|---|---|\n", name)
	var refs []string
	for ref := range rows {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	for _, ref := range refs {
		r := rows[ref]
		slices.Sort(r.flags)
		fmt.Fprintf(b, "| %s | %s | %d of %d | %s | %s |\n", ref, strings.Join(r.clauses, ", "), r.passed, r.all, strings.Join(r.statuses, "; "), strings.Join(slices.Compact(r.flags), ", "))
	}
	fmt.Fprintf(b, "\n%d promises bound.\n", len(rows))
}
