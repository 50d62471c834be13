package client_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/client"
	"github.com/avowhq/avow/ledger"
)

var update = flag.Bool("update", false, "write testdata/answers.json anew")

// A file of vectors is for whoever writes another server or another client (docs/spec/answers.md).
type vectorFile struct {
	Comment    string
	SigningKey string // of the test alone
	LogKey     string
	Questions  []questionVector
	Answers    []answerVector
	Refused    []refusedVector
}

type questionVector struct {
	Name       string
	KeyID      string
	Evaluation json.RawMessage
	Canonical  string
	Hash       string // base64
}

type answerVector struct {
	Name string
	Text string
	Note string
}

type refusedVector struct{ Why, Text string }

func vectors(t testing.TB) (v vectorFile) {
	t.Helper()
	text, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	v := vectors(t)
	for _, q := range v.Questions {
		var e client.Evaluation
		if err := json.Unmarshal(q.Evaluation, &e); err != nil {
			t.Fatal(err)
		}
		question, err := e.Question()
		if err != nil {
			t.Errorf("%s: %v", q.Name, err)
			continue
		}
		canonical, _ := question.Canonical(q.KeyID)
		hash, _ := question.Hash(q.KeyID)
		if string(canonical) != q.Canonical || base64.StdEncoding.EncodeToString(hash[:]) != q.Hash {
			t.Errorf("%s: %s, %x", q.Name, canonical, hash)
		}
	}
	verifier, err := ledger.NewVerifier(v.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range v.Answers {
		text, err := verifier.OpenText([]byte(a.Note))
		if err != nil || text != a.Text {
			t.Errorf("%s: %q, %v", a.Name, text, err)
		}
		s, err := client.ParseSigned(a.Text)
		if err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
		if again, err := s.Text(); err != nil || again != a.Text {
			t.Errorf("%s: %q, %v", a.Name, again, err)
		}
	}
	for _, r := range v.Refused {
		if s, err := client.ParseSigned(r.Text); err == nil {
			t.Errorf("%s: read as %+v", r.Why, s)
		}
	}
	if len(v.Questions) < 4 || len(v.Answers) < 3 || len(v.Refused) < 10 {
		t.Error("vectors are missing")
	}
}

func writeVectors(t *testing.T) {
	// A key that anyone can make: it signs nothing but these vectors.
	const skey = "PRIVATE+KEY+answers.example/log+b12ddd43+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
	signer, err := ledger.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v := vectorFile{Comment: "See docs/spec/answers.md. The signing key is for these vectors alone.", SigningKey: skey, LogKey: signer.Key()}
	for _, q := range []struct {
		name string
		client.Question
	}{
		{"as short as can be", client.Question{Person: "customer:4711", Action: "use"}},
		{"lists are sets, sorted", client.Question{Person: "customer:4711", Action: "use", Data: []string{"orders", "contact.email", "orders"}, For: "letter"}},
		{"every member", client.Question{
			Person: "customer:4711", Action: "combine", Data: []string{"a"}, Service: "s", Cookie: "c", For: "letter", To: "mailer", In: "dublin", Source: "person",
			As: "pseudonymous", Of: "member", Role: "treasurer", Ground: "tax-law", With: []string{"b"}, Group: 12,
			Stated:     map[string]any{"channel": "mail", "public": false, "weight": -3},
			Attributes: map[string]any{"subject.properties.team": "crm", "action.properties.urgent": true, "resource.properties.level": 0},
		}},
		{"letters of all kinds, ordered by UTF-16 code units", client.Question{
			Person: "name:\u00e9\u2028\"\\</\u0001\n", Action: "use", Data: []string{"\U0001F600", "\uFFFD", "z"},
			Stated: map[string]any{"\U0001F600": 1, "\uFFFD": 2, "z": 3},
		}},
	} {
		canonical, err := q.Canonical(keyID)
		if err != nil {
			t.Fatal(err)
		}
		hash, _ := q.Hash(keyID)
		e := q.Evaluation(keyID)
		e.Context["at_least"], e.Context["snapshot"] = 42, true
		sent, _ := json.Marshal(e)
		v.Questions = append(v.Questions, questionVector{q.name, keyID, sent, string(canonical), base64.StdEncoding.EncodeToString(hash[:])})
	}
	question := client.Question{Person: "customer:4711", Action: "use", Data: []string{"contact.email"}, For: "letter"}
	hash, _ := question.Hash(keyID)
	at := time.Date(2026, 11, 24, 9, 30, 0, 123456000, time.UTC)
	for _, a := range []struct {
		name string
		client.Signed
	}{
		{"allowed, with an obligation", client.Signed{Allow: true, Kind: client.Allow, Clauses: []string{"helper"}, Obligations: []string{"record-disclosure"}}},
		{"denied, with what is missing", client.Signed{Kind: client.Unmet, Clauses: []string{"letter", "helper"}, Missing: []string{"consent letter"}}},
		{"a gap that is only observed", client.Signed{Allow: true, Kind: client.Gap, Mode: client.Observe}},
	} {
		a.Site, a.Question, a.Version, a.Seq, a.At = "starter", hash, "2026-01-01", 42, at
		text, err := a.Text()
		if err != nil {
			t.Fatal(err)
		}
		note, err := signer.Sign(text)
		if err != nil {
			t.Fatal(err)
		}
		v.Answers = append(v.Answers, answerVector{a.name, text, string(note)})
	}
	good := v.Answers[0].Text
	for _, r := range [][3]string{
		{"another form", "avow/answer/v1", "avow/answer/v2"},
		{"neither allow nor deny", "\nallow\n", "\nperhaps\n"},
		{"denies what it says is allowed", "\nallow\n", "\ndeny\n"},
		{"a leading zero", "\n42\n", "\n042\n"},
		{"a negative seq", "\n42\n", "\n-42\n"},
		{"another zone", ".123456Z", ".123456+00:00"},
		{"five decimals", ".123456Z", ".12345Z"},
		{"a space in the JSON", `{"`, `{ "`},
		{"members out of order", `"clauses":["helper"],"kind":"allow"`, `"kind":"allow","clauses":["helper"]`},
		{"an empty list", `"kind":"allow"`, `"kind":"allow","missing":[]`},
		{"an unknown member", `"kind":"allow"`, `"kind":"allow","lists":1`},
		{"a hash too short", "=\n", "\n"},
		{"no newline at the end", "}\n", "}"},
		{"a line too many", "}\n", "}\n\n"},
		{"an empty site", "\nstarter\n", "\n\n"},
	} {
		bad := strings.Replace(good, r[1], r[2], 1)
		if bad == good {
			t.Fatalf("%s changes nothing", r[0])
		}
		v.Refused = append(v.Refused, refusedVector{r[0], bad})
	}
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/answers.json", append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
