package main_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write generated documents anew")

// promisesFile is generated: promise → clause → examples → status → flags.
const promisesFile = "../../docs/promises.md"

// exercises are the policies that keep the promises of the mission, in the order of its list.
var exercises = []string{"iso-online", "iso-services", "onvif", "isomedia", "isodme"}

// mustBeExercised are the promises of which a decision alone keeps the deciding part: a live example has to make
// a real server do it.
func mustBeExercised() []string {
	out := []string{"ISO-02", "ISO-03", "ISO-04", "ISO-13", "ISO-14", "SVC-09", "ONV-01", "ONV-03", "ONV-14", "MED-02", "MED-12", "MED-14", "MED-15", "MED-17", "MED-20"}
	out = append(out, "DME-01", "DME-02", "DME-05", "DME-07", "DME-09", "DME-15", "DME-18", "DME-22", "DME-23", "DME-37", "DME-42")
	for _, r := range []struct {
		prefix   string
		from, to int
	}{{"ONV", 6, 12}, {"MED", 5, 9}, {"DME", 29, 35}} {
		for n := r.from; n <= r.to; n++ {
			out = append(out, fmt.Sprintf("%s-%02d", r.prefix, n))
		}
	}
	return out
}

// lawOf are the statements that say which law binds: they are exercised where an answer names it.
var lawOf = map[string]string{"ISO-13": "ch-fadp"}

// A covered policy is what `avow coverage --live --json` says of it.
type covered struct {
	Site    string
	Laws    []string
	Clauses []coveredClause
}

type coveredClause struct {
	ID       string
	Examples int
	Passed   int
	Live     int
	Flags    []string
	Promises []struct {
		ID, Kind, Status string
		Refs             []string
		Shown            bool
		By               int
	}
}

// A promised row is what became of one promise of the mission.
type promised struct {
	clauses, flags, statuses []string
	passed, live, all        int
	exercised                string // by which example, or by what
}

// TestPromises runs the examples of the five against a real server. Each promise of which a decision keeps the
// deciding part is exercised by it, each statement is on the served page, and the document says so.
func TestPromises(t *testing.T) {
	t.Parallel()
	args := []string{"coverage", "--live", "--json"}
	for _, name := range exercises {
		args = append(args, filepath.Join("..", "..", "policies", name))
	}
	status, out, errs := command(t, buildAvow(t), args...)
	var got struct{ Policies []covered }
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s", status, err, errs)
	}
	var b strings.Builder
	b.WriteString("# The promises\n\nGenerated from the notices and from a run of their examples against a real server (`go test ./cmd/avow -run TestPromises -update`):\n" +
		"which clauses keep each promise of the mission, how many of their examples pass in the engine and against the server, and how far software carries it.\n\n" +
		"*declared*: written down and checked, its engine is still to come. *tested*: its examples pass in the engine. *exercised*: a server answered one of them over HTTP,\n" +
		"and the log proves what it was told. *statement*: it informs; *shown* if the served page holds it. The column *exercised by* names an example, or says\n" +
		"what else did it; **—** stands where a decision keeps the promise and none has yet.\n")
	all := 0
	for _, p := range got.Policies {
		rows := rowsOf(t, &p)
		all += len(rows)
		for _, ref := range mustBeExercised() {
			if r := rows[ref]; r != nil && r.exercised == "" {
				t.Errorf("%s is bound in %s and no live example exercises it: %s", ref, p.Site, strings.Join(r.statuses, "; "))
				r.exercised = "**—**"
			}
		}
		writePromises(&b, p.Site, rows)
	}
	fmt.Fprintf(&b, "\n%d of the 105 promises are bound.\n", all)
	if all != 105 {
		t.Errorf("%d promises are bound, want 105", all)
	}
	if *update {
		if err := os.WriteFile(promisesFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if kept, err := os.ReadFile(promisesFile); err != nil || string(kept) != b.String() {
		t.Errorf("docs/promises.md is out of step: go test ./cmd/avow -run TestPromises -update (%v)", err)
	}
}

// rowsOf sums up one policy by promise of the mission.
func rowsOf(t *testing.T, p *covered) map[string]*promised {
	t.Helper()
	rows := map[string]*promised{}
	for _, c := range p.Clauses {
		for _, x := range c.Promises {
			if x.Kind == "state" && !x.Shown {
				t.Errorf("%s is not on the page of %s", x.ID, p.Site)
			}
			for _, ref := range x.Refs {
				r := rows[ref]
				if r == nil {
					r = &promised{}
					rows[ref] = r
				}
				r.add(&c)
				how := x.Kind + " " + x.Status
				if x.Shown {
					how += ", shown"
				}
				if !slices.Contains(r.statuses, how) {
					r.statuses = append(r.statuses, how)
				}
				switch law := lawOf[ref]; {
				case r.exercised != "":
				case x.Status == "exercised":
					r.exercised = fmt.Sprintf("`%s#%s` %s example", p.Site, c.ID, ordinal(x.By))
				case law != "" && x.Shown && slices.Contains(p.Laws, law):
					r.exercised = "answers that name " + law
				}
			}
		}
	}
	for _, r := range rows {
		if r.exercised == "" && slices.Equal(r.statuses, []string{"state statement, shown"}) {
			r.exercised = "the served page"
		}
	}
	return rows
}

func (r *promised) add(c *coveredClause) {
	if slices.Contains(r.clauses, c.ID) {
		return
	}
	r.clauses = append(r.clauses, c.ID)
	r.passed, r.live, r.all = r.passed+c.Passed, r.live+c.Live, r.all+c.Examples
	r.flags = append(r.flags, c.Flags...)
	slices.Sort(r.flags)
	r.flags = slices.Compact(r.flags)
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}

func writePromises(b *strings.Builder, site string, rows map[string]*promised) {
	fmt.Fprintf(b, "\n## %s\n\n| promise | clauses | examples | passed | live | status by kind | exercised by | flags |\n|---|---|---|---|---|---|---|---|\n", site)
	var refs []string
	for ref := range rows {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	for _, ref := range refs {
		r := rows[ref]
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %s | %s | %s |\n", ref, strings.Join(r.clauses, ", "), r.all, r.passed, r.live, strings.Join(r.statuses, "; "), r.exercised, strings.Join(r.flags, ", "))
	}
	fmt.Fprintf(b, "\n%d promises bound.\n", len(rows))
}
